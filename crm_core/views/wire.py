"""What goes over the wire when something has happened: whole small things, never deltas.

The outbox says what happened to which thing; here the thing is read, as it is
at this moment. So a late delivery tells the truth of today, also after an
erasure, and an event whose thing is gone is not told at all. One batch of rows
costs one query a kind of thing, whatever its size.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from crm_core.domain import events
from crm_core.domain.events import Room
from crm_core.store.database import Reader
from crm_core.store.outbox import OutboxRow
from crm_core.views.agents import Agent, load_agents
from crm_core.views.callbacks import Callback, load_callbacks
from crm_core.views.cards import Card, cards_for
from crm_core.views.conversations import Conversation, as_conversations
from crm_core.views.interactions import Interaction, load_interactions
from crm_core.views.leads import Lead, load_leads
from crm_core.views.messages import Message, load_messages
from crm_core.views.model import WireModel
from crm_core.views.users import User

Thing = TypeVar("Thing")


class WireEvent(WireModel):
    """What every event carries: its place in the public order, its thing's version, when it happened."""

    seq: int
    version: int
    at: datetime


class CallOffered(WireEvent):
    """A phone rings; the card is in the first frame."""

    interaction: Interaction
    card: Card
    agent_id: UUID | None
    leg_id: UUID


class CallWithdrawn(WireEvent):
    """An offer ended unanswered at that phone."""

    interaction_id: UUID
    agent_id: UUID | None
    leg_id: UUID
    result: str


class CallAnswered(WireEvent):
    """A person of ours and the client are connected."""

    interaction: Interaction
    agent_id: UUID | None
    leg_id: UUID


class CallEnded(WireEvent):
    """The call is over; what remains is wrap-up."""

    interaction: Interaction


class InteractionChanged(WireEvent):
    """Anything of it changed."""

    interaction: Conversation | Interaction


class MessageReceived(WireEvent):
    """A client wrote."""

    interaction: Conversation | Interaction
    message: Message


class MessageChanged(WireEvent):
    """One of ours was written, or has come further: sent, delivered, read, failed."""

    interaction: Conversation | Interaction
    message: Message


class ConversationMoved(WireEvent):
    """A conversation has changed hands; null: it was, or is, its queue's. ``words``: why, {ru, en}."""

    interaction: Conversation | Interaction
    from_agent_id: UUID | None
    to_agent_id: UUID | None
    words: dict[str, str]


class ConversationDueSoon(WireEvent):
    """The client is to be answered by ``due_at``."""

    interaction: Conversation | Interaction
    due_at: datetime


class ConversationStuck(WireEvent):
    """The client waits for longer than they should, and nobody could be found; told to those who supervise."""

    interaction: Conversation | Interaction
    since: datetime


class Mentioned(WireEvent):
    """A colleague called you into a conversation."""

    interaction: Conversation | Interaction
    message: Message


class CallbackDueSoon(WireEvent):
    """The warning before a promise becomes due."""

    callback: Callback


class CallbackChanged(WireEvent):
    """A promise was made, claimed, kept, cancelled or edited."""

    callback: Callback


class CallbackMoved(WireEvent):
    """A promise changed hands; told to both owners and supervisors."""

    callback: Callback
    from_agent_id: UUID
    to_agent_id: UUID
    explanation: str


class CallbackStuck(WireEvent):
    """It should have moved, and nobody could take it; told to those who supervise."""

    callback: Callback
    since: datetime


class LeadChanged(WireEvent):
    """A lead came in, was given to somebody, accepted, edited, closed or left again."""

    lead: Lead


class LeadStuck(WireEvent):
    """Nobody can take a lead, or nobody would, since then: whoever supervises it must act."""

    lead: Lead
    lead_id: UUID
    since: datetime


class AgentChanged(WireEvent):
    """A person's state, presence, extension or role changed."""

    agent: Agent


class ClientChanged(WireEvent):
    """Somebody edited a client's card: whoever shows it reads it again."""

    client_id: UUID


class CatalogueChanged(WireEvent):
    """A list that everybody holds has a new version: whoever holds it reads it again."""

    name: str


class PbxChanged(WireEvent):
    """A PBX is heard no more, or again: whoever shows it reads it again."""

    pbx: str


