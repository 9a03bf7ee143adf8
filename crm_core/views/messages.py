"""Messages as others read them: what was said, how far it came, which files hang on it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from crm_core.domain.written import MessageKind, MessageState
from crm_core.store.database import Reader, Record
from crm_core.store.ids import AMONG_FIRST, as_ids
from crm_core.views.model import WireModel


class Attachment(WireModel):
    """A file of a message; its name is a stranger's words. ``inline_id``: the text shows it in its place."""

    id: UUID
    name: str
    type: str
    size: int
    inline_id: str | None


class Message(WireModel):
    """One message of a conversation; a ``note`` is for colleagues only.

    ``text`` is all of it, ``own_text`` what is left without quotes and signature; ``html`` is sanitised and
    still to be shown in a frame without scripts. ``automatic``: nobody wrote it. ``trouble``: why it was not
    sent. ``deleted_at``: its writer took it back, where they see it.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    id: UUID
    interaction_id: UUID
    external_id: str
    kind: MessageKind
    direction: str
    state: MessageState
    author_id: UUID | None
    author_name: str | None
    from_: Annotated[str | None, Field(alias="from")]
    from_name: str | None
    to: list[str]
    subject: str | None
    text: str
    own_text: str
    html: str | None
    attachments: list[Attachment]
    answers: str | None
    automatic: bool
    at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    edited_at: datetime | None
    deleted_at: datetime | None
    trouble: str | None
    version: int


_SELECT = """
SELECT message.id, message.interaction_id, message.external_id, message.kind, message.direction, message.state,
       message.author_id, author.name AS author_name, message.from_address AS "from", message.from_name,
       message.to_addresses AS "to", message.subject, message.body AS text,
       COALESCE(message.own, message.body) AS own_text, message.html, message.answers, message.automatic,
       message.at, message.sent_at, message.delivered_at, message.read_at, message.edited_at, message.deleted_at,
       message.trouble, message.version,
       (SELECT jsonb_agg(jsonb_build_object('id', file.id, 'name', file.name, 'type', file.type, 'size', file.size,
                                            'inline_id', file.inline_id)
                         ORDER BY file.position)
        FROM message_files file
        WHERE file.message_id = message.id) AS attachments
FROM messages message
LEFT JOIN users author ON author.id = message.author_id
"""

# By primary key.
_LOAD = f"{_SELECT} WHERE message.id = {AMONG_FIRST}"

# By messages_interaction_id_id_idx; told in the order in which they were written.
_OF_INTERACTION = f"{_SELECT} WHERE message.interaction_id = $1 ORDER BY message.at, message.id"


async def load_messages(db: Reader, ids: Iterable[UUID]) -> dict[UUID, Message]:
    """Messages by id, without a scope: for delivery to rooms an action has chosen."""
    wanted = set(ids)
    rows = await db.fetch(_LOAD, as_ids(wanted)) if wanted else []
    return {row["id"]: _message(row) for row in rows}


async def messages_of(db: Reader, interaction_id: UUID) -> list[Message]:
    """Everything that was said in a conversation, notes among it, the oldest first."""
    return [_message(row) for row in await db.fetch(_OF_INTERACTION, interaction_id)]


def _message(row: Record) -> Message:
    return Message.model_validate({**row, "attachments": row["attachments"] or []})
