"""Scenes of clients whom nobody but a machine answers."""

from __future__ import annotations

from dataclasses import replace

from tests.lab.expected import ExpectedCall, seconds
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import linkedid, phone_leg, queued_call
from tests.lab.scenes.stage import floor, moment
from tests.lab.sipp_scenarios import Refuses
from tests.lab.truth import Side

#: People speak so long to a machine; the greeting is longer.
_MESSAGE_S = 3.0


async def voicemail_message(lab: Lab) -> list[ExpectedCall]:
    """An agent's phone rings unanswered; the client leaves a message."""
    async with lab.soft_phone("1361") as phone:
        call = await lab.call(lab.office.line("voicemail").did, caller="+77021610001")
        ring = await phone.ringing()
        await ring.ended()
        await call.answered()
        await moment(_MESSAGE_S)
        client = await call.hang_up()
    return [_taken_by_voicemail(lab, client, ring.side, recordings=1, cause=0)]


async def voicemail_without_message(lab: Lab) -> list[ExpectedCall]:
    """An agent's phone is busy; the client hangs up while the machine still greets."""
    async with lab.phone("1362", Refuses(status=486)) as phone:
        call = await lab.call(lab.office.line("greeting").did, caller="+77021620001")
        await call.answered()
        await moment(1.5)
        client = await call.hang_up()
    return [_taken_by_voicemail(lab, client, phone.sides[0], recordings=0, cause=17)]


async def queue_to_voicemail(lab: Lab) -> list[ExpectedCall]:
    """Nobody in the queue answers; the client leaves a message."""
    async with floor(lab, "answering-machine") as (phone,):
        call = await lab.call(lab.office.queue("answering-machine").did, caller="+77021390001")
        ring = await phone.ringing()
        await ring.ended()
        await moment(_MESSAGE_S)
        client = await call.hang_up()
    told = queued_call(lab, client, [ring.side], outcome="voicemail", ended_by="client", cause=0, last="no_answer")
    return [replace(told, recordings=1)]


def _taken_by_voicemail(lab: Lab, client: Side, ring: Side, *, recordings: int, cause: int) -> ExpectedCall:
    return ExpectedCall(
        external_id=linkedid(lab, caller=client.party, dialled=client.number),
        direction="inbound",
        outcome="voicemail",
        client_address=client.party,
        our_address=client.number,
        legs=(phone_leg(lab, ring, "direct"),),
        wait_s=seconds(client.began_at, client.ended_at),
        ended_by="client",
        hangup_cause=cause,
        recordings=recordings,
    )
