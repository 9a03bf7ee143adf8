"""What the core tells others after it has happened.

An event holds ids, a version and little else: whoever delivers it reads the
rest at that moment, so that it is right after an erasure or on a late resume.
The action that emits it decides who may hear it (``rooms``); the socket layer never does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

Room = str

#: Admins and owners: they see the whole floor.
FLOOR: Room = "floor"
#: Everybody who is signed in.
STAFF: Room = "staff"


def agent_room(agent_id: UUID) -> Room:
    """The sockets of one person."""
    return f"agent:{agent_id}"


def team_room(team_id: UUID) -> Room:
    """The supervisors of one team."""
    return f"team:{team_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The root: ``type`` is the wire name, ``rooms`` who may hear it."""

    type: ClassVar[str]
    rooms: tuple[Room, ...]

    def as_row(self) -> dict[str, object]:
        """For the outbox: ``{"type", "rooms", "body"}``, JSON-ready for ids, words, numbers and moments."""
        body = {name: getattr(self, name) for name in self.__slots__}  # a class's own slots: all but `rooms`
        return {"type": self.type, "rooms": sorted(set(self.rooms)), "body": body}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOffered(Event):
    """An agent's phone began to ring; emitted once a leg."""

    type: ClassVar[str] = "call.offered"
    interaction_id: UUID
    leg_id: UUID
    agent_id: UUID | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWithdrawn(Event):
    """An offer ended unanswered at that phone; ``result`` says how (a leg's result)."""

    type: ClassVar[str] = "call.withdrawn"
    interaction_id: UUID
    leg_id: UUID
    agent_id: UUID | None
    result: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(Event):
    """A person of ours and the client are connected."""

    type: ClassVar[str] = "call.answered"
    interaction_id: UUID
    leg_id: UUID
    agent_id: UUID | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Event):
    """The call is over; what remains is wrap-up."""

    type: ClassVar[str] = "call.ended"
    interaction_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionChanged(Event):
    """Anything of it changed: state, client, disposition, recordings."""

    type: ClassVar[str] = "interaction.changed"
    interaction_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(Event):
    """A client wrote."""

    type: ClassVar[str] = "message.received"
    interaction_id: UUID
    message_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageChanged(Event):
    """One of ours was written, or has come further: sent, delivered, read, failed."""

    type: ClassVar[str] = "message.changed"
    interaction_id: UUID
    message_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationMoved(Event):
    """A conversation has changed hands; null: it was, or is, its queue's. ``words``: why, for people, {ru, en}."""

    type: ClassVar[str] = "conversation.moved"
    interaction_id: UUID
    from_agent_id: UUID | None
    to_agent_id: UUID | None
    words: dict[str, str]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationDueSoon(Event):
    """The client is to be answered by ``due_at``: the warning before."""

    type: ClassVar[str] = "conversation.due_soon"
    interaction_id: UUID
    due_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationStuck(Event):
    """The client waits for longer than they should, and nobody could be found: a supervisor must act."""

    type: ClassVar[str] = "conversation.stuck"
    interaction_id: UUID
    since: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentioned(Event):
    """A colleague called somebody into a conversation by a note."""

    type: ClassVar[str] = "conversation.mentioned"
    interaction_id: UUID
    message_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackChanged(Event):
    """A promise was made, claimed, kept, cancelled or edited."""

    type: ClassVar[str] = "callback.changed"
    callback_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDueSoon(Event):
    """The warning before a promise becomes due."""

    type: ClassVar[str] = "callback.due_soon"
    callback_id: UUID
    due_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackMoved(Event):
    """A promise changed hands; the explanation is for people."""

    type: ClassVar[str] = "callback.moved"
    callback_id: UUID
    from_agent_id: UUID
    to_agent_id: UUID
    explanation: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackStuck(Event):
    """A promise should have moved, and since then nobody could take it: a supervisor must act."""

    type: ClassVar[str] = "callback.stuck"
    callback_id: UUID
    since: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadChanged(Event):
    """A lead came in, was given to somebody, accepted, edited, closed or left again."""

    type: ClassVar[str] = "lead.changed"
    lead_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadStuck(Event):
    """Nobody can take a lead, or nobody would: the supervisor must know."""

    type: ClassVar[str] = "lead.stuck"
    lead_id: UUID
    since: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChanged(Event):
    """A person's state, presence, extension or role changed."""

    type: ClassVar[str] = "agent.changed"
    agent_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged(Event):
    """Somebody edited a client's card."""

    type: ClassVar[str] = "client.changed"
    client_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueChanged(Event):
    """A list everybody holds (dispositions, pause reasons, queues) has a new version."""

    type: ClassVar[str] = "catalogue.changed"
    name: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxChanged(Event):
    """A PBX is heard no more, or again."""

    type: ClassVar[str] = "pbx.changed"
    pbx: str
    version: int
