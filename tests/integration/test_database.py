"""The one way to a transaction: what is committed, what is told, what counts as an outage."""

from __future__ import annotations

import contextlib

import asyncpg
import pytest

from crm_core.domain.events import STAFF, CatalogueChanged
from crm_core.store.database import DATABASE_AWAY, Database


async def test_what_fails_leaves_nothing_behind_and_tells_nobody(database: Database) -> None:
    async def fail_half_way() -> None:
        async with database.begin() as tx:
            await tx.execute("INSERT INTO teams (id, name) VALUES (gen_random_uuid(), 'Sales')")
            tx.emit(CatalogueChanged(rooms=(STAFF,), name="queues", version=2))
            raise LookupError

    with pytest.raises(LookupError):
        await fail_half_way()

    async with database.read() as db:
        assert await db.fetchval("SELECT count(*) FROM teams") == 0
        assert await db.fetchval("SELECT count(*) FROM outbox") == 0


async def test_waiters_are_woken_after_the_commit_and_not_before(database: Database) -> None:
    async with database.wakeups.waiter("outbox") as woken:
        async with database.begin() as tx:
            tx.emit(CatalogueChanged(rooms=(STAFF,), name="queues", version=2))
            assert not woken.is_set()

        assert woken.is_set()


async def test_a_value_that_cannot_be_written_is_no_outage(database: Database) -> None:
    with pytest.raises(asyncpg.DataError) as refused:
        async with database.read() as db:
            await db.fetchval("SELECT $1::integer", 2**40)

    assert not isinstance(refused.value, DATABASE_AWAY)


async def test_a_lost_connection_is_an_outage_once_and_the_next_one_works(database: Database) -> None:
    async with database.read() as first, database.read() as second:
        pids = [await db.fetchval("SELECT pg_backend_pid()") for db in (first, second)]

    async with database.read() as db:
        for pid in pids:
            with contextlib.suppress(*DATABASE_AWAY):
                await db.execute("SELECT pg_terminate_backend($1)", pid)

    async with database.read() as db:
        assert await db.fetchval("SELECT 1") == 1
