"""A call that had begun in time, told after the promise was taken away: the move is undone.

A promise that was moved was not kept, and one that was kept was not moved,
whatever order the two were heard in. What decides is when the call began, not
when somebody could write it down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from crm_core.domain.callbacks import HistoryReason
from crm_core.domain.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The time in which somebody owed a promise."""

    agent_id: UUID | None  # None: its queue
    from_at: datetime
    reason: HistoryReason
    escalate_at: datetime | None = None  # came to them by the watchdog: until when the one before had time


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """Moves that should not have been: the ``turns`` they made, and whose promise it was all the time."""

    owner_id: UUID | None
    turns: tuple[Turn, ...]

    @property
    def escalate_at(self) -> datetime | None:
        """Until when they had time."""
        return self.turns[0].escalate_at


def undone_by(turns: Sequence[Turn], begun_at: datetime) -> Undone | None:
    """What a call begun at ``begun_at`` undoes of the story so far, given in order; None: nothing.

    Only moves of the watchdog, and only the latest: what people decided since stays decided.
    """
    first = len(turns)
    while first > 1 and _too_early(turns[first - 1], begun_at):
        first -= 1
    if first == len(turns):
        return None
    return Undone(owner_id=turns[first - 1].agent_id, turns=tuple(turns[first:]))


def _too_early(turn: Turn, begun_at: datetime) -> bool:
    return turn.reason is HistoryReason.LATE and turn.escalate_at is not None and begun_at <= turn.escalate_at


def undone_in_words(begun_at: datetime, zone: tzinfo) -> Words:
    """Why, for the history and for whoever has it no more."""
    at = f"{begun_at.astimezone(zone):%H:%M:%S}"
    return Words(
        ru=f"Звонок клиенту был начат вовремя, в {at}: передача отменена.",
        en=f"The call had begun in time, at {at}: the move is undone.",
    )
