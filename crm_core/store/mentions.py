"""Who was called into which conversation, and has not looked yet."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from crm_core.store.database import Transaction

_ADD = """
INSERT INTO mentions (message_id, user_id, interaction_id)
SELECT $1, person, $2
FROM unnest($3::uuid[]) AS person
ON CONFLICT DO NOTHING
"""

_SEEN = """
UPDATE mentions
SET seen_at = $3
WHERE user_id = $1 AND interaction_id = $2 AND seen_at IS NULL
"""


async def add(tx: Transaction, message_id: UUID, interaction_id: UUID, people: Collection[UUID]) -> None:
    """From now on they may read the conversation."""
    await tx.execute(_ADD, message_id, interaction_id, list(people))


async def seen(tx: Transaction, interaction_id: UUID, user_id: UUID) -> None:
    """They have looked."""
    await tx.execute(_SEEN, user_id, interaction_id, tx.now)
