"""What people were at, moment by moment, and who waits to hear that somebody came to work."""

from __future__ import annotations

from uuid import UUID

from crm_core.actions.agents import record_presence, set_state
from crm_core.domain.people import AgentState
from crm_core.store.database import Database
from crm_core.store.watch import ELIGIBLE
from tests.people import add_agent


async def told_of(database: Database, person: UUID) -> list[tuple[str, bool]]:
    async with database.read() as db:
        rows = await db.fetch(
            """
            SELECT log.state, log.present
            FROM agent_state_log log
            WHERE log.user_id = $1
            ORDER BY log.at
            """,
            person,
        )
    return [(row["state"], row["present"]) for row in rows]


async def choose(database: Database, person: UUID, state: AgentState, reason: str | None = None) -> set[str]:
    """What was woken by it."""
    async with database.begin() as tx:
        await set_state(tx, person, state, reason)
    return tx.topics


async def test_every_change_of_a_state_is_remembered_once(database: Database) -> None:
    anna = await add_agent(database, "anna", extension=None, present=False)

    async with database.begin() as tx:
        await record_presence(tx, anna, True)
    async with database.begin() as tx:
        await record_presence(tx, anna, True)
    await choose(database, anna, AgentState.PAUSED, "LUNCH")
    await choose(database, anna, AgentState.PAUSED, "BREAK")  # others see the same
    await choose(database, anna, AgentState.AVAILABLE)
    async with database.begin() as tx:
        await record_presence(tx, anna, False)

    assert await told_of(database, anna) == [
        ("available", True),
        ("paused", True),
        ("available", True),
        ("offline", False),
    ]


async def test_what_was_rolled_back_was_no_change(database: Database) -> None:
    anna = await add_agent(database, "anna", extension=None)

    try:
        async with database.begin() as tx:
            await set_state(tx, anna, AgentState.OFFLINE, None)
            raise TimeoutError
    except TimeoutError:
        pass

    assert await told_of(database, anna) == []


async def test_whoever_gives_work_out_is_woken_when_somebody_comes_to_work_and_not_when_they_leave(
    database: Database,
) -> None:
    anna = await add_agent(database, "anna", extension=None)

    assert ELIGIBLE not in await choose(database, anna, AgentState.PAUSED, "LUNCH")
    assert ELIGIBLE in await choose(database, anna, AgentState.AVAILABLE)
    assert ELIGIBLE not in await choose(database, anna, AgentState.OFFLINE)
