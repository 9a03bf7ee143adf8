"""Who we are at Telegram: nothing is read or said before that is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from channels.telegram.api import Identity, TelegramApi
from channels.telegram.refusals import Reason, TelegramBusy, TelegramRefused, TelegramUnavailable
from channels.telegram.state import BotStates, BotStatus
from config.sections import TelegramSettings

#: After a refused token a person must act; they need not restart us.
_ASK_AGAIN_S: Final = 30.0


@asynccontextmanager
async def at_telegram(bot: TelegramSettings, states: BotStates) -> AsyncIterator[tuple[TelegramApi, Identity]]:
    """The bot's way to Telegram, as soon as Telegram has told who we are there."""
    try:
        api = TelegramApi(bot)
    except TelegramRefused as refusal:
        states.lost(BotStatus.REFUSED, str(refusal))
        await asyncio.Event().wait()  # only other settings help
        raise
    async with api:
        yield api, await _introduced(api, states)


async def _introduced(api: TelegramApi, states: BotStates) -> Identity:
    """Asked until Telegram answers."""
    while True:
        try:
            return await api.me()
        except (TelegramRefused, TelegramBusy, TelegramUnavailable) as failure:
            refused = isinstance(failure, TelegramRefused) and failure.reason is Reason.NOT_US
            states.lost(BotStatus.REFUSED if refused else BotStatus.DOWN, str(failure))
            await asyncio.sleep(_ASK_AGAIN_S)
