"""Random worlds of promises, calls, claims, people, rules and outages before real watchdogs, on a clock set by hand.

One to four watchdogs look at once, each in a connection of its own; one may be killed with a batch in its hands,
and managers act in the very moment in which a promise is taken from them. After every step the audit asks what
must always hold. A world is its number: ``PEREZVON_WORLDS=500`` plays more of them, ``PEREZVON_WORLD=317`` only
that one (who wins a race in it is the database's affair, and may be another the next time).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from crm_core.domain.people import AgentState
from crm_core.domain.policies import Action, Policy
from crm_core.domain.working_time import Calendar, Span
from crm_core.store.database import Database
from tests.integration.audited_moves import Audit, Promise
from tests.integration.restless_house import RestlessHouse, Terms, together
from tests.settable_clock import SettableClock

_ONLY = os.environ.get("PEREZVON_WORLD")
WORLDS = [int(_ONLY)] if _ONLY else range(int(os.environ.get("PEREZVON_WORLDS", "12")))
STEPS = 40

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)


def _around_the_clock(zone: str, *, but: tuple[str, str] | None = None) -> Calendar:
    """Every night is worked, with one break."""
    begins, ends = (time.fromisoformat(at) for at in but or ("00:00", "00:00"))
    midnight = time(0)
    hours = (Span(opens=midnight, closes=begins), Span(opens=ends, closes=midnight))
    return Calendar(zone=ZoneInfo(zone), week=(hours if but else hours[:1],) * 7)


#: A little before the clocks change, with a break at about that time; and one when they do not.
NIGHTS = (
    (datetime(2024, 2, 29, 17, 20, tzinfo=UTC), _around_the_clock("Asia/Almaty", but=("23:15", "23:40"))),
    (datetime(2026, 3, 29, 0, 20, tzinfo=UTC), _around_the_clock("Europe/Berlin", but=("01:50", "02:30"))),
    (datetime(2026, 10, 25, 0, 10, tzinfo=UTC), _around_the_clock("Europe/Berlin", but=("02:30", "02:50"))),
    (datetime(2026, 11, 20, 5, 0, tzinfo=UTC), _around_the_clock("Asia/Almaty")),
)


@dataclass(slots=True, kw_only=True)
class World:
    """One house, and what happens in it: everything drawn from the world's own number."""

    house: RestlessHouse
    random: Random
    policy: Policy
    audit: Audit
    story: list[str] = field(default_factory=list)

    @classmethod
    async def begin(cls, number: int, house: RestlessHouse) -> World:
        random = Random(number)
        begins, calendar = NIGHTS[number % len(NIGHTS)]
        policy = _policy(random)
        terms = Terms(
            begins=begins,
            policy=policy,
            calendar=calendar,
            load_cap=random.randint(2, 5),
            hourly_cap=random.randint(2, 5),
        )
        await house.open(terms)
        world = cls(house=house, random=random, policy=policy, audit=await Audit.read(house))
        for _ in range(random.randint(3, 8)):
            await world.somebody_promises()
        return world

    async def play(self) -> None:
        steps, weights = zip(*_STEPS.items(), strict=True)
        for _ in range(STEPS):
            [step] = self.random.choices(steps, weights)
            self.story.append(step.__name__)
            self.audit = await Audit.read(self.house)
            await step(self)
            self.audit = await Audit.read(self.house)
            self.audit.check()

    async def end(self) -> None:
        """Nothing is lost: when all is quiet and everybody there, each promise moves until it has moved enough."""
        most = self.policy.max_moves or 0
        await self.house.calm_down()
        for _ in range(most):
            await self._let_pass(timedelta(hours=3))
            await self._watch(2, woken=True)
        self.audit.check()
        for promise in self.audit.promises.values():
            assert not promise.is_owed or promise.moves >= most, promise

    async def somebody_promises(self) -> None:
        client = self.random.choice(list(self.house.clients))
        await self.house.promise(self._person(), client, self.random.randint(0, 30) * MINUTE)

    async def time_passes(self) -> None:
        await self._let_pass(self.random.choice([self.random.randint(1, 100), self.random.randint(1, 1800)]) * SECOND)
        await self._watch(self._workers(), batch=self.random.choice([1, 2, 100]))

    async def a_moment_comes(self) -> None:
        """To the very microsecond, or just beside it."""
        if await self._come_to_the_end_of_a_grace() is not None:
            await self._watch(self._workers())

    async def all_of_us_are_down(self) -> None:
        await self._let_pass(self.random.randint(10, 1800) * SECOND, watched=False)
        await self._watch(4, batch=1)

    async def all_is_tried_again(self) -> None:
        await self._watch(self._workers(), batch=2, woken=True, killed=self.random.random() < 0.5)

    async def the_owner_claims(self) -> None:
        if (promise := self._one_owed()) is not None:
            await together([self.house.claim(promise.id, promise.agent_id)])

    async def somebody_decides_by_hand(self) -> None:
        if (promise := self._one_owed()) is not None:
            what = self.random.choice(["keep", "cancel", "move", "undo", "undo"])
            await together([self.house.decide(promise.id, promise.agent_id, what, to=self._person())])

    async def somebody_calls_the_client(self) -> None:
        if (promise := self._one_owed()) is not None:
            begun = await self.house.clock.now() + TICK
            await self.house.dial(self._person(), promise.client_id, begun=begun)

    async def a_call_is_told_late(self) -> None:
        if (promise := self._one_owed()) is not None:
            begun = await self.house.clock.now() - self.random.randint(1, 280) * SECOND
            answered = self.random.random() < 0.5
            await self.house.hang_up(
                await self.house.dial(self._person(), promise.client_id, begun=begun, answered=answered)
            )

    async def a_client_answers(self) -> None:
        ringing = [told for told in self.house.live_calls if told.snapshot.answered_at is None]
        if ringing:
            await self.house.answer(self.random.choice(ringing))

    async def a_call_ends(self) -> None:
        if self.house.live_calls:
            await self.house.hang_up(self.random.choice(self.house.live_calls))

    async def somebody_comes_goes_or_pauses(self) -> None:
        state = self.random.choice([AgentState.AVAILABLE, AgentState.PAUSED, AgentState.OFFLINE])
        await self.house.say(self._person(), state, present=self.random.random() < 0.7)

    async def somebody_is_absent(self) -> None:
        await self.house.begin_absence(self._person(), self.random.choice([None, self.random.randint(1, 60) * MINUTE]))

    async def all_are_back(self) -> None:
        await self.house.end_absences()

    async def the_pbx_is_lost_or_heard_again(self) -> None:
        await self.house.lose_or_find_the_pbx()

    async def the_rule_changes_for_later_promises(self) -> None:
        self.policy = replace(self.policy, grace=self.random.randint(5, 20) * MINUTE)
        await self.house.change_policy(self.policy)

    async def all_act_in_the_last_moment(self) -> None:
        promise = await self._come_to_the_end_of_a_grace()
        if promise is None:
            return
        begun = await self.house.clock.now()
        acts = self.random.sample(["claim", "call", "talk", "keep", "move", "cancel"], self.random.randint(1, 3))
        works = [self._act(act, promise, begun) for act in acts]
        await together([self.house.watch(self._workers(), batch=1), *works])

    def _act(self, act: str, promise: Promise, begun: datetime) -> Coroutine[object, object, object]:
        match act:
            case "claim":
                return self.house.claim(promise.id, promise.agent_id)
            case "call" | "talk":
                return self.house.dial(promise.agent_id, promise.client_id, begun=begun, answered=act == "talk")
            case _:
                return self.house.decide(promise.id, promise.agent_id, act, to=self._person())

    async def _come_to_the_end_of_a_grace(self) -> Promise | None:
        promise = self._one_owed()
        if promise is not None:
            over_at = self.audit.over_at(promise, await self.house.clock.now())
            await self.house.let_pass(over_at + self.random.choice([-1_000_000, -1_000, -1, 0, 0, 0, 1, 1_000]) * TICK)
        return promise

    async def _let_pass(self, span: timedelta, *, watched: bool = True) -> None:
        await self.house.let_pass(await self.house.clock.now() + span, watched=watched)

    async def _watch(self, workers: int, *, batch: int = 100, woken: bool = False, killed: bool = False) -> None:
        before, now = self.audit, await self.house.clock.now()
        await self.house.watch(workers, batch=batch, woken=woken, killed=killed)
        self.audit = await Audit.read(self.house)
        if not killed:
            self.audit.check_nothing_is_left(now, before, await self.house.clock.now(), tried_again=woken)

    def _one_owed(self) -> Promise | None:
        owed = [promise for promise in self.audit.promises.values() if promise.is_owed]
        return self.random.choice(owed) if owed else None

    def _person(self) -> UUID:
        return self.random.choice(self.house.people)

    def _workers(self) -> int:
        return self.random.randint(1, 4)


