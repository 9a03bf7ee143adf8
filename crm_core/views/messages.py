"""Messages as others read them: what was said, how far it came, which files hang on it.

A conversation may go on for years, so it is read a piece at a time from either end or around one message; by the
place of a message and never by counting, so that what is said meanwhile moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from crm_core.domain.written import MarkKind, MessageKind, MessageState, Trouble
from crm_core.store.database import Reader, Record
from crm_core.store.ids import AMONG_FIRST, as_ids
from crm_core.views.model import WireModel
from crm_core.views.paging import CursorInvalid, decode_cursor, encode_cursor


class Attachment(WireModel):
    """A file of a message; its name is a stranger's words. ``inline_id``: the text shows it in its place."""

    id: UUID
    name: str
    type: str
    size: int
    inline_id: str | None


class TextMark(WireModel):
    """A part of ``text`` that is more; ``offset`` and ``length`` count UTF-16 units. ``address``: of a link."""

    kind: MarkKind
    offset: int
    length: int
    address: str | None


class Bounced(WireModel):
    """Whom a mail did not reach, and why as their server says it; no ``address``: it does not say who."""

    address: str | None
    words: str


class Message(WireModel):
    """One message of a conversation; a ``note`` is for colleagues only.

    ``text`` is all of it, ``own_text`` what is left without quotes and signature; ``html`` is sanitised and still to be
    shown in a frame without scripts. ``automatic``: nobody wrote it; ``privately``: it went to whoever asked in a group
    alone. ``trouble_code``: why it was not sent, ``trouble``: the same as the other side says it. ``deleted_at``: its
    writer took it back, where they see it. ``cc`` and ``reply_to`` are of mails; the latter is where its sender asks to
    be answered. ``opened_at``: when the picture in a mail of ours was first loaded, by a person or by their mail
    server; null proves nothing. ``bounces``: whom a mail did not reach, which is ``bounced`` when nobody of ``to`` is
    left.
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
    cc: list[str]
    reply_to: list[str]
    subject: str | None
    text: str
    own_text: str
    html: str | None
    marks: list[TextMark] | None
    attachments: list[Attachment]
    answers: str | None
    automatic: bool
    privately: bool
    at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    opened_at: datetime | None
    edited_at: datetime | None
    deleted_at: datetime | None
    trouble_code: Trouble | None
    trouble: str | None
    bounces: list[Bounced]
    version: int


class Piece(WireModel):
    """A piece of what was said in a conversation, the oldest first; ``older`` and ``newer`` lead on, null at an end."""

    items: list[Message]
    older: str | None
    newer: str | None


class _Way(StrEnum):
    OLDER = "older"
    NEWER = "newer"


_SELECT = """
SELECT message.id, message.interaction_id, message.external_id, message.kind, message.direction, message.state,
       message.author_id, author.name AS author_name, message.from_address AS "from", message.from_name,
       message.to_addresses AS "to", message.cc_addresses AS cc, message.reply_to, message.subject,
       message.body AS text, COALESCE(message.own, message.body) AS own_text, message.html, message.marks,
       message.answers, message.automatic, message.privately, message.at, message.sent_at, message.delivered_at,
       message.read_at, message.opened_at, message.edited_at, message.deleted_at, message.trouble_code,
       message.trouble, COALESCE(message.bounces, '[]') AS bounces, message.version,
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

# All that follow by messages_interaction_id_at_id_idx; told in the order in which they were written.
_OF_INTERACTION = f"{_SELECT} WHERE message.interaction_id = $1 ORDER BY message.at, message.id"

_NEWEST = f"{_SELECT} WHERE message.interaction_id = $1 ORDER BY message.at DESC, message.id DESC LIMIT $2"

_BESIDE = f"{_SELECT} WHERE message.interaction_id = $1 AND (message.at, message.id)"
_OLDER = f"{_BESIDE} < ($2, $3) ORDER BY message.at DESC, message.id DESC LIMIT $4"
_NEWER = f"{_BESIDE} > ($2, $3) ORDER BY message.at, message.id LIMIT $4"
_FROM = f"{_BESIDE} >= ($2, $3) ORDER BY message.at, message.id LIMIT $4"

# By primary key.
_WHEN = "SELECT at FROM messages WHERE id = $2 AND interaction_id = $1"


async def load_messages(db: Reader, ids: Iterable[UUID]) -> dict[UUID, Message]:
    """Messages by id, without a scope: for delivery to rooms an action has chosen."""
    wanted = set(ids)
    rows = await db.fetch(_LOAD, as_ids(wanted)) if wanted else []
    return {row["id"]: _message(row) for row in rows}


async def messages_of(db: Reader, interaction_id: UUID) -> list[Message]:
    """Everything that was said in a conversation, notes among it, the oldest first."""
    return [_message(row) for row in await db.fetch(_OF_INTERACTION, interaction_id)]


async def piece_around(db: Reader, interaction_id: UUID, message_id: UUID | None, *, limit: int) -> Piece:
    """As much was said before a message as from it on; of none, or one that is not there, the newest."""
    at = await db.fetchval(_WHEN, interaction_id, message_id) if message_id else None
    if at is None:
        rows = await db.fetch(_NEWEST, interaction_id, limit + 1)
        return _piece(rows[:limit][::-1], older=len(rows) > limit, newer=False)
    before = limit // 2
    older = await db.fetch(_OLDER, interaction_id, at, message_id, before + 1)
    newer = await db.fetch(_FROM, interaction_id, at, message_id, limit - before + 1)
    rows = [*older[:before][::-1], *newer[: limit - before]]
    return _piece(rows, older=len(older) > before, newer=len(newer) > limit - before)


async def piece_from(db: Reader, interaction_id: UUID, cursor: str, *, limit: int) -> Piece:
    """The piece that ``older`` or ``newer`` of another leads to.

    Raises:
        CursorInvalid: it is neither.
    """
    way, at, message_id = _place(cursor)
    if way is _Way.OLDER:
        rows = await db.fetch(_OLDER, interaction_id, at, message_id, limit + 1)
        return _piece(rows[:limit][::-1], older=len(rows) > limit, newer=True)
    rows = await db.fetch(_NEWER, interaction_id, at, message_id, limit + 1)
    return _piece(rows[:limit], older=True, newer=len(rows) > limit)


def _piece(rows: list[Record], *, older: bool, newer: bool) -> Piece:
    items = [_message(row) for row in rows]
    return Piece(
        items=items,
        older=_leading(_Way.OLDER, items[0]) if items and older else None,
        newer=_leading(_Way.NEWER, items[-1]) if items and newer else None,
    )


def _leading(way: _Way, message: Message) -> str:
    return encode_cursor(way, message.at.isoformat(), str(message.id))


def _place(cursor: str) -> tuple[_Way, datetime, UUID]:
    way, at, message_id = decode_cursor(cursor, 3)
    try:
        return _Way(way), datetime.fromisoformat(at), UUID(message_id)
    except ValueError as error:
        raise CursorInvalid from error


def _message(row: Record) -> Message:
    return Message.model_validate({**row, "attachments": row["attachments"] or []})
