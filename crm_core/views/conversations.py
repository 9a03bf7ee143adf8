"""The inbox: written interactions with whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from crm_core.domain.errors import NotFound
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import InboxState, WrittenChannel
from crm_core.inputs import InputModel, Word
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.store.ids import AMONG_FIRST, as_ids
from crm_core.store.interactions import FROM_INTERACTIONS, narrow_to_scope
from crm_core.views.interactions import WRITTEN, Interaction, load_interactions
from crm_core.views.messages import Piece, messages_of, piece_around, piece_from
from crm_core.views.model import WireModel
from crm_core.views.paging import DEFAULT_LIMIT, CursorInvalid, Page, decode_cursor, encode_cursor
from crm_core.views.webchat import ChatVisit, chat_visit


class ConversationTurn(WireModel):
    """A time in which somebody had it; ``agent_id`` null: its queue. ``words``: why, {ru, en}; ``by`` null: the system.

    ``record`` is everything the engine decided it by, when it did.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    agent_id: UUID | None
    agent_name: str | None
    from_: Annotated[datetime, Field(alias="from")]
    to: datetime | None
    words: dict[str, str]
    by: UUID | None
    record: dict[str, JsonValue] | None


class ConversationGroup(WireModel):
    """The group in which it is asked; ``title`` is a stranger's words.

    ``reaches_privately``: whoever asks has begun to talk with the bot by themselves, so it may write to them alone.
    """

    title: str
    reaches_privately: bool


class Conversation(Interaction):
    """A written interaction.

    ``source`` is the mailbox, bot or site; ``waiting_since`` the oldest message of the client that nobody has
    answered; ``unread`` counts what came since its manager looked; ``follows`` the conversation it goes on from,
    ``refers_to`` one of others that it named. ``tag`` is of the link they came by, ``urgent`` what the client said.
    ``last_excerpt`` is a stranger's words. Lists leave ``messages``, ``history`` and ``visit`` out.
    ``older`` and ``newer`` lead to what was said before and after ``messages``; null where there is nothing.
    While the client waits, ``answer_due_at`` is the moment the company has set itself; ``handling_s`` is how long
    its managers have sat on it: from their first look at what waited to the answer, all answers together.
    ``lead_id``: the lead a form has become, or one that was born in it.
    ``unreachable_at``: since then nothing of ours reaches the chat: the client has blocked the bot, or the group put
    it out.
    """

    inbox_state: InboxState
    source: str
    subject: str | None
    snoozed_until: datetime | None
    participants: list[str]
    follows: UUID | None
    refers_to: UUID | None
    tag: str | None
    urgent: bool
    unread: int
    waiting_since: datetime | None
    last_at: datetime
    last_excerpt: str
    last_direction: str
    nobody_since: datetime | None
    answer_due_at: datetime | None
    answer_late: bool
    handling_s: float | None
    trip_id: UUID | None
    trip_title: str | None
    deal_id: UUID | None
    deal_title: str | None
    lead_id: UUID | None
    group: ConversationGroup | None
    unreachable_at: datetime | None
    history: Annotated[list[ConversationTurn], Field(default_factory=list)]
    visit: ChatVisit | None = None
    older: str | None = None
    newer: str | None = None


class InboxView(StrEnum):
    """A part of the inbox as one person sees it; the last four are theirs alone."""

    UNASSIGNED = "unassigned"
    ALL = "all"
    CLOSED = "closed"
    URGENT = "urgent"
    MINE = "mine"
    WAITING = "waiting"
    SNOOZED = "snoozed"
    MENTIONED = "mentioned"


class InboxCounts(WireModel):
    """How many conversations each part of the inbox holds, up to ``most``; what is closed is not counted."""

    unassigned: int
    all: int
    urgent: int
    mine: int
    waiting: int
    snoozed: int
    mentioned: int
    most: int


