"""A program that stores what a bot was told in the real log, and is killed at the await that it is told.

``python -m tests.failure.telegram_log_node DATABASE UPDATES``: a life stores the updates of the file.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import structlog

from channels.telegram.log import TelegramLog
from channels.telegram.reader import read
from channels.telegram.values import File, Update
from config.sections import TelegramSettings
from config.settings import Settings
from crm_core.store.database import Database
from tests.failure.lives import Lives, dying_at, live, mortal

USERNAME = "perezvon_test_bot"


def telegram_log_node(database_url: str, updates: Path) -> AbstractAsyncContextManager[Lives]:
    return mortal(__name__, database_url, str(updates))


class _NoFiles:
    async def fetch(self, file: File) -> bytes | None:
        return None


async def _nobody_waits(query_id: str, notice: str) -> bool:
    return True


async def _store(database_url: str, told: Sequence[Update], dies_at: int) -> None:
    bot = TelegramSettings(name="main", token="42:AAtoken", queue="sales")
    async with Database(database_url, pool_size=1) as database:
        log = TelegramLog(bot, Settings(), database, username=USERNAME, files=_NoFiles(), answer_button=_nobody_waits)
        await dying_at(dies_at, log.store(told))


def main(database_url: str, updates: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    told = [read(one, username=USERNAME) for one in json.loads(Path(updates).read_text())]
    live(lambda dies_at: asyncio.run(_store(database_url, told, dies_at)))


if __name__ == "__main__":
    main(*sys.argv[1:])
