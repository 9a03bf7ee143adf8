"""Scenes in which a call rings on one phone and is taken on another, or reaches phones in a roundabout way."""

from __future__ import annotations

from dataclasses import replace

from tests.lab.exchange import DIRECTED_PICKUP, STAR_PICKUP
from tests.lab.expected import ExpectedCall, ExpectedLeg
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import Fates, direct_call, phone_leg, queued_call
from tests.lab.scenes.stage import floor, moment
from tests.lab.softphone import PhoneCall


async def group_ring(lab: Lab) -> list[ExpectedCall]:
    """Two phones ring at once, without a queue; one is answered, the other stops."""
    async with lab.soft_phone("1381") as one, lab.soft_phone("1382") as other:
        call = await lab.call(lab.office.line("group").did, caller="+77021650001")
        slow, fast = await one.ringing(), await other.ringing()
        await moment(0.8)
        await fast.answer()
        await slow.ended()
        await moment(1.5)
        client = await call.hang_up()
        await fast.ended()
    told = direct_call(lab, client, fast.side, outcome="answered", ended_by="client", cause=16)
    return [replace(told, legs=(phone_leg(lab, slow.side, "direct", "answered_elsewhere"), *told.legs))]


async def star_pickup(lab: Lab) -> list[ExpectedCall]:
    """An agent's phone rings; a colleague of the same group takes the call with *8."""
    async with lab.soft_phone("1383") as rung, lab.soft_phone("1384") as taking:
        call = await lab.call(lab.office.direct_did("1383"), caller="+77021830001")
        ring = await rung.ringing()
        await moment(0.8)
        taken = await taking.dial(STAR_PICKUP)
        await taken.answered()
        await ring.ended()
        await moment(1.5)
        client = await call.hang_up()
        await taken.ended()
    told = direct_call(lab, client, taken.side, outcome="answered", ended_by="client", cause=16)
    return [replace(told, legs=(phone_leg(lab, ring.side, "direct", "answered_elsewhere"), _taken(told)))]


async def directed_pickup(lab: Lab) -> list[ExpectedCall]:
    """A queue rings its agent; somebody who is not in the queue takes that very call."""
    async with floor(lab, "mates") as (rung,), lab.soft_phone("1386") as taking:
        call = await lab.call(lab.office.queue("mates").did, caller="+77021410001")
        ring = await rung.ringing()
        await moment(0.8)
        taken = await taking.dial(f"{DIRECTED_PICKUP}{rung.user}")
        await taken.answered()
        await ring.ended()
        await moment(1.5)
        await taken.hang_up()
        client = await call.ended()
    told = queued_call(lab, client, [taken.side], ended_by="agent")
    return [replace(told, legs=(phone_leg(lab, ring.side, "queue", "answered_elsewhere"), _taken(told)))]


async def local_members(lab: Lab) -> list[ExpectedCall]:
    """A queue dials its agents through Local pairs, as FreePBX does; the first declines, the second answers."""
    async with floor(lab, "freepbx") as (first, second):
        call = await lab.call(lab.office.queue("freepbx").did, caller="+77021420001")
        declined = await first.ringing()
        await moment(0.6)
        declined.refuse(603)
        ring = await second.ringing()
        await moment(0.6)
        await ring.answer()
        await moment(1.5)
        await ring.hang_up()
        client = await call.ended()
    return [queued_call(lab, client, [declined.side, ring.side], ended_by="agent")]


async def local_member_optimised(lab: Lab) -> list[ExpectedCall]:
    """A queue dials its agent through a Local pair, which Asterisk takes out of the way after the answer."""
    async with floor(lab, "freepbx-optimised") as (phone,):
        call = await lab.call(lab.office.queue("freepbx-optimised").did, caller="+77021430001")
        ring = await phone.ringing()
        await moment(0.6)
        await ring.answer()
        await moment(2.0)
        client = await call.hang_up()
        await ring.ended()
    return [queued_call(lab, client, [ring.side], ended_by="client")]


async def agent_with_two_devices(lab: Lab) -> list[ExpectedCall]:
    """Two phones of one agent ring at once; the agent takes the second one."""
    async with floor(lab, "two-devices") as (desk,), lab.soft_phone("1412") as headset:
        call = await lab.call(lab.office.queue("two-devices").did, caller="+77021440001")
        silent, ring = await desk.ringing(), await headset.ringing()
        await moment(0.7)
        await ring.answer()
        await silent.ended()
        await moment(1.5)
        await ring.hang_up()
        client = await call.ended()
    fates: Fates = {silent.side.party: "answered_elsewhere"}
    return [queued_call(lab, client, [silent.side, ring.side], ended_by="agent", fates=fates)]


async def international_numbers(lab: Lab) -> list[ExpectedCall]:
    """Clients from abroad, from the same town and without a number call; every trunk spells them differently."""
    queue = lab.office.queue("abroad")
    told = []
    async with floor(lab, queue.name) as (phone,):
        for caller in ("+4915112345678", "004915112345678", "8104915112345678", "272001", "anonymous"):
            withheld = caller == "anonymous"
            call = await lab.call(queue.did, caller=caller, anonymous=withheld)
            ring: PhoneCall = await phone.ringing()
            await moment(0.3)
            await ring.answer()
            await moment(0.5)
            await ring.hang_up()
            client = await call.ended()
            told.append(queued_call(lab, client, [ring.side], ended_by="agent", anonymous=withheld))
    return told


def _taken(told: ExpectedCall) -> ExpectedLeg:
    """The phone that took the call never rang."""
    return replace(told.legs[-1], rang=False)