class ConversationFilters(InputModel):
    """What the list can be narrowed to; all of them together.

    ``view``: a part of the inbox as the caller has it.
    ``unassigned``: nobody has it yet; ``going_on``: it is somebody's turn, ours or the client's; ``mentioned``: a
    colleague has called the caller into it, and they have not looked; ``late``: the answer is; ``urgent``: the client
    has called for the hotline.
    """

    view: InboxView | None = None
    channel: WrittenChannel | None = None
    queue: Word | None = None
    agent_id: UUID | None = None
    client_id: UUID | None = None
    inbox_state: InboxState | None = None
    going_on: bool | None = None
    unread: bool | None = None
    unassigned: bool | None = None
    mentioned: bool | None = None
    late: bool | None = None
    urgent: bool | None = None


_INBOX = """
    conversation.inbox_state, conversation.source, conversation.subject, conversation.snoozed_until,
    conversation.participants, conversation.follows, conversation.refers_to,
    conversation.tag, conversation.urgent, conversation.unread, conversation.waiting_since,
    conversation.last_at, conversation.last_excerpt, conversation.last_direction, conversation.nobody_since,
    clock.due_at AS answer_due_at, COALESCE(clock.due_at < now(), false) AS answer_late,
    (SELECT sum(extract(epoch FROM done.ended_at - done.looked_at))::float8
     FROM answer_clocks done
     WHERE done.interaction_id = conversation.interaction_id AND done.ended = 'answered') AS handling_s,
    conversation.trip_id, (SELECT title FROM trips WHERE id = conversation.trip_id) AS trip_title,
    conversation.deal_id, (SELECT title FROM deals WHERE id = conversation.deal_id) AS deal_title,
    (SELECT max(lead.id::text)::uuid FROM leads lead
     WHERE lead.interaction_id = conversation.interaction_id) AS lead_id,
    CASE WHEN place.chat_id < 0 THEN jsonb_build_object(
        'title', COALESCE(place.title, ''), 'reaches_privately', COALESCE(place.listens, false)) END AS "group",
    CASE WHEN place.chat_id < 0 THEN place.gone_at ELSE place.blocked_at END AS unreachable_at
"""

# By primary keys. A chat in which the bot stands in for a person (thread "7001@…") has neither group nor block.
_PLACE = """
LEFT JOIN LATERAL (
    SELECT chat.chat_id, team.title, team.gone_at, person.blocked_at,
           person.user_id IS NOT NULL AND person.blocked_at IS NULL AS listens
    FROM (SELECT split_part(conversation.thread, ':', 1)::bigint AS chat_id,
                 NULLIF(split_part(conversation.thread, ':', 2), '')::bigint AS asker
          WHERE conversation.channel = 'telegram' AND conversation.thread ~ '^-?[0-9]{1,18}(:[0-9]{1,18})?$') chat
    LEFT JOIN telegram_groups team ON team.source = conversation.source AND team.chat_id = chat.chat_id
    LEFT JOIN telegram_people person
        ON person.source = conversation.source AND person.user_id = COALESCE(chat.asker, chat.chat_id)
) place ON true
"""

# By answer_clocks_running_key.
_CLOCK = """
LEFT JOIN answer_clocks clock ON clock.interaction_id = conversation.interaction_id AND clock.ended_at IS NULL
"""

_HISTORY = """
SELECT turn.agent_id, person.name AS agent_name, turn.from_at AS "from", turn.to_at AS "to", turn.words, turn.by,
       turn.record
FROM conversation_turns turn
LEFT JOIN users person ON person.id = turn.agent_id
WHERE turn.interaction_id = $1
ORDER BY turn.from_at, turn.id
"""

# By mentions_user_id_idx.
_MENTIONED = """
EXISTS (
    SELECT 1
    FROM mentions mention
    WHERE mention.user_id = {} AND mention.interaction_id = call.id AND mention.seen_at IS NULL)
"""

# By mentions_user_id_idx.
_CALLED_INTO = "SELECT interaction_id FROM mentions WHERE user_id = {} AND seen_at IS NULL"

