"""Clients nobody contacts any more: what they were promised is taken back, and nothing new is promised to them.

It is a supervisor's decision and never the manager's own: it takes back every
promise, the late ones too, and those are not their owner's to take back. What is
heard from a blocked client is still recorded, and their calls still ring.
"""

from __future__ import annotations

from uuid import UUID

from crm_core.actions import audit
from crm_core.actions.callbacks import mark_cancelled
from crm_core.domain.errors import Forbidden
from crm_core.domain.viewer import Viewer
from crm_core.store.clients import find_block
from crm_core.store.database import Transaction

_MARK = """
UPDATE clients
SET blocked_at = $2, blocked_reason = $3
WHERE id = $1
"""

# By callbacks_client_id_idx; in id order, as everybody locks several.
_LOCK_OWED = """
SELECT id
FROM callbacks
WHERE client_id = $1 AND state IN ('open', 'claimed')
ORDER BY id
FOR NO KEY UPDATE
"""


async def block(tx: Transaction, client_id: UUID, by: Viewer, *, reason: str) -> None:
    """Contact them no more; said again, the reason is corrected. The client's row is already held.

    Raises:
        Forbidden: ``by`` supervises nobody.
    """
    _check_right(by)
    if await find_block(tx, client_id) is None:
        await tx.execute(_MARK, client_id, tx.now, reason)
    else:
        await tx.execute("UPDATE clients SET blocked_reason = $2 WHERE id = $1", client_id, reason)
    owed = [row["id"] for row in await tx.fetch(_LOCK_OWED, client_id)]
    for callback_id in owed:
        await mark_cancelled(tx, callback_id, reason=reason)
    details: dict[str, object] = {"reason": reason, "cancelled": [str(callback_id) for callback_id in owed]}
    await _write(tx, "client.blocked", client_id, by, details)


async def unblock(tx: Transaction, client_id: UUID, by: Viewer) -> None:
    """They may be contacted again; what was taken back stays so. The client's row is already held.

    Raises:
        Forbidden: ``by`` supervises nobody.
    """
    _check_right(by)
    await tx.execute(_MARK, client_id, None, None)
    await _write(tx, "client.unblocked", client_id, by, {})


def _check_right(by: Viewer) -> None:
    if not by.supervises:
        raise Forbidden("Only a supervisor may block a client or unblock one.")


async def _write(tx: Transaction, action: str, client_id: UUID, by: Viewer, details: dict[str, object]) -> None:
    await audit.write(tx, action, by=by.user_id, subject_kind="client", subject_id=client_id, details=details)