#: How often each happens.
_STEPS: dict[Callable[[World], Awaitable[None]], int] = {
    World.somebody_promises: 3,
    World.time_passes: 3,
    World.a_moment_comes: 6,
    World.all_of_us_are_down: 1,
    World.all_is_tried_again: 2,
    World.the_owner_claims: 2,
    World.somebody_decides_by_hand: 2,
    World.somebody_calls_the_client: 2,
    World.a_call_is_told_late: 1,
    World.a_client_answers: 2,
    World.a_call_ends: 3,
    World.somebody_comes_goes_or_pauses: 3,
    World.somebody_is_absent: 1,
    World.all_are_back: 1,
    World.the_pbx_is_lost_or_heard_again: 1,
    World.the_rule_changes_for_later_promises: 1,
    World.all_act_in_the_last_moment: 4,
}


def _policy(random: Random) -> Policy:
    attempts = random.choice([None, None, 2])
    return Policy(
        name="strict-10m",
        version=0,
        action=Action.MOVE,
        warn_before=5 * MINUTE,
        grace=random.randint(5, 20) * MINUTE,
        max_moves=random.randint(1, 3),
        cooldown=random.choice([0, 10, 120]) * MINUTE,
        attempts=attempts,
        retry_after=5 * MINUTE if attempts else None,
        working_time=random.random() < 0.5,
    )


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[RestlessHouse]:
    await SettableClock.install(database_url)
    async with Database(database_url) as database:
        yield await RestlessHouse.build(database)


@pytest.mark.timeout(600)
async def test_whatever_happens_no_promise_is_lost_moved_early_moved_twice_or_moved_unfairly(
    house: RestlessHouse,
) -> None:
    for number in WORLDS:
        world = await World.begin(number, house)
        try:
            await world.play()
            await world.end()
        except BaseException as fault:
            fault.add_note(f"PEREZVON_WORLD={number}, {world.policy}:\n" + "\n".join(world.story))
            raise
