"""Mending the log from the PBX's own books.

A fact, told late: harmless when told twice, and never louder than it deserves.
A call nobody heard is written down under its own time, one whose end was
guessed gets its true one, and the ledger says how many of how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

from crm_core.actions.calls import record_calls
from crm_core.domain.calls import CallSnapshot
from crm_core.domain.gaps import SETTLE, GapState, Look, next_look, state_after
from crm_core.domain.ids import first_id
from crm_core.domain.interactions import StoredCall, Surroundings
from crm_core.domain.repairs import insert, mend
from crm_core.store.database import Reader, Transaction

#: No call that is not over is looked for further back than this before a gap.
_LONGEST_CALL = timedelta(hours=24)
#: A call that was given up as lost ends at the very beginning of the gap.
_EDGE = timedelta(seconds=1)

_FIND_DUE = """
SELECT id, source, from_at, to_at, attempts, repaired
FROM gaps
WHERE source = $1 AND to_at < now() - $2::interval AND state <> 'repaired'
    AND (attempts = 0 OR next_try_at <= now())
ORDER BY from_at
LIMIT 1
"""

# By primary key: an id is made of the moment its call began.
_PARTLY_HEARD = """
SELECT id, started_at, ended_at, state IN ('closed', 'wrap_up') AS is_over
FROM interactions
WHERE id >= $1 AND id < $2 AND channel = 'call' AND pbx = $3 AND NOT complete AND merged_into IS NULL
    AND started_at < $5 AND (ended_at IS NULL OR ended_at >= $4)
"""

_RUN_BEFORE = """
SELECT boot
FROM interactions
WHERE pbx = $1 AND id < $2 AND boot IS NOT NULL
ORDER BY id DESC
LIMIT 1
"""

_RUN_AFTER = """
SELECT COALESCE(
    (SELECT boot FROM interactions WHERE pbx = $1 AND id >= $2 AND boot IS NOT NULL ORDER BY id LIMIT 1),
    (SELECT boot FROM pbx_links WHERE pbx = $1)
)
"""

# By interactions_external_id_idx: a Linkedid begins with the second of its call, so it hardly ever repeats.
_KNOWN_RUNS = """
SELECT external_id, boot, started_at
FROM interactions
WHERE external_id = ANY($2::text[]) AND pbx = $1 AND boot IS NOT NULL
"""

_NOTE_LOOK = """
UPDATE gaps
SET state = $2, affected = $3, repaired = $4, sources = $5, trouble = $6, attempts = attempts + 1,
    next_try_at = now() + $7::interval
WHERE id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueGap:
    """A hole that is over, and whose calls may be in the books."""

    id: UUID
    pbx: str
    from_at: datetime
    to_at: datetime
    attempts: int
    repaired: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for in the books: a stretch of time, and the runs of the PBX on both sides of the hole."""

    since: datetime
    until: datetime
    run_before: str | None
    run_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the books told."""

    calls: Sequence[CallSnapshot]
    sources: Sequence[str]
    trouble: str | None  # why a book gave nothing
    is_kept: bool  # the settings name a book that tells of calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What came of one look."""

    state: GapState
    repaired: int  # of this gap, by this look and those before
    affected: int


async def find_due_gap(db: Reader, pbx: str) -> DueGap | None:
    """The oldest hole of that PBX that should be looked up now."""
    row = await db.fetchrow(_FIND_DUE, pbx, SETTLE)
    if row is None:
        return None
    return DueGap(
        id=row["id"],
        pbx=row["source"],
        from_at=row["from_at"],
        to_at=row["to_at"],
        attempts=row["attempts"],
        repaired=row["repaired"],
    )


async def what_is_wanted(db: Reader, gap: DueGap) -> Wanted:
    """The time of the hole itself, and of every call that reached into it and was not heard whole."""
    calls = await db.fetch(_PARTLY_HEARD, *_reach(gap))
    begun = [row["started_at"] for row in calls]
    ended = [row["ended_at"] for row in calls if row["ended_at"] is not None]
    return Wanted(
        since=min((gap.from_at, *begun)) - _EDGE,
        until=max((gap.to_at, *ended)) + _EDGE,
        run_before=await db.fetchval(_RUN_BEFORE, gap.pbx, first_id(gap.from_at)),
        run_after=await db.fetchval(_RUN_AFTER, gap.pbx, first_id(gap.to_at)),
    )


async def record_history(tx: Transaction, gap: DueGap, told: Told, *, country: str, timezone: tzinfo) -> Repaired:
    """Store what the books told of a hole, and how the hole stands now.

    Raises:
        FactTakenElsewhere: nothing is stored; tell it again.
    """
    of_gap = await _under_known_runs(tx, gap.pbx, [call for call in told.calls if call.ended_at is not None])

    def judge(stored: StoredCall | None, call: CallSnapshot, around: Surroundings) -> StoredCall | None:
        if stored is not None:
            return mend(stored, call, around)
        return insert(call, around) if _is_of(gap, call) else None

    pairs = await record_calls(tx, of_gap, country=country, timezone=timezone, judge=judge, quietly=True)
    repaired = gap.repaired + sum(after.complete for _, after in pairs)
    left = await tx.fetch(_PARTLY_HEARD, *_reach(gap))
    look = Look(
        is_kept=told.is_kept,
        all_read=told.trouble is None,
        repaired=repaired,
        incomplete=sum(row["is_over"] for row in left),
        still_on=sum(not row["is_over"] for row in left),
        over_for=tx.now - gap.to_at,
    )
    state, affected = state_after(look), repaired + len(left)
    pause = next_look(look, gap.attempts + 1)
    await tx.execute(_NOTE_LOOK, gap.id, state, affected, repaired, list(told.sources), told.trouble, pause)
    return Repaired(state=state, repaired=repaired, affected=affected)


def _reach(gap: DueGap) -> tuple[UUID, UUID, str, datetime, datetime]:
    return first_id(gap.from_at - _LONGEST_CALL), first_id(gap.to_at), gap.pbx, gap.from_at - _EDGE, gap.to_at


def _is_of(gap: DueGap, call: CallSnapshot) -> bool:
    """Could this call be unknown because of the hole: what began after it was heard."""
    assert call.ended_at is not None
    return call.started_at < gap.to_at and call.ended_at >= gap.from_at - _EDGE


async def _under_known_runs(tx: Transaction, pbx: str, calls: Sequence[CallSnapshot]) -> list[CallSnapshot]:
    """Each call under the run of the PBX under which the log knows it already."""
    rows = await tx.fetch(_KNOWN_RUNS, pbx, [key for call in calls for key in call.keys])
    known = {row["external_id"]: row for row in rows}

    def run_of(call: CallSnapshot) -> str:
        found = (known[key] for key in (call.linkedid, *call.keys) if key in known)
        return next(
            (row["boot"] for row in found if abs(row["started_at"] - call.started_at) < _LONGEST_CALL), call.boot
        )

    return [replace(call, boot=run_of(call)) for call in calls]
