"""A program that says what is to be said in Telegram, and is killed at the await that it is told.

``python -m tests.failure.telegram_mouth_node DATABASE SAID``: whatever Telegram was told stands in SAID, a line for
each call. Every await of every task counts, those of the database among them; a life that is told 0 goes on until
somebody ends it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from datetime import UTC, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import structlog
from aiogram.methods import SendMediaGroup, SendMessage

from channels.speaking import Speaker
from channels.telegram.calls import Call
from channels.telegram.pacing import Pacing, Rate
from channels.telegram.saying import TelegramSpeech
from channels.telegram.sender import Sender
from crm_core.domain.written import WrittenChannel
from crm_core.store.database import Database
from tests.failure.lives import Lives, dying_at, live, mortal

_AT_ONCE = Rate(count=1000, seconds=1)


def telegram_mouth_node(database_url: str, said: Path) -> AbstractAsyncContextManager[Lives]:
    return mortal(__name__, database_url, str(said))


class _Telegram:
    """Takes everything; what it has taken outlives the one who said it."""

    def __init__(self, said: Path) -> None:
        self._said = said

    async def ask(self, method: Call, *, longer: timedelta = timedelta()) -> object:
        await asyncio.sleep(0)
        with self._said.open("a") as told:
            told.write(f"{_words(method)}\n")
        await asyncio.sleep(0)
        return {"message_id": len(self._said.read_text().splitlines())}


def _words(method: Call) -> str:
    """The first word of a text; the names of files."""
    if isinstance(method, SendMessage):
        return method.text.split()[0]
    assert isinstance(method, SendMediaGroup)
    return " ".join(one.media.filename for one in method.media)


async def _speak(database_url: str, said: Path) -> None:
    async with Database(database_url, pool_size=1) as database:
        sender = Sender("main", _Telegram(said), pacing=Pacing(chat=_AT_ONCE, overall=_AT_ONCE))
        speech = TelegramSpeech("main", sender, database)
        mouth = Speaker(database, channel=WrittenChannel.TELEGRAM, source="main", say=speech.say, timezone=UTC)
        await mouth.run()


def _life(database_url: str, said: Path, dies_at: int) -> None:
    awaits = count(1)

    def begin(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **how: Any) -> asyncio.Task[Any]:
        return asyncio.Task(dying_at(dies_at, work, awaits=awaits), loop=loop, **how)

    with asyncio.Runner() as runner:
        runner.get_loop().set_task_factory(begin)
        runner.run(_speak(database_url, said))


def main(database_url: str, said: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    live(lambda dies_at: _life(database_url, Path(said), dies_at))


if __name__ == "__main__":
    main(*sys.argv[1:])
