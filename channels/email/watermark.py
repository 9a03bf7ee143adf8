"""Which mails of a folder have not been taken yet.

UIDs only grow, but a lower one can become visible after a higher one was taken,
when several programs write into the folder at once. So the last thousand are
remembered one by one. A folder that gets a new UIDVALIDITY has forgotten its
UIDs: all of it is looked at again, and what was stored before is known by what
it says. The mark is stored with the mails, in their transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, ValidationError

#: A mail that becomes visible later than this many others was never seen in the wild.
WINDOW = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    validity: int  # UIDVALIDITY under which the UIDs mean something
    highest: int = 0
    taken: frozenset[int] = frozenset()  # of those not further than ``WINDOW`` below the highest
    last: frozenset[int] = frozenset()  # taken last: whoever was killed then may not have marked them as read

    @property
    def begin(self) -> int:
        """UIDs below it are not asked for any more."""
        return max(1, self.highest - WINDOW + 1)


def mark_for(stored: Watermark | None, validity: int) -> Watermark:
    """Where to go on in a folder whose UIDVALIDITY is ``validity``."""
    return stored if stored is not None and stored.validity == validity else Watermark(validity=validity)


def to_take(mark: Watermark, present: Iterable[int]) -> tuple[int, ...]:
    """Of the mails in the folder those that are still to be taken, oldest first."""
    return tuple(sorted(uid for uid in set(present) if uid >= mark.begin and uid not in mark.taken))


def with_taken(mark: Watermark, uids: Iterable[int]) -> Watermark:
    last = frozenset(uids)
    moved = replace(mark, highest=max(mark.highest, *last), last=last)
    return replace(moved, taken=frozenset(uid for uid in mark.taken | last if uid >= moved.begin))


class _Stored(BaseModel):
    """As it lies in the database; most of what was taken is without holes."""

    validity: int
    highest: int
    taken: list[tuple[int, int]]
    last: list[int]


def to_stored(mark: Watermark) -> dict[str, object]:
    """As JSON, a few runs of neighbours instead of a thousand numbers."""
    runs: list[tuple[int, int]] = []
    for uid in sorted(mark.taken):
        if runs and runs[-1][1] == uid - 1:
            runs[-1] = (runs[-1][0], uid)
        else:
            runs.append((uid, uid))
    return {"validity": mark.validity, "highest": mark.highest, "taken": runs, "last": sorted(mark.last)}


def from_stored(stored: Mapping[str, object]) -> Watermark | None:
    """None where none was stored yet."""
    try:
        known = _Stored.model_validate(stored)
    except ValidationError:
        return None
    taken = frozenset(uid for first, last in known.taken for uid in range(first, last + 1))
    return Watermark(validity=known.validity, highest=known.highest, taken=taken, last=frozenset(known.last))
