"""One bot of the settings, as this process lives with it.

A node owns a bot by a lock of the database: Telegram gives each update to whoever
asks, and two who ask take them from each other. Only the owner hears it and speaks.
"""

from __future__ import annotations

import asyncio

from channels.linking import link_of
from channels.owning import own
from channels.speaking import Speaker
from channels.telegram.api import Identity, TelegramApi
from channels.telegram.appointments import Appointments, Teller
from channels.telegram.door import PATH
from channels.telegram.introduction import at_telegram
from channels.telegram.log import TelegramLog
from channels.telegram.menu import show_menu
from channels.telegram.polling import Poller, PollTimings
from channels.telegram.registration import Registration
from channels.telegram.reporting import Reporter
from channels.telegram.saying import TelegramSpeech
from channels.telegram.sender import Sender
from channels.telegram.state import BotStates
from config.sections import TelegramSettings
from config.settings import Settings
from crm_core.domain.written import WrittenChannel
from crm_core.store.database import Database


class TelegramRoom:
    """Its ear, its mouth, and the lock that makes them ours."""

    def __init__(
        self, bot: TelegramSettings, settings: Settings, database: Database, *, timings: PollTimings | None = None
    ) -> None:
        self._bot = bot
        self._settings = settings
        self._database = database
        self._timings = timings

    async def run(self) -> None:
        """Own the bot whenever no other node does; returns only by cancellation."""
        await own(self._database, f"telegram:{self._bot.name}", self._live)

    async def _live(self) -> None:
        link = await link_of(self._database, WrittenChannel.TELEGRAM, self._bot.name)
        reporter = Reporter(self._bot.name, self._database)
        states = reporter.states(heard_at=link.heard_at)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(reporter.run())
            async with at_telegram(self._bot, states) as (api, me):
                reporter.introduce(me.username)
                await self._work(api, me, states)

    async def _work(self, api: TelegramApi, me: Identity, states: BotStates) -> None:
        sender = Sender(self._bot.name, api)
        speaker = Speaker(
            self._database,
            channel=WrittenChannel.TELEGRAM,
            source=self._bot.name,
            say=TelegramSpeech(self._bot.name, sender, self._database).say,
            timezone=self._settings.timezone,
        )
        offers = Appointments(self._bot, self._settings)
        teller = Teller(offers, self._database, our_address=f"@{me.username}")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(show_menu(api, bot=self._bot.name, usual=self._settings.locale))
            tasks.create_task(self._ear(api, me, states, sender).run())
            tasks.create_task(speaker.run())
            tasks.create_task(teller.run())

    def _ear(self, api: TelegramApi, me: Identity, states: BotStates, sender: Sender) -> Poller | Registration:
        """What brings us its updates: our own questions, or knocks at the doors of whoever answers the web."""
        name, secret = self._bot.name, self._bot.webhook_secret
        if self._bot.mode == "webhook" and secret is not None:
            return Registration(
                api, url=f"{self._settings.public_url}{PATH}/{name}", secret=secret.get_secret_value(), states=states
            )
        log = TelegramLog.at(api, me, sender, bot=self._bot, settings=self._settings, database=self._database)
        return Poller(name, api, log.store, username=me.username, states=states, timings=self._timings)
