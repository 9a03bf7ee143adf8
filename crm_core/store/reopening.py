"""Promises that are owed again: as they were, or for a new time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_core.domain.policies import Moments, Rules
from crm_core.store.callbacks import clock, versions
from crm_core.store.database import Reader, Transaction

_CLOSED = """
SELECT closed_at, lead_id, warn_at, notify_at, escalate_at
FROM callbacks
WHERE id = $1
"""

_OPEN = """
state = 'open', closed_at = NULL, kept_in = NULL, late_s = NULL, late_by = NULL, cancel_reason = NULL,
    version = version + 1
"""

# The watchdog looks at it at once and knows what comes next.
_UNDO = f"""
UPDATE callbacks
SET {_OPEN}, warn_at = $2, notify_at = $3, escalate_at = $4, next_at = $5
WHERE id = $1
RETURNING version
"""  # noqa: S608  (columns of our own)

_RENEW = f"""
UPDATE callbacks
SET {_OPEN}, due_at = $2, grace_from = $3, warn_at = $4, notify_at = $5, escalate_at = $6, takeover_at = $7,
    next_at = $8, policy = $9, policies = $10, policy_versions = $11,
    warned_at = NULL, told = '{{}}', unlocked_at = NULL, forgiven_s = 0, moves = 0
WHERE id = $1
RETURNING version
"""  # noqa: S608

# By callbacks_lead_id_idx; in id order, so that nobody waits in a ring.
_CALLED_OFF = """
SELECT id
FROM callbacks
WHERE lead_id = $1 AND state = 'cancelled' AND closed_at = $2
ORDER BY id
FOR NO KEY UPDATE
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedCallback:
    """What a closed promise was watched by."""

    closed_at: datetime
    lead_id: UUID | None
    warn_at: datetime | None
    notify_at: datetime | None
    escalate_at: datetime | None


async def read_closed(db: Reader, callback_id: UUID) -> ClosedCallback:
    row = await db.fetchrow(_CLOSED, callback_id)
    assert row is not None
    return ClosedCallback(**dict(row))


async def called_off_with(tx: Transaction, lead_id: UUID, closed_at: datetime) -> list[UUID]:
    """The promises that were called off at the moment their lead was closed."""
    return [row["id"] for row in await tx.fetch(_CALLED_OFF, lead_id, closed_at)]


async def undo(
    tx: Transaction,
    callback_id: UUID,
    *,
    warn_at: datetime | None,
    notify_at: datetime | None,
    escalate_at: datetime | None,
) -> int:
    """It is owed as it was, with these moments."""
    version: int = await tx.fetchval(_UNDO, callback_id, warn_at, notify_at, escalate_at, tx.now)
    return version


async def renew(tx: Transaction, callback_id: UUID, *, due_at: datetime, rules: Rules, moments: Moments) -> int:
    """It is owed for ``due_at`` as if it had been promised now."""
    version: int = await tx.fetchval(
        _RENEW, callback_id, due_at, *clock(moments), moments.takeover_at, moments.first, *versions(rules)
    )
    return version
