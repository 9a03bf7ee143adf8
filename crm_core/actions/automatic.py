"""What we say without anybody having written it: stored and sent like any other message, and answering nobody.

The client is not answered by it, no promise is kept by it, and whoever waits goes
on waiting. Part of the transaction that records what it is said to, so it is said
once, however often that is told. Two machines that talk with each other come to an end.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from crm_core.actions.replies import put_out
from crm_core.domain.written import InboxState
from crm_core.store import inbox
from crm_core.store import messages as texts
from crm_core.store.clients import find_block
from crm_core.store.database import Transaction

logger = structlog.get_logger(__name__)

#: So many in one conversation within that time; then we are silent.
MOST: Final = 12
WITHIN: Final = timedelta(minutes=10)


async def say(
    tx: Transaction, interaction_id: UUID, text: str, *, extras: Mapping[str, object] | None = None
) -> UUID | None:
    """Have it said in that conversation; ``extras``: what the channel shows beside the words.

    None: it is over, nobody writes to this client any more, or too much has been said already.
    """
    conversation = await inbox.hold_conversation(tx, interaction_id)
    if conversation is None or conversation.inbox_state is InboxState.CLOSED:
        return None
    if conversation.client_id is not None and await find_block(tx, conversation.client_id) is not None:
        return None
    said = await texts.count_automatic(tx, interaction_id, since=tx.now - WITHIN)
    if said >= MOST:
        logger.warning(
            "too much was said by itself", action="automatic_message_withheld", interaction_id=interaction_id
        )
        return None
    return await put_out(tx, conversation, text, next_at=tx.now, automatic=True, extras=extras, place=said)
