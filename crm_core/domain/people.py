"""Who works here, what they may do, and what others see them doing."""

from __future__ import annotations

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
