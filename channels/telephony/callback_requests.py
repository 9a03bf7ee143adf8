"""What the dialplan tells us by itself: ``UserEvent(PerezvonCallback,…)``, the caller asks to be called back.

The event's headers are two kinds of words. Asterisk's own come first (the
channel, its ids); then what the dialplan added, in which a caller's name or
number may have become headers of their own. So the first of a repeated header
is believed, and each value is taken only if it can be what it says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from channels.telephony.frames import Event, values
from channels.telephony.tracking.headers import extension, number
from crm_core.domain.callback_requests import CALLBACK_REQUEST, CallbackRequest, due_after, due_at

#: Longer than this nothing is that anybody says in a menu.
_LONGEST = 300
#: More than this between Asterisk's clock and ours is no time at all.
_CLOCKS_APART = timedelta(days=1)
#: What may be said; any other header is the dialplan's own business.
_PARTS = ("Number", "Queue", "In", "At", "Agent", "Subject")


def read(event: Event, arrived: datetime, *, pbx: str, boot: str, zone: ZoneInfo) -> CallbackRequest | None:
    """What was asked for; None for any other event, and for one of no channel."""
    if event.get("Event") != "UserEvent" or _first(event, "UserEvent") != CALLBACK_REQUEST:
        return None
    uniqueid, linkedid = _first(event, "Uniqueid"), _first(event, "Linkedid")
    if uniqueid is None or linkedid is None:
        return None
    asked_at = _moment(event, arrived)
    told = {name: value for name in _PARTS if (value := _first(event, name))}
    due = None
    if "At" in told:
        due = due_at(told["At"], asked_at, zone)
    if due is None and "In" in told:
        due = due_after(told["In"], asked_at)
    return CallbackRequest(
        pbx=pbx,
        boot=boot,
        uniqueid=uniqueid,
        linkedid=linkedid,
        asked_at=asked_at,
        caller=number(_first(event, "CallerIDNum")),
        number=number(told.get("Number")),
        queue=told.get("Queue"),
        extension=extension(told.get("Agent")),
        due_at=due,
        subject=told.get("Subject"),
        rejected=tuple(_rejected(event, told, asked_at, zone)),
        told=event,
    )


def _first(event: Mapping[str, str], name: str) -> str | None:
    said = values(event, name)
    return said[0].strip()[:_LONGEST] if said else None


def _rejected(event: Event, told: Mapping[str, str], asked_at: datetime, zone: ZoneInfo) -> Iterator[str]:
    for name in _PARTS:
        said = values(event, name)
        if len(said) > 1:
            yield f"{name}: told more than once"
        if said and len(said[0].strip()) > _LONGEST:
            yield f"{name}: too long"
    if "At" in told and due_at(told["At"], asked_at, zone) is None:
        yield "At: no time to come"
    if "In" in told and due_after(told["In"], asked_at) is None:
        yield "In: no number of seconds"


def _moment(event: Event, arrived: datetime) -> datetime:
    """By Asterisk's clock, when it tells a time that can be meant."""
    try:
        at = datetime.fromtimestamp(float(values(event, "Timestamp")[0]), UTC)
    except (IndexError, ValueError, OverflowError, OSError):
        return arrived
    return at if abs(at - arrived) < _CLOCKS_APART else arrived
