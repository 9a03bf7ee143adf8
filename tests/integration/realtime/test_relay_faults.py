"""Whatever dies between the commit and the browser: every event is heard once, in order."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from crm_core.domain.events import STAFF
from crm_core.store.database import DATABASE_AWAY, Database, to_json
from tests.integration.realtime.conftest import Person
from tests.integration.realtime.nodes import Node, node, say
from tests.integration.realtime.severed import severable
from tests.waiting import eventually

_KILL = """
SELECT pg_terminate_backend(pid)
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = ANY($1::text[])
"""


async def published(database: Database) -> list[int]:
    """The numbers of everything that was ever announced; all of it must have one."""

    async def all_stamped() -> bool:
        async with database.read() as reader:
            return await reader.fetchval("SELECT count(*) FROM outbox WHERE seq IS NULL") == 0

    await eventually(all_stamped)
    async with database.read() as reader:
        return [row["seq"] for row in await reader.fetch("SELECT seq FROM outbox ORDER BY seq")]


@pytest.mark.parametrize("victims", [["perezvon lock"], ["perezvon"], ["perezvon", "perezvon lock"]])
async def test_killed_connections_lose_nothing_and_double_nothing(
    database: Database, here: Node, boss: Person, victims: list[str]
) -> None:
    async with here.browser(boss.token) as browser:
        await browser.resume(0)
        async with database.read() as executioner:
            for _ in range(8):
                async with asyncio.TaskGroup() as together:
                    together.create_task(_say_what_can_be_said(here.database, boss))
                    together.create_task(executioner.fetch(_KILL, victims))

        expected = await published(database)
        assert await browser.until(expected[-1]) == expected


async def test_an_outage_of_the_database_is_only_a_pause(database: Database, database_url: str, boss: Person) -> None:
    with capture_logs() as logs:
        async with (
            severable(database_url) as (wire, near_url),
            node(near_url) as far,
            far.browser(boss.token) as browser,
        ):
            await browser.resume(0)
            await say(database, boss.id, times=3)
            await browser.until(3)

            await wire.cut()
            await eventually(lambda: _logged(logs, "peer_lost", "delivery of events"))
            await say(database, boss.id, times=4)
            await wire.mend()

            assert await browser.until(7) == [1, 2, 3, 4, 5, 6, 7]
            assert not browser.gone.is_set(), "the browser was kept"

    about_delivery = [log["action"] for log in logs if log.get("what") == "delivery of events"]
    assert about_delivery == ["peer_lost", "peer_back"]
    assert next(log for log in logs if log["action"] == "peer_back")["gap_s"] >= 0


async def test_a_late_committer_is_heard(database: Database, here: Node, boss: Person) -> None:
    async with here.browser(boss.token) as browser:
        await browser.resume(0)
        async with database.begin() as late:
            await late.execute(
                "INSERT INTO outbox (type, rooms, body) VALUES ('agent.changed', $1, $2)",
                [STAFF],
                to_json({"agent_id": boss.id, "version": 1}),
            )
            late.wake("outbox")
            await say(here.database, boss.id, times=2)
            assert await browser.until(2) == [1, 2]

        assert await browser.until(3) == [1, 2, 3]


async def test_of_two_nodes_one_numbers_and_the_other_takes_over(
    database: Database, database_url: str, boss: Person
) -> None:
    with capture_logs() as logs:
        async with node(database_url) as first:
            await eventually(lambda: _logged(logs, "relay_acquired"))
            async with node(database_url) as second, second.browser(boss.token) as browser:
                await browser.resume(0)
                await say(database, boss.id, times=5)
                assert await browser.until(5) == [1, 2, 3, 4, 5]
                assert [log["action"] for log in logs].count("relay_acquired") == 1

                await first.stop("relay")
                await say(database, boss.id, times=5)

                assert await browser.until(10) == list(range(1, 11))
    fences = [log["fence"] for log in logs if log["action"] == "relay_acquired"]
    assert fences == sorted(set(fences))
    assert len(fences) == 2


async def test_no_poll_stands_between_the_commit_and_the_browser(database_url: str, boss: Person) -> None:
    async with (
        node(database_url, poll_s=3600) as here,
        node(database_url, poll_s=3600) as there,
        here.browser(boss.token) as near,
        there.browser(boss.token) as far,
    ):
        await asyncio.gather(near.resume(0), far.resume(0))

        for n in range(1, 6):
            await say(here.database, boss.id)
            await asyncio.gather(near.until(n), far.until(n))


async def test_wake_ups_are_only_hints(database_url: str, boss: Person) -> None:
    async with node(database_url) as here, node(database_url) as deaf:
        for one in (here, deaf):
            await one.stop("notifier")
        async with deaf.browser(boss.token) as browser:
            await browser.resume(0)

            await say(here.database, boss.id, times=3)

            assert await browser.until(3) == [1, 2, 3]


async def test_a_database_that_went_back_in_time_makes_everybody_reload(
    database: Database, database_url: str, boss: Person
) -> None:
    async with (
        severable(database_url) as (wire, near_url),
        node(near_url) as here,
        here.browser(boss.token) as browser,
    ):
        await say(database, boss.id, times=5)
        await browser.until(5)

        await wire.cut()
        async with database.begin() as tx:
            await tx.execute("DELETE FROM outbox WHERE seq > 2")
            await tx.execute("UPDATE outbox_counter SET last_seq = 2")
        await wire.mend()

        assert (await browser.next("reload"))["seq"] == 2
        browser.heard.clear()
        await say(database, boss.id)
        assert await browser.until(3) == [3]


async def _say_what_can_be_said(database: Database, person: Person) -> None:
    for _ in range(5):
        try:
            await say(database, person.id)
        except DATABASE_AWAY:
            continue


async def _logged(logs: list[dict[str, object]], action: str, what: str | None = None) -> bool:
    return any(log.get("action") == action and log.get("what") == what for log in logs)
