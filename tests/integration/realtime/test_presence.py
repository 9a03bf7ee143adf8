"""Present is whoever has a desk open somewhere, and for a short grace after."""

from __future__ import annotations

import asyncio
from functools import partial

from crm_core.store.database import Database
from tests.integration.realtime.nodes import node, signed_in
from tests.waiting import eventually

GRACE_S = 0.6


async def is_present(database: Database, login: str) -> bool:
    async with database.read() as reader:
        return bool(
            await reader.fetchval(
                "SELECT present FROM agent_states JOIN users ON users.id = user_id WHERE login = $1", login
            )
        )


async def is_away(database: Database, login: str) -> bool:
    return not await is_present(database, login)


async def comings_and_goings(database: Database) -> int:
    async with database.read() as reader:
        changes: int = await reader.fetchval("SELECT count(*) FROM outbox WHERE type = 'agent.changed'")
        return changes


async def test_opening_a_desk_makes_present_and_closing_it_makes_away_after_the_grace(
    database: Database, database_url: str
) -> None:
    _, token = await signed_in(database, "anna", present=False)
    async with node(database_url, grace_s=GRACE_S) as here:
        async with here.browser(token):
            await eventually(partial(is_present, database, "anna"))
        left_at = asyncio.get_running_loop().time()

        await eventually(partial(is_away, database, "anna"))

        assert asyncio.get_running_loop().time() - left_at >= GRACE_S * 0.9
        assert await comings_and_goings(database) == 2


async def test_a_reload_is_no_absence(database: Database, database_url: str) -> None:
    _, token = await signed_in(database, "anna", present=False)
    async with node(database_url, grace_s=GRACE_S) as here:
        for _ in range(3):
            async with here.browser(token) as browser:
                await browser.next("hello")
                await eventually(partial(is_present, database, "anna"))

        assert await comings_and_goings(database) == 1


async def test_one_of_two_tabs_is_enough(database: Database, database_url: str) -> None:
    _, token = await signed_in(database, "anna", present=False)
    _, other = await signed_in(database, "boris", present=False)
    async with node(database_url, grace_s=GRACE_S) as here, here.browser(token):
        async with here.browser(token), here.browser(other):
            await eventually(partial(is_present, database, "boris"))
        await eventually(partial(is_away, database, "boris"))

        assert await is_present(database, "anna")


async def test_a_desk_at_another_node_is_enough(database: Database, database_url: str) -> None:
    _, token = await signed_in(database, "anna", present=False)
    _, other = await signed_in(database, "boris", present=False)
    async with (
        node(database_url, grace_s=GRACE_S) as here,
        node(database_url, grace_s=GRACE_S) as there,
        there.browser(token),
    ):
        async with here.browser(token), here.browser(other):
            await eventually(partial(is_present, database, "boris"))
        await eventually(partial(is_away, database, "boris"))

        assert await is_present(database, "anna")


async def test_whoever_was_present_when_the_process_died_is_away_unless_they_come_back(
    database: Database, database_url: str
) -> None:
    _, token = await signed_in(database, "anna", present=True)
    await signed_in(database, "boris", present=True)
    async with node(database_url, grace_s=GRACE_S) as here, here.browser(token):
        await eventually(partial(is_away, database, "boris"))

        assert await is_present(database, "anna")
        assert await comings_and_goings(database) == 1
