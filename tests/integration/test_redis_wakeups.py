"""Two nodes that share a Redis wake each other; without it they only become slower."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from crm_core.store.database import Database
from crm_core.store.redis_wakeups import RedisNotifier
from tests.lab.install import LabUnavailable
from tests.lab.peers import require_package
from tests.lab.plugin import require_lab

pytestmark = pytest.mark.lab


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    try:
        program = require_package("redis-server", provides=Path("/usr/bin/redis-server"))
    except LabUnavailable as unavailable:
        require_lab(str(unavailable))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


@asynccontextmanager
async def node(database_url: str, redis_url: str) -> AsyncIterator[Database]:
    async with Database(database_url, pool_size=1) as database:
        carrying = asyncio.create_task(RedisNotifier(database, redis_url).run())
        yield database
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)


async def test_what_wakes_one_node_wakes_the_other(database_url: str, redis_url: str) -> None:
    async with node(database_url, redis_url) as first, node(database_url, redis_url) as second:
        async with second.wakeups.waiter("outbox") as woken, asyncio.timeout(10):
            # Until the second has subscribed nobody hears; a wake-up is a hint and may be said again.
            while not woken.is_set():
                first.wakeups.wake("outbox")
                try:
                    async with asyncio.timeout(0.1):
                        await woken.wait()
                except TimeoutError:
                    continue

        assert woken.is_set()


async def test_a_redis_that_is_not_there_disturbs_nobody(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    async with node(database_url, f"redis://127.0.0.1:{port}/0") as lonely, lonely.begin() as tx:
        tx.wake("outbox")
        answer = await tx.fetchval("SELECT 1")

    assert answer == 1
