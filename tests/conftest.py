"""What every room's tests share: a real PostgreSQL, and a fresh migrated database for each test.

The server is the embedded one, or the one ``PEREZVON_TEST_DATABASE_URL`` names
(an address whose user may create databases); the suite runs on both.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
import structlog
from hypothesis import settings
from sqlalchemy import URL

from crm_core.store.database import Database
from crm_core.store.defaults import seed_defaults
from crm_core.store.migrate import migrate
from crm_core.store.partitions import make_months
from crm_core.store.urls import sqlalchemy_url
from tests.embedded_users import any_user_may_enter

# Rich tracebacks take seconds, and a transaction that logs one would outlive its lease.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

pytest_plugins = ["tests.lab.plugin"]
# Their assertions are as talkative as those in the tests themselves.
pytest.register_assert_rewrite("tests.lab.agreement", "tests.replay.telling")

# An example that takes long says that the machine is busy, not that a property is false.
settings.register_profile("busy_machine", deadline=None)
settings.load_profile("busy_machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database-only", action="store_true", help="only the tests that need a PostgreSQL server")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database-only"):
        kept = [item for item in items if "postgres" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


@pytest.fixture(scope="session")
def event_loop_of_server() -> Iterator[object]:
    """The server outlives each test's own loop."""
    import asyncio

    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def postgres(event_loop_of_server) -> Iterator[URL]:
    """A server's address; its database is only the door through which others are made."""
    given = os.environ.get("PEREZVON_TEST_DATABASE_URL")
    if given:
        yield sqlalchemy_url(given)
        return
    with any_user_may_enter() as place:
        server = place.server()
        running = event_loop_of_server.run(server.__aenter__())
        try:
            url = sqlalchemy_url(running.url)
            event_loop_of_server.run(_wait_for_no_disk(url))
            yield url
        finally:
            event_loop_of_server.run(server.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def template_database(event_loop_of_server, postgres: URL) -> Iterator[str]:
    """Migrated once, with the shipped catalogues; copied for each test."""
    name = f"perezvon_template_{secrets.token_hex(4)}"
    event_loop_of_server.run(_make_template(postgres, name))
    yield name
    event_loop_of_server.run(_admin(postgres, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
async def database_url(postgres: URL, template_database: str) -> AsyncIterator[str]:
    async with fresh_database(postgres, template_database) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as opened:
        yield opened


@asynccontextmanager
async def fresh_database(server: URL, template: str) -> AsyncIterator[str]:
    """The address of a copy of the template, gone at the end."""
    name = f"perezvon_test_{secrets.token_hex(6)}"
    await _admin(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    try:
        yield _address(server, name)
    finally:
        await _admin(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _make_template(server: URL, name: str) -> None:
    await _admin(server, f'CREATE DATABASE "{name}"')
    url = _address(server, name)
    await migrate(url, everything=True)
    async with Database(url) as opened, opened.begin() as tx:
        await make_months(tx, now=tx.now)
        await seed_defaults(tx)


async def _wait_for_no_disk(server: URL) -> None:
    """Nothing here outlives the tests; ``kill -9`` of the server loses nothing all the same, only a power cut would."""
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        await _admin(server, f"ALTER SYSTEM SET {setting} = off")
    await _admin(server, "SELECT pg_reload_conf()")


async def _admin(server: URL, statement: str) -> None:
    arguments = server.translate_connect_args(username="user")
    arguments.update({key: value for key, value in server.query.items() if isinstance(value, str)})
    connection = await asyncpg.connect(**arguments)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _address(server: URL, database: str) -> str:
    return server.set(drivername="postgresql", database=database).render_as_string(hide_password=False)
