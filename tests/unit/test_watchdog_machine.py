"""Random promises, calls, claims, absences, outages and up to four watchdogs, on a clock that only goes forward.

The world here keeps promises in memory the way the store keeps them in rows: a
worker looks at one, decides with ``next_step`` and ``choose_agent``, and writes
only if nobody has written since. A worker may freeze between the two.
What must hold is checked at each write and, at the end, over every history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from crm_core.domain.callbacks import CLAIM_LEASE
from crm_core.domain.distribution import Candidate, Choice, History, Limits, Need, Strategy, choose_agent
from crm_core.domain.outages import Gap
from crm_core.domain.people import AgentState
from crm_core.domain.policies import Action, Policy, Rules, moments
from crm_core.domain.watching import (
    Claim,
    Extend,
    LiveCall,
    Move,
    Notify,
    Step,
    Unlock,
    Warn,
    WatchedCallback,
    next_step,
)
from tests.builders import NOON

MINUTE = timedelta(minutes=1)

AGENTS = tuple(UUID(int=number) for number in range(1, 5))
LIMITS = Limits(load_cap=4, load_warning=3, hourly_cap=3)


@dataclass(kw_only=True)
class Owned:
    """One stretch of a promise's life."""

    agent_id: UUID
    from_at: datetime
    to_at: datetime | None = None


@dataclass(kw_only=True)
class Row:
    """A promise as it is stored."""

    policy: Policy
    owner_id: UUID
    watched: WatchedCallback
    history: list[Owned]
    lost: dict[UUID, datetime] = field(default_factory=dict)
    closed_at: datetime | None = None
    version: int = 1


@dataclass(kw_only=True)
class Looked:
    """What one worker saw and decided; it may freeze before it writes."""

    number: int
    version: int
    step: Step
    choice: Choice | None
    at: datetime


