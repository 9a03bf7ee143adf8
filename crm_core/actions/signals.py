"""What clients say by pressing something: where they come from, that it is urgent.

Facts, in the transaction that records their message; said twice, they change nothing more.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from crm_core.actions.conversation_news import rooms_of_one, tell_changed
from crm_core.domain.words import Words
from crm_core.store import answering, inbox
from crm_core.store import conversations as store
from crm_core.store.database import Transaction

_NOTE_TAG = """
UPDATE conversations
SET tag = COALESCE(tag, $2)
WHERE interaction_id = $1
"""

_MARK_URGENT = """
UPDATE conversations
SET urgent = true
WHERE interaction_id = $1
"""

_TO_QUEUE = """
UPDATE interactions
SET queue = $2, queues = array_append(array_remove(queues, $2), $2),
    state = CASE WHEN answered_at IS NULL THEN 'queued' ELSE state END
WHERE id = $1 AND EXISTS (SELECT 1 FROM queues WHERE name = $2)
RETURNING id
"""

_CALLED_OUT: Final = Words(ru="Клиент позвал горячую линию.", en="The client called for the hotline.")


async def note_tag(tx: Transaction, interaction_id: UUID, tag: str) -> None:
    """By which of our links they came; the first one counts."""
    await tx.execute(_NOTE_TAG, interaction_id, tag)


async def call_for_hotline(tx: Transaction, interaction_id: UUID, *, queue: str | None) -> None:
    """It is urgent, and ``queue``'s from now on, if there is such a one; whoever has it keeps it otherwise."""
    conversation = await inbox.hold_conversation(tx, interaction_id)
    assert conversation is not None  # it is the one in which they call
    before = await rooms_of_one(tx, interaction_id)
    await tx.execute(_MARK_URGENT, interaction_id)
    if queue not in (None, conversation.queue) and await tx.fetchval(_TO_QUEUE, interaction_id, queue) is not None:
        await inbox.assign(tx, interaction_id, None)
        await store.open_turn(tx, interaction_id, None, words=_CALLED_OUT, by=None)
        await answering.look_now(tx, [interaction_id])
    await tell_changed(tx, interaction_id, also=before)
