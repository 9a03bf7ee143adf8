"""One phone of ours in the log, and what one more hearing of it changes.

What is once known of a leg is never unlearned. Its role may change to the very
end: a consultation becomes a transfer after the colleague was asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from crm_core.domain.calls import Direction, LegRole, LegSnapshot
from crm_core.domain.ids import new_id
from crm_core.domain.path import Span, had_last, joined


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLeg:
    """One phone of ours in the log."""

    id: UUID
    uniqueid: str
    agent_id: UUID | None
    channel: str
    interface: str
    role: str
    queue: str | None
    offered_at: datetime
    rang: bool
    answered_at: datetime | None
    ended_at: datetime | None
    result: str | None
    on_hold: bool
    had: tuple[Span, ...] = ()  # when it had the client, be it on hold
    talk_s: float | None = None  # both once it has ended
    hold_s: float | None = None

    @property
    def is_offer(self) -> bool:
        """Did it ring somebody who did not place the call themselves."""
        return self.rang and self.role != LegRole.ORIGINATE


def fold_legs(
    stored: Mapping[str, StoredLeg], heard: Iterable[LegSnapshot], agents: Mapping[str, UUID]
) -> dict[str, StoredLeg]:
    """The legs of a call after one more hearing; ``agents`` by extension."""
    legs = dict(stored)
    for leg in heard:
        known = legs.get(leg.uniqueid)
        legs[leg.uniqueid] = _new_leg(leg, agents) if known is None else _fold_leg(known, leg)
    return legs


def who_had_the_client(legs: Mapping[str, StoredLeg], direction: Direction) -> UUID | None:
    """Inbound: who had the client last; outbound the same if it was passed on, else who placed it."""
    placed = [leg for leg in legs.values() if leg.role == LegRole.ORIGINATE]
    others = [leg for leg in legs.values() if leg not in placed and leg.answered_at is not None]
    if direction is not Direction.INBOUND and (direction is Direction.INTERNAL or not others):
        return placed[0].agent_id if placed else None
    last = had_last({uniqueid: leg.had for uniqueid, leg in legs.items()})
    if last is not None:
        return legs[last].agent_id
    answered = [leg for leg in others if leg.role != LegRole.CONSULT]
    return max(answered, key=_answered).agent_id if answered else None


def _new_leg(leg: LegSnapshot, agents: Mapping[str, UUID]) -> StoredLeg:
    return StoredLeg(
        id=new_id(leg.offered_at),
        uniqueid=leg.uniqueid,
        agent_id=agents.get(leg.extension) if leg.extension else None,
        channel=leg.channel,
        interface=leg.interface,
        role=leg.role,
        queue=leg.queue,
        offered_at=leg.offered_at,
        rang=leg.rang,
        answered_at=leg.answered_at,
        ended_at=leg.ended_at,
        result=leg.result,
        on_hold=leg.on_hold,
        had=joined((), leg.had, over_at=leg.ended_at),
        talk_s=_told_at_the_end(None, leg, leg.talk.total_seconds()),
        hold_s=_told_at_the_end(None, leg, leg.hold.total_seconds()),
    )


def _fold_leg(known: StoredLeg, leg: LegSnapshot) -> StoredLeg:
    over = known.ended_at is not None
    return replace(
        known,
        role=leg.role,
        queue=leg.queue or known.queue,
        rang=known.rang or leg.rang,
        offered_at=leg.offered_at if leg.rang and not known.rang and not over else known.offered_at,
        answered_at=known.answered_at or leg.answered_at,
        ended_at=known.ended_at or leg.ended_at,
        result=(known.result or leg.result) if over else (leg.result or known.result),
        on_hold=leg.on_hold and leg.ended_at is None and not over,
        had=joined(known.had, leg.had, over_at=known.ended_at or leg.ended_at),
        talk_s=_told_at_the_end(known.talk_s, leg, leg.talk.total_seconds()),
        hold_s=_told_at_the_end(known.hold_s, leg, leg.hold.total_seconds()),
    )


def _told_at_the_end(known: float | None, leg: LegSnapshot, heard_s: float) -> float | None:
    """Of two hearings the one that listened longer is believed."""
    return known if leg.ended_at is None else max(known or 0.0, round(heard_s, 3))


def _answered(leg: StoredLeg) -> datetime:
    assert leg.answered_at is not None
    return leg.answered_at