# Said in words that the planner reads, never as parameters: by conversations_live_idx and interactions_live_idx.
_GOES_ON = "(conversation.inbox_state IN ('open', 'waiting') AND call.state <> 'closed')"
_MINE = "call.agent_id = {} AND call.state <> 'closed'"

# ``{}`` is the person.
_VIEWS = {
    # Somebody for a form is found with its lead.
    InboxView.UNASSIGNED: f"call.agent_id IS NULL AND conversation.channel <> 'webform' AND {_GOES_ON}",
    InboxView.ALL: _GOES_ON,
    InboxView.CLOSED: "conversation.inbox_state = 'closed'",
    InboxView.URGENT: f"conversation.urgent AND {_GOES_ON}",
    InboxView.MINE: f"{_MINE} AND {_GOES_ON}",
    InboxView.WAITING: f"{_MINE} AND conversation.inbox_state = 'waiting'",
    InboxView.SNOOZED: f"{_MINE} AND conversation.inbox_state = 'snoozed'",
    InboxView.MENTIONED: f"call.id IN ({_CALLED_INTO})",
}

_COUNTED = [view for view in InboxView if view is not InboxView.CLOSED]

#: More than a person reads through: "999+" says as much.
MOST_COUNTED = 999

_FROM_CONVERSATIONS = f"{FROM_INTERACTIONS} JOIN conversations conversation ON conversation.interaction_id = call.id"
_FROM = f"{_FROM_CONVERSATIONS} {_CLOCK} {_PLACE}"

# By primary key.
_OF = f"""
SELECT conversation.interaction_id AS id, {_INBOX}
FROM conversations conversation
{_CLOCK}
{_PLACE}
WHERE conversation.interaction_id = {AMONG_FIRST}
"""  # noqa: S608  (columns of our own)


async def get_conversation(
    db: Reader, interaction_id: UUID, viewer: Viewer, *, limit: int | None = None, around: UUID | None = None
) -> Conversation:
    """One conversation with who had it and what was said in it: all of it, or ``limit`` messages.

    ``around``: a message among them; else the newest.

    Raises:
        NotFound: there is none, or none the viewer may see.
    """
    conversation = await get_listed_conversation(db, interaction_id, viewer)
    history = [ConversationTurn.model_validate(dict(turn)) for turn in await db.fetch(_HISTORY, interaction_id)]
    if limit is None:
        said = Piece(items=await messages_of(db, interaction_id), older=None, newer=None)
    else:
        said = await piece_around(db, interaction_id, around, limit=limit)
    more = {
        "messages": said.items,
        "older": said.older,
        "newer": said.newer,
        "history": history,
        "visit": await chat_visit(db, interaction_id),
    }
    return conversation.model_copy(update=more)


async def read_on(
    db: Reader, interaction_id: UUID, viewer: Viewer, *, limit: int, cursor: str | None, around: UUID | None
) -> Piece:
    """A piece of what was said in a conversation: where ``cursor`` leads, else ``around`` a message, else the newest.

    Raises:
        NotFound: there is none, or none the viewer may see.
        CursorInvalid: it does not come from this conversation.
    """
    await get_listed_conversation(db, interaction_id, viewer)
    if cursor is not None:
        return await piece_from(db, interaction_id, cursor, limit=limit)
    return await piece_around(db, interaction_id, around, limit=limit)


async def get_listed_conversation(db: Reader, interaction_id: UUID, viewer: Viewer) -> Conversation:
    """One conversation as lists show it, without what was said in it.

    Raises:
        NotFound: there is none, or none the viewer may see.
    """
    conditions = Conditions()
    conditions.add("call.id = {}", interaction_id)
    narrow_to_scope(conditions, viewer)
    row = await db.fetchrow(f"SELECT call.id, {_INBOX} {_FROM} {conditions.where}", *conditions.args)
    if row is None:
        raise NotFound("There is no such conversation.")
    [conversation] = await _conversations(db, [row])
    return conversation


