"""Who works here, what they may do, and what others see them doing."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """From the narrowest view to the widest."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    OWNER = "owner"


class AgentState(StrEnum):
    """What an agent is doing, as the contract names it."""

    AVAILABLE = "available"
    RINGING = "ringing"
    TALKING = "talking"
    HOLD = "hold"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    OFFLINE = "offline"


#: The states a person may set; the rest come from their phone.
SETTABLE = frozenset({AgentState.AVAILABLE, AgentState.PAUSED, AgentState.OFFLINE})


def shown_state(*, chosen: AgentState, phone: AgentState | None, present: bool) -> AgentState:
    """What others see: the phone speaks first, then absence, then what the person chose."""
    if phone is not None:
        return phone
    return chosen if present else AgentState.OFFLINE


#: Reasons of ours in the PBX's queues beside the pause reasons of the list.
WRAP_UP_PAUSE = "WRAP_UP"
OFFLINE_PAUSE = "OFFLINE"

_BUSY = frozenset({AgentState.TALKING, AgentState.HOLD, AgentState.WRAP_UP})


def desired_pause(*, chosen: AgentState, reason: str | None, phone: AgentState | None) -> str | None:
    """Why the PBX's queues should pass this person by; None: they should ring.

    Wrap-up is paused from the answer on: a pause sent at hang-up arrives after the next ring.
    A closed browser pauses nobody: the phone on the desk still works.
    """
    if phone in _BUSY:
        return WRAP_UP_PAUSE
    if chosen is AgentState.PAUSED:
        return reason
    return OFFLINE_PAUSE if chosen is AgentState.OFFLINE else None


def normalised_words(words: Iterable[str]) -> list[str]:
    """Skills and languages in the one spelling in which they are compared, each once, in order."""
    spelled = (" ".join(word.split()).casefold() for word in words)
    return sorted({word for word in spelled if word})
