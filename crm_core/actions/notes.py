"""Words to colleagues beside a conversation, and who is called into it by one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm_core.actions.callbacks import check_agent
from crm_core.actions.conversation_news import tell_message
from crm_core.actions.conversations import visible
from crm_core.domain.calls import Direction
from crm_core.domain.events import Mentioned, agent_room
from crm_core.domain.ids import new_id
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import MessageKind, MessageState
from crm_core.inputs import InputModel, Prose
from crm_core.store import mentions
from crm_core.store import messages as texts
from crm_core.store.database import Transaction
from crm_core.store.messages import FreshMessage

#: Nobody calls a whole company.
MOST_MENTIONS = 20


class NoteIn(InputModel):
    """A word to colleagues; whom ``mentions`` names may read the conversation from then on, and is told."""

    text: Annotated[Prose, Field(min_length=1)]
    mentions: Annotated[frozenset[UUID], Field(max_length=MOST_MENTIONS)] = frozenset()


async def note(tx: Transaction, by: Viewer, interaction_id: UUID, given: NoteIn) -> UUID:
    """It never leaves the house; gives its id.

    Raises:
        NotFound: there is no such conversation, or none ``by`` may see.
        AgentUnknown: nobody such works here.
    """
    conversation = await visible(tx, by, interaction_id)
    for person in sorted(given.mentions):
        await check_agent(tx, person)
    message_id = new_id(tx.now)
    fresh = FreshMessage(
        id=message_id,
        interaction_id=conversation.id,
        external_id=str(message_id),
        kind=MessageKind.NOTE,
        direction=Direction.INTERNAL,
        state=MessageState.SENT,
        author_id=by.user_id,
        body=given.text,
        at=tx.now,
    )
    await texts.insert_messages(tx, [fresh])
    await tell_message(tx, conversation.id, message_id, version=1)
    await _call(tx, conversation.id, message_id, given.mentions - {by.user_id})
    return message_id


async def _call(tx: Transaction, interaction_id: UUID, message_id: UUID, people: Collection[UUID]) -> None:
    if people:
        await mentions.add(tx, message_id, interaction_id, people)
        rooms = tuple(map(agent_room, people))
        tx.emit(Mentioned(rooms=rooms, interaction_id=interaction_id, message_id=message_id, version=1))
