"""A house in which everything happens: its people, its clients, and what they, the PBX and the watchdogs do.

Everything goes through the product's own verbs. What no table keeps for ever (who claimed what and when, when
which call was told) is written down here, for the audit of the moves.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.actions import absences, agents, callbacks, handovers
from crm_core.actions.absences import AbsenceIn, AbsenceKind
from crm_core.actions.calls import record_calls
from crm_core.actions.watchdog import watch_due, watch_waiting
from crm_core.domain.calls import CallSnapshot, Direction, EndedBy, InteractionState, LegResult, LegRole
from crm_core.domain.errors import DecisionRefused, InputRejected
from crm_core.domain.ids import new_id
from crm_core.domain.people import AgentState
from crm_core.domain.policies import Policy
from crm_core.domain.working_time import Calendar
from crm_core.store import policies
from crm_core.store.calendars import stored_week
from crm_core.store.database import Database, to_json
from crm_core.store.heartbeat import beat
from tests.builders import call, leg
from tests.integration.desk import add_team, agent, supervisor
from tests.people import add_agent, add_client
from tests.settable_clock import SettableClock

PBX = "main"
CLIENTS = 4

_PLENTY = 1000

_AFRESH = """
DELETE FROM callbacks;
DELETE FROM interactions;
TRUNCATE absences, gaps, agent_turns, agent_state_log, outbox;
UPDATE agent_states SET present = false, state = 'offline', chosen = 'available', reason = NULL, phone = NULL;
UPDATE system_heartbeat SET at = '-infinity';
"""

_WATCHED = "UPDATE system_heartbeat SET at = clock_timestamp()"


class _Killed(Exception):
    """A worker was, with a batch in its hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an example is played under."""

    begins: datetime
    policy: Policy
    calendar: Calendar
    load_cap: int
    hourly_cap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Somebody has said: I am calling now."""

    callback_id: UUID
    at: datetime
    known_at: datetime


