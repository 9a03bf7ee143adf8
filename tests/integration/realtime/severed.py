"""A wire to the database that can be cut and mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from crm_core.store.urls import sqlalchemy_url


class Wire:
    """Carries bytes between us and the server; cut, it looks like a server that has died."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._host.startswith("/"):
            there = await asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._port}")
        else:
            there = await asyncio.open_connection(self._host, self._port)
        self._writers |= {writer, there[1]}
        try:
            await asyncio.gather(_pipe(reader, there[1]), _pipe(there[0], writer))
        finally:
            self._writers -= {writer, there[1]}


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


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
