"""Mails of ours that have left, and whose copy does not lie in the mailbox's "Sent" folder yet.

A mail is owed its copy from the transaction in which it is known to have left. The
row goes when the copy is there, so whoever dies between the two looks again first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from crm_core.store.database import Transaction

#: Woken when a mail has left.
TO_FILE = "to_file"

_OWE = """
INSERT INTO sent_copies (message_id, source)
SELECT $1, source
FROM conversations
WHERE interaction_id = $2 AND channel = 'email'
ON CONFLICT (message_id) DO NOTHING
RETURNING message_id
"""

# By sent_copies_next_at_idx.
_DUE = """
SELECT message_id, attempts
FROM sent_copies
WHERE source = $1 AND next_at <= now()
ORDER BY next_at
LIMIT $2
"""

_DONE = """
DELETE FROM sent_copies
WHERE message_id = ANY($1::uuid[])
"""

_PUT_OFF = """
UPDATE sent_copies
SET next_at = now() + $2::interval, attempts = attempts + 1
WHERE message_id = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A mail without its copy; ``attempts``: how often it was tried."""

    message_id: UUID
    attempts: int


async def owe(tx: Transaction, message_id: UUID, interaction_id: UUID) -> None:
    """It has left; what is no mail needs no copy."""
    if await tx.fetchval(_OWE, message_id, interaction_id) is not None:
        tx.wake(TO_FILE)


async def due(tx: Transaction, source: str, *, limit: int) -> list[Owed]:
    """Those that wait longest come first."""
    return [Owed(**row) for row in await tx.fetch(_DUE, source, limit)]


async def done(tx: Transaction, message_ids: Sequence[UUID]) -> None:
    """Nothing is owed to them any more."""
    await tx.execute(_DONE, list(message_ids))


async def put_off(tx: Transaction, message_ids: Sequence[UUID], after: timedelta) -> None:
    """They could not be filed now."""
    await tx.execute(_PUT_OFF, list(message_ids), after)
