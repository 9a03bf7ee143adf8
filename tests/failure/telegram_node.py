"""A program that hears one Telegram bot, and is killed at the await that it is told.

``python -m tests.failure.telegram_node API LOG`` loads everything once and says ``ready``. For each line ``N``
it is told it becomes a new process that hears the bot until its N-th await; it answers with the process's
number, and at its end with how it ended. The product's poller asks through a door of our own: loading aiogram's
takes longer than all these lives together, and it would put the same single question.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import coroutine
from typing import Any

import structlog
from aiohttp import ClientSession

from channels.telegram.polling import Poller
from channels.telegram.values import MessageHeard, Update

_ROOT = Path(__file__).parents[2]


@dataclass
class Lives:
    """The program, seen from outside."""

    process: asyncio.subprocess.Process

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
async def telegram_node(api: str, log: Path) -> AsyncIterator[Lives]:
    """The program as one without a life yet; gone at the end, with whatever life it has."""
    process = await asyncio.create_subprocess_exec(
        *("setpriv", "--pdeathsig", "KILL", sys.executable, "-m", __name__, api, str(log)),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield Lives(process)
    finally:
        process.stdin.close()
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
def _dying_at(step: int, mortal: Coroutine[Any, Any, None]) -> Generator[Any, Any, None]:
    """The same work; before it goes on after its ``step``-th await, the process is no more."""
    error: BaseException | None = None
    for number in count(1):
        if number == step:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            awaited = mortal.send(None) if error is None else mortal.throw(error)
        except StopIteration:
            return
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


def main(api: str, log: str) -> None:
    async def live(dies_at: int) -> None:
        async with ClientSession() as session:
            poller = Poller("main", _Door(api, session), _Log(log).store, username="perezvon_test_bot")
            await _dying_at(dies_at, poller.run())

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(live(int(line)))
            os._exit(0)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
