"""Wake-ups between nodes; each node is a Database of its own on the same server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from crm_core.store.database import Database
from crm_core.store.notify import Notifier
from tests.waiting import PATIENCE_S


@asynccontextmanager
async def node(database_url: str) -> AsyncIterator[Database]:
    """A node that hears the others."""
    async with Database(database_url, pool_size=1) as database:
        task = asyncio.create_task(Notifier(database).run())
        try:
            yield database
        finally:
            task.cancel()
            await asyncio.wait([task])


async def until_woken(woken: asyncio.Event, speaker: Database, topic: str) -> None:
    """The speaker says it again until it is heard: nothing tells us when the other side listens."""
    async with asyncio.timeout(PATIENCE_S):
        while not woken.is_set():
            speaker.wakeups.wake(topic)
            await asyncio.sleep(0.01)


async def test_a_wake_up_reaches_the_other_node(database_url: str) -> None:
    async with (
        node(database_url) as here,
        node(database_url) as there,
        there.wakeups.waiter("commands") as woken,
        there.wakeups.waiter("outbox") as other_topic,
    ):
        await until_woken(woken, here, "commands")

        assert not other_topic.is_set()


async def test_what_was_heard_is_not_passed_on(database_url: str) -> None:
    async with (
        node(database_url) as here,
        node(database_url) as there,
        there.wakeups.waiter("commands") as passed_on,
        there.wakeups.waiter("outbox") as later,
    ):
        await until_woken(later, here, "outbox")

        here.wakeups.heard("commands")
        later.clear()
        await until_woken(later, here, "outbox")

        assert not passed_on.is_set()


async def test_a_killed_connection_is_made_anew(database: Database, database_url: str) -> None:
    async with node(database_url) as here, node(database_url) as there, there.wakeups.waiter("commands") as woken:
        await until_woken(woken, here, "commands")

        async with database.read() as reader:
            await reader.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'perezvon lock'"
            )
        woken.clear()

        await until_woken(woken, here, "commands")


async def test_many_wake_ups_travel_as_one(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    async with node(database_url) as here, node(database_url) as there, there.wakeups.waiter("ready") as ready:
        await until_woken(ready, here, "ready")
        arrived = asyncio.Event()
        monkeypatch.setattr(there.wakeups, "heard", lambda topic: (heard.append(topic), arrived.set()))

        for _ in range(1000):
            here.wakeups.wake("outbox")

        async with asyncio.timeout(PATIENCE_S):
            while "outbox" not in heard:
                arrived.clear()
                await arrived.wait()
    assert heard.count("outbox") == 1
