"""Times in which nobody could have kept a promise, because we were away or heard nothing.

They come from the gap ledger. Gaps overlap (the PBX was lost while we were down
ourselves) and each second of them counts once. They never change what the
client lived through: a promise kept an hour late is an hour late, whoever was
to blame.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_core.domain.callbacks import LateBy
from crm_core.domain.working_time import Calendar, working_time_between


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One row of the ledger; ``to_at`` is None while it lasts."""

    source: str  # the PBX, mailbox or bot that was not heard; "system" for our own absence
    from_at: datetime
    to_at: datetime | None


def lost_spans(gaps: Iterable[Gap], since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """The parts of ``since`` to ``until`` that lie in gaps, in order, joined where gaps meet or overlap."""
    clipped = sorted((max(gap.from_at, since), min(gap.to_at or until, until)) for gap in gaps)
    joined: list[tuple[datetime, datetime]] = []
    for begins, ends in clipped:
        if ends <= begins:
            continue
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((begins, ends))
    return joined


def time_lost(gaps: Iterable[Gap], since: datetime, until: datetime, *, calendar: Calendar | None = None) -> timedelta:
    """How much of ``since`` to ``until`` lies in gaps; with a calendar, how much of its working time."""
    spans = lost_spans(gaps, since, until)
    return sum((working_time_between(calendar, begins, ends) for begins, ends in spans), timedelta())


def late_by(due_at: datetime, at: datetime, gaps: Iterable[Gap]) -> LateBy | None:
    """Whose lateness it was at ``at``: ours when at least half of it lies in gaps; None when it is not late."""
    if at <= due_at:
        return None
    return LateBy.SYSTEM if 2 * time_lost(gaps, due_at, at) >= at - due_at else LateBy.AGENT
