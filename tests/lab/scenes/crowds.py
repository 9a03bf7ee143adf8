"""Scenes of many clients at once."""

from __future__ import annotations

from dataclasses import replace

from tests.lab.expected import ExpectedCall, in_order
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import queued_call, waited_call
from tests.lab.scenes.stage import first_ring, floor, moment, rings_of, sales, scripted_floor
from tests.lab.sipp_scenarios import Answers


async def same_caller_twice(lab: Lab) -> list[ExpectedCall]:
    """Two calls from one number at the same time, answered by two agents."""
    async with floor(lab, "sales") as phones:
        pairs = []
        for _ in range(2):
            call = await lab.call(sales(lab).did, caller="+77770001122", caller_name="Бақыт Жұмабаев")
            ring = await first_ring(phones)
            await moment(0.7)
            await ring.answer()
            pairs.append((call, ring))
        await moment(2.0)
        told = []
        for call, ring in pairs:
            await ring.hang_up()
            told.append((await call.ended(), ring.side))
    return [
        queued_call(lab, client, [ring], ended_by="agent", which=which)
        for which, (client, ring) in zip((-2, -1), told, strict=True)
    ]


async def twenty_calls(lab: Lab) -> list[ExpectedCall]:
    """Twenty clients call at once, four agents answer them one after another, some clients lose patience."""
    queue = sales(lab)
    manners = [Answers(after_s=0.5, talk_s=talk_s) for talk_s in (1.0, 1.3, 1.6, 1.9)]
    async with scripted_floor(lab, queue, manners) as phones:
        calls = [
            await lab.call(
                queue.did, caller=f"+770123450{number:02}", talk_s=4.5 + number / 10 if number % 3 == 0 else None
            )
            for number in range(20)
        ]
        clients = [await call.ended(60) for call in calls]
        return [waited_call(lab, client, rings_of(phones, client.party)) for client in clients]


async def twenty_calls_elsewhere(lab: Lab) -> list[ExpectedCall]:
    """Twenty clients call at once; most wait for one of the four agents, some lose patience."""
    queue = lab.office.queue("crowd")
    patient, hasty = ([f"+770146{kind}000{number:02}" for number in range(count)] for kind, count in ((1, 14), (2, 6)))
    manners = [Answers(after_s=0.5, talk_s=talk_s) for talk_s in (1.0, 1.3, 1.6, 1.9)]
    async with (
        scripted_floor(lab, queue, manners) as phones,
        lab.crowd(queue.did, patient, per_second=20) as served,
        lab.crowd(queue.did, hasty, per_second=20, talk_s=5.5) as lost,
    ):
        await served.sipp.ended(60)
        await lost.sipp.ended(60)
        return [waited_call(lab, client, rings_of(phones, client.party)) for client in (*served.sides, *lost.sides)]


async def heavy(lab: Lab) -> list[ExpectedCall]:
    """A minute of a busy call centre: four calls a second, forty agents, some clients without patience."""
    queue = lab.office.load_queue
    patient = [f"+7707100{number:04}" for number in range(210)]
    hasty = [f"+7707200{number:04}" for number in range(30)]
    async with (
        lab.call_centre(Answers(after_s=0.6, talk_s=1.8)) as agents,
        lab.crowd(queue.did, patient, per_second=3.5) as served,
        lab.crowd(queue.did, hasty, per_second=0.5, talk_s=0.4) as lost,
    ):
        await served.sipp.ended(90)
        await lost.sipp.ended(90)
        clients = in_order([*served.sides, *lost.sides])
        rings = agents.sides
    told = [waited_call(lab, client, [ring for ring in rings if ring.number == client.party]) for client in clients]
    # Asterisk's Answer() first waits half a second for sound: the hasty are gone before they reach the queue.
    return [call if call.legs else replace(call, unclaimed=(*call.unclaimed, "queue")) for call in told]
