"""Kill any part of the embedded PostgreSQL, or of those who use it, at any moment: nothing told to it is lost."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import asyncpg
import pytest
import structlog.testing

from crm_core.store.database import DATABASE_AWAY
from tests.embedded_users import Place, any_user_may_enter, ask, cpu_ticks, is_alive, until


@pytest.fixture
def place() -> Iterator[Place]:
    with any_user_may_enter() as found:
        yield found


async def test_the_server_outlives_its_killed_starter_and_the_next_user_joins_it(place: Place) -> None:
    with place.other_user() as starter:
        url = starter.wait_until_ready()
        await ask(url, "CREATE TABLE promise AS SELECT 'call Anna' AS what")
        postmaster = place.postmaster()
        starter.kill()
    assert is_alive(postmaster)

    async with place.server() as server:
        assert place.postmaster() == postmaster
        assert await ask(server.url, "SELECT what FROM promise") == "call Anna"

    assert not is_alive(postmaster)


async def test_one_killed_user_does_not_take_the_server_from_the_others(place: Place) -> None:
    async with place.server() as server:
        with place.other_user() as other:
            other.wait_until_ready()
            other.kill()

        assert await ask(server.url, "SELECT 1") == 1


async def test_a_killed_server_comes_back_at_the_same_address_with_every_acknowledged_row(place: Place) -> None:
    acknowledged: list[int] = []
    async with place.server() as server:
        await ask(server.url, "CREATE TABLE fact (number int)")
        writer = asyncio.create_task(_write(server.url, acknowledged))
        await until(lambda: len(acknowledged) > 100)
        first = place.postmaster()

        with structlog.testing.capture_logs() as logs:
            os.kill(first, signal.SIGKILL)
            await until(lambda: "postgres_back" in [line["action"] for line in logs])

        await asyncio.wait([writer])
        kept = await ask(server.url, "SELECT array_agg(number ORDER BY number) FROM fact")
        assert place.postmaster() != first

    assert isinstance(kept, list)
    assert set(acknowledged) <= set(kept)
    actions = [line["action"] for line in logs]
    assert (actions.count("postgres_lost"), actions.count("postgres_back")) == (1, 1)
    assert logs[-1]["gap_s"] > 0


async def test_everything_killed_at_once_recovers_at_the_next_start(place: Place) -> None:
    with place.other_user() as user:
        url = user.wait_until_ready()
        await ask(url, "CREATE TABLE fact AS SELECT generate_series(1, 1000) AS number")
        os.kill(place.postmaster(), signal.SIGKILL)
        user.kill()

    async with place.server() as server:
        assert await ask(server.url, "SELECT count(*) FROM fact") == 1000


async def test_a_starter_killed_while_it_makes_the_cluster_leaves_nothing_half_made(place: Place) -> None:
    with place.other_user() as starter:
        await until(lambda: (place.home / "cluster.new" / "global").exists())
        starter.kill()

    async with place.server() as server:
        assert await ask(server.url, "SELECT 1") == 1


async def test_a_server_killed_under_a_frozen_starter_is_replaced(place: Place) -> None:
    # The starter cannot bury its child: a zombie keeps the number that postmaster.pid names.
    with place.other_user() as starter:
        starter.wait_until_ready()
        starter.freeze()
        killed = place.postmaster()
        os.kill(killed, signal.SIGKILL)

        async with place.server() as server:
            assert place.postmaster() != killed
            assert await ask(server.url, "SELECT 1") == 1


async def test_a_busy_child_of_a_killed_server_does_not_bar_the_next_one(place: Place) -> None:
    async with place.server() as server:
        busy = await asyncpg.connect(server.url)
        child = busy.get_server_pid()
        counting = asyncio.create_task(busy.fetchval("SELECT count(*) FROM generate_series(1, 10000000000)"))
        await until(lambda: cpu_ticks(child) > 10)

        with structlog.testing.capture_logs() as logs:
            os.kill(place.postmaster(), signal.SIGKILL)
            await until(lambda: "postgres_back" in [line["action"] for line in logs])

        with pytest.raises(DATABASE_AWAY):
            await counting
        assert not is_alive(child)
        assert await ask(server.url, "SELECT 1") == 1


async def _write(url: str, acknowledged: list[int]) -> None:
    """One row a commit, until the server is gone."""
    connection = await asyncpg.connect(url)
    try:
        for number in range(1_000_000):
            await connection.execute("INSERT INTO fact VALUES ($1)", number)
            acknowledged.append(number)
    except DATABASE_AWAY:
        connection.terminate()