class Watchdogs(RuleBasedStateMachine):
    """The world."""

    frozen = Bundle("frozen")

    @initialize(grace=st.integers(1, 20), max_moves=st.integers(1, 3), cooldown=st.integers(0, 120))
    def open_the_doors(self, grace: int, max_moves: int, cooldown: int) -> None:
        self.now = NOON
        self.rows: list[Row] = []
        self.gaps: list[Gap] = []
        self.people = {
            agent_id: Candidate(
                agent_id=agent_id,
                name=str(agent_id.int),
                present=True,
                state=AgentState.AVAILABLE,
                state_since=NOON,
            )
            for agent_id in AGENTS
        }
        self.given: dict[UUID, list[datetime]] = {}
        self.policy = Policy(
            name="strict",
            version=1,
            action=Action.MOVE,
            warn_before=MINUTE,
            grace=grace * MINUTE,
            max_moves=max_moves,
            cooldown=cooldown * MINUTE,
        )

    @rule(agent_id=st.sampled_from(AGENTS), due_in=st.integers(0, 30))
    def somebody_promises(self, agent_id: UUID, due_in: int) -> None:
        due_at = self.now + due_in * MINUTE
        made = moments(Rules(moving=self.policy), due_at, since=self.now)
        self.rows.append(
            Row(
                policy=self.policy,
                owner_id=agent_id,
                watched=WatchedCallback(due_at=due_at, moments=made),
                history=[Owned(agent_id=agent_id, from_at=self.now)],
            )
        )

    @rule(seconds=st.integers(1, 1800))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(data=st.data(), milliseconds=st.sampled_from([-1, 0, 0, 0, 1]))
    def a_moment_comes(self, data: st.DataObject, milliseconds: int) -> None:
        """To the very millisecond, or just beside it."""
        for row in self._one_owed(data):
            escalate_at = row.watched.moments.escalate_at
            assert escalate_at is not None
            self.now = max(self.now, escalate_at + timedelta(milliseconds=milliseconds))

    @rule(grace=st.integers(1, 20))
    def the_policy_changes_for_later_promises(self, grace: int) -> None:
        self.policy = replace(self.policy, version=self.policy.version + 1, grace=grace * MINUTE)

    @rule(
        agent_id=st.sampled_from(AGENTS),
        present=st.booleans(),
        state=st.sampled_from([AgentState.AVAILABLE, AgentState.PAUSED, AgentState.TALKING, AgentState.OFFLINE]),
        absent=st.booleans(),
    )
    def somebody_comes_goes_or_pauses(self, agent_id: UUID, present: bool, state: AgentState, absent: bool) -> None:
        before = self.people[agent_id]
        since = before.state_since if before.state is state else self.now
        self.people[agent_id] = replace(before, present=present, state=state, state_since=since, absent=absent)

    @rule()
    def something_is_lost_or_back(self) -> None:
        if self.gaps and self.gaps[-1].to_at is None:
            self.gaps[-1] = replace(self.gaps[-1], to_at=self.now)
        else:
            self.gaps.append(Gap(source="main", from_at=self.now, to_at=None))

    @rule(data=st.data())
    def somebody_claims(self, data: st.DataObject) -> None:
        for row in self._one_owed(data):
            self._claim(row)

    @rule(data=st.data(), workers=st.integers(1, 4), how=st.sampled_from(["claims", "calls", "talks too late"]))
    def the_manager_acts_around_the_last_second(self, data: st.DataObject, workers: int, how: str) -> None:
        """And the watchdogs come half a minute after it was over."""
        for row in self._one_owed(data):
            escalate_at = row.watched.moments.escalate_at
            assert escalate_at is not None
            self.now = max(self.now, escalate_at - timedelta(seconds=1))
            if how == "claims":
                self._claim(row)
            elif how == "calls":
                self._write(row, replace(row.watched, live_calls=(LiveCall(begun_at=self.now),)))
            self.now += timedelta(seconds=2)
            if how == "talks too late":
                talk = LiveCall(begun_at=self.now, answered_at=self.now)
                self._write(row, replace(row.watched, live_calls=(talk,)))
            self.now += timedelta(seconds=28)
            self.the_watchdogs_sweep(workers)

    @rule(data=st.data(), talking=st.booleans())
    def the_client_is_called(self, data: st.DataObject, talking: bool) -> None:
        """A talk that keeps another promise to the same client leaves this one owed, but they talk."""
        for row in self._one_owed(data):
            call = LiveCall(begun_at=self.now, answered_at=self.now if talking else None)
            self._write(row, replace(row.watched, live_calls=(call,)))

    @rule(data=st.data(), answered=st.booleans())
    def the_call_is_decided(self, data: st.DataObject, answered: bool) -> None:
        for row in self._one_owed(data):
            if not row.watched.live_calls:
                continue
            self._write(row, replace(row.watched, live_calls=()))
            if answered:
                row.closed_at = self.now
                row.history[-1].to_at = self.now

    @rule(workers=st.integers(1, 4))
    def the_watchdogs_sweep(self, workers: int) -> None:
        """Each worker looks at every promise at the same moment; of what they decide the first write counts."""
        for number in range(len(self.rows)):
            while self.rows[number].closed_at is None:
                before = self.rows[number].version
                for seen in [self._look(number) for _ in range(workers)]:
                    self._act(seen)
                if self.rows[number].version == before or self._waits_for_somebody(number):
                    break

    @rule(target=frozen, data=st.data())
    def a_worker_looks_and_freezes(self, data: st.DataObject) -> Looked | None:
        for row in self._one_owed(data):
            return self._look(self.rows.index(row))
        return None

    @rule(seen=consumes(frozen))
    def a_frozen_worker_wakes_and_writes(self, seen: Looked | None) -> None:
        if seen is not None:
            self._act(seen)

    def _claim(self, row: Row) -> None:
        self._write(row, replace(row.watched, claim=Claim(at=self.now, until=self.now + CLAIM_LEASE)))

    def _look(self, number: int) -> Looked:
        row = self.rows[number]
        step = next_step(row.policy, row.watched, self.now, self.gaps)
        choice = self._choose(row) if isinstance(step, Move) else None
        return Looked(number=number, version=row.version, step=step, choice=choice, at=self.now)

    def _waits_for_somebody(self, number: int) -> bool:
        return self.rows[number].watched.nobody_since is not None

    def _act(self, seen: Looked) -> None:
        row = self.rows[seen.number]
        if row.version != seen.version:
            return  # somebody has written since: this worker is fenced off
        match seen.step:
            case Warn():
                assert seen.at < row.watched.moments.escalate_at
                self._write(row, replace(row.watched, warned=True))
            case Notify(reason=reason):
                self._write(row, replace(row.watched, told=row.watched.told | {reason}))
            case Unlock():
                self._write(row, replace(row.watched, unlocked=True))
            case Extend(escalate_at=escalate_at, forgiven=forgiven):
                assert escalate_at > seen.at
                later = replace(row.watched.moments, escalate_at=escalate_at)
                self._write(row, replace(row.watched, moments=later, forgiven=forgiven))
            case Move():
                self._move(row, seen)

    def _move(self, row: Row, seen: Looked) -> None:
        assert seen.choice is not None
        assert row.closed_at is None
        self._check_it_was_over(row, seen.at)
        chosen = seen.choice.chosen
        if chosen is None:
            self._write(row, replace(row.watched, nobody_since=row.watched.nobody_since or seen.at))
            return
        assert chosen.present
        assert not chosen.absent
        assert chosen.active_clients < LIMITS.load_cap
        assert chosen.agent_id != row.owner_id
        assert seen.at >= row.lost.get(chosen.agent_id, seen.at - row.policy.cooldown) + row.policy.cooldown
        row.lost[row.owner_id] = seen.at
        row.history[-1].to_at = self.now
        row.history.append(Owned(agent_id=chosen.agent_id, from_at=self.now))
        row.owner_id = chosen.agent_id
        self.given.setdefault(chosen.agent_id, []).append(self.now)
        made = moments(Rules(moving=row.policy), row.watched.due_at, since=self.now)
        moves = row.watched.moves + 1
        self._write(row, WatchedCallback(due_at=row.watched.due_at, moments=made, moves=moves, warned=True))

    def _check_it_was_over(self, row: Row, at: datetime) -> None:
        """The whole grace and every second of gaps have passed, and nobody is at it who began in time."""
        watched, grace_from = row.watched, row.watched.moments.grace_from
        over_at = grace_from + row.policy.grace + self._lost_between(grace_from, at)
        assert at >= over_at
        assert all(call.answered_at is None and call.begun_at > over_at for call in watched.live_calls)
        assert watched.claim is None or watched.claim.at > over_at or watched.claim.until <= at

    def _choose(self, row: Row) -> Choice:
        need = Need(at=self.now, from_agent_id=row.owner_id, cooldown=row.policy.cooldown)
        held = [one.owner_id for one in self.rows if one.closed_at is None]
        people = [replace(one, active_clients=held.count(one.agent_id)) for one in self.people.values()]
        history = History(lost=row.lost, given=self.given)
        return choose_agent(people, need, Strategy.LEAST_LOADED, history, limits=LIMITS)

    def _lost_between(self, since: datetime, until: datetime) -> timedelta:
        """Counted another way than the rules count it: second by second would be too slow, edge by edge is not."""
        edges = sorted({since, until, *(gap.from_at for gap in self.gaps), *(gap.to_at or until for gap in self.gaps)})
        within = [edge for edge in edges if since <= edge <= until]
        return sum(
            (
                later - earlier
                for earlier, later in pairwise(within)
                if any(gap.from_at <= earlier and later <= (gap.to_at or until) for gap in self.gaps)
            ),
            timedelta(),
        )

    def _one_owed(self, data: st.DataObject) -> Iterator[Row]:
        """Some promise that is still owed, or none."""
        owed = [row for row in self.rows if row.closed_at is None]
        if owed:
            yield data.draw(st.sampled_from(owed))

    def _write(self, row: Row, watched: WatchedCallback) -> None:
        row.watched = watched
        row.version += 1

    @invariant()
    def every_promise_has_one_owner_and_its_history_adds_up(self) -> None:
        for row in getattr(self, "rows", []):
            assert row.history[-1].agent_id == row.owner_id
            assert row.history[-1].to_at == row.closed_at
            assert len(row.history) == row.watched.moves + 1
            assert row.watched.moves <= (row.policy.max_moves or 0)
            for earlier, later in pairwise(row.history):
                assert earlier.to_at == later.from_at
                assert earlier.agent_id != later.agent_id

    def teardown(self) -> None:
        """Nothing is forgotten: looked at for long enough, each owed promise is moved, held, or with the supervisor."""
        for row in getattr(self, "rows", []):
            if row.closed_at is not None:
                continue
            quiet = replace(row.watched, live_calls=(), claim=None)
            later = self.now + timedelta(days=30)
            gaps = [replace(gap, to_at=gap.to_at or self.now) for gap in self.gaps]
            step = next_step(row.policy, quiet, later, gaps)
            spent = quiet.moves == row.policy.max_moves
            assert isinstance(step, Move) or spent


TestWatchdogs = Watchdogs.TestCase
TestWatchdogs.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
