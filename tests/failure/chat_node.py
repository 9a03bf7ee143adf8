"""A program whose visitors are heard until the await that it is told; see :mod:`tests.failure.lives`.

``python -m tests.failure.chat_node DATABASE``: every life hears them at the same port, which it says first.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import AbstractAsyncContextManager
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from channels.webchat.hub import ChatHub
from channels.webchat.said import SayIn
from channels.webchat.visitors import Visitor
from config.settings import Limits, WebchatSettings
from crm_core.store.database import Database
from gateway.http.problems import document
from tests.failure.lives import Lives, dying_at, live, mortal
from tests.integration.webchat.chat import ORIGIN, SITE_KEY

_SITE = WebchatSettings(name="tours", site_key=SITE_KEY, origins=(ORIGIN,), queue="sales")


def chat_node(database_url: str) -> AbstractAsyncContextManager[Lives]:
    """The program; its first words are the port."""
    return mortal(__name__, database_url)


class _Mortal(ChatHub):
    """Dies at an await between hearing a message and answering it."""

    dies_at: int

    async def _say(self, visitor: Visitor, given: SayIn) -> object:
        return await dying_at(self.dies_at, self._say_and_wait(visitor, given))

    async def _say_and_wait(self, visitor: Visitor, given: SayIn) -> object:
        answer = await super()._say(visitor, given)
        await asyncio.sleep(0)  # stored, and not yet answered
        return answer


async def _live(door: socket.socket, database_url: str, dies_at: int) -> None:
    async with Database(database_url) as database:
        hub = _Mortal(
            database,
            sites=(_SITE,),
            limits=Limits(),
            timezone=ZoneInfo("Asia/Almaty"),
            country="KZ",
            address_of=lambda request: str(request.remote),
            problem=document,
        )
        hub.dies_at = dies_at
        app = web.Application()
        hub.attach(app)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.SockSite(runner, door).start()
        await hub.run()


def main(database_url: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = str(door.getsockname()[1])
        live(lambda dies_at: asyncio.run(_live(door, database_url, dies_at)), say=port)


if __name__ == "__main__":
    main(*sys.argv[1:])
