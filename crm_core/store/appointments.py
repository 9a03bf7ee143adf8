"""What is read and written when a client says whether a promise suits them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_core.store.database import Record, Transaction

#: Woken when a client is to be told of a promise.
TO_TELL = "to_tell"

# By callbacks_to_tell_idx; people and addresses by their keys. One told by nobody else at this moment.
_TO_TELL = """
SELECT callback.id, callback.client_id, callback.agent_id, callback.due_at, callback.via,
       point.value AS address
FROM callbacks callback
JOIN LATERAL (
    SELECT value
    FROM contact_points
    JOIN telegram_people person
        ON person.source = $1 AND person.user_id::text = contact_points.value AND person.blocked_at IS NULL
    WHERE client_id = callback.client_id AND kind = 'telegram'
    ORDER BY position, id
    LIMIT 1
) point ON true
WHERE callback.via = 'telegram' AND callback.state = 'open' AND callback.told_due_at IS DISTINCT FROM callback.due_at
    AND callback.due_at > $2
ORDER BY callback.id
LIMIT 20
FOR NO KEY UPDATE OF callback SKIP LOCKED
"""

_TOLD = """
UPDATE callbacks
SET told_due_at = due_at
WHERE id = $1
"""

# By primary key. It is theirs when it was promised to their client, or in their own chat.
_HOLD = """
SELECT callback.id, callback.client_id, callback.agent_id, callback.queue, callback.lead_id, callback.due_at,
       callback.subject, callback.via, callback.confirmed_at, callback.claimed_until > $4 AS is_being_called,
       callback.state IN ('open', 'claimed') AS is_owed
FROM callbacks callback
WHERE callback.id = $1 AND (
    EXISTS (
        SELECT 1
        FROM contact_points point
        WHERE point.client_id = callback.client_id AND point.kind = 'telegram' AND point.value = $3)
    OR EXISTS (
        SELECT 1
        FROM conversations conversation
        WHERE conversation.interaction_id = callback.promised_in AND conversation.channel = 'telegram'
            AND conversation.source = $2 AND conversation.thread = $3))
FOR NO KEY UPDATE OF callback
"""

_CONFIRM = """
UPDATE callbacks
SET confirmed_at = $2, version = version + 1
WHERE id = $1
RETURNING version
"""

_CONFIRMED_TOO = """
UPDATE callbacks
SET confirmed_at = $2, told_due_at = due_at
WHERE id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """A promise whose moment the client has not been told yet; ``address``: the account they are told at."""

    id: UUID
    client_id: UUID
    agent_id: UUID | None
    due_at: datetime
    via: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A promise under lock, as its client sees it."""

    id: UUID
    client_id: UUID | None
    agent_id: UUID | None
    queue: str | None
    lead_id: UUID | None
    due_at: datetime
    subject: str | None
    via: str
    confirmed_at: datetime | None
    is_owed: bool
    is_being_called: bool | None

    @property
    def may_change(self) -> bool:
        return self.is_owed and not self.is_being_called


async def to_tell(tx: Transaction, source: str) -> list[Untold]:
    """Promises that this bot has to tell, held until the end of the transaction."""
    return [Untold(**row) for row in await tx.fetch(_TO_TELL, source, tx.now)]


async def told(tx: Transaction, callback_id: UUID) -> None:
    """The client knows its moment."""
    await tx.execute(_TOLD, callback_id)


async def hold(tx: Transaction, callback_id: UUID, *, source: str, account: str) -> Appointment | None:
    """The promise; None when there is none that was made to whoever has this account."""
    row: Record | None = await tx.fetchrow(_HOLD, callback_id, source, account, tx.now)
    return None if row is None else Appointment(**row)


async def confirm(tx: Transaction, callback_id: UUID) -> int:
    """It suits the client; gives its new version."""
    version: int = await tx.fetchval(_CONFIRM, callback_id, tx.now)
    return version


async def chosen(tx: Transaction, callback_id: UUID) -> None:
    """The client has chosen this moment: they know it, and it suits."""
    await tx.execute(_CONFIRMED_TOO, callback_id, tx.now)
