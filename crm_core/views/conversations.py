"""The inbox: written interactions with whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
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
from crm_core.views.messages import messages_of
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


class Conversation(Interaction):
    """A written interaction.

    ``source`` is the mailbox, bot or site; ``waiting_since`` the oldest message of the client that nobody has
    answered; ``unread`` counts what came since its manager looked; ``follows`` the conversation it goes on from,
    ``refers_to`` one of others that it named. ``tag`` is of the link they came by, ``urgent`` what the client said.
    ``last_excerpt`` is a stranger's words. Lists leave ``messages``, ``history`` and ``visit`` out.
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
    visit: ChatVisit | None = None


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
    more = {
        "messages": await messages_of(db, interaction_id),
        "history": history,
        "visit": await chat_visit(db, interaction_id),
    }
    return conversation.model_copy(update=more)


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


def _place(cursor: str) -> tuple[datetime, UUID]:
    at, interaction_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(at), UUID(interaction_id)
    except ValueError as error:
        raise CursorInvalid from error
