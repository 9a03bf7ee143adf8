"""The content of a client's file, as far as Telegram gives it."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

import structlog

from channels.telegram.api import LARGEST_DOWNLOAD, TelegramApi
from channels.telegram.refusals import TelegramBusy, TelegramRefused, TelegramUnavailable
from channels.telegram.values import File

logger = structlog.get_logger(__name__)

_FETCH_WITHIN_S: Final = 30.0


class Fetching(Protocol):
    """What gives us the content of a file."""

    async def fetch(self, file: File) -> bytes | None: ...


class FileFetcher:
    """Fetches from Telegram; what it will not give is None, and said why."""

    def __init__(self, api: TelegramApi) -> None:
        self._api = api

    async def fetch(self, file: File) -> bytes | None:
        if is_too_big(file):
            return None
        try:
            async with asyncio.timeout(_FETCH_WITHIN_S), self._api.open_file(file.file_id) as pieces:
                return b"".join([piece async for piece in pieces])
        except (TelegramRefused, TelegramBusy, TelegramUnavailable, TimeoutError) as failure:
            logger.warning("a file is not fetched", action="telegram_file_not_fetched", error=str(failure))
            return None


def is_too_big(file: File) -> bool:
    """Telegram does not give such to bots."""
    return file.size is not None and file.size > LARGEST_DOWNLOAD
