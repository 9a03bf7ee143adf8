"""Scenes of an agent's own number, and of agents among themselves."""

from __future__ import annotations

from tests.lab.expected import ExpectedCall
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import direct_call, internal_call
from tests.lab.scenes.stage import moment
from tests.lab.sipp_scenarios import Refuses


async def direct_answered(lab: Lab) -> list[ExpectedCall]:
    """A client calls an agent's own number and is answered."""
    async with lab.soft_phone("1461") as phone:
        call = await lab.call(lab.office.direct_did("1461"), caller="+77012223344")
        ring = await phone.ringing()
        await moment(1.4)
        await ring.answer()
        await moment(2.0)
        client = await call.hang_up()
        await ring.ended()
    return [direct_call(lab, client, ring.side, outcome="answered", ended_by="client", cause=16)]


async def direct_no_answer(lab: Lab) -> list[ExpectedCall]:
    """An agent's own number rings unanswered until the PBX gives up."""
    async with lab.soft_phone("1462") as phone:
        call = await lab.call(lab.office.direct_did("1462"), caller="+77012223355")
        ring = await phone.ringing()
        client = await call.ended()
        await ring.ended()
    return [direct_call(lab, client, ring.side, outcome="no_answer", ended_by="system", cause=16)]


async def direct_abandoned(lab: Lab) -> list[ExpectedCall]:
    """A client calls an agent's own number and gives up before the PBX does, after more than five seconds."""
    async with lab.soft_phone("1463") as phone:
        call = await lab.call(lab.office.direct_did("1463"), caller="+77012223366")
        ring = await phone.ringing()
        await moment(5.4)
        client = await call.hang_up()
        await ring.ended()
    return [direct_call(lab, client, ring.side, outcome="abandoned", ended_by="client", cause=127, result="cancelled")]


async def direct_busy(lab: Lab) -> list[ExpectedCall]:
    """An agent's own number is busy."""
    async with lab.phone("1464", Refuses(status=486)) as phone:
        call = await lab.call(lab.office.direct_did("1464"), caller="+77012223377")
        client = await call.ended()
    return [direct_call(lab, client, phone.sides[0], outcome="busy", ended_by=None, cause=17)]


async def internal_answered(lab: Lab) -> list[ExpectedCall]:
    """One agent calls another; the caller hangs up."""
    async with lab.soft_phone("1007") as caller, lab.soft_phone("1008") as called:
        dialled = await caller.dial("1008")
        ring = await called.ringing()
        await moment(1.0)
        await ring.answer()
        await dialled.answered()
        await moment(1.5)
        await dialled.hang_up()
        await ring.ended()
    await lab.everything_is_over()
    return [internal_call(lab, dialled.side, ring.side)]
