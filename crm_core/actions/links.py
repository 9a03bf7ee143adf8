"""Whether we hear each PBX, and the ledger of the times when we did not.

A gap begins with the last thing that was heard and ends when the link is up
again; figures over it are not complete, and the ledger says so.
"""

from __future__ import annotations

from datetime import datetime

from crm_core.domain.ids import new_id
from crm_core.store.database import Reader, Transaction

_SAVE_LINK = """
INSERT INTO pbx_links (pbx, state, since, boot, error, heard_at)
VALUES ($1, $2, $3, $4, $5, CASE WHEN $2 = 'up' THEN now() END)
ON CONFLICT (pbx) DO UPDATE
SET state = EXCLUDED.state, since = EXCLUDED.since, boot = COALESCE(EXCLUDED.boot, pbx_links.boot),
    error = EXCLUDED.error, heard_at = COALESCE(EXCLUDED.heard_at, pbx_links.heard_at)
"""

_LAST_HEARD = """
SELECT heard_at
FROM pbx_links
WHERE pbx = $1
"""

_LAST_BOOT = """
SELECT boot
FROM pbx_links
WHERE pbx = $1
"""

_ADD_GAP = """
INSERT INTO gaps (id, source, from_at, to_at, cause, affected)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_OPEN_GAP = """
INSERT INTO gaps (id, source, from_at, cause)
SELECT $1, $2, $3, $4
WHERE NOT EXISTS (SELECT 1 FROM gaps WHERE source = $2 AND to_at IS NULL)
"""

_CLOSE_GAP = """
UPDATE gaps
SET to_at = $2, affected = $3
WHERE source = $1 AND to_at IS NULL
RETURNING id
"""


async def record_link(
    tx: Transaction, *, pbx: str, state: str, since: datetime, boot: str | None = None, error: str | None = None
) -> None:
    """What the link says of itself: up, down or refused."""
    await tx.execute(_SAVE_LINK, pbx, state, since, boot, error)


async def last_heard(tx: Transaction, pbx: str) -> datetime | None:
    """When a process of ours last said that it hears this PBX; None: never."""
    at: datetime | None = await tx.fetchval(_LAST_HEARD, pbx)
    return at


async def last_boot(db: Reader, pbx: str) -> str | None:
    """The run of that PBX we heard last; None: never heard."""
    boot: str | None = await db.fetchval(_LAST_BOOT, pbx)
    return boot


async def add_gap(
    tx: Transaction, *, source: str, from_at: datetime, to_at: datetime, cause: str, affected: int
) -> None:
    """A hole that is over already; ``affected`` counts what was dropped in it."""
    await tx.execute(_ADD_GAP, new_id(from_at), source, from_at, to_at, cause, affected)


async def open_gap(tx: Transaction, *, source: str, from_at: datetime, cause: str) -> None:
    """Nothing is heard since ``from_at``; an open gap of the same source goes on."""
    await tx.execute(_OPEN_GAP, new_id(from_at), source, from_at, cause)


async def close_gap(tx: Transaction, *, source: str, to_at: datetime, affected: int) -> bool:
    """We hear again; ``affected`` calls ended unheard. False when no gap was open."""
    return await tx.fetchval(_CLOSE_GAP, source, to_at, affected) is not None
