"""Which contact with a client a call was, whatever order the calls became known in."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from crm_core.actions import clients
from crm_core.actions.calls import record_calls
from crm_core.actions.interactions import attach_client
from crm_core.store.database import Database
from tests.builders import NOON, ended, leg
from tests.integration.desk import owner
from tests.people import add_agent, add_client

AIGERIM, BOLAT = "+77011234567", "+77015550142"
BY = owner(UUID(int=1))


async def talked(database: Database, *minutes: int, client: str = AIGERIM) -> None:
    """So many minutes past noon somebody talked with the client; all of it becomes known at once."""
    calls = []
    for minute in minutes:
        begun = NOON + timedelta(minutes=minute)
        phone = leg(uniqueid=f"{minute}.2", offered_at=begun, answered_at=begun, ended_at=begun + timedelta(seconds=50))
        calls.append(
            ended(
                linkedid=f"{minute}.1",
                client_number=client,
                started_at=begun,
                answered_at=begun,
                ended_at=begun + timedelta(seconds=50),
                legs=(phone,),
            )
        )
    async with database.begin() as tx:
        await record_calls(tx, calls, country="KZ")


async def numbers(database: Database) -> list[int]:
    """Of all calls, in the order in which they happened."""
    async with database.read() as db:
        return [row["contact_number"] for row in await db.fetch("SELECT contact_number FROM interactions ORDER BY id")]


async def call_at(database: Database, minute: int) -> UUID:
    async with database.read() as db:
        found: UUID = await db.fetchval("SELECT id FROM interactions WHERE external_id = $1", f"{minute}.1")
    return found


async def test_contacts_count_on_within_a_batch_and_from_batch_to_batch(database: Database) -> None:
    await talked(database, 1, 2)
    await talked(database, 3)
    await talked(database, 4, 5)

    assert await numbers(database) == [1, 2, 3, 4, 5]


async def test_the_contacts_of_one_client_are_nobody_elses(database: Database) -> None:
    await talked(database, 1)
    await talked(database, 2, client=BOLAT)
    await talked(database, 3)

    assert await numbers(database) == [1, 1, 2]


async def test_a_call_that_becomes_known_late_has_its_own_place_and_counts_for_the_next(database: Database) -> None:
    await talked(database, 1)
    await talked(database, 5)

    await talked(database, 3)
    await talked(database, 7)

    assert await numbers(database) == [1, 2, 2, 4]


async def test_a_stranger_who_gets_a_name_is_counted_with_that_name(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    aigerim = await add_client(database, "Айгерим Сулейменова", phone=AIGERIM)
    await talked(database, 1, 2)
    await talked(database, 3, client=BOLAT)

    async with database.begin() as tx:
        await attach_client(tx, await call_at(database, 3), aigerim, BY)
    await talked(database, 4)

    assert await numbers(database) == [1, 2, 3, 4]


async def test_two_cards_of_one_person_count_together_and_apart_again(database: Database) -> None:
    aigerim = await add_client(database, "Айгерим Сулейменова", phone=AIGERIM)
    bolat = await add_client(database, "А. Сулейменова", phone=BOLAT)
    await talked(database, 1, 2)
    await talked(database, 3, client=BOLAT)

    async with database.begin() as tx:
        await clients.merge(tx, aigerim, BY, other_id=bolat)
    await talked(database, 4)
    async with database.begin() as tx:
        await clients.unmerge(tx, aigerim, BY)
    await talked(database, 5, client=BOLAT)

    assert await numbers(database) == [1, 2, 1, 4, 2]
