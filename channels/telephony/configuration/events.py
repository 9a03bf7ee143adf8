"""The events our link wants, as ``eventfilter`` lines: made from the link's own list, so that the two cannot part.

Asterisk reports an event when any of the lines lets it through. Of the floods
(VarSet, Newexten) only what tells of a recording or a voicemail comes, which
takes a filter that can look at one header; older versions get no ``dialplan``
class at all, and a recording's name comes from the CDR's userfield.
"""

from __future__ import annotations

from collections.abc import Collection

from channels.telephony.frames import EOL, WANTED_EVENTS, WANTED_ONLY_WITH

#: Classes of events; without filters by header the flood of `dialplan` would come whole.
READ_CLASSES = ("system", "call", "agent", "cdr", "user", "dialplan")
READ_CLASSES_UNFILTERED = tuple(name for name in READ_CLASSES if name != "dialplan")


def read_classes(*, filters_by_header: bool) -> tuple[str, ...]:
    """The least classes of events that tell every call."""
    return READ_CLASSES if filters_by_header else READ_CLASSES_UNFILTERED


def filter_lines(names: Collection[str] = WANTED_EVENTS, *, filters_by_header: bool = True) -> list[str]:
    """One line for each event; of the floods one for each thing they are wanted for.

    An Asterisk that cannot filter by header needs none: without ``dialplan``
    its classes say little that is not wanted, and every old filter is a regular
    expression tried on every event.
    """
    if not filters_by_header:
        return []
    whole = [f"eventfilter(action(include),name({name})) =" for name in sorted(names) if name not in WANTED_ONLY_WITH]
    parts = [
        f"eventfilter(action(include),name({name}),{_matching(mark)}"
        for name, marks in sorted(WANTED_ONLY_WITH.items())
        if name in names
        for mark in marks
    ]
    return whole + parts


def _matching(mark: bytes) -> str:
    """A line of a frame, ``\\r\\nVariable: MIXMONITOR_FILENAME\\r\\n``, or its beginning, as a filter looks for it."""
    header, value = mark.decode().strip().split(": ", 1)
    method = "exact" if mark.endswith(EOL) else "starts_with"
    return f"header({header}),method({method})) = {value}"
