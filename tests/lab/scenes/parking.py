"""Scenes of clients who are parked: taken off the lot, forgotten there, or tired of it."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime

from tests.lab.exchange import PARK, PARK_FOR_3_S
from tests.lab.expected import ExpectedCall, ExpectedLeg, ExpectedStop, seconds
from tests.lab.laboratory import Lab
from tests.lab.scenes.accounts import direct_call, phone_leg
from tests.lab.scenes.stage import moment
from tests.lab.softphone import PhoneCall
from tests.lab.truth import Side


async def parked_and_retrieved(lab: Lab) -> list[ExpectedCall]:
    """An agent parks the client; a colleague dials the place and goes on with the talk."""
    async with lab.soft_phone("1391") as phone, lab.soft_phone("1392") as colleague:
        call = await lab.call(lab.office.direct_did("1391"), caller="+77021910001")
        ring = await _talk(phone.ringing())
        await ring.transfer_to(PARK)
        place = await _parked_at(lab, "1391")
        await moment(1.5)
        retrieved = await colleague.dial(place)
        await retrieved.answered()
        await moment(1.5)
        client = await call.hang_up()
        await retrieved.ended()
    told = direct_call(lab, client, ring.side, outcome="answered", ended_by="client", cause=16)
    second = replace(phone_leg(lab, retrieved.side, "transfer_blind"), rang=False)
    return [_in_two_talks(told, ring.side, place, retrieved.side, second)]


async def parking_timed_out(lab: Lab) -> list[ExpectedCall]:
    """Nobody takes the parked client, so the PBX rings the agent who parked; they talk on."""
    async with lab.soft_phone("1393") as phone:
        call = await lab.call(lab.office.direct_did("1393"), caller="+77021930001")
        ring = await _talk(phone.ringing())
        await ring.transfer_to(PARK_FOR_3_S)
        place = await _parked_at(lab, "1393")
        back = await _talk(phone.ringing())
        await back.hang_up()
        client = await call.ended()
    told = direct_call(lab, client, ring.side, outcome="answered", ended_by="agent", cause=16)
    told = _in_two_talks(told, ring.side, place, back.side, phone_leg(lab, back.side, "transfer_blind"))
    talk, lot, second_talk = told.path or ()
    parked_s = seconds(ring.side.ended_at, back.side.rang_at)
    return [replace(told, path=(talk, replace(lot, duration_s=parked_s), second_talk))]


async def parked_and_given_up(lab: Lab) -> list[ExpectedCall]:
    """The client is tired of waiting in the parking lot."""
    async with lab.soft_phone("1394") as phone:
        call = await lab.call(lab.office.direct_did("1394"), caller="+77021940001")
        ring = await _talk(phone.ringing())
        await ring.transfer_to(PARK)
        place = await _parked_at(lab, "1394")
        await moment(2.0)
        client = await call.hang_up()
    told = direct_call(lab, client, ring.side, outcome="answered", ended_by="client", cause=16)
    return [replace(told, path=(_with_agent(ring.side), _on_the_lot(place, ring.side.ended_at, client.ended_at)))]


async def _talk(ringing: Awaitable[PhoneCall]) -> PhoneCall:
    ring = await ringing
    await moment(0.6)
    await ring.answer()
    await moment(1.5)
    return ring


async def _parked_at(lab: Lab, extension: str) -> str:
    """The place on the lot: a phone would hear it announced."""
    parked = await lab.witness.wait_for(
        lambda frame: frame.event == "ParkedCall" and f"PJSIP/{extension}" in frame["ParkerDialString"]
    )
    return parked["ParkingSpace"]


def _in_two_talks(told: ExpectedCall, first: Side, place: str, second: Side, leg: ExpectedLeg) -> ExpectedCall:
    """The same client, before and after the lot."""
    return replace(
        told,
        agent=leg.interface,
        legs=(*told.legs, leg),
        talk_s=round(seconds(first.answered_at, first.ended_at) + seconds(second.answered_at, second.ended_at), 3),
        path=(_with_agent(first), _on_the_lot(place, first.ended_at, second.answered_at), _with_agent(second)),
    )


def _with_agent(side: Side) -> ExpectedStop:
    return ExpectedStop(kind="agent", name=f"PJSIP/{side.party}", duration_s=seconds(side.answered_at, side.ended_at))


def _on_the_lot(place: str, since: datetime | None, until: datetime | None) -> ExpectedStop:
    return ExpectedStop(kind="parking", name=place, duration_s=seconds(since, until))
