"""When any watchdog was last alive, so that whoever comes after a silence knows how long nobody watched.

One statement, and on its own: it sees the silence, writes it into the gap
ledger, ends it, and says when something is due next. A node beats before it
looks, always; so no promise is ever judged without our own absence counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crm_core.domain.ids import new_id
from crm_core.store.database import Database

#: A silence shorter than this is a restart, or a busy machine.
SILENCE = timedelta(seconds=5)

# Before the first beat of all there was nothing to watch: `at` is -infinity then.
_BEAT = """
WITH before AS MATERIALIZED (
    SELECT at FROM system_heartbeat FOR NO KEY UPDATE
), beat AS (
    UPDATE system_heartbeat SET at = GREATEST(system_heartbeat.at, clock_timestamp())
), silence AS (
    INSERT INTO gaps (id, source, from_at, to_at, cause, state)
    SELECT $1, 'system', at, clock_timestamp(), 'Perezvon was not running', 'repaired'
    FROM before
    WHERE CASE WHEN isfinite(at) THEN clock_timestamp() - at > $2 ELSE false END
    RETURNING from_at, to_at
)
SELECT clock_timestamp() AS now, silence.from_at, silence.to_at,
       (SELECT min(next_at) FROM callbacks WHERE state IN ('open', 'claimed') AND next_at IS NOT NULL) AS callbacks_at,
       (SELECT min(next_at) FROM leads WHERE closed_at IS NULL AND next_at IS NOT NULL) AS leads_at,
       (SELECT min(watch_at) FROM conversations WHERE watch_at IS NOT NULL) AS conversations_at
FROM before LEFT JOIN silence ON true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What one beat saw, all by the database's clock."""

    now: datetime
    silent: timedelta | None  # for so long nobody had watched; None: somebody has
    callbacks_at: datetime | None  # the next promise is due; None: none ever by itself
    leads_at: datetime | None
    conversations_at: datetime | None

    def until_next(self) -> timedelta | None:
        """How long until something is due: none at all when it is; None: nothing is."""
        moments = [at for at in (self.callbacks_at, self.leads_at, self.conversations_at) if at is not None]
        return max(min(moments) - self.now, timedelta()) if moments else None


async def beat(database: Database) -> Beat:
    """We are alive, and so were we not when nobody said so for a while."""
    async with database.read() as db:
        row = await db.fetchrow(_BEAT, new_id(datetime.now(UTC)), SILENCE)
    assert row is not None, "the heartbeat has one row"
    silent = row["to_at"] - row["from_at"] if row["from_at"] is not None else None
    return Beat(
        now=row["now"],
        silent=silent,
        callbacks_at=row["callbacks_at"],
        leads_at=row["leads_at"],
        conversations_at=row["conversations_at"],
    )
