"""Presence in the database: whose desk is open, told while calls are recorded."""

from __future__ import annotations

import asyncio

from crm_core.actions.calls import record_calls
from crm_core.actions.interactions import close_due_wrap_ups
from crm_core.actions.presence import confirm_presence
from crm_core.store.database import Database
from tests.builders import after, ended
from tests.people import add_agent
from tests.waiting import eventually

_LOCK = "SELECT FROM agent_states WHERE user_id = $1 FOR NO KEY UPDATE"


async def _is_anybody_waiting(database: Database) -> object:
    async with database.read() as db:
        return await db.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


async def test_confirming_who_comes_and_who_is_there_never_waits_in_a_ring_with_a_recorder_of_calls(
    database: Database,
) -> None:
    newcomer = await add_agent(database, "anna", extension="1001", present=False)
    there = await add_agent(database, "boris", extension="1002", present=True)

    async def confirm() -> None:
        async with database.begin() as tx:
            await confirm_presence(tx, {there, newcomer})

    async with asyncio.TaskGroup() as tasks, database.begin() as recorder:
        await recorder.execute(_LOCK, newcomer)
        tasks.create_task(confirm())
        await eventually(lambda: _is_anybody_waiting(database))
        await recorder.execute(_LOCK, there)

    async with database.read() as db:
        present = await db.fetch("SELECT user_id FROM agent_states WHERE present ORDER BY user_id")
    assert [row["user_id"] for row in present] == [newcomer, there]


async def test_closing_wrap_ups_never_waits_in_a_ring_with_whoever_confirms_presence(database: Database) -> None:
    first = await add_agent(database, "anna", extension="1001")
    second = await add_agent(database, "boris", extension="1002")
    async with database.begin() as tx:
        await record_calls(tx, [ended("1002", linkedid="1790000000.1")], country="KZ")
        await record_calls(tx, [ended("1001", linkedid="1790000100.5", started_at=after(100))], country="KZ")
        await tx.execute("UPDATE interactions SET wrap_up_until = now() - interval '1 second'")

    async def close() -> None:
        async with database.begin() as tx:
            assert await close_due_wrap_ups(tx) == 2

    async with asyncio.TaskGroup() as tasks, database.begin() as confirming:
        await confirming.execute(_LOCK, first)
        tasks.create_task(close())
        await eventually(lambda: _is_anybody_waiting(database))
        await confirming.execute(_LOCK, second)

    async with database.read() as db:
        assert await db.fetchval("SELECT count(*) FROM agent_states WHERE state = 'available'") == 2