@dataclass(slots=True, kw_only=True)
class Told:
    """A call with a client, as far as it was told; ``known_at``: since when each part of it was."""

    client: UUID
    snapshot: CallSnapshot
    known_at: datetime
    answer_known_at: datetime | None = None
    end_known_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class RestlessHouse:
    """Four agents of one team, their supervisor, and a database whose clock is set by hand."""

    database: Database
    clock: SettableClock
    people: tuple[UUID, ...]
    chief: UUID
    team: UUID
    clients: dict[UUID, str] = field(default_factory=dict)  # and the number of each
    terms: Terms | None = None
    claims: list[Claimed] = field(default_factory=list)
    calls: list[Told] = field(default_factory=list)
    judged: set[tuple[UUID, datetime]] = field(default_factory=set)  # moves: of which promise, and when
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    @classmethod
    async def build(cls, database: Database) -> RestlessHouse:
        people = [await add_agent(database, f"agent{n}", extension=f"100{n}", present=False) for n in range(1, 5)]
        chief = await add_agent(database, "chief", extension=None, role="supervisor")
        team = await add_team(database, "sales", *people, chief)
        async with database.begin() as tx:
            await tx.execute(
                "INSERT INTO calendars (id, name, zone, week) VALUES ($1, 'hours', 'UTC', '[[],[],[],[],[],[],[]]')",
                new_id(tx.now),
            )
            await tx.execute("UPDATE teams SET calendar_id = (SELECT id FROM calendars)")
            await tx.execute("UPDATE users SET languages = '{ru}' WHERE id = $1", people[-1])
            await tx.execute("INSERT INTO pbx_links (pbx, state) VALUES ($1, 'up')", PBX)
        clock = SettableClock(database)
        return cls(database=database, clock=clock, people=tuple(people), chief=chief, team=team)

    async def open(self, terms: Terms) -> None:
        """Nothing has happened yet, and everybody is at the desk."""
        self.terms, self.claims, self.calls, self.judged = terms, [], [], set()
        await self.clock.set(terms.begins)
        async with self.database.begin() as tx:
            await tx.execute(_AFRESH)
            await tx.execute(
                "UPDATE teams SET load_cap = $1, load_warning = $1, hourly_cap = $2", terms.load_cap, terms.hourly_cap
            )
            week = to_json(stored_week(terms.calendar.week))
            await tx.execute("UPDATE calendars SET zone = $1, week = $2", terms.calendar.zone.key, week)
            await policies.save(tx, terms.policy)
            for person in self.people:
                await agents.record_presence(tx, person, present=True)
        numbers = [f"+7701{next(self.numbers):07}" for _ in range(CLIENTS)]
        self.clients = {await add_client(self.database, number, phone=number): number for number in numbers}
        async with self.database.begin() as tx:
            await tx.execute("UPDATE clients SET language = 'kk' WHERE id = $1", next(iter(self.clients)))
        await beat(self.database)

    async def let_pass(self, to: datetime, *, watched: bool = True) -> None:
        """The clock only goes forward; not ``watched``: all of us were down meanwhile."""
        await self.clock.set(max(to, await self.clock.now() + timedelta(microseconds=1)))
        if watched:
            async with self.database.begin() as tx:
                await tx.execute(_WATCHED)

    async def promise(self, person: UUID, client: UUID, due_in: timedelta) -> None:
        async with self.database.begin() as tx:
            given = callbacks.CallbackIn(client_id=client, due_at=tx.now + due_in, subject="a quote")
            await callbacks.create(tx, agent(person), given)

    async def claim(self, callback_id: UUID, person: UUID) -> None:
        async with self.database.begin() as tx:
            await callbacks.claim(tx, callback_id, agent(person))
            at = tx.now
        self.claims.append(Claimed(callback_id=callback_id, at=at, known_at=await self.clock.now()))

    async def decide(self, callback_id: UUID, person: UUID, what: str, *, to: UUID) -> None:
        """By hand: ``keep``, ``cancel`` or ``move`` it, or the supervisor takes the last move back."""
        async with self.database.begin() as tx:
            match what:
                case "keep":
                    await callbacks.keep(tx, callback_id, agent(person))
                case "cancel":
                    await callbacks.cancel(tx, callback_id, agent(person), reason="they wrote")
                case "move":
                    await callbacks.move(tx, callback_id, agent(person), agent_id=to, reason="knows the country")
                case "undo":
                    await handovers.undo(tx, callback_id, supervisor(self.chief, self.team))
                case _:
                    raise ValueError(what)

    async def dial(self, person: UUID, client: UUID, *, begun: datetime, answered: bool = False) -> Told:
        """They call the client, from that moment on; it is told at once, or later."""
        phone = f"100{self.people.index(person) + 1}"
        linkedid = f"{begun.timestamp():.0f}.{next(self.numbers)}"
        ours = leg(phone, uniqueid=linkedid, role=LegRole.DIRECT, queue=None, offered_at=begun, answered_at=begun)
        dialled = call(
            linkedid=linkedid,
            direction=Direction.OUTBOUND,
            state=InteractionState.OFFERED,
            client_number=self.clients[client],
            queues=(),
            started_at=begun,
            legs=(ours,),
        )
        told = Told(client=client, snapshot=dialled, known_at=begun)
        if answered:
            told.snapshot = _answered(dialled, begun)
        await self._tell(told)
        told.known_at = await self.clock.now()
        told.answer_known_at = told.known_at if answered else None
        self.calls.append(told)
        return told

    async def answer(self, told: Told) -> None:
        async with self.database.read() as db:
            at = await db.fetchval("SELECT clock_timestamp()")
        told.snapshot = _answered(told.snapshot, at)
        await self._tell(told)
        told.answer_known_at = await self.clock.now()

    async def hang_up(self, told: Told) -> None:
        async with self.database.read() as db:
            at = await db.fetchval("SELECT clock_timestamp()")
        told.snapshot = _over(told.snapshot, at)
        await self._tell(told)
        told.end_known_at = await self.clock.now()

    async def _tell(self, told: Told) -> None:
        async with self.database.begin() as tx:
            await record_calls(tx, [told.snapshot], country="KZ", timezone=self._zone)

    @property
    def live_calls(self) -> list[Told]:
        return [told for told in self.calls if told.snapshot.ended_at is None]

    async def say(self, person: UUID, state: AgentState, *, present: bool) -> None:
        async with self.database.begin() as tx:
            await agents.record_presence(tx, person, present)
            await agents.set_state(tx, person, state, "LUNCH" if state is AgentState.PAUSED else None)

    async def begin_absence(self, person: UUID, lasting: timedelta | None) -> None:
        """Unless they are away already."""
        async with self.database.begin() as tx:
            to_at = tx.now + lasting if lasting is not None else None
            given = AbsenceIn(user_id=person, kind=AbsenceKind.SICK, from_at=tx.now, to_at=to_at)
            with suppress(DecisionRefused):
                await absences.create(tx, supervisor(self.chief, self.team), given, zone=self._zone)

    async def end_absences(self) -> None:
        async with self.database.begin() as tx:
            for row in await tx.fetch("SELECT id FROM absences WHERE COALESCE(to_at, 'infinity') > $1", tx.now):
                await absences.end(tx, supervisor(self.chief, self.team), row["id"])

    async def calm_down(self) -> None:
        """Calls end, everybody is back at the desk, the PBX is heard, and nobody has too much to do."""
        assert self.terms is not None
        for told in self.live_calls:
            await self.hang_up(told)
        await self.end_absences()
        for person in self.people:
            await self.say(person, AgentState.AVAILABLE, present=True)
        async with self.database.begin() as tx:
            await tx.execute("UPDATE gaps SET to_at = $1 WHERE to_at IS NULL", tx.now)
            await tx.execute("UPDATE teams SET load_cap = $1, hourly_cap = $1", _PLENTY)
        self.terms = replace(self.terms, load_cap=_PLENTY, hourly_cap=_PLENTY)

    async def lose_or_find_the_pbx(self) -> None:
        """It is not heard from now on; or, when it was not, heard again."""
        async with self.database.begin() as tx:
            if await tx.execute("UPDATE gaps SET to_at = $1 WHERE to_at IS NULL", tx.now) == "UPDATE 0":
                await tx.execute(
                    "INSERT INTO gaps (id, source, from_at, cause) VALUES ($1, $2, $3, 'cut')",
                    new_id(tx.now),
                    PBX,
                    tx.now,
                )

    async def change_policy(self, policy: Policy) -> None:
        async with self.database.begin() as tx:
            await policies.save(tx, policy)

    async def watch(self, workers: int, *, batch: int, woken: bool = False, killed: bool = False) -> None:
        """What that many nodes do at once, as ``realtime.watchdog`` does; one may be ``killed`` in mid work."""
        works = [self._watch(batch=batch, woken=woken, killed=killed and not number) for number in range(workers)]
        await together(works)

    async def _watch(self, *, batch: int, woken: bool, killed: bool) -> None:
        await beat(self.database)
        with suppress(_Killed):
            while woken and await self._work(batch, waiting=True, killed=killed) == batch:
                pass
            while await self._work(batch, waiting=False, killed=killed) == batch:
                pass

    async def _work(self, batch: int, *, waiting: bool, killed: bool) -> int:
        async with self.database.begin() as tx:
            done = await (watch_waiting if waiting else watch_due)(tx, batch, zone=self._zone)
            if done and killed:
                raise _Killed
        return done

    @property
    def _zone(self) -> ZoneInfo:
        assert self.terms is not None
        return self.terms.calendar.zone


async def together(works: Sequence[Coroutine[object, object, object]]) -> None:
    """At once, in connections of their own; a refusal is an answer like any other."""

    async def work(one: Coroutine[object, object, object]) -> None:
        with suppress(DecisionRefused, InputRejected):
            await one

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        for one in works:
            tasks.create_task(work(one))


def _answered(snapshot: CallSnapshot, at: datetime) -> CallSnapshot:
    return replace(snapshot, state=InteractionState.ACTIVE, answered_at=at)


def _over(snapshot: CallSnapshot, at: datetime) -> CallSnapshot:
    legs = tuple(replace(one, ended_at=at, result=LegResult.ANSWERED) for one in snapshot.legs)
    return replace(
        snapshot,
        state=InteractionState.CLOSED,
        ended_at=at,
        ended_by=EndedBy.AGENT,
        hangup_cause=19 if snapshot.answered_at is None else 16,
        dial_status="NOANSWER" if snapshot.answered_at is None else "ANSWER",
        legs=legs,
    )
