"""A program that hears one Telegram bot, and is killed at the await that it is told.

``python -m tests.failure.telegram_node LOG [API]`` says at which port it hears by webhook, when it is not told of
an API to poll. The product's poller asks through a door of our own: loading aiogram's takes longer than all these
lives together, and it would put the same single question.
"""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, closing
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from aiohttp import ClientSession, web

from channels.telegram.keeping import Store
from channels.telegram.polling import Poller
from channels.telegram.state import BotStates
from channels.telegram.values import MessageHeard, Update
from channels.telegram.webhook import SECRET_HEADER, Answer, Webhook
from tests.failure.lives import Lives, dying_at, live, mortal

SECRET: Final = "of-the-killed"


def telegram_node(log: Path, *api: str) -> AbstractAsyncContextManager[Lives]:
    """The program; without an ``api`` to poll its first words are the port at which it hears by webhook."""
    return mortal(__name__, str(log), *api)


def stored(log: Path) -> list[tuple[int, str]]:
    """What the log holds, in the order of storing."""
    with closing(sqlite3.connect(log)) as db:
        return db.execute("SELECT update_id, body FROM heard ORDER BY rowid").fetchall()


def make_log(log: Path) -> None:
    with closing(sqlite3.connect(log)) as db:
        db.execute("CREATE TABLE heard (bot text, update_id integer, body text, UNIQUE (bot, update_id))")


class _Log:
    """A store that can be killed before it writes, between writing and COMMIT, and after it."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        # A killed process loses nothing that the kernel has; the machine goes on.
        self._db.execute("PRAGMA synchronous = OFF")

    async def store(self, updates: Sequence[Update]) -> None:
        await asyncio.sleep(0)
        self._db.execute("BEGIN IMMEDIATE")
        for update in updates:
            assert isinstance(update.meaning, MessageHeard)
            row = (update.update_id, update.meaning.text)
            self._db.execute("INSERT INTO heard VALUES ('main', ?, ?) ON CONFLICT DO NOTHING", row)
        await asyncio.sleep(0)
        self._db.execute("COMMIT")
        await asyncio.sleep(0)


class _Door:
    """``getUpdates`` and nothing else."""

    def __init__(self, api: str, session: ClientSession) -> None:
        self._api = api
        self._session = session

    async def updates(self, offset: int, *, wait: timedelta) -> list[object]:
        question = {"offset": offset, "timeout": round(wait.total_seconds())}
        async with self._session.post(f"{self._api}/getUpdates", json=question) as answer:
            told: list[object] = (await answer.json())["result"]
            return told

    async def listen_by_polling(self) -> None:
        pass


async def _poll(api: str, store: Store, dies_at: int) -> None:
    async with ClientSession() as session:
        poller = Poller("main", _Door(api, session), store, username="perezvon_test_bot", states=BotStates("main"))
        await dying_at(dies_at, poller.run())


async def _answer(door: socket.socket, store: Store, dies_at: int) -> None:
    webhook = Webhook("main", secret=SECRET)

    async def knock(request: web.Request) -> web.Response:
        secret = request.headers.get(SECRET_HEADER)
        answer = await dying_at(dies_at, webhook.receive(request.read, secret=secret))
        return web.Response(status=200 if answer is Answer.STORED else 503)

    app = web.Application()
    app.router.add_post("/", knock)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.SockSite(runner, door).start()
    with webhook.opened(store, username="perezvon_test_bot"):
        await asyncio.Event().wait()


def main(log: str, api: str | None = None) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with socket.create_server(("127.0.0.1", 0)) as door:  # every life hears at the same one

        def work(dies_at: int) -> None:
            store = _Log(log).store
            asyncio.run(_poll(api, store, dies_at) if api else _answer(door, store, dies_at))

        live(work, say=str(door.getsockname()[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
