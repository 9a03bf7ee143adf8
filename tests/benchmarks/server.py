"""A PostgreSQL of the benchmark's own, with a fresh migrated database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crm_core.store.database import Database
from crm_core.store.defaults import seed_defaults
from crm_core.store.migrate import migrate
from crm_core.store.partitions import make_months
from tests.embedded_users import any_user_may_enter


@asynccontextmanager
async def fresh_database() -> AsyncIterator[Database]:
    """Migrated, with this month's partitions and the shipped lists; gone afterwards.

    On the real disk: a durable commit is part of what is measured.
    """
    with any_user_may_enter(on_disk=True) as place:
        async with place.server() as server:
            await migrate(server.url, everything=True)
            async with Database(server.url) as database:
                async with database.begin() as tx:
                    await make_months(tx, now=tx.now)
                    await seed_defaults(tx)
                yield database
