"""Locks that one node holds at a time, and lets go of when its connection dies."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.store.locks import HeldLock, holding
from tests.waiting import PATIENCE_S, eventually


async def kill_holder(database: Database, lock: HeldLock) -> None:
    """End the server's side of the lock's connection."""
    async with lock.connection() as reader:
        backend = await reader.fetchval("SELECT pg_backend_pid()")
    async with database.read() as reader:
        await reader.fetchval("SELECT pg_terminate_backend($1::int)", backend)


async def test_the_second_in_line_holds_the_lock_after_the_first(database: Database) -> None:
    held = asyncio.Event()

    async def second() -> int:
        async with holding(database, "pbx:main") as lock:
            held.set()
            return lock.fence

    async with holding(database, "pbx:main") as lock, holding(database, "pbx:other"):
        waiting = asyncio.create_task(second())
        await eventually(partial(_somebody_waits, database))
        assert not held.is_set()
        first_fence = lock.fence

    async with asyncio.timeout(PATIENCE_S):
        assert await waiting > first_fence


async def test_a_killed_connection_is_noticed_and_hands_the_lock_over(database: Database) -> None:
    async with holding(database, "relay") as lock:
        await kill_holder(database, lock)

        async with asyncio.timeout(PATIENCE_S):
            await lock.lost.wait()
            async with holding(database, "relay") as next_lock:
                assert next_lock.fence > lock.fence
                assert not next_lock.lost.is_set()

        with pytest.raises(DATABASE_AWAY):
            async with lock.connection() as reader:
                await reader.fetchval("SELECT 1")


async def test_a_connection_that_no_longer_answers_is_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_core.store.locks.WATCH_EVERY_S", 0.05)
    monkeypatch.setattr("crm_core.store.locks.ANSWER_S", 0.1)

    async with holding(database, "relay") as lock:
        with pytest.raises(DATABASE_AWAY):
            async with lock.connection() as reader:
                await reader.execute("SELECT pg_sleep(30)")

        assert lock.lost.is_set()


async def _somebody_waits(database: Database) -> bool:
    async with database.read() as reader:
        return bool(
            await reader.fetchval(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database "
                "WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
            )
        )
