"""What the log holds of a call, and what one more hearing of it changes.

``fold`` takes what is stored and what was heard and gives what shall be
stored: a pure function, so hearing the same thing twice, late, or again after
a restart can be judged without a database. An interaction only moves forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from crm_core.domain.calls import (
    CallSnapshot,
    Direction,
    InteractionState,
    LegResult,
    LegRole,
    Outcome,
    outcome,
    wait,
)
from crm_core.domain.ids import new_id
from crm_core.domain.legs import StoredLeg, fold_legs, who_had_the_client
from crm_core.domain.missed_calls import USUAL_MISSED_RULE, MissedRule
from crm_core.domain.path import Stay, joined_stays

#: How far a call has come; wrap-up and closed are both "over" to the PBX.
_PHASE = {
    InteractionState.OFFERED: 0,
    InteractionState.QUEUED: 1,
    InteractionState.ACTIVE: 2,
    InteractionState.WRAP_UP: 3,
    InteractionState.CLOSED: 3,
}
_OVER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """A call's row of the interaction log, with its legs by uniqueid."""

    id: UUID
    direction: str
    state: str
    outcome: str | None = None
    external_id: str
    pbx: str
    boot: str | None
    queue: str | None = None
    queues: tuple[str, ...] = ()
    client_id: UUID | None = None
    client_address: str | None = None
    caller_name: str | None = None
    our_address: str | None = None
    agent_id: UUID | None = None
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    wait_s: float | None = None
    talk_s: float | None = None
    hold_s: float | None = None
    wrap_up_s: float | None = None
    wrap_up_until: datetime | None = None
    closed_at: datetime | None = None
    ended_by: str | None = None
    hangup_cause: int | None = None
    client_channel: str | None = None
    stays: tuple[Stay, ...] = ()  # where the client was when no phone of ours had them
    disposed: bool = False  # a disposition was chosen, maybe during the talk
    contact_number: int | None = None
    complete: bool = True
    version: int = 0  # 0: not stored yet
    legs: Mapping[str, StoredLeg] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return _PHASE[InteractionState(self.state)] == _OVER

    @property
    def people(self) -> set[UUID]:
        """Whose screens show this call: who rings, who talks, who talked."""
        return {
            leg.agent_id
            for leg in self.legs.values()
            if leg.agent_id is not None and (leg.ended_at is None or leg.answered_at is not None)
        } | ({self.agent_id} if self.agent_id is not None else set())


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRule:
    """What a queue says about its calls."""

    team_id: UUID | None = None
    short_abandon: timedelta = timedelta(seconds=5)
    wrap_up_limit: timedelta = timedelta(seconds=120)
    missed: MissedRule = USUAL_MISSED_RULE


USUAL_RULE = QueueRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the log knows beside the call: whose phone that is, whose number, what the queue says."""

    now: datetime  # when it was heard: a clock of the PBX may be wrong, a spool may bring yesterday's calls
    agents: Mapping[str, UUID]  # extension → agent, at this PBX
    present: frozenset[UUID]  # whose desk is open
    queues: Mapping[str, QueueRule]
    addresses: Mapping[str, str | None]  # number as sent → E.164, None when it is not a number
    clients: Mapping[str, tuple[UUID, ...]]  # E.164 → the people behind it


def fold(stored: StoredCall | None, heard: CallSnapshot, around: Surroundings) -> StoredCall | None:
    """What to store now, one version on; None when the hearing says nothing new.

    A hearing that stands behind what is stored (a recording played again, an
    older copy) is nothing new. A tracker that joined late knows fewer legs
    than the log: those it does not name stay as they are.
    """
    if stored is None:
        call = _first_heard(heard)
        return replace(call, version=1, **_changes(call, heard, around))
    if _is_a_part_alone(stored, heard):
        return None
    if _PHASE[heard.state] < _PHASE[InteractionState(stored.state)]:
        return None
    changes = _changes(stored, heard, around)
    if all(getattr(stored, name) == value for name, value in changes.items()):
        return None
    return replace(stored, version=stored.version + 1, **changes)


def _is_a_part_alone(stored: StoredCall, heard: CallSnapshot) -> bool:
    """A consultation that was folded into the client's call, told again from before that."""
    return heard.direction != stored.direction and stored.external_id not in heard.keys


def absorb(call: StoredCall, parts: Iterable[StoredCall]) -> StoredCall:
    """The call with the phones of its ``parts``; whom they talked to there says nothing here."""
    moved = {
        uniqueid: replace(leg, had=(), talk_s=None, hold_s=None)
        for part in parts
        for uniqueid, leg in part.legs.items()
    }
    return replace(call, legs=moved | dict(call.legs))


def absorbed(part: StoredCall, now: datetime) -> StoredCall:
    """What is left of a call that was part of another: a row that points there and asks nobody for anything."""
    return replace(
        part,
        state=InteractionState.CLOSED,
        closed_at=part.closed_at or part.ended_at or now,
        wrap_up_until=None,
        client_channel=None,
        contact_number=None,
        version=part.version + 1,
        legs={},
    )


def _first_heard(heard: CallSnapshot) -> StoredCall:
    return StoredCall(
        id=new_id(heard.started_at),
        direction=heard.direction,
        state=InteractionState.OFFERED,
        external_id=heard.linkedid,
        pbx=heard.pbx,
        boot=heard.boot,
        started_at=heard.started_at,
    )


def lacks_addresses(stored: StoredCall | None, heard: CallSnapshot) -> bool:
    """Does the hearing name a number that the log does not know yet; who dials is heard before whom they dial."""
    if stored is None:
        return True
    return (stored.client_address is None and heard.client_number is not None) or (
        stored.our_address is None and heard.our_number is not None
    )


