"""A client was reached: what was promised to them is kept, and nobody is sent after them any more.

It does not matter who called whom. One answered call keeps one promise; those
that missed calls had made were for nothing but to be heard, so what is left of
them is cancelled, with the reason. A promise that was taken away while the call
that keeps it was under way, because nobody could write that down in time, is
its owner's again: it was kept, and so it was not moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from crm_core.actions import leads
from crm_core.actions.callbacks import announce, mark_cancelled, mark_kept
from crm_core.actions.form_log import record_answers
from crm_core.actions.lead_calls import record_talks
from crm_core.domain.callbacks import Contact, HistoryReason, settled_by, which_is_kept
from crm_core.domain.events import CallbackMoved
from crm_core.domain.interactions import StoredCall
from crm_core.domain.leads import LeadReason
from crm_core.domain.undone import Undone, undone_by, undone_in_words
from crm_core.store import callbacks as store
from crm_core.store import reached
from crm_core.store.audience import audience
from crm_core.store.database import Transaction
from crm_core.store.form_log import Reached

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


async def record_reached(tx: Transaction, answered: Sequence[StoredCall], *, timezone: tzinfo) -> None:
    """What these calls, just answered by a person, mean to promises and leads; times are told in ``timezone``."""
    await record_talks(tx, answered)
    await record_answers(tx, [_reached(call) for call in answered])
    clients = {call.client_id for call in answered} - {None}
    addresses = {call.client_address for call in answered} - {None}
    if not clients and not addresses:
        return
    rows = await tx.fetch(_WHO_IS_OWED, list(clients), list(addresses))
    owed = {row["client_id"] or row["address"] for row in rows}
    for call in answered:
        if call.client_id in owed or call.client_address in owed:
            assert call.answered_at is not None
            await keep_for_contact(
                tx,
                client_id=call.client_id,
                address=call.client_address,
                interaction_id=call.id,
                begun_at=call.started_at,
                answered_at=call.answered_at,
                timezone=timezone,
            )


def _reached(call: StoredCall) -> Reached:
    assert call.answered_at is not None
    return Reached(agent_id=call.agent_id, client_id=call.client_id, address=call.client_address, at=call.answered_at)


async def keep_for_contact(
    tx: Transaction,
    *,
    client_id: UUID | None,
    interaction_id: UUID,
    begun_at: datetime,
    answered_at: datetime,
    address: str | None = None,
    channel: str = "call",
    timezone: tzinfo = UTC,
) -> UUID | None:
    """A call with the client was answered, or a message sent: the promise it keeps, if any, is kept."""
    owed = await store.lock_owed_to(tx, client_id, interaction_id, address=address)
    contact = Contact(interaction_id=interaction_id, begun_at=begun_at, answered_at=answered_at, channel=channel)
    kept = which_is_kept(owed, contact)
    if kept is not None:
        undone = undone_by(await reached.turns_of(tx, kept.id), begun_at)
        if undone is not None:
            await undo(tx, kept.id, undone, begun_at=begun_at, timezone=timezone)
        await mark_kept(tx, kept.id, due_at=kept.due_at, kept_at=answered_at, kept_in=interaction_id)
    for settled in settled_by(owed, contact):
        if settled is not kept:
            await mark_cancelled(tx, settled.id, reason=_HEARD)
    return kept.id if kept else None


async def undo(tx: Transaction, callback_id: UUID, undone: Undone, *, begun_at: datetime, timezone: tzinfo) -> None:
    """What the watchdog took from somebody who was calling already is theirs again."""
    words = undone_in_words(begun_at, timezone)
    version = await reached.give_back(tx, callback_id, undone)
    await store.close_history(tx, callback_id, tx.now)
    await store.open_history(tx, callback_id, undone.owner_id, reason=HistoryReason.UNDONE, explanation=words, by=None)
    loser = undone.turns[-1].agent_id
    if loser is None or undone.owner_id is None:
        await announce(tx, callback_id, version=version)
        return
    about = await reached.about(tx, callback_id)
    await leads.go_along(
        tx,
        loser,
        undone.owner_id,
        lead_id=about.lead_id,
        client_id=about.client_id,
        reason=LeadReason.UNDONE,
        explanation=words,
    )
    tx.emit(
        CallbackMoved(
            rooms=await audience(tx, {loser, undone.owner_id, about.owner_id}),
            callback_id=callback_id,
            from_agent_id=loser,
            to_agent_id=undone.owner_id,
            explanation=words.en,
            version=version,
        )
    )
