"""Who we are at Telegram: nothing is read or said before that is known."""

from __future__ import annotations

import asyncio
from typing import Final

from channels.telegram.api import Identity, TelegramApi
from channels.telegram.refusals import Reason, TelegramBusy, TelegramRefused, TelegramUnavailable
from channels.telegram.state import BotStates, BotStatus

#: After a refused token a person must act; they need not restart us.
_ASK_AGAIN_S: Final = 30.0


async def introduced(api: TelegramApi, states: BotStates) -> Identity:
    """Asked until Telegram answers."""
    while True:
        try:
            return await api.me()
        except (TelegramRefused, TelegramBusy, TelegramUnavailable) as failure:
            refused = isinstance(failure, TelegramRefused) and failure.reason is Reason.NOT_US
            states.lost(BotStatus.REFUSED if refused else BotStatus.DOWN, str(failure))
            await asyncio.sleep(_ASK_AGAIN_S)
