"""A time in which a PBX was not heard, and how far its own books have mended it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

#: The first look into the books comes this long after the gap: Asterisk writes a bill when the call is gone.
SETTLE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=10)
#: Books that say nothing for so long will not say it any more.
_PATIENCE = timedelta(hours=6)


class GapState(StrEnum):
    """How the hole stands in the ledger."""

    OPEN = "open"  # it lasts
    REPAIRING = "repairing"  # over, and the books are being read, or asked again later
    REPAIRED = "repaired"  # every call of it is whole
    PARTLY = "partly"  # some of its calls stay incomplete
    UNREPAIRED = "unrepaired"  # nobody knows what happened


def next_pause(attempts: int) -> timedelta:
    """How long to wait after that many looks into the books: 4 s, 8 s … up to ten minutes."""
    return min(SETTLE * (1 << min(attempts, 16)), _LONGEST_PAUSE)


def verdict(
    *, is_kept: bool, all_read: bool, repaired: int, incomplete: int, still_on: int, over_for: timedelta
) -> GapState:
    """The state after one look.

    ``is_kept``: the settings name a book that tells of calls; ``all_read``:
    each of them was read. ``still_on`` calls will be told of at their end.
    """
    if is_kept and all_read and incomplete == 0 and still_on == 0:
        return GapState.REPAIRED
    if is_kept and (over_for < _PATIENCE or still_on):
        return GapState.REPAIRING
    return GapState.PARTLY if repaired else GapState.UNREPAIRED
