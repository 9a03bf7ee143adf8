"""Bringing a database up to date, by one process at a time.

Migrations come in two kinds: *before* ones may run while the previous release
still works on the database, *after* ones only when it is gone. ``serve`` runs
all of them on an empty or embedded database, and on a populated external one
only the *before* ones; ``perezvon migrate`` runs them all.
"""

from __future__ import annotations

from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from crm_core.domain.errors import PeerRefused
from crm_core.store.urls import sqlalchemy_url

logger = structlog.get_logger(__name__)

#: Advisory lock of whoever migrates; an arbitrary number that must never change.
MIGRATION_LOCK = 0x70657265

_HERE = Path(__file__).parent / "migrations"


class MigrationPending(PeerRefused):
    """The database waits for `perezvon migrate`: a change that the old release must not see."""

    code = "migration_pending"


async def migrate(url: str, *, everything: bool) -> bool:
    """Run what is pending; ``everything`` includes *after* migrations on a populated database.

    Returns:
        True when the database is now at the newest revision.
    """
    engine = create_async_engine(sqlalchemy_url(url), connect_args={"timeout": 10})
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
            await connection.commit()
            try:
                return await connection.run_sync(_upgrade, everything)
            finally:
                await connection.rollback()
                await connection.exec_driver_sql(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})")
                await connection.commit()
    finally:
        await engine.dispose()


async def is_current(url: str) -> bool:
    """True when nothing is pending."""
    engine = create_async_engine(sqlalchemy_url(url), connect_args={"timeout": 10})
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda sync: not _pending(sync, ScriptDirectory(str(_HERE))))
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, everything: bool) -> bool:
    scripts = ScriptDirectory(str(_HERE))
    empty = _current(connection) is None
    pending = _pending(connection, scripts)
    wanted = pending if everything or empty else _leading_before(pending)
    if wanted:
        config = Config()
        config.set_main_option("script_location", str(_HERE))
        config.attributes["connection"] = connection
        command.upgrade(config, wanted[-1].revision)
        connection.commit()
        logger.info("database migrated", action="database_migrated", to=wanted[-1].revision, count=len(wanted))
    return len(wanted) == len(pending)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _pending(connection: Connection, scripts: ScriptDirectory) -> list[Script]:
    """Oldest first."""
    current = _current(connection)
    known = list(scripts.walk_revisions())
    if current is not None and current not in {script.revision for script in known}:
        raise PeerRefused(f"The database is at revision {current}, which this release does not know. It is newer.")
    newer: list[Script] = []
    for script in known:  # newest first
        if script.revision == current:
            break
        newer.append(script)
    return newer[::-1]


def _leading_before(pending: list[Script]) -> list[Script]:
    for index, script in enumerate(pending):
        if script.module.phase != "before":
            return pending[:index]
    return pending
