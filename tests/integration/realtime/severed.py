"""A wire to the database that can be cut and mended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crm_core.store.urls import sqlalchemy_url
from tests.wire import Wire


@asynccontextmanager
async def severable(database_url: str) -> AsyncIterator[tuple[Wire, str]]:
    """A wire to this database, and the address at its near end."""
    url = sqlalchemy_url(database_url)
    host = url.host or url.query.get("host") or "127.0.0.1"
    port = url.port or url.query.get("port") or 5432
    wire = Wire(str(host), int(str(port)))
    await wire.mend()
    near = url.set(drivername="postgresql", host="127.0.0.1", port=wire.port, query={})
    try:
        yield wire, near.render_as_string(hide_password=False)
    finally:
        await wire.cut()
