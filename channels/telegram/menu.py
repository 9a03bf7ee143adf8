"""The commands that Telegram shows beside the field of writing, in both languages."""

from __future__ import annotations

import structlog

from channels.telegram.api import TelegramApi
from channels.telegram.phrases import Language, command_menu
from channels.telegram.refusals import TelegramBusy, TelegramRefused, TelegramUnavailable

logger = structlog.get_logger(__name__)


async def show_menu(api: TelegramApi, *, bot: str, usual: Language) -> None:
    """``usual`` is for apps of any other language. Without it the commands work as well."""
    try:
        await api.name_commands(command_menu(usual))
        for language in ("ru", "en"):
            await api.name_commands(command_menu(language), language=language)
    except (TelegramRefused, TelegramBusy, TelegramUnavailable) as failure:
        logger.warning("commands are not shown", action="telegram_menu_not_shown", bot=bot, error=str(failure))
