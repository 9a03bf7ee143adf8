"""A database of the release before is brought up to date, and what was promised on it is watched from then on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import create_async_engine

import crm_core.store
from crm_core.store.database import Database
from crm_core.store.migrate import is_current, migrate
from crm_core.store.namesakes import find_namesakes
from crm_core.store.urls import sqlalchemy_url
from tests.conftest import fresh_database

MIGRATIONS = Path(crm_core.store.__file__).parent / "migrations"
GRACE = timedelta(minutes=10)


@pytest.fixture
async def first_release(postgres: URL) -> AsyncIterator[str]:
    """What the first release left behind."""
    async with fresh_database(postgres, "template0") as url:
        engine = create_async_engine(sqlalchemy_url(url))
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade_to_the_first)
        await engine.dispose()
        yield url


def _upgrade_to_the_first(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    connection.commit()


async def test_the_old_release_may_work_on_until_somebody_says_migrate(first_release: str) -> None:
    async with Database(first_release) as database:
        await _promise(database, late=timedelta(hours=5))

    assert not await migrate(first_release, everything=False)
    assert await migrate(first_release, everything=True)
    assert await is_current(first_release)


async def test_what_is_long_late_on_that_day_has_its_whole_grace_and_the_rest_keeps_its_moments(
    first_release: str,
) -> None:
    async with Database(first_release) as database:
        late = await _promise(database, late=timedelta(hours=5))
        to_come = await _promise(database, late=timedelta(hours=-5))

    await migrate(first_release, everything=True)

    async with Database(first_release) as database, database.begin() as tx:
        rows = {row["id"]: row for row in await tx.fetch("SELECT * FROM callbacks")}
        assert tx.now + GRACE - timedelta(minutes=1) < rows[late]["escalate_at"] <= tx.now + GRACE
        assert rows[to_come]["escalate_at"] == rows[to_come]["due_at"] + GRACE
        assert rows[to_come]["grace_from"] == rows[to_come]["due_at"]
        for row in rows.values():
            assert row["next_at"] == min(row["escalate_at"], row["takeover_at"])
            assert row["policy_versions"] == [2, 1]  # of strict-10m the one that stood on that day


async def test_who_was_known_already_is_found_by_the_sound_of_the_name(first_release: str) -> None:
    client = uuid4()
    async with Database(first_release) as database, database.begin() as tx:
        await tx.execute("INSERT INTO clients (id, name) VALUES ($1, 'Сүлейменова Әйгерім')", client)

    await migrate(first_release, everything=True)

    async with Database(first_release) as database, database.read() as db:
        assert await find_namesakes(db, "Aigerim Suleimenova", most=10) == [client]


async def _promise(database: Database, *, late: timedelta) -> UUID:
    """Made two days ago, when strict-10m had just been changed."""
    async with database.begin() as tx:
        person, client, callback = uuid4(), uuid4(), uuid4()
        await tx.execute(
            "INSERT INTO users (id, login, name, role) VALUES ($1, $2, 'Anna', 'agent')", person, str(person)
        )
        await tx.execute("INSERT INTO clients (id, name) VALUES ($1, 'Ким Виктор')", client)
        made_at = tx.now - timedelta(days=2)
        for name, version, at in (
            ("strict-10m", 1, made_at - timedelta(days=9)),
            ("strict-10m", 2, made_at - timedelta(days=1)),
            ("strict-10m", 3, made_at + timedelta(days=1)),
            ("soft-72h", 1, made_at - timedelta(days=9)),
        ):
            await tx.execute(
                """INSERT INTO callback_policies (name, version, rule, created_at) VALUES ($1, $2, '{}', $3)
                   ON CONFLICT DO NOTHING""",
                name,
                version,
                at,
            )
        await tx.execute(
            """INSERT INTO callbacks
                   (id, client_id, agent_id, due_at, escalate_at, takeover_at, policy, policies, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, 'strict-10m', '{strict-10m,soft-72h}', $7)""",
            callback,
            client,
            person,
            tx.now - late,
            tx.now - late + GRACE,
            tx.now - late + timedelta(hours=72),
            made_at,
        )
    return callback
