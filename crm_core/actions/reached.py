"""A client was reached: what was promised to them is kept, and nobody is sent after them any more.

It does not matter who called whom. One answered call keeps one promise; those
that missed calls had made were for nothing but to be heard, so what is left of
them is cancelled, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from crm_core.actions.callbacks import mark_cancelled, mark_kept
from crm_core.actions.lead_calls import record_talks
from crm_core.domain.callbacks import Contact, settled_by, which_is_kept
from crm_core.domain.interactions import StoredCall
from crm_core.store import callbacks as store
from crm_core.store.database import Transaction

# By callbacks_client_id_idx and callbacks_address_idx.
_WHO_IS_OWED = """
SELECT client_id, NULL AS address
FROM callbacks
WHERE client_id = ANY($1::uuid[]) AND state IN ('open', 'claimed')
UNION
SELECT NULL, address
FROM callbacks
WHERE client_id IS NULL AND address = ANY($2::text[]) AND state IN ('open', 'claimed')
"""

_HEARD = "The caller has been reached in another call."


async def record_reached(tx: Transaction, answered: Sequence[StoredCall]) -> None:
    """What these calls, which a person has just answered, mean to the promises and to the leads."""
    await record_talks(tx, answered)
    clients = {call.client_id for call in answered} - {None}
    addresses = {call.client_address for call in answered} - {None}
    if not clients and not addresses:
        return
    rows = await tx.fetch(_WHO_IS_OWED, list(clients), list(addresses))
    owed = {row["client_id"] or row["address"] for row in rows}
    for call in answered:
        if call.client_id in owed or call.client_address in owed:
            assert call.answered_at is not None
            await keep_for_answered_call(
                tx,
                client_id=call.client_id,
                address=call.client_address,
                interaction_id=call.id,
                answered_at=call.answered_at,
            )


async def keep_for_answered_call(
    tx: Transaction,
    *,
    client_id: UUID | None,
    interaction_id: UUID,
    answered_at: datetime,
    address: str | None = None,
) -> UUID | None:
    """A call with the client was answered: the promise it keeps, if any, is kept; told twice, once."""
    owed = await store.lock_owed_to(tx, client_id, interaction_id, address=address)
    contact = Contact(interaction_id=interaction_id, answered_at=answered_at)
    kept = which_is_kept(owed, contact)
    if kept is not None:
        await mark_kept(tx, kept.id, due_at=kept.due_at, kept_at=answered_at, kept_in=interaction_id)
    for settled in settled_by(owed, contact):
        if settled is not kept:
            await mark_cancelled(tx, settled.id, reason=_HEARD)
    return kept.id if kept else None