def _addresses(stored: StoredCall, heard: CallSnapshot, around: Surroundings) -> dict[str, Any]:
    """Who called whom, as far as that is news; whose number it is, is asked once."""
    if not lacks_addresses(stored, heard):
        return {}
    address = stored.client_address or _address(heard.client_number, around)
    people = around.clients.get(address, ()) if address and heard.direction is not Direction.INTERNAL else ()
    return {
        "client_id": stored.client_id or (people[0] if len(people) == 1 else None),
        "client_address": address,
        "caller_name": stored.caller_name or heard.client_name,
        "our_address": stored.our_address or _address(heard.our_number, around),
    }


def _address(number: str | None, around: Surroundings) -> str | None:
    return (around.addresses.get(number) or number) if number else None


# One dictionary and one copy a hearing: this is the path that a PBX's whole traffic takes.
def _changes(stored: StoredCall, heard: CallSnapshot, around: Surroundings) -> dict[str, Any]:
    legs = fold_legs(stored.legs, heard.legs, around.agents)
    answered_at = stored.answered_at or heard.answered_at
    waited = wait(heard)
    changes: dict[str, Any] = {
        "legs": legs,
        "started_at": min(stored.started_at, heard.started_at),
        "answered_at": answered_at,
        "queues": _union(stored.queues, heard.queues),
        "queue": heard.answered_queue or (heard.queues[-1] if heard.queues else stored.queue),
        "agent_id": who_had_the_client(legs, heard.direction) or stored.agent_id,
        "client_channel": None if heard.ended_at else heard.client_channel,
        "stays": joined_stays(stored.stays, heard.stays, over_at=stored.ended_at or heard.ended_at),
        "ended_by": stored.ended_by or heard.ended_by,
        "hangup_cause": heard.hangup_cause if heard.hangup_cause is not None else stored.hangup_cause,
        "complete": stored.complete and heard.complete,
        **_addresses(stored, heard, around),
    }
    if waited is not None and stored.wait_s is None:
        changes["wait_s"] = _rounded(waited)
    if answered_at is not None and heard.ended_at is not None:
        changes["talk_s"] = _longer(stored.talk_s, heard.talk)
        changes["hold_s"] = _longer(stored.hold_s, heard.hold)
    if stored.is_over and heard.complete and heard.ended_at is not None and stored.outcome != Outcome.ANSWERED:
        # The phones' own channels may tell of the end after the client's: the last word counts.
        changes["outcome"] = outcome(heard, short_abandon=_rule(around, changes["queue"]).short_abandon)
    if not stored.is_over:
        changes["state"] = heard.state
        if heard.ended_at is not None:
            changes |= _finish(stored, heard, around, agent_id=changes["agent_id"], queue=changes["queue"])
    return changes


def _finish(
    stored: StoredCall, heard: CallSnapshot, around: Surroundings, *, agent_id: UUID | None, queue: str | None
) -> dict[str, Any]:
    """The end of the call: its outcome, and wrap-up for a present agent who answered it.

    Wrap-up is a person's time: it begins when their desk is told of the end, however late that is.
    """
    assert heard.ended_at is not None
    rule = _rule(around, queue)
    verdict = outcome(heard, short_abandon=rule.short_abandon)
    wraps_up = (
        verdict is Outcome.ANSWERED
        and heard.direction is not Direction.INTERNAL
        and agent_id in around.present
        and not stored.disposed
    )
    ended = {"outcome": verdict, "ended_at": heard.ended_at}
    if wraps_up:
        return ended | {"state": InteractionState.WRAP_UP, "wrap_up_until": around.now + rule.wrap_up_limit}
    no_wrap_up = 0.0 if verdict is Outcome.ANSWERED else None
    return ended | {"state": InteractionState.CLOSED, "closed_at": heard.ended_at, "wrap_up_s": no_wrap_up}


def _rule(around: Surroundings, queue: str | None) -> QueueRule:
    return around.queues.get(queue or "", USUAL_RULE)


def _union(first: tuple[str, ...], then: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *then)))


def _longer(known: float | None, heard: timedelta) -> float:
    return max(known or 0.0, _rounded(heard))


def _rounded(span: timedelta) -> float:
    return round(span.total_seconds(), 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegNews:
    """One thing that happened at one phone."""

    kind: Literal["offered", "answered", "withdrawn"]
    leg: StoredLeg


def news_of(before: StoredCall | None, after: StoredCall) -> list[LegNews]:
    """What happened at the phones between two rows of the same call, in order.

    Each of it is said once, because the rows remember it: an offer when a leg
    first rang, its withdrawal when it ended unanswered, the answer when a
    person and the client were connected.
    """
    was = before.legs if before is not None else {}
    news: list[LegNews] = []
    for leg in sorted(after.legs.values(), key=lambda one: one.offered_at):
        known = was.get(leg.uniqueid)
        if leg.is_offer and not (known and known.rang):
            news.append(LegNews(kind="offered", leg=leg))
        if leg.is_offer and leg.answered_at and not (known and known.answered_at):
            news.append(LegNews(kind="answered", leg=leg))
        if leg.is_offer and _ended_unanswered(leg) and not (known and _ended_unanswered(known)):
            news.append(LegNews(kind="withdrawn", leg=leg))
        client_took_it = after.answered_at is not None and (before is None or before.answered_at is None)
        if leg.role == LegRole.ORIGINATE and client_took_it and leg.answered_at is not None:
            news.append(LegNews(kind="answered", leg=leg))
    return news


def _ended_unanswered(leg: StoredLeg) -> bool:
    return leg.ended_at is not None and leg.answered_at is None and leg.result != LegResult.ANSWERED
