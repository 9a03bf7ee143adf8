"""A wire between us and a peer, in the test's hand: it can be cut, mended, and made to swallow what it should carry."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Wire:
    """Carries bytes to ``host``:``port``, or to the socket of a PostgreSQL when ``host`` is its directory."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._carries = True
        self.port = 0

    async def mend(self) -> None:
        """From now on at the near end: who connects reaches the peer."""
        self._carries = True
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """As if the peer had died: connections break, new ones are refused."""
        assert self._server is not None
        self._server.close()
        self._server = None
        self.break_off()

    def break_off(self) -> None:
        """Every connection breaks; new ones are welcome."""
        for writer in self._writers:
            writer.transport.abort()

    def swallow(self) -> None:
        """Half open: everything stays connected, and nothing arrives any more in either direction."""
        self._carries = False

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._host.startswith("/"):
            there = await asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._port}")
        else:
            there = await asyncio.open_connection(self._host, self._port)
        self._writers |= {writer, there[1]}
        try:
            await asyncio.gather(self._pipe(reader, there[1]), self._pipe(there[0], writer))
        finally:
            self._writers -= {writer, there[1]}

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if self._carries:
                    writer.write(data)
                    await writer.drain()
        writer.close()
