"""What is owed for a lead, and who owes it while the lead is nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from crm_core.store.database import Reader, Transaction, to_json

# By callbacks_lead_id_idx; in id order, so that nobody waits in a ring. Who is calling at this moment goes on.
_LOCK = """
SELECT id
FROM callbacks
WHERE lead_id = $1 AND state = 'open' AND agent_id IS DISTINCT FROM $2
ORDER BY id
FOR NO KEY UPDATE
"""

# By callbacks_lead_id_idx.
_HAS_ONE = """
SELECT EXISTS (
    SELECT 1
    FROM callbacks
    WHERE lead_id = $1 AND state IN ('open', 'claimed') AND due_at <= $2
)
"""

# The team's own supervisor before others, and anybody who may see it before nobody.
_SUPERVISOR = """
SELECT id
FROM users
WHERE enabled AND role <> 'agent'
ORDER BY (role = 'supervisor' AND team_id IS NOT DISTINCT FROM $1) DESC, role = 'supervisor' DESC, id
LIMIT 1
"""

_BIND = """
UPDATE callbacks
SET lead_id = $2, why = $3
WHERE id = $1
"""


async def lock_of_others(tx: Transaction, lead_id: UUID, agent_id: UUID) -> list[UUID]:
    """What others than ``agent_id`` owe for this lead."""
    return [row["id"] for row in await tx.fetch(_LOCK, lead_id, agent_id)]


async def lock_all(tx: Transaction, lead_id: UUID) -> list[UUID]:
    """Everything that is owed for this lead."""
    return [row["id"] for row in await tx.fetch(_LOCK, lead_id, None)]


async def is_owed_by(db: Reader, lead_id: UUID, due_at: datetime) -> bool:
    """Is something owed for it that is due by then."""
    owed: bool = await db.fetchval(_HAS_ONE, lead_id, due_at)
    return owed


async def find_supervisor(db: Reader, team_id: UUID | None) -> UUID | None:
    """Who answers for what is nobody's."""
    found: UUID | None = await db.fetchval(_SUPERVISOR, team_id)
    return found


async def bind(tx: Transaction, callback_id: UUID, lead_id: UUID, why: Mapping[str, str]) -> None:
    """It is owed for this lead, and ``why`` says so in words."""
    await tx.execute(_BIND, callback_id, lead_id, to_json(dict(why)))
