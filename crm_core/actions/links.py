"""Whether we hear each PBX, and the ledger of the times when we did not.

A gap begins with the last thing that was heard and ends when the link is up
again; figures over it are not complete, and the ledger says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from crm_core.domain.events import STAFF, PbxChanged
from crm_core.domain.ids import first_id, new_id
from crm_core.store.database import Reader, Transaction
from crm_core.store.links import IS_ALIVE

_WAS_UP = """
SELECT state = 'up'
FROM pbx_links
WHERE pbx = $1
FOR NO KEY UPDATE
"""

_SAVE_LINK = """
INSERT INTO pbx_links (pbx, state, since, error, owner, heard_at, stored_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (pbx) DO UPDATE
SET state = EXCLUDED.state, since = EXCLUDED.since, error = EXCLUDED.error, owner = EXCLUDED.owner, told_at = now(),
    heard_at = GREATEST(EXCLUDED.heard_at, pbx_links.heard_at),
    stored_at = GREATEST(EXCLUDED.stored_at, pbx_links.stored_at),
    version = pbx_links.version + ((pbx_links.state = 'up') <> (EXCLUDED.state = 'up'))::int
RETURNING version
"""

_BURY = f"""
UPDATE pbx_links link
SET state = 'down', since = now(), error = 'the process that heard it is gone', version = version + 1
WHERE link.state = 'up' AND link.pbx = ANY($1::text[]) AND NOT {IS_ALIVE}
RETURNING link.pbx, link.version
"""  # noqa: S608  (a condition of our own)

_SAVE_BOOT = """
INSERT INTO pbx_links (pbx, state, boot)
VALUES ($1, 'down', $2)
ON CONFLICT (pbx) DO UPDATE
SET boot = EXCLUDED.boot
"""

#: Before anything could have been heard.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

_LAST_RUN = """
SELECT boot, stored_at
FROM pbx_links
WHERE pbx = $1
"""

# By primary key, backwards: since the heartbeat there are few.
_LAST_STORED = """
SELECT heard_at[cardinality(heard_at)]
FROM raw_call_events
WHERE pbx = $1 AND id >= $2
ORDER BY id DESC
LIMIT 1
"""

#: A gap that begins so soon after the last one goes on with it.
JOINED_WITHIN = timedelta(seconds=10)

_OPEN_GAP = """
INSERT INTO gaps (id, source, from_at, cause)
SELECT $1, $2, $3, $4
WHERE NOT EXISTS (SELECT 1 FROM gaps WHERE source = $2 AND to_at IS NULL)
"""

# By gaps_source_from_at_idx.
_GO_ON_WITH_LAST_GAP = """
UPDATE gaps
SET to_at = NULL, state = 'open', attempts = 0, next_try_at = NULL
WHERE id = (SELECT id FROM gaps WHERE source = $1 ORDER BY from_at DESC LIMIT 1) AND to_at > $2
"""

_CLOSE_GAP = """
UPDATE gaps
SET to_at = $2, affected = affected + $3
WHERE source = $1 AND to_at IS NULL
RETURNING id
"""


async def record_link(
    tx: Transaction,
    *,
    pbx: str,
    state: str,
    since: datetime,
    error: str | None = None,
    owner: int | None = None,
    heard_at: datetime | None = None,
    stored_at: datetime | None = None,
) -> None:
    """What the owner of the link says of it: up, down or refused; a moment that is None stays as it was."""
    was_up = await tx.fetchval(_WAS_UP, pbx)
    version = await tx.fetchval(_SAVE_LINK, pbx, state, since, error, owner, heard_at, stored_at)
    if was_up is not (state == "up"):
        tx.emit(PbxChanged(rooms=(STAFF,), pbx=pbx, version=version))


async def bury_links(tx: Transaction, pbxs: Sequence[str]) -> None:
    """A link whose owner was killed says so, also when nobody is there to take it over."""
    for row in await tx.fetch(_BURY, list(pbxs)):
        tx.emit(PbxChanged(rooms=(STAFF,), pbx=row["pbx"], version=row["version"]))


async def record_boot(tx: Transaction, pbx: str, boot: str) -> None:
    """From here on in the stream of events it is this run of that PBX that speaks."""
    await tx.execute(_SAVE_BOOT, pbx, boot)


async def last_run(db: Reader, pbx: str) -> tuple[str | None, datetime | None]:
    """The run of that PBX whose events were stored last, and until when they were; None: never heard."""
    link = await db.fetchrow(_LAST_RUN, pbx)
    if link is None:
        return None, None
    told_at: datetime | None = link["stored_at"]
    last = await db.fetchval(_LAST_STORED, pbx, first_id(told_at or _LONG_AGO))
    return link["boot"], max((moment for moment in (told_at, last) if moment is not None), default=None)


async def open_gap(tx: Transaction, *, source: str, from_at: datetime, cause: str) -> None:
    """Nothing is heard since ``from_at``. A line that flaps makes one gap, not one a second."""
    await tx.execute(_GO_ON_WITH_LAST_GAP, source, from_at - JOINED_WITHIN)
    await tx.execute(_OPEN_GAP, new_id(from_at), source, from_at, cause)


async def close_gap(tx: Transaction, *, source: str, to_at: datetime, affected: int) -> bool:
    """We hear again; ``affected`` calls ended unheard. False when no gap was open."""
    return await tx.fetchval(_CLOSE_GAP, source, to_at, affected) is not None
