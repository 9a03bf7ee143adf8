"""A time in which a PBX was not heard, and how far its own books have mended it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

#: The first look into the books comes this long after the gap: Asterisk writes a bill when the call is gone.
SETTLE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=10)
#: A call that the books, all of them read, do not know after so long is in none of them.
_WRITTEN_BY = timedelta(minutes=2)
#: Books that nobody could read for so long are not asked for this gap any more.
_PATIENCE = timedelta(hours=24)


class GapState(StrEnum):
    """How the hole stands in the ledger."""

    OPEN = "open"  # it lasts
    REPAIRING = "repairing"  # over, and its calls are being looked up, or will be at their end
    REPAIRED = "repaired"  # every call of it is whole
    PARTLY = "partly"  # some of its calls are not
    UNREPAIRED = "unrepaired"  # what happened in it is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look into the books came to."""

    is_kept: bool  # the settings name a book that tells of calls
    all_read: bool  # and every book they name was read
    repaired: int  # calls that are whole because of the books, now and before
    incomplete: int  # calls that are over, and not whole
    still_on: int  # calls of which part was missed, and that will be told of at their end
    over_for: timedelta  # since the end of the gap


def state_after(look: Look) -> GapState:
    """How the gap stands now."""
    if look.is_kept and look.all_read:
        if look.incomplete == 0 and look.still_on == 0:
            return GapState.REPAIRED
        if look.still_on or look.over_for < _WRITTEN_BY:
            return GapState.REPAIRING
    return GapState.PARTLY if look.repaired else GapState.UNREPAIRED


def next_look(look: Look, attempts: int) -> timedelta | None:
    """When to look again after that many looks: 4 s, 8 s … up to ten minutes; None: never."""
    if not look.is_kept or look.over_for > _PATIENCE:
        return None
    settled = look.all_read and not look.still_on and (look.incomplete == 0 or look.over_for >= _WRITTEN_BY)
    return None if settled else min(SETTLE * (1 << min(attempts, 16)), _LONGEST_PAUSE)


class GapKind(StrEnum):
    """Why nothing was heard, in a word that screens translate; the ledger keeps the whole sentence."""

    LINK_LOST = "link_lost"
    HALF_OPEN = "half_open"  # the link looked alive, and nothing came
    PROCESS_DOWN = "process_down"
    PBX_RESTARTED = "pbx_restarted"
    SPOOL_FULL = "spool_full"


_SAID = (
    ("Perezvon was not running", GapKind.PROCESS_DOWN),
    ("the spool on disk was full", GapKind.SPOOL_FULL),
    ("no answer", GapKind.HALF_OPEN),
    ("shut", GapKind.PBX_RESTARTED),
    ("restart", GapKind.PBX_RESTARTED),
)


def kind_of(cause: str) -> GapKind:
    """What kind of hole a sentence of the link's speaks of."""
    return next((kind for words, kind in _SAID if words in cause), GapKind.LINK_LOST)
