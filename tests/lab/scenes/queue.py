"""Scenes of one client and a queue."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.lab.expected import ExpectedCall, seconds
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import Fates, queued_call
from tests.lab.scenes.stage import first_ring, floor, moment, rings_of, scripted_floor
from tests.lab.sipp_scenarios import Answers, Manner, NeverAnswers, Refuses


async def queue_answered_client_hangs_up(lab: Lab) -> list[ExpectedCall]:
    """A client calls sales, an agent answers, they talk, the client hangs up."""
    async with floor(lab, "d01") as phones:
        call = await lab.call(lab.office.queue("d01").did, caller="+77011234567", caller_name="Сәуле Ахметова")
        ring = await first_ring(phones)
        await moment(1.2)
        await ring.answer()
        await moment(3.0)
        client = await call.hang_up()
        await ring.ended()
    return [queued_call(lab, client, [ring.side], ended_by="client")]


async def queue_answered_agent_hangs_up(lab: Lab) -> list[ExpectedCall]:
    """A client calls sales, an agent answers, they talk, the agent hangs up."""
    async with floor(lab, "d02") as phones:
        call = await lab.call(lab.office.queue("d02").did, caller="+77772345678", caller_name="Ержан Қасымов")
        ring = await first_ring(phones)
        await moment(1.5)
        await ring.answer()
        await moment(2.5)
        await ring.hang_up()
        client = await call.ended()
    return [queued_call(lab, client, [ring.side], ended_by="agent")]


async def queue_abandoned(lab: Lab) -> list[ExpectedCall]:
    """Nobody answers; after six seconds and two phones the client gives up."""
    async with floor(lab, "d03") as phones:
        call = await lab.call(lab.office.queue("d03").did, caller="+77053456789")
        first = await first_ring(phones)
        await first.ended()
        second = await first_ring(phones)
        await moment(1.7)
        client = await call.hang_up()
        await second.ended()
    legs = [first.side, second.side]
    return [queued_call(lab, client, legs, outcome="abandoned", ended_by="client", cause=0, last="cancelled")]


async def queue_short_abandoned(lab: Lab) -> list[ExpectedCall]:
    """The client thinks better of it two seconds after dialling."""
    async with floor(lab, "d04") as phones:
        call = await lab.call(lab.office.queue("d04").did, caller="+77471112233")
        ring = await first_ring(phones)
        await moment(1.9)
        client = await call.hang_up()
        await ring.ended()
    return [
        queued_call(lab, client, [ring.side], outcome="short_abandoned", ended_by="client", cause=0, last="cancelled")
    ]


async def queue_first_no_answer_second_answers(lab: Lab) -> list[ExpectedCall]:
    """The first agent lets it ring, the second answers, the client hangs up."""
    async with floor(lab, "d05") as phones:
        call = await lab.call(lab.office.queue("d05").did, caller="+77014445566", caller_name="Ольга Ветрова")
        first = await first_ring(phones)
        await first.ended()
        second = await first_ring(phones)
        await moment(1.0)
        await second.answer()
        await moment(2.0)
        client = await call.hang_up()
        await second.ended()
    return [queued_call(lab, client, [first.side, second.side], ended_by="client")]


async def queue_busy_then_declined_then_answered(lab: Lab) -> list[ExpectedCall]:
    """The first phone is busy, the second agent declines, the third answers and hangs up."""
    manners: tuple[Manner, ...] = (
        Refuses(status=486),
        Refuses(status=603, after_s=0.9),
        Answers(after_s=1.1, talk_s=2.0),
    )
    queue = lab.office.queue("d06")
    async with scripted_floor(lab, queue, manners) as phones:
        client = await (await lab.call(queue.did, caller="+77078889900")).ended()
    return [queued_call(lab, client, rings_of(phones, client.party), ended_by="agent")]


async def queue_all_busy(lab: Lab) -> list[ExpectedCall]:
    """Every phone of the queue is busy until the queue gives up."""
    queue = lab.office.queue("d07")
    async with scripted_floor(lab, queue, [Refuses(status=486)] * 3) as phones:
        client = await (await lab.call(queue.did, caller="+77019990011")).ended()
    rings = rings_of(phones, client.party)
    return [queued_call(lab, client, rings, outcome="busy", ended_by="system", cause=16)]


async def queue_timeout_nobody(lab: Lab) -> list[ExpectedCall]:
    """Phones ring and nobody answers until the queue gives up after six seconds."""
    queue = lab.office.queue("d08")
    async with scripted_floor(lab, queue, [NeverAnswers()] * 3) as phones:
        client = await (await lab.call(queue.did, caller="+77025557788")).ended()
    rings = rings_of(phones, client.party)
    return [queued_call(lab, client, rings, outcome="no_answer", ended_by="system", cause=16)]


async def ringall_one_answers(lab: Lab) -> list[ExpectedCall]:
    """Both phones of the queue ring; one agent is faster, the other phone stops."""
    async with floor(lab, "d09") as phones:
        call = await lab.call(lab.office.queue("d09").did, caller="+79161234567", caller_name="Мария Соколова")
        slow, fast = [await phone.ringing() for phone in phones]
        await moment(1.3)
        await fast.answer()
        await slow.ended()
        await moment(2.2)
        await fast.hang_up()
        client = await call.ended()
    fates: Fates = {slow.side.party: "answered_elsewhere"}
    return [queued_call(lab, client, [slow.side, fast.side], ended_by="agent", fates=fates)]


async def anonymous_queue_answered(lab: Lab) -> list[ExpectedCall]:
    """A caller who hides the number is answered like anybody else."""
    async with floor(lab, "d10") as phones:
        call = await lab.call(lab.office.queue("d10").did, caller="anonymous", anonymous=True)
        ring = await first_ring(phones)
        await moment(1.1)
        await ring.answer()
        await moment(2.0)
        client = await call.hang_up()
        await ring.ended()
    return [queued_call(lab, client, [ring.side], ended_by="client", anonymous=True)]


async def number_formats(lab: Lab) -> list[ExpectedCall]:
    """One client calls four times; every time the trunk spells the numbers differently."""
    did = lab.office.queue("d11").did
    told = []
    for caller, dialled in (
        ("+77011234567", f"+{did}"),
        ("87011234567", did),
        ("77011234567", did),
        ("7011234567", f"8{did[1:]}"),
    ):
        async with floor(lab, "d11") as phones:
            call = await lab.call(dialled, caller=caller)
            ring = await first_ring(phones)
            await moment(0.6)
            await ring.answer()
            await moment(1.0)
            client = await call.hang_up()
            await ring.ended()
        told.append(queued_call(lab, client, [ring.side], ended_by="client"))
    return told


async def utf8_names(lab: Lab) -> list[ExpectedCall]:
    """Names in Cyrillic and Kazakh letters, then one with quotes, markup and something like a header."""
    told = []
    for number, name in (
        ("+77013334455", "Гүлжаһан Әбдірәсілқызы Ұлықпанова"),
        ("+77013334466", r"<b>ТОО \"Көк-Төбе\"</b> Action: Originate & ${EXTEN}; é 🧭"),
    ):
        async with floor(lab, "d12") as phones:
            call = await lab.call(lab.office.queue("d12").did, caller=number, caller_name=name)
            ring = await first_ring(phones)
            await moment(0.5)
            await ring.answer()
            await moment(1.5)
            await ring.hang_up()
            client = await call.ended()
        told.append(queued_call(lab, client, [ring.side], ended_by="agent"))
    return told


async def hold_unhold(lab: Lab) -> list[ExpectedCall]:
    """The agent puts the client on hold for two seconds to look something up."""
    async with floor(lab, "d13") as phones:
        call = await lab.call(lab.office.queue("d13").did, caller="+77016667788", caller_name="Динара Тілеуова")
        ring = await first_ring(phones)
        await moment(0.8)
        await ring.answer()
        await moment(1.5)
        await ring.hold()
        held_at = datetime.now(UTC)
        await moment(2.0)
        await ring.unhold()
        hold_s = seconds(held_at, datetime.now(UTC))
        await moment(1.0)
        await ring.hang_up()
        client = await call.ended()
    return [queued_call(lab, client, [ring.side], ended_by="agent", hold_s=hold_s)]
