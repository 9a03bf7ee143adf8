"""Scenes of calls that are sent on before anybody answered: by the phone itself, or by the dialplan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tests.lab.exchange import TRUNK_HANGS_UP_AFTER_2S
from tests.lab.expected import ExpectedCall, ExpectedLeg, ExpectedStop, seconds
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import direct_call, linkedid, phone_leg, queued_call
from tests.lab.scenes.stage import moment
from tests.lab.sipp_scenarios import Forwards
from tests.lab.truth import Side


async def phone_forwards_inside(lab: Lab) -> list[ExpectedCall]:
    """An agent's phone sends its calls on to a colleague, who answers."""
    async with lab.phone("1371", Forwards(to="1372")) as forwarding, lab.soft_phone("1372") as colleague:
        call = await lab.call(lab.office.direct_did("1371"), caller="+77021710001")
        ring = await colleague.ringing()
        await moment(0.8)
        await ring.answer()
        await moment(1.5)
        client = await call.hang_up()
        await ring.ended()
    told = direct_call(lab, client, ring.side, outcome="answered", ended_by="client", cause=16)
    return [replace(told, legs=(_forwarding(lab, forwarding.sides[0], "direct"), *told.legs))]


async def phone_forwards_outside(lab: Lab) -> list[ExpectedCall]:
    """An agent's phone sends its calls on to a mobile, where somebody answers."""
    mobile = f"+7701552{TRUNK_HANGS_UP_AFTER_2S}"
    async with lab.phone("1373", Forwards(to=mobile)) as forwarding:
        call = await lab.call(lab.office.direct_did("1373"), caller="+77021730001")
        client = await call.ended()
    return [_forwarded_outside(lab, client, mobile, legs=[_forwarding(lab, forwarding.sides[0], "direct")])]


async def queue_member_forwards(lab: Lab) -> list[ExpectedCall]:
    """The phone of a queue's agent sends its calls on to a colleague, who answers."""
    async with lab.phone("1374", Forwards(to="1375")) as forwarding, lab.soft_phone("1375") as colleague:
        call = await lab.call(lab.office.queue("redirected").did, caller="+77021740001")
        ring = await colleague.ringing()
        await moment(0.8)
        await ring.answer()
        await moment(1.5)
        await ring.hang_up()
        client = await call.ended()
    told = queued_call(lab, client, [ring.side], ended_by="agent")
    return [replace(told, legs=(_forwarding(lab, forwarding.sides[0], "queue"), *told.legs))]


async def dialplan_forwards_inside(lab: Lab) -> list[ExpectedCall]:
    """The dialplan sends the calls of one number on to an extension, through a Local pair."""
    async with lab.soft_phone("1377") as phone:
        call = await lab.call(lab.office.line("forwarded inside").did, caller="+77021630001")
        ring = await phone.ringing()
        await moment(0.8)
        await ring.answer()
        await moment(1.5)
        await ring.hang_up()
        client = await call.ended()
    return [direct_call(lab, client, ring.side, outcome="answered", ended_by="agent", cause=16)]


async def dialplan_forwards_outside(lab: Lab) -> list[ExpectedCall]:
    """The dialplan sends the calls of one number on to a mobile, where somebody answers."""
    call = await lab.call(lab.office.line("forwarded outside").did, caller="+77021640001")
    client = await call.ended()
    return [_forwarded_outside(lab, client, "+77015510702", legs=[])]


def _forwarding(lab: Lab, side: Side, role: str) -> ExpectedLeg:
    """The phone that sent the call on did not ring; Asterisk cancels its dial and makes another."""
    return phone_leg(lab, side, role, "cancelled")


def _forwarded_outside(lab: Lab, client: Side, mobile: str, *, legs: Iterable[ExpectedLeg]) -> ExpectedCall:
    """Whoever answers there is ours, though nobody knows who: the client talked, no agent did."""
    [talk] = [side for side in lab.trunk.sides if side.party == mobile]
    return ExpectedCall(
        external_id=linkedid(lab, caller=client.party, dialled=client.number),
        direction="inbound",
        outcome="answered",
        client_address=client.party,
        our_address=client.number,
        legs=tuple(legs),
        wait_s=seconds(client.began_at, talk.answered_at),
        talk_s=seconds(talk.answered_at, talk.ended_at),
        ended_by="agent",
        hangup_cause=16,
        path=(ExpectedStop(kind="outside", name=mobile, duration_s=seconds(talk.answered_at, talk.ended_at)),),
    )
