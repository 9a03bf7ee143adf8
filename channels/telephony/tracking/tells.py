"""Saying what happened: each thing once, and nothing where something more telling was said."""

from __future__ import annotations

from channels.telephony.tracking import legs, sides
from channels.telephony.tracking.events import (
    CallAnswered,
    CallChanged,
    CallEnded,
    CallEvent,
    HoldChanged,
    LegAnswered,
    LegEnded,
    LegOffered,
)
from channels.telephony.tracking.facts import Call, Channel, Moment, as_datetime


def tell_leg(phone: Channel, at: Moment, news: list[CallEvent]) -> None:
    """Say what became of a phone since it was last spoken of, each thing once."""
    if not phone.is_phone or phone.told_end:
        return
    linkedid, moment = phone.call.linkedid, as_datetime(at)
    uniqueid, interface = phone.uniqueid, phone.interface
    if not phone.told_offer and legs.rang(phone) and not legs.placed_call(phone):
        phone.told_offer = True
        news.append(LegOffered(linkedid=linkedid, at=moment, uniqueid=uniqueid, interface=interface))
    if not phone.told_answer and legs.picked_up_at(phone) is not None:
        phone.told_answer = True
        news.append(LegAnswered(linkedid=linkedid, at=moment, uniqueid=uniqueid, interface=interface))
    result = legs.leg_result(phone)
    if phone.ended_at is not None and result is not None:
        phone.told_end = True
        news.append(LegEnded(linkedid=linkedid, at=moment, uniqueid=uniqueid, interface=interface, result=result))


def tell_hold(phone: Channel, at: Moment, news: list[CallEvent]) -> None:
    if phone.is_phone:
        news.append(
            HoldChanged(
                linkedid=phone.call.linkedid,
                at=as_datetime(at),
                uniqueid=phone.uniqueid,
                interface=phone.interface,
                on_hold=phone.on_hold,
            )
        )


def tell_call(call: Call, at: Moment, news: list[CallEvent]) -> None:
    """Say that the call was answered, or is over, each once."""
    if not call.told_start:
        return
    if not call.told_answer and sides.contacts(call, sides.direction(call)):
        call.told_answer = True
        news.append(CallAnswered(linkedid=call.linkedid, at=as_datetime(at)))
    if call.ended_at is None:
        call.ended_at = sides.end_of(call)
        if call.ended_at is not None:
            news.append(CallEnded(linkedid=call.linkedid, at=as_datetime(call.ended_at)))


def tell_change(call: Call, at: Moment, news: list[CallEvent]) -> None:
    """Say that something changed, unless something more telling was said of this call already."""
    if call.told_start and not any(one.linkedid == call.linkedid for one in news):
        news.append(CallChanged(linkedid=call.linkedid, at=as_datetime(at)))
