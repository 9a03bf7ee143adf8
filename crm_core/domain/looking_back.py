"""In which pieces of the past something is looked for, when the newest of it is wanted first.

What stands everywhere is found in the last hours, what stands nowhere in the
whole past; nobody knows beforehand which of both it is. So each look goes as
far back as what was found so far says is needed, and many times further while
nothing was: little is looked through in vain, and the whole past in a handful
of looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sized
from datetime import datetime, timedelta

#: The first look, and how many times the past before it the next one is, at most and at least.
FIRST_LOOK = timedelta(hours=2)
FURTHER = 30
NEARER = 2
#: What is found is spread unevenly: so much more than it says is looked through.
SPARE = 1.5
#: Further back than this nobody looks in pieces.
WHOLE_PAST = timedelta(days=1000)


def looks(
    newest: datetime, oldest: datetime | None = None, *, found: Sized = (), wanted: int = 0
) -> Iterator[tuple[datetime | None, datetime | None]]:
    """``(from, to)`` of each look, the newest first, ``from ≤ at < to``; None: without a bound.

    ``newest``: nothing is younger; ``oldest``: nothing older is wanted. ``found`` is looked at before each look: how
    many of those ``wanted`` there are by then.
    """
    span, end = FIRST_LOOK, None
    while span < WHOLE_PAST:
        begin = newest - span
        if oldest is not None and begin <= oldest:
            break
        yield begin, end
        end, span = begin, span * _further(len(found), wanted)
    yield oldest, end


def _further(found: int, wanted: int) -> float:
    if not found:
        return FURTHER
    return min(max(SPARE * wanted / found, NEARER), FURTHER)
