"""A program at whose door Telegram knocks, which stores in the real log and is killed at the await that it is told.

``python -m tests.failure.telegram_log_node DATABASE UPDATES``: a life is knocked for with each update of the file.
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
from channels.telegram.values import File
from channels.telegram.webhook import Answer, Webhook
from config.sections import TelegramSettings
from config.settings import Settings
from crm_core.store.database import Database
from tests.failure.lives import Lives, dying_at, live, mortal

USERNAME = "perezvon_test_bot"
_SECRET = "of-the-killed"


def telegram_log_node(database_url: str, updates: Path) -> AbstractAsyncContextManager[Lives]:
    return mortal(__name__, database_url, str(updates))


class _NoFiles:
    async def fetch(self, file: File) -> bytes | None:
        return None


class _Mute:
    async def answer_button(self, query_id: str, notice: str = "") -> bool:
        return True

    async def remark(self, chat_id: int, text: str, *, reply_to: int) -> None:
        pass


async def _hear(database_url: str, told: Sequence[bytes], dies_at: int) -> None:
    bot = TelegramSettings(name="main", token="42:AAtoken", queue="sales")
    async with Database(database_url, pool_size=1) as database:
        log = TelegramLog(bot, Settings(), database, username=USERNAME, files=_NoFiles(), mouth=_Mute())
        with (webhook := Webhook("main", secret=_SECRET)).opened(log.store, username=USERNAME):
            await dying_at(dies_at, _knock(webhook, told))


async def _knock(webhook: Webhook, told: Sequence[bytes]) -> None:
    for body in told:

        async def read_body(body: bytes = body) -> bytes:
            return body

        assert await webhook.receive(read_body, secret=_SECRET) is Answer.STORED


def main(database_url: str, updates: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    told = [json.dumps(one).encode() for one in json.loads(Path(updates).read_text())]
    live(lambda dies_at: asyncio.run(_hear(database_url, told, dies_at)))


if __name__ == "__main__":
    main(*sys.argv[1:])
