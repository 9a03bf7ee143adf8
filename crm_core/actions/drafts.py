"""Drafts: unfinished words, kept so that a closed lid or another desk does not lose them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from crm_core.store.database import Transaction, to_json

_SAVE = """
INSERT INTO drafts (user_id, subject, body, updated_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id, subject) DO UPDATE
SET body = EXCLUDED.body, updated_at = EXCLUDED.updated_at
"""

_DISCARD = """
DELETE FROM drafts
WHERE user_id = $1 AND subject = $2
"""


async def save(tx: Transaction, user_id: UUID, subject: str, body: Mapping[str, object]) -> None:
    """Keep it in the place of the one before."""
    await tx.execute(_SAVE, user_id, subject, to_json(body), tx.now)


async def discard(tx: Transaction, user_id: UUID, subject: str) -> None:
    """Throw it away, if there is one."""
    await tx.execute(_DISCARD, user_id, subject)
