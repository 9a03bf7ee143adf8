"""What the tests of the room share: a bot at the stand-in, and a log in memory with the manners of the real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from channels.telegram.api import TelegramApi
from channels.telegram.polling import Poller, PollTimings
from channels.telegram.state import BotStates
from channels.telegram.values import Update
from config.sections import TelegramSettings
from tests.bot_api.bot import FakeBot
from tests.bot_api.server import FakeTelegram, fake_telegram

QUICK = PollTimings(
    retry_first=timedelta(milliseconds=10),
    retry_max=timedelta(milliseconds=40),
    retry_refused=timedelta(milliseconds=10),
)


class Log:
    """Holds each key once; fails when it is told to."""

    def __init__(self) -> None:
        self.rows: dict[str, Update] = {}
        self.faults: list[Exception] = []
        self.poison: set[int] = set()  # updates it cannot hold, unless they are parked
        self.told: list[int] = []  # the sizes of batches, also of the refused ones
        self.may_store = asyncio.Event()
        self.may_store.set()

    async def store(self, updates: Sequence[Update]) -> None:
        self.told.append(len(updates))
        await self.may_store.wait()
        if self.faults:
            raise self.faults.pop(0)
        if any(update.update_id in self.poison and type(update.meaning).__name__ != "Parked" for update in updates):
            raise ValueError("invalid byte sequence")
        for update in updates:
            self.rows.setdefault(update.key, update)

    @property
    def ids(self) -> list[int]:
        return [int(key) for key in self.rows]


def settings(telegram: FakeTelegram, bot: FakeBot, **more: Any) -> TelegramSettings:
    return TelegramSettings(name="main", token=bot.token, api_base=telegram.url, queue="sales", **more)


@asynccontextmanager
async def bot_at_telegram(bot: FakeBot) -> AsyncIterator[tuple[FakeTelegram, TelegramApi]]:
    async with fake_telegram(bot) as telegram, TelegramApi(settings(telegram, bot)) as api:
        yield telegram, api


@asynccontextmanager
async def listening(api: TelegramApi, log: Log, **more: Any) -> AsyncIterator[BotStates]:
    """A poller that runs while the context lasts; gives what becomes of the bot."""
    states = BotStates("main", **more)
    poller = Poller(
        "main", api, log.store, username="perezvon_test_bot", states=states, timings=QUICK, jitter=lambda: 1.0
    )
    running = asyncio.create_task(poller.run())
    try:
        yield states
    finally:
        running.cancel()
        await asyncio.wait({running})
        if not running.cancelled():
            running.result()
