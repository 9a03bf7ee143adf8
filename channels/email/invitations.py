"""What a calendar part asks of the reader: iCalendar is read by the icalendar library, the answer made small."""

from __future__ import annotations

from datetime import UTC, date, datetime

from icalendar import Calendar, Component

from channels.email.headers import is_address
from channels.email.message import Invitation
from crm_core.domain.strangers_words import one_line

#: Invitations are a few kilobytes; what is longer is somebody's whole calendar and stays a file.
_LONGEST = 256 * 1024
_LONGEST_TEXT = 500


def invitation(data: bytes) -> Invitation | None:
    """The first event of a calendar; None when it is none that can be read."""
    if len(data) > _LONGEST:
        return None
    try:
        calendar = Calendar.from_ical(data)
        event = next(iter(calendar.walk("VEVENT")), None)
        return _told(calendar, event) if event is not None else None
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError):
        return None  # the library's own errors are all of these, for whatever a stranger wrote


def _told(calendar: Component, event: Component) -> Invitation:
    organizer = _text(event, "ORGANIZER").lower().removeprefix("mailto:")
    start = getattr(event.get("DTSTART"), "dt", None)
    aware = isinstance(start, datetime) and start.tzinfo is not None
    return Invitation(
        method=_text(calendar, "METHOD").upper() or "PUBLISH",
        uid=_text(event, "UID") or None,
        summary=_text(event, "SUMMARY"),
        location=_text(event, "LOCATION"),
        organizer=organizer if is_address(organizer) else None,
        starts_at=start.astimezone(UTC) if aware and isinstance(start, datetime) else None,
        starts=start.isoformat() if isinstance(start, date) else "",
    )


def _text(component: Component, name: str) -> str:
    value = component.get(name)
    return "" if value is None or isinstance(value, list) else one_line(str(value), _LONGEST_TEXT)
