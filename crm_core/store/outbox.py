"""What is told to the world, in one public order.

An action writes its events in its own transaction, so ids grow in the order of
writing and become visible in the order of committing: reading past the last id
would lose whoever commits late. So one relay gives committed rows their public
number, and everybody reads by that. The numbers of one stamp become visible
together, after those of the stamp before; an event of one thing never overtakes
an older one of the same thing, because its transaction waited for that thing's row.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_core.domain.events import Room
from crm_core.store.database import Reader, Record

#: Woken when there may be something to stamp, and when something has been stamped.
WRITTEN = "outbox"
STAMPED = "stamped"

STAMP_LIMIT = 500
PRUNE_LIMIT = 5_000

# By outbox_unstamped_idx. `seq IS NULL` is asked again at the row: should two ever stamp at once,
# the second finds nothing left to do.
_STAMP = """
WITH waiting AS MATERIALIZED (
    SELECT id
    FROM outbox
    WHERE seq IS NULL
    ORDER BY id
    LIMIT $1
), numbered AS (
    SELECT id, row_number() OVER (ORDER BY id) AS position
    FROM waiting
), counter AS (
    UPDATE outbox_counter
    SET last_seq = last_seq + (SELECT count(*) FROM waiting)
    WHERE EXISTS (SELECT 1 FROM waiting)
    RETURNING last_seq
)
UPDATE outbox
SET seq = counter.last_seq - (SELECT count(*) FROM waiting) + numbered.position
FROM numbered, counter
WHERE outbox.id = numbered.id AND outbox.seq IS NULL
"""

# By outbox_seq_key, as everything below.
_READ_AFTER = """
SELECT seq, type, rooms, body, at
FROM outbox
WHERE seq > $1
ORDER BY seq
LIMIT $2
"""

_READ_MISSED = """
SELECT seq, type, rooms, body, at
FROM outbox
WHERE seq > $1 AND seq <= $2 AND rooms && $3::text[]
ORDER BY seq
LIMIT $4
"""

_LAST_SEQ = """
SELECT last_seq
FROM outbox_counter
"""

#: Of a bigint: a greater one was never given, and cannot be asked for.
_LARGEST = 2**63 - 1

# Numbers follow one another, so whoever still finds the next one has missed nothing that is gone.
_FIND_POSITION = """
SELECT counter.last_seq,
       EXISTS (
           SELECT 1
           FROM outbox
           WHERE seq = $1 + 1 AND at > clock_timestamp() - $2::interval
       ) AS next_is_kept
FROM outbox_counter counter
"""

_PRUNE = """
WITH oldest AS (
    SELECT id, seq, at
    FROM outbox
    WHERE seq IS NOT NULL
    ORDER BY seq
    LIMIT $3
)
DELETE FROM outbox
USING oldest, outbox_counter counter
WHERE outbox.id = oldest.id
  AND (oldest.at < clock_timestamp() - $1::interval OR oldest.seq <= counter.last_seq - $2)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How far back anybody may resume; what lies before it may be forgotten."""

    age: timedelta = timedelta(hours=24)
    events: int = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One announced change, with its place in the public order."""

    seq: int
    type: str  # wire name, "call.offered"
    rooms: tuple[Room, ...]
    body: dict[str, object]  # ids, version and little else
    at: datetime


async def stamp(db: Reader, *, limit: int = STAMP_LIMIT) -> int:
    """Number the committed rows that have no number yet, oldest first; returns how many.

    To be run outside a transaction, on the connection that holds the relay's lock:
    the answer comes after the commit, and a lost lock is a stamp that did not happen.
    """
    tag = await db.execute(_STAMP, limit)
    return int(tag.rpartition(" ")[2])


async def read_after(db: Reader, seq: int, *, limit: int) -> list[OutboxRow]:
    """The rows that follow ``seq``, in order."""
    return [_row(row) for row in await db.fetch(_READ_AFTER, seq, limit)]


async def read_missed(db: Reader, seq: int, *, until: int, rooms: Collection[Room], limit: int) -> list[OutboxRow]:
    """Of the rows after ``seq`` and up to ``until``, those that any of ``rooms`` may hear."""
    return [_row(row) for row in await db.fetch(_READ_MISSED, seq, until, list(rooms), limit)]


async def last_seq(db: Reader) -> int:
    """The newest public number; a snapshot read after this holds everything up to it."""
    seq: int = await db.fetchval(_LAST_SEQ)
    return seq


async def can_resume(db: Reader, seq: int, window: Window) -> bool:
    """Whether everything after ``seq`` is still here, and ``seq`` is a number that we gave."""
    if seq > _LARGEST:
        return False
    position = await db.fetchrow(_FIND_POSITION, seq, window.age)
    assert position is not None
    missed: int = position["last_seq"] - seq
    next_is_kept: bool = position["next_is_kept"]
    return missed == 0 or (0 < missed <= window.events and next_is_kept)


async def prune(db: Reader, window: Window) -> int:
    """Forget a piece of what lies before the window; returns how much, 0 when nothing is left to forget."""
    tag = await db.execute(_PRUNE, window.age, window.events, PRUNE_LIMIT)
    return int(tag.rpartition(" ")[2])


def _row(row: Record) -> OutboxRow:
    return OutboxRow(seq=row["seq"], type=row["type"], rooms=tuple(row["rooms"]), body=row["body"], at=row["at"])
