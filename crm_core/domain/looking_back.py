"""In which pieces of the past something is looked for, when the newest of it is wanted first.

What stands everywhere is found in the last day, what stands nowhere in the
whole past; nobody knows beforehand which of both it is. So each look goes some
times further back than all before it: little is looked through in vain, and the
whole past in a handful of looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

#: The first look, and how much further each next one goes.
FIRST_LOOK = timedelta(hours=2)
FURTHER = 30
#: Further back than this nobody looks in pieces.
WHOLE_PAST = timedelta(days=1000)


def looks(newest: datetime, oldest: datetime | None = None) -> Iterator[tuple[datetime | None, datetime | None]]:
    """``(from, to)`` of each look, the newest first, ``from ≤ at < to``; None: without a bound.

    ``newest``: nothing is younger; ``oldest``: nothing older is wanted.
    """
    span, end = FIRST_LOOK, None
    while span < WHOLE_PAST:
        begin = newest - span
        if oldest is not None and begin <= oldest:
            break
        yield begin, end
        end, span = begin, span * FURTHER
    yield oldest, end
