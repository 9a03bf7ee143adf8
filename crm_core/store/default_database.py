"""Which PostgreSQL a command works on: the operator's, or our own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from config.settings import Settings
from crm_core.store.embedded import EmbeddedPostgres


@asynccontextmanager
async def default_database(settings: Settings) -> AsyncIterator[str]:
    """The address of the database, which serves as long as the block runs.

    Raises:
        EmbeddedPostgresError: none is configured and ours cannot be started.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    async with EmbeddedPostgres(settings.data_dir) as server:
        yield server.url
