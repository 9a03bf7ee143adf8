"""What a desk can be told, event by event: the payloads of the wire.

Whole small things, never deltas; see :mod:`crm_core.views.wire` for how they are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from crm_core.domain import events
from crm_core.views.agents import Agent
from crm_core.views.callbacks import Callback
from crm_core.views.cards import Card
from crm_core.views.conversations import Conversation
from crm_core.views.interactions import Interaction
from crm_core.views.leads import Lead
from crm_core.views.messages import Message
from crm_core.views.model import WireModel
from crm_core.views.users import User


class WireEvent(WireModel):
    """What every event carries: its place in the public order, its thing's version, when it happened.

    ``versioned`` names the thing whose version it tells; without one the outbox says it.
    """

    versioned: ClassVar[str | None] = None

    seq: int
    version: int
    at: datetime


class CallOffered(WireEvent):
    """A phone rings; the card is in the first frame."""

    versioned = "interaction"

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

    versioned = "interaction"

    interaction: Interaction
    agent_id: UUID | None
    leg_id: UUID


class CallEnded(WireEvent):
    """The call is over; what remains is wrap-up."""

    versioned = "interaction"

    interaction: Interaction


class InteractionChanged(WireEvent):
    """Anything of it changed."""

    versioned = "interaction"

    interaction: Conversation | Interaction


class MessageReceived(WireEvent):
    """A client wrote."""

    interaction: Conversation | Interaction
    message: Message


class MessageChanged(WireEvent):
    """One of ours was written, or has come further: sent, delivered, read, failed."""

    versioned = "message"

    interaction: Conversation | Interaction
    message: Message


class ConversationMoved(WireEvent):
    """A conversation has changed hands; null: it was, or is, its queue's. ``words``: why, {ru, en}."""

    versioned = "interaction"

    interaction: Conversation | Interaction
    from_agent_id: UUID | None
    to_agent_id: UUID | None
    words: dict[str, str]


class ConversationDueSoon(WireEvent):
    """The client is to be answered by ``due_at``."""

    versioned = "interaction"

    interaction: Conversation | Interaction
    due_at: datetime


class ConversationStuck(WireEvent):
    """The client waits for longer than they should, and nobody could be found; told to those who supervise."""

    versioned = "interaction"

    interaction: Conversation | Interaction
    since: datetime


class Mentioned(WireEvent):
    """A colleague called you into a conversation."""

    versioned = "interaction"

    interaction: Conversation | Interaction
    message: Message


class CallbackDueSoon(WireEvent):
    """The warning before a promise becomes due."""

    versioned = "callback"

    callback: Callback


class CallbackChanged(WireEvent):
    """A promise was made, claimed, kept, cancelled or edited."""

    versioned = "callback"

    callback: Callback


class CallbackMoved(WireEvent):
    """A promise changed hands; told to both owners and supervisors."""

    versioned = "callback"

    callback: Callback
    from_agent_id: UUID
    to_agent_id: UUID
    explanation: str


class CallbackStuck(WireEvent):
    """It should have moved, and nobody could take it; told to those who supervise."""

    versioned = "callback"

    callback: Callback
    since: datetime


class LeadChanged(WireEvent):
    """A lead came in, was given to somebody, accepted, edited, closed or left again."""

    versioned = "lead"

    lead: Lead


class LeadStuck(WireEvent):
    """Nobody can take a lead, or nobody would, since then: whoever supervises it must act."""

    versioned = "lead"

    lead: Lead
    lead_id: UUID
    since: datetime


class AgentChanged(WireEvent):
    """A person's state, presence, extension or role changed."""

    versioned = "agent"

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
