"""The migrations and the tables in the code tell of the same database."""

from __future__ import annotations

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, ForeignKeyConstraint
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import SchemaItem

from crm_core.store.database import Database
from crm_core.store.migrate import is_current, migrate
from crm_core.store.partitions import PARTITIONED, make_months, strays
from crm_core.store.tables import metadata
from crm_core.store.urls import sqlalchemy_url
from tests.builders import NOON


# Alembic passes over the expressions of the trigram and tail indexes.
@pytest.mark.filterwarnings("ignore:Expression #")
async def test_a_migrated_database_is_what_the_tables_say(database_url: str) -> None:
    engine = create_async_engine(sqlalchemy_url(database_url))
    async with engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    await engine.dispose()

    assert differences == []


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    assert await migrate(database_url, everything=False)
    assert await is_current(database_url)


async def test_months_are_made_ahead_once(database: Database) -> None:
    async with database.begin() as tx:
        first = await make_months(tx, now=NOON.replace(year=2031), ahead=2)
        again = await make_months(tx, now=NOON.replace(year=2031), ahead=2)

    assert len(first) == 3 * len(PARTITIONED)
    assert again == []


async def test_programs_that_start_together_make_the_months_together(database: Database) -> None:
    async def start() -> int:
        async with database.begin() as tx:
            return len(await make_months(tx, now=NOON.replace(year=2032), ahead=2))

    made = await asyncio.gather(*(start() for _ in range(6)))

    assert sorted(made) == [0, 0, 0, 0, 0, 3 * len(PARTITIONED)]


async def test_a_row_of_no_month_is_kept_and_reported(database: Database) -> None:
    async with database.begin() as tx:
        await tx.execute(
            """INSERT INTO interactions (id, channel, direction, state, external_id, started_at)
               VALUES ('00000000-0000-7000-8000-000000000001', 'meeting', 'inbound', 'closed', 'long ago', $1)""",
            NOON.replace(year=1971),
        )
        found = await strays(tx)

    assert found == {"interactions": 1, "messages": 0, "raw_call_events": 0}


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"include_object": _is_ours, "compare_server_default": False})
    return list(compare_metadata(context, metadata))


def _is_ours(item: SchemaItem, name: str | None, kind: str, reflected: bool, other: SchemaItem | None) -> bool:
    """Partitions, and the foreign keys PostgreSQL derives for each of them, are made by the program, not declared."""
    if kind == "table":
        return name in metadata.tables
    if isinstance(item, ForeignKeyConstraint):
        return item.elements[0].target_fullname.partition(".")[0] in metadata.tables
    return True