class Answering(WireModel):
    """Somebody writes in a conversation at this moment, or has stopped; without ``agent_id`` it is the client.

    Told beside the order of events, without a ``seq``, and never again: who has heard nothing for ten seconds
    believes that they stopped.
    """

    interaction_id: UUID
    agent_id: UUID | None
    name: str | None
    is_writing: bool
    at: datetime


class Hello(WireModel):
    """The first event of every connection: everything after ``seq`` follows. ``version`` is the program's."""

    seq: int
    user: User
    version: str
    at: datetime


class Reload(WireEvent):
    """What was missed is no longer known: read everything again, then go on from ``seq``."""


#: Wire name → payload: all that a desk can be told.
SERVER_EVENTS: Mapping[str, type[WireModel]] = {
    "hello": Hello,
    "reload": Reload,
    "conversation.answering": Answering,
    events.CallOffered.type: CallOffered,
    events.CallWithdrawn.type: CallWithdrawn,
    events.CallAnswered.type: CallAnswered,
    events.CallEnded.type: CallEnded,
    events.InteractionChanged.type: InteractionChanged,
    events.MessageReceived.type: MessageReceived,
    events.MessageChanged.type: MessageChanged,
    events.ConversationMoved.type: ConversationMoved,
    events.ConversationDueSoon.type: ConversationDueSoon,
    events.ConversationStuck.type: ConversationStuck,
    events.Mentioned.type: Mentioned,
    events.CallbackDueSoon.type: CallbackDueSoon,
    events.CallbackChanged.type: CallbackChanged,
    events.CallbackMoved.type: CallbackMoved,
    events.CallbackStuck.type: CallbackStuck,
    events.LeadChanged.type: LeadChanged,
    events.LeadStuck.type: LeadStuck,
    events.AgentChanged.type: AgentChanged,
    events.ClientChanged.type: ClientChanged,
    events.CatalogueChanged.type: CatalogueChanged,
    events.PbxChanged.type: PbxChanged,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event as it can be told now."""

    seq: int
    name: str
    rooms: tuple[Room, ...]
    payload: WireEvent


async def load_events(db: Reader, rows: Sequence[OutboxRow]) -> list[Told]:
    """The rows as they can be told now, in their order, without those whose thing is gone."""
    things = await _load_things(db, rows)
    told = []
    for row in rows:
        with suppress(_Gone):
            told.append(Told(seq=row.seq, name=row.type, rooms=row.rooms, payload=_TELLERS[row.type](row, things)))
    return told


class _Gone(Exception):
    """The thing an event was about does not exist any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Things:
    """What the rows of one batch are about; asking for what is gone raises ``_Gone``."""

    interactions: Mapping[UUID, Interaction]
    cards: Mapping[UUID, Card]  # by interaction
    messages: Mapping[UUID, Message]
    callbacks: Mapping[UUID, Callback]
    agents: Mapping[UUID, Agent]
    leads: Mapping[UUID, Lead]

    def interaction(self, row: OutboxRow) -> Interaction:
        return _still(self.interactions, _id(row, "interaction_id"))

    def card(self, row: OutboxRow) -> Card:
        return _still(self.cards, _id(row, "interaction_id"))

    def message(self, row: OutboxRow) -> Message:
        return _still(self.messages, _id(row, "message_id"))

    def callback(self, row: OutboxRow) -> Callback:
        return _still(self.callbacks, _id(row, "callback_id"))

    def agent(self, row: OutboxRow) -> Agent:
        return _still(self.agents, _id(row, "agent_id"))

    def lead(self, row: OutboxRow) -> Lead:
        return _still(self.leads, _id(row, "lead_id"))


_INTERACTIONS = {
    events.CallOffered.type,
    events.CallAnswered.type,
    events.CallEnded.type,
    events.InteractionChanged.type,
    events.MessageReceived.type,
    events.MessageChanged.type,
    events.ConversationMoved.type,
    events.ConversationDueSoon.type,
    events.ConversationStuck.type,
    events.Mentioned.type,
}
_MESSAGES = {events.MessageReceived.type, events.MessageChanged.type, events.Mentioned.type}
_CALLBACKS = {
    events.CallbackDueSoon.type,
    events.CallbackChanged.type,
    events.CallbackMoved.type,
    events.CallbackStuck.type,
}


async def _load_things(db: Reader, rows: Sequence[OutboxRow]) -> _Things:
    def ids(field: str, types: Container[str]) -> set[UUID]:
        return {_id(row, field) for row in rows if row.type in types}

    interactions = await as_conversations(db, await load_interactions(db, ids("interaction_id", _INTERACTIONS)))
    offered = ids("interaction_id", {events.CallOffered.type})
    callbacks = ids("callback_id", _CALLBACKS)
    agents = ids("agent_id", {events.AgentChanged.type})
    leads = ids("lead_id", {events.LeadChanged.type, events.LeadStuck.type})
    return _Things(
        interactions=interactions,
        cards=await cards_for(db, [interactions[one] for one in offered if one in interactions]) if offered else {},
        messages=await load_messages(db, ids("message_id", _MESSAGES)),
        callbacks=await load_callbacks(db, callbacks) if callbacks else {},
        agents=await load_agents(db, agents) if agents else {},
        leads=await load_leads(db, leads),
    )


def _call_offered(row: OutboxRow, things: _Things) -> CallOffered:
    interaction = things.interaction(row)
    return CallOffered(
        seq=row.seq,
        version=interaction.version,
        at=row.at,
        interaction=interaction,
        card=things.card(row),
        agent_id=_id_or_none(row, "agent_id"),
        leg_id=_id(row, "leg_id"),
    )


def _call_withdrawn(row: OutboxRow, things: _Things) -> CallWithdrawn:
    return CallWithdrawn(
        seq=row.seq,
        version=_number(row, "version"),
        at=row.at,
        interaction_id=_id(row, "interaction_id"),
        agent_id=_id_or_none(row, "agent_id"),
        leg_id=_id(row, "leg_id"),
        result=str(row.body["result"]),
    )


def _call_answered(row: OutboxRow, things: _Things) -> CallAnswered:
    interaction = things.interaction(row)
    return CallAnswered(
        seq=row.seq,
        version=interaction.version,
        at=row.at,
        interaction=interaction,
        agent_id=_id_or_none(row, "agent_id"),
        leg_id=_id(row, "leg_id"),
    )


def _call_ended(row: OutboxRow, things: _Things) -> CallEnded:
    interaction = things.interaction(row)
    return CallEnded(seq=row.seq, version=interaction.version, at=row.at, interaction=interaction)


def _interaction_changed(row: OutboxRow, things: _Things) -> InteractionChanged:
    interaction = things.interaction(row)
    return InteractionChanged(seq=row.seq, version=interaction.version, at=row.at, interaction=interaction)


def _message_received(row: OutboxRow, things: _Things) -> MessageReceived:
    return MessageReceived(
        seq=row.seq,
        version=_number(row, "version"),
        at=row.at,
        interaction=things.interaction(row),
        message=things.message(row),
    )


def _message_changed(row: OutboxRow, things: _Things) -> MessageChanged:
    message = things.message(row)
    return MessageChanged(
        seq=row.seq, version=message.version, at=row.at, interaction=things.interaction(row), message=message
    )


def _conversation_moved(row: OutboxRow, things: _Things) -> ConversationMoved:
    interaction = things.interaction(row)
    return ConversationMoved(
        seq=row.seq,
        version=interaction.version,
        at=row.at,
        interaction=interaction,
        from_agent_id=_id_or_none(row, "from_agent_id"),
        to_agent_id=_id_or_none(row, "to_agent_id"),
        words=_words(row, "words"),
    )


def _conversation_due_soon(row: OutboxRow, things: _Things) -> ConversationDueSoon:
    interaction = things.interaction(row)
    return ConversationDueSoon(
        seq=row.seq, version=interaction.version, at=row.at, interaction=interaction, due_at=_moment(row, "due_at")
    )


def _conversation_stuck(row: OutboxRow, things: _Things) -> ConversationStuck:
    interaction = things.interaction(row)
    return ConversationStuck(
        seq=row.seq, version=interaction.version, at=row.at, interaction=interaction, since=_moment(row, "since")
    )


def _mentioned(row: OutboxRow, things: _Things) -> Mentioned:
    interaction = things.interaction(row)
    return Mentioned(
        seq=row.seq, version=interaction.version, at=row.at, interaction=interaction, message=things.message(row)
    )


def _callback_due_soon(row: OutboxRow, things: _Things) -> CallbackDueSoon:
    callback = things.callback(row)
    return CallbackDueSoon(seq=row.seq, version=callback.version, at=row.at, callback=callback)


def _callback_changed(row: OutboxRow, things: _Things) -> CallbackChanged:
    callback = things.callback(row)
    return CallbackChanged(seq=row.seq, version=callback.version, at=row.at, callback=callback)


def _callback_moved(row: OutboxRow, things: _Things) -> CallbackMoved:
    callback = things.callback(row)
    return CallbackMoved(
        seq=row.seq,
        version=callback.version,
        at=row.at,
        callback=callback,
        from_agent_id=_id(row, "from_agent_id"),
        to_agent_id=_id(row, "to_agent_id"),
        explanation=str(row.body["explanation"]),
    )


def _callback_stuck(row: OutboxRow, things: _Things) -> CallbackStuck:
    callback = things.callback(row)
    return CallbackStuck(
        seq=row.seq,
        version=callback.version,
        at=row.at,
        callback=callback,
        since=_moment(row, "since"),
    )


def _agent_changed(row: OutboxRow, things: _Things) -> AgentChanged:
    agent = things.agent(row)
    return AgentChanged(seq=row.seq, version=agent.version, at=row.at, agent=agent)


def _lead_changed(row: OutboxRow, things: _Things) -> LeadChanged:
    lead = things.lead(row)
    return LeadChanged(seq=row.seq, version=lead.version, at=row.at, lead=lead)


def _lead_stuck(row: OutboxRow, things: _Things) -> LeadStuck:
    lead = things.lead(row)
    since = _moment(row, "since")
    return LeadStuck(seq=row.seq, version=lead.version, at=row.at, lead=lead, lead_id=lead.id, since=since)


def _client_changed(row: OutboxRow, things: _Things) -> ClientChanged:
    return ClientChanged(seq=row.seq, version=_number(row, "version"), at=row.at, client_id=_id(row, "client_id"))


def _catalogue_changed(row: OutboxRow, things: _Things) -> CatalogueChanged:
    return CatalogueChanged(seq=row.seq, version=_number(row, "version"), at=row.at, name=str(row.body["name"]))


def _pbx_changed(row: OutboxRow, things: _Things) -> PbxChanged:
    return PbxChanged(seq=row.seq, version=_number(row, "version"), at=row.at, pbx=str(row.body["pbx"]))


_TELLERS: Mapping[str, Callable[[OutboxRow, _Things], WireEvent]] = {
    events.CallOffered.type: _call_offered,
    events.CallWithdrawn.type: _call_withdrawn,
    events.CallAnswered.type: _call_answered,
    events.CallEnded.type: _call_ended,
    events.InteractionChanged.type: _interaction_changed,
    events.MessageReceived.type: _message_received,
    events.MessageChanged.type: _message_changed,
    events.ConversationMoved.type: _conversation_moved,
    events.ConversationDueSoon.type: _conversation_due_soon,
    events.ConversationStuck.type: _conversation_stuck,
    events.Mentioned.type: _mentioned,
    events.CallbackDueSoon.type: _callback_due_soon,
    events.CallbackChanged.type: _callback_changed,
    events.CallbackMoved.type: _callback_moved,
    events.CallbackStuck.type: _callback_stuck,
    events.LeadChanged.type: _lead_changed,
    events.LeadStuck.type: _lead_stuck,
    events.AgentChanged.type: _agent_changed,
    events.ClientChanged.type: _client_changed,
    events.CatalogueChanged.type: _catalogue_changed,
    events.PbxChanged.type: _pbx_changed,
}


def _still(things: Mapping[UUID, Thing], key: UUID) -> Thing:
    try:
        return things[key]
    except KeyError:
        raise _Gone from None


def _id(row: OutboxRow, field: str) -> UUID:
    return UUID(str(row.body[field]))


def _id_or_none(row: OutboxRow, field: str) -> UUID | None:
    return None if row.body[field] is None else _id(row, field)


def _words(row: OutboxRow, field: str) -> dict[str, str]:
    said = row.body[field]
    assert isinstance(said, dict)
    return {str(language): str(text) for language, text in said.items()}


def _moment(row: OutboxRow, field: str) -> datetime:
    return datetime.fromisoformat(str(row.body[field]))


def _number(row: OutboxRow, field: str) -> int:
    return int(str(row.body[field]))
