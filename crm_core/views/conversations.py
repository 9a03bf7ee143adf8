"""The inbox: written interactions with whose turn it is, and the search over everything that was said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from crm_core.domain.errors import NotFound
from crm_core.domain.ids import first_id
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import InboxState, WrittenChannel
from crm_core.inputs import InputModel, Moment, Word
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.store.ids import AMONG_FIRST, as_ids
from crm_core.store.interactions import FROM_INTERACTIONS, narrow_to_scope
from crm_core.views.interactions import WRITTEN, Interaction, load_interactions
from crm_core.views.messages import messages_of
from crm_core.views.model import WireModel
from crm_core.views.paging import DEFAULT_LIMIT, CursorInvalid, Page, decode_cursor, decode_id, encode_cursor


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


class Conversation(Interaction):
    """A written interaction.

    ``source`` is the mailbox, bot or site; ``waiting_since`` the oldest message of the client that nobody has
    answered; ``unread`` counts what came since its manager looked; ``follows`` the conversation it goes on from,
    ``refers_to`` one of others that it named. ``tag`` is of the link they came by, ``urgent`` what the client said.
    ``last_excerpt`` is a stranger's words. Lists leave ``messages`` and ``history`` out.
    While the client waits, ``answer_due_at`` is the moment the company has set itself; ``handling_s`` is how long
    its managers have sat on it: from their first look at what waited to the answer, all answers together.
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
    history: Annotated[list[ConversationTurn], Field(default_factory=list)]


class ConversationFilters(InputModel):
    """What the list can be narrowed to; all of them together.

    ``unassigned``: nobody has it yet; ``going_on``: it is somebody's turn, ours or the client's; ``mentioned``: a
    colleague has called the caller into it, and they have not looked; ``late``: the answer is.
    """

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


class Passage(WireModel):
    """A piece of what was said; ``hit``: it is what was looked for."""

    text: str
    hit: bool


class Found(WireModel):
    """A message in which it was said."""

    message_id: UUID
    interaction_id: UUID
    channel: str
    client_id: UUID | None
    client_name: str | None
    agent_id: UUID | None
    direction: str
    author_name: str | None
    from_name: str | None
    subject: str | None
    at: datetime
    passages: list[Passage]


class SaidFilters(InputModel):
    """What to look for, as people type it: words, "a phrase", -without; ``from ≤ at < to`` of the message."""

    q: Annotated[str, Field(min_length=2, max_length=200)]
    channel: WrittenChannel | None = None
    client_id: UUID | None = None
    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None


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
    conversation.deal_id, (SELECT title FROM deals WHERE id = conversation.deal_id) AS deal_title
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

_FROM = f"{FROM_INTERACTIONS} JOIN conversations conversation ON conversation.interaction_id = call.id {_CLOCK}"

# By primary key.
_OF = f"""
SELECT conversation.interaction_id AS id, {_INBOX}
FROM conversations conversation
{_CLOCK}
WHERE conversation.interaction_id = {AMONG_FIRST}
"""  # noqa: S608  (columns of our own)

# The expression is that of messages_search_idx.
_MATCHES = """
    to_tsvector('russian', replace(replace(((COALESCE(message.subject, '') || ' ') || message.body),
                                           'ё', 'е'), 'Ё', 'Е')) @@ {}
"""
_QUERY = "websearch_to_tsquery('russian', replace(replace({}, 'ё', 'е'), 'Ё', 'Е'))"

# No text of ours or theirs holds these: what they surround is found again after the headline was made.
_OPENS, _CLOSES = "\ue000", "\ue001"
_HEADLINE = f"StartSel={_OPENS}, StopSel={_CLOSES}, MaxFragments=2, MinWords=8, MaxWords=25, FragmentDelimiter= … "


