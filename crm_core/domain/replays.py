"""Last month under this policy: which promises would have moved, when, to whom.

The past is told as it was: who was at the desk at each moment, and when each
client was really reached. What nobody can know is whether the next owner would
have called sooner, so the client is taken to be reached when they were. The
same ``next_step`` and ``choose_agent`` decide that decide today.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.distribution import USUAL_LIMITS, Candidate, History, Limits, Need, Strategy, choose_agent
from crm_core.domain.outages import Gap
from crm_core.domain.policies import Action, Policy, Rules, Surroundings, moments
from crm_core.domain.watching import Extend, Move, WatchedCallback, next_step
from crm_core.domain.working_time import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPromise:
    """A promise of the past."""

    id: UUID
    agent_id: UUID  # who gave it
    promised_at: datetime
    due_at: datetime
    done_at: datetime | None  # when the contact that kept it began, or it was cancelled; None: never
    around: Surroundings = field(default_factory=Surroundings)
    team_id: UUID | None = None
    skills: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ()
    destination: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldMove:
    """One move that would have been; to nobody: it would have gone to the supervisor."""

    callback_id: UUID
    at: datetime
    late: timedelta
    from_agent_id: UUID
    to_agent_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the policy would have done."""

    concerned: int  # promises it would have been about
    moves: tuple[WouldMove, ...]  # in order of time

    @property
    def moved(self) -> int:
        """How many promises would have changed hands at least once."""
        return len({move.callback_id for move in self.moves if move.to_agent_id is not None})

    @property
    def given(self) -> Counter[UUID]:
        """How many each manager would have received: the load."""
        return Counter(move.to_agent_id for move in self.moves if move.to_agent_id is not None)

    @property
    def taken(self) -> Counter[UUID]:
        """How many each manager would have lost."""
        return Counter(move.from_agent_id for move in self.moves if move.to_agent_id is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the log knows beside the promises."""

    people: Callable[[PastPromise, datetime], Sequence[Candidate]]  # as they were at that moment
    until: datetime
    gaps: Sequence[Gap] = ()
    calendar: Calendar | None = None
    strategy: Strategy = Strategy.LEAST_LOADED
    limits: Limits = USUAL_LIMITS


def replay(promises: Iterable[PastPromise], policy: Policy, past: Past) -> Replay:
    """What ``policy`` would have moved up to ``past.until``, had it been on."""
    concerned = [promise for promise in promises if policy.concerns(promise.around)]
    if policy.action is not Action.MOVE:
        return Replay(concerned=len(concerned), moves=())
    rehearsal = _Rehearsal(policy, past)
    for promise in concerned:
        rehearsal.promise(promise)
    rehearsal.run()
    return Replay(concerned=len(concerned), moves=tuple(rehearsal.moves))


@dataclass(slots=True, kw_only=True)
class _Owed:
    """A promise while the past goes by."""

    promise: PastPromise
    owner_id: UUID
    watched: WatchedCallback
    lost: dict[UUID, datetime] = field(default_factory=dict)


class _Rehearsal:
    """The past, moment by moment, with the policy on."""

    def __init__(self, policy: Policy, past: Past) -> None:
        self.moves: list[WouldMove] = []
        self._policy = policy
        self._past = past
        self._owed: dict[UUID, _Owed] = {}
        self._due: list[tuple[datetime, datetime, UUID]] = []
        self._given: defaultdict[UUID, list[datetime]] = defaultdict(list)
        self._balance: Counter[UUID] = Counter()  # clients more or fewer than they really had

    def promise(self, promise: PastPromise) -> None:
        watched = self._watched(promise, since=promise.promised_at, moves=0)
        self._owed[promise.id] = _Owed(promise=promise, owner_id=promise.agent_id, watched=watched)
        self._look_again(promise.id)

    def run(self) -> None:
        while self._due and self._due[0][0] <= self._past.until:
            now, _, callback_id = heapq.heappop(self._due)
            self._decide(self._owed[callback_id], now)

    def _decide(self, owed: _Owed, now: datetime) -> None:
        step = next_step(self._policy, owed.watched, now, self._past.gaps, calendar=self._past.calendar)
        done_at = owed.promise.done_at
        if isinstance(step, Extend):
            later = replace(owed.watched.moments, escalate_at=step.escalate_at)
            owed.watched = replace(owed.watched, moments=later, forgiven=step.forgiven)
            self._look_again(owed.promise.id)
        elif isinstance(step, Move) and (done_at is None or done_at > step.escalate_at):
            self._move(owed, now)

    def _move(self, owed: _Owed, now: datetime) -> None:
        promise, loser = owed.promise, owed.owner_id
        chosen = self._choose(owed, now)
        self.moves.append(
            WouldMove(
                callback_id=promise.id, at=now, late=now - promise.due_at, from_agent_id=loser, to_agent_id=chosen
            )
        )
        if chosen is None:
            return
        self._given[chosen].append(now)
        self._balance[chosen] += 1
        self._balance[loser] -= 1
        owed.lost[loser] = now
        owed.owner_id = chosen
        owed.watched = self._watched(promise, since=now, moves=owed.watched.moves + 1)
        self._look_again(promise.id)

    def _choose(self, owed: _Owed, now: datetime) -> UUID | None:
        promise, past = owed.promise, self._past
        need = Need(
            at=now,
            from_agent_id=owed.owner_id,
            team_id=promise.team_id,
            skills=promise.skills,
            languages=promise.languages,
            destination=promise.destination,
            cooldown=self._policy.cooldown,
        )
        people = [
            replace(one, active_clients=max(one.active_clients + self._balance[one.agent_id], 0))
            for one in past.people(promise, now)
        ]
        history = History(lost=owed.lost, given=self._given)
        chosen = choose_agent(people, need, past.strategy, history, limits=past.limits).chosen
        return chosen.agent_id if chosen else None

    def _watched(self, promise: PastPromise, *, since: datetime, moves: int) -> WatchedCallback:
        rules = Rules(moving=self._policy)
        made = moments(rules, promise.due_at, since=since, calendar=self._past.calendar)
        return WatchedCallback(due_at=promise.due_at, moments=made, moves=moves)

    def _look_again(self, callback_id: UUID) -> None:
        watched = self._owed[callback_id].watched
        if watched.moments.escalate_at is not None:
            heapq.heappush(self._due, (watched.moments.escalate_at, watched.due_at, callback_id))
