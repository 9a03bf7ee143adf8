"""What a visitor of a site is shown: what was said, how far it came, and when somebody is there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.calls import Direction
from crm_core.domain.webchat import SHOWN
from crm_core.domain.working_time import Calendar, CalendarHasNoHours, is_open, next_opening, open_times
from crm_core.domain.written import MessageKind, MessageState
from crm_core.store import webchat as store
from crm_core.store.calendars import calendar_of_owner
from crm_core.store.database import Reader
from crm_core.store.webchat import Thread
from crm_core.views.messages import Message, load_messages
from crm_core.views.model import WireModel

PAGE = 50


class ChatFile(WireModel):
    """A file of a message; its name is whoever sent it."""

    id: UUID
    name: str
    type: str
    size: int


class ChatMessage(WireModel):
    """One message as its visitor sees it; ``key``: the name they gave to their own. Newer versions replace older."""

    id: UUID
    key: str | None
    mine: bool
    author: str | None
    text: str
    files: list[ChatFile]
    at: datetime
    state: MessageState
    version: int


class ChatVisit(WireModel):
    """Where the visitor of a web chat wrote last, and what brought them: a stranger's words."""

    page: str | None
    title: str | None
    referrer: str | None
    language: str | None
    tags: dict[str, str]


class ChatHistory(WireModel):
    """The last that was said, in order; ``read_until``: the visitor's last message that was seen here."""

    messages: list[ChatMessage]
    more: bool
    read_until: UUID | None


class ChatHours(WireModel):
    """Is somebody there; ``until`` they close or ``opens`` again, on the clock of ``zone``. Both null: always there."""

    open: bool
    until: datetime | None = None
    opens: datetime | None = None
    zone: str


async def chat_visit(db: Reader, interaction_id: UUID) -> ChatVisit | None:
    """Of the conversation's visitor; None: it is no web chat."""
    row = await store.visit_of(db, interaction_id)
    return None if row is None else ChatVisit.model_validate(dict(row))


async def chat_history(db: Reader, thread: Thread, *, before: UUID | None = None) -> ChatHistory:
    """A page of what they may see, the last one or the one before a message."""
    ids = await store.history(db, thread, before=before, limit=PAGE + 1)
    loaded = await load_messages(db, ids[:PAGE])
    return ChatHistory(
        messages=[chat_message(loaded[one]) for one in reversed(ids[:PAGE]) if one in loaded],
        more=len(ids) > PAGE,
        read_until=await store.read_until(db, thread),
    )


async def chat_messages(db: Reader, ids: Iterable[UUID]) -> dict[UUID, ChatMessage]:
    """Of these messages those that their visitor may see."""
    return {key: chat_message(one) for key, one in (await load_messages(db, ids)).items() if _is_shown(one)}


def chat_message(message: Message) -> ChatMessage:
    mine = message.direction == Direction.INBOUND
    return ChatMessage(
        id=message.id,
        key=message.external_id if mine else None,
        mine=mine,
        author=None if mine else message.author_name,
        text=message.text,
        files=[ChatFile(id=one.id, name=one.name, type=one.type, size=one.size) for one in message.attachments],
        at=message.sent_at or message.at,
        state=message.state,
        version=message.version,
    )


async def chat_hours(db: Reader, queue: str, *, zone: str, now: datetime) -> ChatHours:
    """When the team of the queue is there; nothing is said of a team that never is."""
    calendar = await calendar_of_owner(db, None, queue)
    if calendar is None:
        return ChatHours(open=True, zone=zone)
    if is_open(calendar, now):
        return ChatHours(open=True, until=_closes(calendar, now), zone=calendar.zone.key)
    try:
        return ChatHours(open=False, opens=next_opening(calendar, now), zone=calendar.zone.key)
    except CalendarHasNoHours:
        return ChatHours(open=False, zone=calendar.zone.key)


def _closes(calendar: Calendar, now: datetime) -> datetime | None:
    """The end of the span we are in; one that begins as it ends goes on with it. None: not within a day."""
    closes = now
    for opens, end in open_times(calendar, now, now + timedelta(days=1)):
        if opens > closes:
            break
        closes = end
    return closes if closes <= now + timedelta(days=1) else None


def _is_shown(message: Message) -> bool:
    return message.kind is MessageKind.MESSAGE and (message.direction == Direction.INBOUND or message.state in SHOWN)
