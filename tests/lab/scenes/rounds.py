"""Scenes of queues that go on looking: in turn, on to another queue, past phones that are not there."""

from __future__ import annotations

from dataclasses import replace

from tests.lab.exchange import Agent
from tests.lab.expected import ExpectedCall, ExpectedLeg
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import Fates, direct_call_to_nobody, phone_leg, queued_call
from tests.lab.scenes.stage import first_ring, floor, moment


async def round_robin_takes_turns(lab: Lab) -> list[ExpectedCall]:
    """Three clients call one after another; every agent of the queue gets one of them."""
    told = []
    async with floor(lab, "turns") as phones:
        for number in range(3):
            call = await lab.call(lab.office.queue("turns").did, caller=f"+7702131000{number}")
            ring = await first_ring(phones)
            await moment(0.5)
            await ring.answer()
            await moment(1.0)
            await ring.hang_up()
            told.append(queued_call(lab, await call.ended(), [ring.side], ended_by="agent"))
    return told


async def ring_no_answer_chain(lab: Lab) -> list[ExpectedCall]:
    """Three agents let it ring; the first one, tried again, answers."""
    async with floor(lab, "chain") as phones:
        call = await lab.call(lab.office.queue("chain").did, caller="+77021320001")
        rings = []
        for _ in range(3):
            rings.append(await first_ring(phones))
            await rings[-1].ended()
        rings.append(await first_ring(phones))
        await moment(0.7)
        await rings[-1].answer()
        await moment(1.5)
        client = await call.hang_up()
        await rings[-1].ended()
    return [queued_call(lab, client, [ring.side for ring in rings], ended_by="client")]


async def overflow_answered(lab: Lab) -> list[ExpectedCall]:
    """Nobody in the first queue answers; in the one it overflows into an agent does."""
    async with floor(lab, "front") as front, floor(lab, "behind") as behind:
        call = await lab.call(lab.office.queue("front").did, caller="+77021330001")
        first = await front[0].ringing()
        await first.ended()
        slow, fast = [await phone.ringing() for phone in behind]
        await moment(0.8)
        await fast.answer()
        await slow.ended()
        await moment(1.5)
        await fast.hang_up()
        client = await call.ended()
    fates: Fates = {slow.side.party: "answered_elsewhere"}
    told = queued_call(lab, client, [first.side, slow.side, fast.side], ended_by="agent", fates=fates)
    return [replace(told, queue="behind", queues=("front", "behind"))]


async def overflow_abandoned(lab: Lab) -> list[ExpectedCall]:
    """The client gives up in the second queue; the PBX spoke of an abandon already when the first one gave up."""
    async with floor(lab, "front-lost") as front, floor(lab, "behind-lost") as behind:
        call = await lab.call(lab.office.queue("front-lost").did, caller="+77021350001")
        first = await front[0].ringing()
        await first.ended()
        second = await behind[0].ringing()
        await moment(2.5)
        client = await call.hang_up()
        await second.ended()
    rings = [first.side, second.side]
    told = queued_call(lab, client, rings, outcome="abandoned", ended_by="client", cause=0, last="cancelled")
    return [replace(told, queue="behind-lost", queues=("front-lost", "behind-lost"))]


async def auto_paused_agent(lab: Lab) -> list[ExpectedCall]:
    """The PBX pauses an agent who let it ring; the next client goes straight to a colleague."""
    queue = lab.office.queue("sleepy")
    sleeper = queue.members[0]
    told = []
    async with floor(lab, queue.name) as (asleep, awake):
        for number in range(2):
            call = await lab.call(queue.did, caller=f"+7702137000{number}")
            missed = [await asleep.ringing()] if number == 0 else []
            ring = await awake.ringing()
            await moment(0.6)
            await ring.answer()
            await moment(1.0)
            await ring.hang_up()
            rings = [*(one.side for one in missed), ring.side]
            told.append(queued_call(lab, await call.ended(), rings, ended_by="agent"))
            await lab.is_paused(sleeper, "Auto-Pause")
        await lab.witness.action("QueuePause", Interface=sleeper.interface, Paused="false")
    return told


async def unreachable_in_queue(lab: Lab) -> list[ExpectedCall]:
    """One phone is not registered, one is switched off; the third agent answers."""
    queue = lab.office.queue("away")
    _, switched_off, present = queue.members
    async with lab.soft_phone(present.extension) as phone:
        call = await lab.call(queue.did, caller="+77021380001")
        ring = await phone.ringing()
        await moment(0.7)
        await ring.answer()
        await moment(1.2)
        client = await call.hang_up()
        await ring.ended()
    told = queued_call(lab, client, [ring.side], ended_by="client")
    return [replace(told, legs=(_silent(switched_off), phone_leg(lab, ring.side, "queue")))]


async def direct_unregistered(lab: Lab) -> list[ExpectedCall]:
    """A client calls the number of an agent whose phone the PBX cannot find."""
    call = await lab.call(lab.office.direct_did("1351"), caller="+77021380002")
    client = await call.ended()
    await lab.witness.wait_for(lambda frame: frame.event == "Hangup" and frame["CallerIDNum"] == client.party)
    return [direct_call_to_nobody(lab, client)]


async def direct_switched_off(lab: Lab) -> list[ExpectedCall]:
    """A client calls the number of an agent whose phone is registered and does not say a word."""
    call = await lab.call(lab.office.direct_did("1354"), caller="+77021380003")
    told = direct_call_to_nobody(lab, await call.ended())
    return [replace(told, legs=(replace(_silent(lab.office.agent("1354")), role="direct"),))]


def _silent(agent: Agent) -> ExpectedLeg:
    """A phone that was dialled and that nobody heard of."""
    return ExpectedLeg(interface=agent.interface, role="queue", result="failed", rang=False, name=agent.name)
