"""Saying that somebody writes in a conversation at this moment: the client, or one of us."""

from __future__ import annotations

from uuid import UUID

from crm_core.actions.conversation_news import rooms_of_one
from crm_core.domain.errors import NotFound
from crm_core.domain.viewer import Viewer
from crm_core.store.conditions import Conditions
from crm_core.store.database import Database
from crm_core.store.interactions import FROM_INTERACTIONS, narrow_to_scope
from crm_core.store.signals import Writing, tell_writing
from crm_core.store.webchat import Thread

_FIND = f"""
SELECT conversation.channel, conversation.source, conversation.thread, me.name, now() AS at
{FROM_INTERACTIONS}
JOIN conversations conversation ON conversation.interaction_id = call.id
"""

# By conversations_thread_key.
_FIND_CHAT = """
SELECT interaction_id, now() AS at
FROM conversations
WHERE channel = 'webchat' AND source = $1 AND thread = $2 AND inbox_state <> 'closed'
"""


async def we_write(db: Database, by: Viewer, interaction_id: UUID, *, is_writing: bool) -> None:
    """One of us begins an answer, or leaves it; a visitor of a web chat sees that somebody writes.

    Raises:
        NotFound: there is no such conversation, or none ``by`` may see.
    """
    conditions = Conditions()
    me = conditions.value(by.user_id)
    conditions.add("call.id = {}", interaction_id)
    narrow_to_scope(conditions, by)
    async with db.read() as reader:
        row = await reader.fetchrow(
            f"{_FIND} JOIN users me ON me.id = {me} {conditions.where}",
            *conditions.args,
        )
        if row is None:
            raise NotFound("There is no such conversation.")
        rooms = await rooms_of_one(reader, interaction_id)
    tell_writing(
        db,
        Writing(
            interaction_id=interaction_id,
            rooms=rooms,
            agent_id=by.user_id,
            name=row["name"],
            is_writing=is_writing,
            at=row["at"],
            source=row["source"],
            thread=row["thread"] if row["channel"] == "webchat" else None,
        ),
    )


async def visitor_writes(db: Database, visitor: Thread, *, is_writing: bool) -> None:
    """A visitor of a web chat begins a message, or leaves it; one who has said nothing yet is nobody's to wait for."""
    async with db.read() as reader:
        row = await reader.fetchrow(_FIND_CHAT, visitor.source, visitor.name)
        if row is None:
            return
        interaction_id: UUID = row["interaction_id"]
        rooms = await rooms_of_one(reader, interaction_id)
    tell_writing(
        db,
        Writing(
            interaction_id=interaction_id, rooms=rooms, agent_id=None, name=None, is_writing=is_writing, at=row["at"]
        ),
    )
