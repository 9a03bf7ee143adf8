"""The watchdog takes a promise away while the call that keeps it is being written down: one of the two, never both."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from crm_core.actions import callbacks
from crm_core.actions.calls import record_calls
from crm_core.actions.watchdog import watch_due
from crm_core.store.database import Database, Transaction
from crm_core.views.callbacks import Callback
from tests.integration.desk import agent, make_older
from tests.integration.missed_floor import ALMATY, MINUTE, Floor, open_floor, talked
from tests.people import add_client
from tests.waiting import eventually

Runner = Callable[[Transaction], Awaitable[None]]

#: Each a promise, the watchdog that takes it, and the call that keeps it.
RACES = 8
#: The advisory lock behind which everybody waits until all are there.
BARRIER = 4_019


@pytest.fixture
async def floor(database: Database) -> Floor:
    return await open_floor(database)


async def all_at_once(database: Database, runners: Sequence[Runner]) -> None:
    """Each in a transaction of its own; none begins its work before all have begun."""

    async def run(runner: Runner) -> None:
        async with database.begin() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock_shared($1)", BARRIER)
            await runner(tx)

    async def all_wait() -> bool:
        async with database.read() as db:
            waiting = await db.fetchval(
                """SELECT count(*) FROM pg_locks
                   WHERE locktype = 'advisory' AND NOT granted AND objid = $1
                       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""",
                BARRIER,
            )
        return bool(waiting == len(runners))

    async with asyncio.TaskGroup() as tasks, database.begin() as tx:
        await tx.execute("SELECT pg_advisory_xact_lock($1)", BARRIER)
        for runner in runners:
            tasks.create_task(run(runner))
        await eventually(all_wait)


async def overdue(floor: Floor, number: str) -> UUID:
    """Anna's promise to the client at ``number``, whose grace was over a minute ago."""
    client = await add_client(floor.database, number, phone=number, owner=floor.anna)
    async with floor.database.begin() as tx:
        given = callbacks.CallbackIn(client_id=client, due_at=tx.now + MINUTE)
        promise = await callbacks.create(tx, agent(floor.anna), given)
    await make_older(floor.database, promise, 12 * MINUTE)
    return promise


async def watch(tx: Transaction) -> None:
    """What one of many watchdogs does that are about at once: it takes whatever nobody holds, one at a time."""
    await watch_due(tx, 1, zone=ALMATY)


async def tell(number: str, begun_at: datetime, tx: Transaction) -> None:
    """What the intake does with a call that Anna's client answered."""
    await record_calls(tx, [talked(begun_at, number)], country="KZ", timezone=ALMATY)


async def race(floor: Floor, *, begun: timedelta) -> list[Callback]:
    """The calls began so long after the grace was over; gives the promises afterwards."""
    numbers = [f"+7701000{place:04}" for place in range(RACES)]
    promises = [await overdue(floor, number) for number in numbers]
    async with floor.database.read() as db:
        rows = await db.fetch("SELECT id, escalate_at FROM callbacks")
    ends = {row["id"]: row["escalate_at"] for row in rows}
    pairs = list(zip(numbers, promises, strict=True))
    watchdogs: list[Runner] = [watch] * len(promises)
    recorders: list[Runner] = [partial(tell, number, ends[promise] + begun) for number, promise in pairs]

    await all_at_once(floor.database, [*watchdogs, *recorders])

    return await floor.promises()


def was_moved(promise: Callback) -> bool:
    reasons = [one.reason for one in promise.history]
    return reasons.count("late") > reasons.count("undone")


def adds_up(promise: Callback) -> bool:
    """Does each turn begin where the one before it ended."""
    return all(turn.to == after.from_ for turn, after in itertools.pairwise(promise.history))


async def test_a_call_begun_in_time_keeps_its_promise_whoever_writes_first(floor: Floor) -> None:
    promises = await race(floor, begun=timedelta())

    assert len(promises) == RACES
    for promise in promises:
        assert (promise.state, promise.agent_id, promise.moves) == ("kept", floor.anna, 0)
        assert not was_moved(promise)
        assert adds_up(promise)


async def test_a_call_begun_later_keeps_it_for_whoever_had_it_when_that_was_written(floor: Floor) -> None:
    promises = await race(floor, begun=timedelta(milliseconds=1))

    assert len(promises) == RACES
    for promise in promises:
        assert promise.state == "kept"
        assert (promise.moves, promise.agent_id == floor.anna) == ((1, False) if was_moved(promise) else (0, True))
        assert adds_up(promise)
        assert "undone" not in {one.reason for one in promise.history}


async def test_of_two_given_in_one_moment_the_one_that_is_undone_was_never_given_and_the_other_was(
    floor: Floor,
) -> None:
    numbers = ["+77010000001", "+77010000002"]
    promises = [await overdue(floor, number) for number in numbers]
    await floor.run("UPDATE agent_states SET present = false WHERE user_id <> $1", floor.boris)
    async with floor.database.begin() as tx:
        await watch_due(tx, len(promises), zone=ALMATY)

    async with floor.database.begin() as tx:
        grace_was_over = await tx.fetchval("SELECT due_at FROM callbacks WHERE id = $1", promises[0])
        await tell(numbers[0], grace_was_over, tx)

    assert {promise.agent_id for promise in await floor.promises()} == {floor.anna, floor.boris}
    async with floor.database.read() as db:
        [turns] = await db.fetch("SELECT user_id, cardinality(lately) AS counted FROM agent_turns")
    assert tuple(turns) == (floor.boris, 1)