async def get_conversation(db: Reader, interaction_id: UUID, viewer: Viewer) -> Conversation:
    """One conversation with everything that was said in it.

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
    history = [ConversationTurn.model_validate(dict(turn)) for turn in await db.fetch(_HISTORY, interaction_id)]
    return conversation.model_copy(update={"messages": await messages_of(db, interaction_id), "history": history})


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
    for template, value in (
        ("conversation.channel = {}", filters.channel),
        ("{} = ANY(call.queues)", filters.queue),
        ("call.agent_id = {}", filters.agent_id),
        ("call.client_id = {}", filters.client_id),
        ("conversation.inbox_state = {}", filters.inbox_state),
        ("(conversation.inbox_state IN ('open', 'waiting')) = {}", filters.going_on),
        ("(conversation.unread > 0) = {}", filters.unread),
        ("(call.agent_id IS NULL) = {}", filters.unassigned),
    ):
        conditions.add_known(template, value)
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


async def search_said(
    db: Reader, viewer: Viewer, filters: SaidFilters, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Found]:
    """Messages and notes in which it was said, the newest first; forms of a word are the word."""
    conditions = Conditions()
    query = _QUERY.replace("{}", conditions.value(filters.q))
    conditions.parts.append(_MATCHES.replace("{}", query))
    conditions.add_known("call.channel = {}", filters.channel)
    conditions.add_known("call.client_id = {}", filters.client_id)
    if filters.from_ is not None:
        conditions.add("message.at >= {}", filters.from_)
        conditions.add("message.id >= {}", first_id(filters.from_))  # heard at that moment or later
    conditions.add_known("message.at < {}", filters.to)
    if cursor is not None:
        conditions.add("message.id < {}", decode_id(cursor))
    narrow_to_scope(conditions, viewer)
    most, how = conditions.value(limit + 1), conditions.value(_HEADLINE)
    rows = await db.fetch(
        f"""
        WITH found AS (
            SELECT message.id, message.interaction_id, message.body, message.subject, message.direction, message.at,
                   message.author_id, message.from_name, call.channel, call.client_id, client.name AS client_name,
                   call.agent_id
            {FROM_INTERACTIONS}
            JOIN messages message ON message.interaction_id = call.id
            {conditions.where}
            ORDER BY message.id DESC
            LIMIT {most}
        )
        SELECT found.*, author.name AS author_name, ts_headline('russian', found.body, {query}, {how}) AS headline
        FROM found
        LEFT JOIN users author ON author.id = found.author_id
        ORDER BY found.id DESC
        """,  # noqa: S608  (placeholders and conditions of our own)
        *conditions.args,
    )
    more = encode_cursor(str(rows[limit - 1]["id"])) if len(rows) > limit else None
    return Page[Found](items=[_found(row) for row in rows[:limit]], next=more)


async def as_conversations(db: Reader, interactions: Mapping[UUID, Interaction]) -> dict[UUID, Interaction]:
    """The same, the written ones among them as the inbox shows them."""
    written = [one.id for one in interactions.values() if one.channel in WRITTEN]
    rows = await db.fetch(_OF, as_ids(written)) if written else []
    return {**interactions, **{row["id"]: _conversation(interactions[row["id"]], row) for row in rows}}


async def _conversations(db: Reader, rows: list[Record]) -> list[Conversation]:
    interactions = await load_interactions(db, [row["id"] for row in rows])
    return [_conversation(interactions[row["id"]], row) for row in rows]


def _conversation(interaction: Interaction, row: Record) -> Conversation:
    return Conversation.model_validate(dict(interaction) | dict(row))


def _found(row: Record) -> Found:
    values = {name: row[name] for name in Found.model_fields if name in row}
    return Found.model_validate({**values, "message_id": row["id"], "passages": _passages(row["headline"])})


def _passages(headline: str) -> list[Passage]:
    found = []
    for place, piece in enumerate(headline.split(_OPENS)):
        hit, _, rest = piece.partition(_CLOSES) if place else ("", "", piece)
        found += [Passage(text=hit, hit=True)] if hit else []
        found += [Passage(text=rest, hit=False)] if rest else []
    return found


def _place(cursor: str) -> tuple[datetime, UUID]:
    at, interaction_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(at), UUID(interaction_id)
    except ValueError as error:
        raise CursorInvalid from error