async def list_conversations(
    db: Reader,
    viewer: Viewer,
    filters: ConversationFilters,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Conversation]:
    """Those in which something was said last come first."""
    conditions = Conditions()
    if filters.view is not None:
        _narrow_to_view(conditions, filters.view, viewer)
    for template, value in (
        ("conversation.channel = {}", filters.channel),
        ("{} = ANY(call.queues)", filters.queue),
        ("call.agent_id = {}", filters.agent_id),
        ("call.client_id = {}", filters.client_id),
        ("conversation.inbox_state = {}", filters.inbox_state),
        ("(conversation.unread > 0) = {}", filters.unread),
        ("(call.agent_id IS NULL) = {}", filters.unassigned),
        ("conversation.urgent = {}", filters.urgent),
    ):
        conditions.add_known(template, value)
    if filters.going_on is not None:
        conditions.parts.append(_GOES_ON if filters.going_on else f"NOT {_GOES_ON}")
    if filters.mentioned is not None:
        conditions.add(_MENTIONED if filters.mentioned else f"NOT {_MENTIONED}", viewer.user_id)
    if filters.late is not None:
        conditions.add("COALESCE(clock.due_at < now(), false) = {}", filters.late)
    narrow_to_scope(conditions, viewer)
    if cursor is not None:
        at, interaction_id = _place(cursor)
        conditions.parts.append(
            f"(conversation.last_at, call.id) < ({conditions.value(at)}, {conditions.value(interaction_id)})"
        )
    rows = await db.fetch(
        f"SELECT call.id, {_INBOX} {_FROM} {conditions.where}"
        f" ORDER BY conversation.last_at DESC, call.id DESC LIMIT {conditions.value(limit + 1)}",
        *conditions.args,
    )
    items = await _conversations(db, rows[:limit])
    last = items[-1] if len(rows) > limit else None
    return Page[Conversation](items=items, next=encode_cursor(last.last_at.isoformat(), str(last.id)) if last else None)


async def count_inbox(db: Reader, viewer: Viewer, channel: WrittenChannel | None = None) -> InboxCounts:
    """How many each view holds: exactly what ``list_conversations`` would list for it."""
    counts: dict[str, int] = {"most": MOST_COUNTED}
    for view in _COUNTED:
        conditions = Conditions()
        _narrow_to_view(conditions, view, viewer)
        conditions.add_known("conversation.channel = {}", channel)
        narrow_to_scope(conditions, viewer)
        rows = f"SELECT 1 {_FROM_CONVERSATIONS} {conditions.where} LIMIT {MOST_COUNTED + 1}"
        counted = f"SELECT count(*) FROM ({rows}) found"  # noqa: S608  (conditions of our own)
        counts[view.value] = await db.fetchval(counted, *conditions.args)
    return InboxCounts.model_validate(counts)


async def as_conversations(db: Reader, interactions: Mapping[UUID, Interaction]) -> dict[UUID, Interaction]:
    """The same, the written ones among them as the inbox shows them."""
    written = [one.id for one in interactions.values() if one.channel in WRITTEN]
    rows = await db.fetch(_OF, as_ids(written)) if written else []
    return {**interactions, **{row["id"]: _conversation(interactions[row["id"]], row) for row in rows}}


def _narrow_to_view(conditions: Conditions, view: InboxView, viewer: Viewer) -> None:
    template = _VIEWS[view]
    conditions.parts.append(template.replace("{}", conditions.value(viewer.user_id)) if "{}" in template else template)


async def _conversations(db: Reader, rows: list[Record]) -> list[Conversation]:
    interactions = await load_interactions(db, [row["id"] for row in rows])
    return [_conversation(interactions[row["id"]], row) for row in rows]


def _conversation(interaction: Interaction, row: Record) -> Conversation:
    return Conversation.model_validate(dict(interaction) | dict(row))


def _place(cursor: str) -> tuple[datetime, UUID]:
    at, interaction_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(at), UUID(interaction_id)
    except ValueError as error:
        raise CursorInvalid from error
