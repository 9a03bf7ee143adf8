"""Last month under this policy: which promises would have moved, when, to whom.

The past is told as it was: who was at the desk at each moment, and when each
client was really reached. What nobody can know is whether the next owner would
have called sooner, so the client is taken to be reached when they were. The
same ``next_step`` and ``choose_agent`` decide that decide today. When nobody
may have a promise it waits, as it does today, for whoever comes next.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.distribution import USUAL_LIMITS, Candidate, Choice, History, Limits, Need, Strategy, choose_agent
from crm_core.domain.outages import Gap
from crm_core.domain.policies import Action, Moments, Policy, Rules, Surroundings, moments, rules_for
from crm_core.domain.watching import Extend, Move, WatchedCallback, next_step
from crm_core.domain.working_time import Calendar

#: Who found nobody is asked for again at the next arrival, but not more often than this.
LOOK_AGAIN = timedelta(minutes=5)
_HOUR = timedelta(hours=1)


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
    client_id: UUID | None = None
    via: str = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldMove:
    """One move that would have been; to nobody: the supervisor would have been told, and it would have waited."""

    callback_id: UUID
    at: datetime
    late: timedelta
    from_agent_id: UUID
    to_agent_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the policy would have done."""

    concerned: int  # promises it would have been about
    overdue: int  # those whose grace would have ended before the client was reached
    moves: tuple[WouldMove, ...]  # in order of time

    @property
    def moved(self) -> int:
        """How many promises would have changed hands at least once."""
        return len({move.callback_id for move in self.moves if move.to_agent_id is not None})

    @property
    def nobody(self) -> int:
        """How many found nobody, and stayed so."""
        last = {move.callback_id: move.to_agent_id for move in self.moves}
        return sum(to_agent_id is None for to_agent_id in last.values())

    @property
    def given(self) -> Counter[UUID]:
        """How many each manager would have received: the load."""
        return Counter(move.to_agent_id for move in self.moves if move.to_agent_id is not None)

    @property
    def taken(self) -> Counter[UUID]:
        """How many each manager would have lost."""
        return Counter(move.from_agent_id for move in self.moves if move.to_agent_id is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a team's work is given out."""

    strategy: Strategy = Strategy.LEAST_LOADED
    limits: Limits = USUAL_LIMITS


USUAL_MANNER = Manner()


#: Who was there for a promise at a moment, each with so many clients more or fewer than they really had.
PeopleThen = Callable[[PastPromise, datetime, Mapping[UUID, int]], Sequence[Candidate]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the log knows beside the promises."""

    people: PeopleThen
    until: datetime
    arrivals: Sequence[datetime] = ()  # in order: when somebody came who may be given work
    gaps_of: Callable[[PastPromise, UUID], Sequence[Gap]] = lambda _promise, _owner_id: ()
    calendar_of: Callable[[UUID], Calendar | None] = lambda _owner_id: None
    manner_of: Callable[[PastPromise], Manner] = lambda _promise: USUAL_MANNER


def concerned_by(policy: Policy, promises: Iterable[PastPromise], others: Iterable[Policy]) -> list[PastPromise]:
    """The promises for which this rule would have counted, ``others`` being on as they are today.

    A more specific rule that does the same takes its place.
    """
    rules = [*(other for other in others if other.name != policy.name), replace(policy, enabled=True)]
    counts: dict[Surroundings, bool] = {}
    concerned = []
    for promise in promises:
        if promise.around not in counts:
            counts[promise.around] = any(rule.name == policy.name for rule in rules_for(rules, promise.around).all)
        if counts[promise.around]:
            concerned.append(promise)
    return concerned


def replay(promises: Iterable[PastPromise], policy: Policy, past: Past) -> Replay:
    """What ``policy`` would have done up to ``past.until``, had it been on; see ``concerned_by``."""
    concerned = [promise for promise in promises if policy.concerns(promise.around)]
    if policy.action is not Action.MOVE:
        overdue = sum(_is_overdue(promise, policy, past) for promise in concerned)
        return Replay(concerned=len(concerned), overdue=overdue, moves=())
    rehearsal = _Rehearsal(policy, past)
    for promise in concerned:
        rehearsal.promise(promise)
    rehearsal.run()
    moves = tuple(rehearsal.moves)
    return Replay(concerned=len(concerned), overdue=len({move.callback_id for move in moves}), moves=moves)


def _is_overdue(promise: PastPromise, policy: Policy, past: Past) -> bool:
    made = _moments(promise, policy, past, owner_id=promise.agent_id, since=promise.promised_at)
    over_at = made.notify_at if policy.action is Action.NOTIFY else made.takeover_at
    if over_at is None or over_at > past.until:
        return False
    return promise.done_at is None or promise.done_at > over_at


def _moments(promise: PastPromise, policy: Policy, past: Past, *, owner_id: UUID, since: datetime) -> Moments:
    rules = {
        Action.MOVE: Rules(moving=policy),
        Action.NOTIFY: Rules(notifying=policy),
        Action.UNLOCK: Rules(unlocking=policy),
    }
    return moments(rules[policy.action], promise.due_at, since=since, calendar=past.calendar_of(owner_id))


@dataclass(slots=True, kw_only=True)
class _Owed:
    """A promise while the past goes by."""

    promise: PastPromise
    owner_id: UUID
    watched: WatchedCallback
    lost: dict[UUID, datetime] = field(default_factory=dict)
    waits: bool = False  # nobody could be found, and that is told once


class _Rehearsal:
    """The past, moment by moment, with the policy on."""

    def __init__(self, policy: Policy, past: Past) -> None:
        self.moves: list[WouldMove] = []
        self._policy = policy
        self._past = past
        self._owed: dict[UUID, _Owed] = {}
        self._due: list[tuple[datetime, datetime, UUID]] = []
        self._given: defaultdict[UUID, list[datetime]] = defaultdict(list)  # the last hour's
        self._balance: Counter[UUID] = Counter()

    def promise(self, promise: PastPromise) -> None:
        watched = self._watched(promise, owner_id=promise.agent_id, since=promise.promised_at, moves=0)
        self._owed[promise.id] = _Owed(promise=promise, owner_id=promise.agent_id, watched=watched)
        self._look_at(promise.id, watched.moments.escalate_at)

    def run(self) -> None:
        while self._due and self._due[0][0] <= self._past.until:
            now, _, callback_id = heapq.heappop(self._due)
            self._decide(self._owed[callback_id], now)

    def _decide(self, owed: _Owed, now: datetime) -> None:
        promise = owed.promise
        if promise.done_at is not None and promise.done_at <= now:
            return
        gaps = self._past.gaps_of(promise, owed.owner_id)
        calendar = self._past.calendar_of(owed.owner_id)
        step = next_step(self._policy, owed.watched, now, gaps, calendar=calendar)
        if isinstance(step, Extend):
            later = replace(owed.watched.moments, escalate_at=step.escalate_at)
            owed.watched = replace(owed.watched, moments=later, forgiven=step.forgiven)
            self._look_at(promise.id, step.escalate_at)
        elif isinstance(step, Move):
            self._move(owed, now)

    def _move(self, owed: _Owed, now: datetime) -> None:
        promise, loser = owed.promise, owed.owner_id
        choice = self._choose(owed, now)
        chosen = choice.chosen.agent_id if choice.chosen else None
        if chosen is not None or not owed.waits:
            self.moves.append(
                WouldMove(
                    callback_id=promise.id, at=now, late=now - promise.due_at, from_agent_id=loser, to_agent_id=chosen
                )
            )
        owed.waits = chosen is None
        if chosen is None:
            self._look_at(promise.id, self._when_somebody_comes(now, choice))
            return
        self._given[chosen] = [at for at in self._given[chosen] if at > now - _HOUR] + [now]
        self._balance[chosen] += 1
        self._balance[loser] -= 1
        owed.lost[loser] = now
        owed.owner_id = chosen
        owed.watched = self._watched(promise, owner_id=chosen, since=now, moves=owed.watched.moves + 1)
        self._look_at(promise.id, owed.watched.moments.escalate_at)

    def _when_somebody_comes(self, now: datetime, choice: Choice) -> datetime | None:
        arrivals = self._past.arrivals
        place = bisect_right(arrivals, now)
        moments = [choice.try_again_at, arrivals[place] if place < len(arrivals) else None]
        soonest = min((moment for moment in moments if moment is not None), default=None)
        return max(soonest, now + LOOK_AGAIN) if soonest is not None else None

    def _choose(self, owed: _Owed, now: datetime) -> Choice:
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
        people = past.people(promise, now, self._balance)
        history = History(lost=owed.lost, given=self._given)
        manner = past.manner_of(promise)
        return choose_agent(people, need, manner.strategy, history, limits=manner.limits)

    def _watched(self, promise: PastPromise, *, owner_id: UUID, since: datetime, moves: int) -> WatchedCallback:
        made = _moments(promise, self._policy, self._past, owner_id=owner_id, since=since)
        return WatchedCallback(due_at=promise.due_at, moments=made, moves=moves)

    def _look_at(self, callback_id: UUID, moment: datetime | None) -> None:
        if moment is not None:
            heapq.heappush(self._due, (moment, self._owed[callback_id].promise.due_at, callback_id))
