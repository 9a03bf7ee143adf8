"""Presence in the database: whose desk is open, told while calls are recorded."""

from __future__ import annotations

import asyncio

from crm_core.actions.presence import confirm_presence
from crm_core.store.database import Database
from tests.people import add_agent
from tests.waiting import eventually

_LOCK = "SELECT FROM agent_states WHERE user_id = $1 FOR NO KEY UPDATE"


async def test_confirming_who_comes_and_who_is_there_never_waits_in_a_ring_with_a_recorder_of_calls(
    database: Database,
) -> None:
    newcomer = await add_agent(database, "anna", extension="1001", present=False)
    there = await add_agent(database, "boris", extension="1002", present=True)

    async def confirm() -> None:
        async with database.begin() as tx:
            await confirm_presence(tx, {there, newcomer})

    async def is_waiting() -> object:
        async with database.read() as db:
            return await db.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")

    async with asyncio.TaskGroup() as tasks, database.begin() as recorder:
        await recorder.execute(_LOCK, newcomer)
        tasks.create_task(confirm())
        await eventually(is_waiting)
        await recorder.execute(_LOCK, there)

    async with database.read() as db:
        present = await db.fetch("SELECT user_id FROM agent_states WHERE present ORDER BY user_id")
    assert [row["user_id"] for row in present] == [newcomer, there]
