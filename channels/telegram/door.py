"""One bot's door in a process that answers the web; as many of them may stand open at once as there are such processes.

Each stores what it is told by itself: Telegram knocks at whichever the balancer gives it, and
the same update at two of them is stored once. Telling Telegram where to knock is the room's.
"""

from __future__ import annotations

import asyncio
from typing import Final

from channels.telegram.introduction import at_telegram
from channels.telegram.log import TelegramLog
from channels.telegram.sender import Sender
from channels.telegram.state import BotStates
from channels.telegram.webhook import Webhook
from config.sections import TelegramSettings
from config.settings import Settings
from crm_core.store.database import Database

#: Where the gateway puts the doors.
PATH: Final = "/hooks/telegram"


class TelegramDoor:
    """``webhook`` may be knocked at from the beginning; ``run`` opens it, and lives until it is cancelled."""

    def __init__(self, bot: TelegramSettings, settings: Settings, database: Database) -> None:
        assert bot.webhook_secret is not None  # as the settings are checked
        self._bot = bot
        self._settings = settings
        self._database = database
        self.webhook = Webhook(bot.name, secret=bot.webhook_secret.get_secret_value())

    @property
    def name(self) -> str:
        return self._bot.name

    async def run(self) -> None:
        async with at_telegram(self._bot, BotStates(self._bot.name)) as (api, me):
            sender = Sender(self._bot.name, api)
            log = TelegramLog.at(api, me, sender, bot=self._bot, settings=self._settings, database=self._database)
            with self.webhook.opened(log.store, username=me.username):
                await asyncio.Event().wait()
