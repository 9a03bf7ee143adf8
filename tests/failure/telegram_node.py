"""A program that hears one Telegram bot, and is killed at the await that it is told.

``python -m tests.failure.telegram_node LOG [API]`` loads everything once and says at which port it hears by
webhook, when it is not told of an API to poll. For each line ``N`` it is told it becomes a new process that hears
the bot until its N-th await; it answers with the process's number, and at its end with how it ended. The
product's poller asks through a door of our own: loading aiogram's takes longer than all these lives together,
and it would put the same single question.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import coroutine
from typing import Any, Final, TypeVar

import structlog
from aiohttp import ClientSession, web

from channels.telegram.keeping import Store
from channels.telegram.polling import Poller
from channels.telegram.state import BotStates
from channels.telegram.values import MessageHeard, Update
from channels.telegram.webhook import SECRET_HEADER, Answer, Webhook

Result = TypeVar("Result")

SECRET: Final = "of-the-killed"
_ROOT = Path(__file__).parents[2]


@dataclass
class Lives:
    """The program, seen from outside."""

    process: asyncio.subprocess.Process
    port: int

    async def begin(self, dies_at: int) -> int:
        """A new life; gives the number of its process."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{dies_at}\n".encode())
        return int(await self._line())

    async def end(self) -> int:
        """How this life ended, when it has."""
        return int(await self._line())

    async def _line(self) -> bytes:
        assert self.process.stdout is not None
        return await self.process.stdout.readline()


@asynccontextmanager
async def telegram_node(log: Path, *api: str) -> AsyncIterator[Lives]:
    """The program as one without a life yet; gone at the end, with whatever life it has."""
    process = await asyncio.create_subprocess_exec(
        *("setpriv", "--pdeathsig", "KILL", sys.executable, "-m", __name__, str(log), *api),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        yield Lives(process, int(await process.stdout.readline()))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


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


@coroutine
def _dying_at(step: int, mortal: Coroutine[Any, Any, Result]) -> Generator[Any, Any, Result]:
    """The same work; before it goes on after its ``step``-th await, the process is no more."""
    error: BaseException | None = None
    for number in count(1):
        if number == step:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            awaited = mortal.send(None) if error is None else mortal.throw(error)
        except StopIteration as done:
            result: Result = done.value
            return result
        try:
            yield awaited
        except BaseException as raised:
            error = raised
        else:
            error = None


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
        await _dying_at(dies_at, poller.run())


async def _answer(door: socket.socket, store: Store, dies_at: int) -> None:
    webhook = Webhook("main", secret=SECRET)

    async def knock(request: web.Request) -> web.Response:
        secret = request.headers.get(SECRET_HEADER)
        answer = await _dying_at(dies_at, webhook.receive(request.read, secret=secret))
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
        print(door.getsockname()[1], flush=True)
        for line in sys.stdin:
            child = os.fork()
            if child == 0:
                store = _Log(log).store
                asyncio.run(_poll(api, store, int(line)) if api else _answer(door, store, int(line)))
            print(child, flush=True)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
