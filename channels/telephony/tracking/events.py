"""What the tracker tells: that something happened to a call, and when.

An event says *what* changed; the whole truth of the call is its snapshot.
Each is told once, however often the PBX repeats itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_core.domain.calls import LegResult


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """Something happened to a call; also the plainest one: look at its snapshot again."""

    linkedid: str  # of the call, as its snapshot has it
    at: datetime  # aware, UTC: the PBX's own clock where it tells the time


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(CallEvent):
    """The first sign of a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(CallEvent):
    """The call entered a queue."""

    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEvent(CallEvent):
    """Something happened to one phone of ours."""

    uniqueid: str
    interface: str  # "PJSIP/1001"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegOffered(LegEvent):
    """A phone of ours began to ring, and its owner did not place the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAnswered(LegEvent):
    """A phone of ours was picked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded(LegEvent):
    """A phone of ours is out of the call."""

    result: LegResult


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldChanged(LegEvent):
    """A phone of ours put the others on hold, or took them back."""

    on_hold: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(CallEvent):
    """A person of ours and the client were connected for the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted(CallEvent):
    """The PBX named a recording of the call."""

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallChanged(CallEvent):
    """Anything else about the call became known or different."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMerged(CallEvent):
    """Another call turned out to be part of this one, a consultation that became a transfer."""

    merged: str  # the linkedid by which the other call was known; its snapshot is this call's from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(CallEvent):
    """The call is over; late facts about it may still follow for a while."""
