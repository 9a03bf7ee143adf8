"""What the watchdog reads and writes of leads: which are due, who lost them, and when to look again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.distribution import weight_of
from crm_core.store.database import Transaction
from crm_core.store.ids import AMONG_FIRST, as_ids

#: While nobody is eligible, a lead is looked at again this often even if nobody told us of a change.
RETRY_AFTER = timedelta(seconds=5)

# By leads_next_at_idx. Locked one after the other by whoever comes first; what another node holds is not ours.
_CLAIM = """
SELECT id
FROM leads
WHERE closed_at IS NULL AND next_at <= $1
ORDER BY next_at, id
LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED
"""

_SET_ASIDE = f"""
WITH first AS ({_CLAIM})
UPDATE leads
SET next_at = $3
FROM first
WHERE leads.id = first.id
"""  # noqa: S608

# By leads_nobody_idx. Somebody has come, is free again, or may have what they could not have before.
_RETRY = """
UPDATE leads
SET next_at = $1
WHERE closed_at IS NULL AND owner_id IS NULL AND nobody_since IS NOT NULL AND next_at > $1
"""

# By primary key, interactions_live_idx and lead_history_lead_id_idx.
_READ = f"""
SELECT lead.id, lead.given_at, client.service_class,
       EXISTS (
           SELECT 1
           FROM interactions call
           WHERE call.state <> 'closed' AND call.agent_id = lead.owner_id AND call.ended_at IS NULL
               AND (call.client_id = lead.client_id OR call.client_address = lead.address)
       ) AS in_call
FROM (
    SELECT open.id, open.client_id, open.address, open.owner_id,
           (SELECT history.from_at
            FROM lead_history history
            WHERE history.lead_id = open.id AND history.to_at IS NULL AND history.agent_id = open.owner_id) AS given_at
    FROM leads open
    WHERE open.id = {AMONG_FIRST}
) AS lead
LEFT JOIN clients client ON client.id = lead.client_id
"""  # noqa: S608

# By lead_history_lead_id_idx.
_LOST = """
SELECT agent_id, max(to_at) AS lost_at
FROM lead_history
WHERE lead_id = $1 AND agent_id IS NOT NULL AND to_at IS NOT NULL
GROUP BY agent_id
"""

_LOOK_AT = """
UPDATE leads
SET next_at = $2
WHERE id = $1
"""

_EXTEND = """
UPDATE leads
SET accept_by = $2, next_at = $2, version = version + 1
WHERE id = $1
RETURNING version
"""

# The first who finds nobody says since when.
_LEAVE = """
UPDATE leads
SET owner_id = NULL, accept_by = NULL, next_at = $2, nobody_since = COALESCE(nobody_since, $3), told = $4,
    version = version + 1
WHERE id = $1
RETURNING version
"""

_KEEP_RECORD = """
UPDATE lead_history
SET record = $2
WHERE lead_id = $1 AND to_at IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLead:
    """What a watched lead's own row does not say."""

    id: UUID
    given_at: datetime | None  # when it came to its owner
    in_call: bool  # its owner and the client
    weight: int  # how fast its client waits


async def claim_due(tx: Transaction, limit: int) -> list[DueLead]:
    """Leads whose moment has come, held until the end of the transaction."""
    ids = [row["id"] for row in await tx.fetch(_CLAIM, tx.now, limit)]
    if not ids:
        return []
    rows = await tx.fetch(_READ, as_ids(ids))
    return [
        DueLead(
            id=row["id"],
            given_at=row["given_at"],
            in_call=row["in_call"],
            weight=weight_of(row["service_class"]),
        )
        for row in rows
    ]


async def set_aside(tx: Transaction, aside: timedelta) -> None:
    """What the next claim would begin with is not due for a while."""
    await tx.execute(_SET_ASIDE, tx.now, 1, tx.now + aside)


async def retry_waiting(tx: Transaction) -> None:
    """Those for whom nobody could be found are due now."""
    await tx.execute(_RETRY, tx.now)


async def lost_by(tx: Transaction, lead_id: UUID) -> dict[UUID, datetime]:
    """Who had this very lead and has it no more, and until when."""
    return {row["agent_id"]: row["lost_at"] for row in await tx.fetch(_LOST, lead_id)}


async def look_at(tx: Transaction, lead_id: UUID, at: datetime) -> None:
    await tx.execute(_LOOK_AT, lead_id, at)


async def extend(tx: Transaction, lead_id: UUID, accept_by: datetime) -> int:
    """Nobody could accept it for a while: it may be accepted that much longer."""
    version: int = await tx.fetchval(_EXTEND, lead_id, accept_by)
    return version


async def leave(tx: Transaction, lead_id: UUID, *, next_at: datetime | None, told: Sequence[str]) -> int:
    """It is nobody's, and the supervisor knows; looked at again at ``next_at``, or never by itself."""
    version: int = await tx.fetchval(_LEAVE, lead_id, next_at, tx.now, list(told))
    return version


async def keep_record(tx: Transaction, lead_id: UUID, record: str) -> None:
    """Why nobody has it now, beside how it came to nobody."""
    await tx.execute(_KEEP_RECORD, lead_id, record)
