"""A PostgreSQL of the benchmark's own, with a fresh migrated database."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from crm_core.store.database import Database
from crm_core.store.defaults import seed_defaults
from crm_core.store.embedded import EmbeddedPostgres
from crm_core.store.migrate import migrate
from crm_core.store.partitions import make_months


@asynccontextmanager
async def fresh_database() -> AsyncIterator[Database]:
    """Migrated, with this month's partitions and the shipped lists; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="perezvon-bench-") as folder:
        async with EmbeddedPostgres(Path(folder)) as server:
            await migrate(server.url, everything=True)
            async with Database(server.url) as database:
                async with database.begin() as tx:
                    await make_months(tx, now=tx.now)
                    await seed_defaults(tx)
                yield database
