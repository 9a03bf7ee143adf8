"""What stands in the headers of an AMI event, and when it stands there in name only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

Event = Mapping[str, str]

_UNSET = frozenset({"", "<unknown>"})
_WITHHELD = frozenset({"anonymous", "unknown", "restricted", "private", "unavailable", "withheld"})
#: Extensions of the dialplan itself: nobody dialled them.
_DIALPLAN_EXTENSIONS = frozenset({"s", "h", "i", "t", "o", "e", "T"})
_NUMBER_IN_DIAL_STRING = re.compile(r"\+?\d{2,}")


class Party(NamedTuple):
    """The headers of one channel in an event that may speak of several."""

    channel: str
    uniqueid: str
    linkedid: str
    state: str
    number: str
    display_name: str
    shown_number: str
    exten: str


def party(prefix: str) -> Party:
    names = ("Channel", "Uniqueid", "Linkedid", "ChannelState")
    caller = ("CallerIDNum", "CallerIDName", "ConnectedLineNum", "Exten")
    return Party(*(prefix + name for name in (*names, *caller)))


OWN = party("")
DEST = party("Dest")


def told(value: str | None) -> str | None:
    """A header's value, or None where Asterisk only fills the place."""
    return None if value is None or value in _UNSET else value


def number(value: str | None) -> str | None:
    """A caller's number exactly as sent, or None when it was withheld."""
    said = told(value)
    return None if said is None or said.lower() in _WITHHELD else said


def extension(value: str | None) -> str | None:
    """What somebody dialled, or None for the dialplan's own places."""
    said = told(value)
    return None if said in _DIALPLAN_EXTENSIONS else said


def dialled_outside(event: Event) -> str | None:
    """The number a DialBegin calls through a trunk."""
    dialled = extension(event.get(OWN.exten)) or number(event.get(DEST.number))
    if dialled is not None:
        return dialled
    in_string = _NUMBER_IN_DIAL_STRING.search(event.get("DialString", ""))
    return in_string.group() if in_string else None


def whole_number(value: str | None) -> int | None:
    """A short decimal number, or None for anything else."""
    if value is None or not (value.isascii() and value.isdigit() and len(value) < 10):
        return None
    return int(value)


def seconds_of(clock: str | None) -> float:
    """``00:01:07`` as seconds; 0 for anything else."""
    parts = [whole_number(part) for part in (clock or "").split(":")]
    if len(parts) != 3:
        return 0.0
    hours, minutes, seconds = parts
    return (hours or 0) * 3600.0 + (minutes or 0) * 60.0 + (seconds or 0)
