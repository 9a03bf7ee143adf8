"""The door to the Bot API: aiogram's client in front, nothing of aiogram behind it.

aiogram knows the methods, their forms and Telegram's refusals. Its answers are left
as the JSON they are: its models would refuse a whole answer for one odd field, and a
message that was sent would seem not to be. Only this module and
:mod:`channels.telegram.calls` import it, because that costs seconds and a hundred
megabytes: whoever has no bot, or only reads updates, does without.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import (
    DeleteWebhook,
    GetFile,
    GetMe,
    GetUpdates,
    GetWebhookInfo,
    Response,
    SetMyCommands,
    SetWebhook,
    TelegramMethod,
)
from aiogram.types import BotCommand
from aiogram.utils.token import TokenValidationError
from aiohttp import ClientConnectorError, ClientError

from channels.telegram.reader import WANTED_KINDS
from channels.telegram.refusals import (
    Reason,
    TelegramBusy,
    TelegramRefused,
    TelegramUnavailable,
    reason_of_bad_request,
    reason_of_forbidden,
)
from config.sections import TelegramSettings

#: More than this Telegram does not give to bots.
LARGEST_DOWNLOAD = 20 * 2**20
#: Telegram's own for one answer.
_MOST_UPDATES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the token belongs to."""

    id: int
    username: str
    #: BotFather's privacy mode is off. Otherwise only commands and replies to the bot are heard in groups.
    hears_groups: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookInfo:
    """What Telegram tells of a webhook; ``pending`` waits also for those who poll."""

    url: str  # empty: there is none
    pending: int
    error: str | None = None  # of its last failed knock
    failed_at: datetime | None = None


class TelegramApi:
    """One bot's way to Telegram, for as long as the context lasts.

    Every question raises ``TelegramRefused``, ``TelegramBusy`` or ``TelegramUnavailable`` and nothing else.
    """

    def __init__(self, settings: TelegramSettings, *, answer_within: timedelta = timedelta(seconds=30)) -> None:
        """
        Raises:
            TelegramRefused: the token cannot be one.
        """
        self._answer_s = answer_within.total_seconds()
        self._session = _PlainAnswers(api=TelegramAPIServer.from_base(settings.api_base))
        try:
            self._bot = Bot(settings.token.get_secret_value(), session=self._session)
        except TokenValidationError as error:
            raise TelegramRefused(str(error), reason=Reason.NOT_US) from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def me(self) -> Identity:
        """Who we are."""
        told = await self.ask(GetMe())
        return Identity(
            id=told["id"],
            username=told.get("username", ""),
            hears_groups=told.get("can_read_all_group_messages") is True,
        )

    async def updates(self, offset: int, *, wait: timedelta) -> list[object]:
        """Confirm every update below ``offset`` and give those from it on, or none after ``wait``."""
        seconds = round(wait.total_seconds())
        question = GetUpdates(offset=offset, limit=_MOST_UPDATES, timeout=seconds, allowed_updates=list(WANTED_KINDS))
        told = await self.ask(question, longer=wait)
        return told if isinstance(told, list) else []

    async def listen_by_polling(self) -> None:
        """What waits for a webhook waits for us instead; nothing of it is dropped."""
        await self.ask(DeleteWebhook(drop_pending_updates=False))

    async def listen_by_webhook(self, url: str, *, secret: str) -> None:
        """Have updates brought to ``url``, each with the secret."""
        await self.ask(SetWebhook(url=url, secret_token=secret, allowed_updates=list(WANTED_KINDS)))

    async def webhook(self) -> WebhookInfo:
        """Where Telegram brings updates, and how it fared there."""
        told = await self.ask(GetWebhookInfo())
        failed_at = told.get("last_error_date")
        return WebhookInfo(
            url=told.get("url", ""),
            pending=told.get("pending_update_count", 0),
            error=told.get("last_error_message") if failed_at else None,
            failed_at=datetime.fromtimestamp(failed_at, UTC) if failed_at else None,
        )

    async def name_commands(self, commands: Mapping[str, str], *, language: str | None = None) -> None:
        """Show these beside the field of writing, to apps of that language or to all others."""
        told = [BotCommand(command=name, description=words) for name, words in commands.items()]
        await self.ask(SetMyCommands(commands=told, language_code=language))

    @asynccontextmanager
    async def open_file(self, file_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The content of a client's file in pieces, never more than Telegram promises to give.

        Raises:
            TelegramRefused: too big, or no more there.
        """
        told = await self.ask(GetFile(file_id=file_id))
        path = told.get("file_path")
        if not path:
            raise TelegramRefused("Telegram names no path of this file.", reason=Reason.GONE)
        url = self._session.api.file_url(self._bot.token, path)
        yield self._pieces(url)

    async def _pieces(self, url: str) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for piece in self._session.stream_content(url, timeout=round(self._answer_s)):
                size += len(piece)
                if size > LARGEST_DOWNLOAD:
                    raise TelegramRefused("The file is larger than Telegram said.", reason=Reason.TOO_BIG)
                yield piece
        except (ClientError, TimeoutError) as failure:
            # Not `from failure`: its words hold the address, and that holds the token.
            raise TelegramUnavailable(f"the file broke off: {type(failure).__name__}", may_be_done=False) from None

    async def ask(self, method: TelegramMethod[Any], *, longer: timedelta = timedelta()) -> Any:
        """Call one method, once; gives its result as JSON."""
        try:
            return await self._bot(method, request_timeout=round(self._answer_s + longer.total_seconds()))
        except AiogramError as error:
            raise _ours(error) from None


class _PlainAnswers(AiohttpSession):
    """aiogram's session, but for what it makes of a good answer: nothing."""

    def check_response(self, bot: Bot, method: TelegramMethod[Any], status_code: int, content: str) -> Response[Any]:
        if status_code == 200:
            try:
                told = self.json_loads(content)
            except ValueError as error:
                raise ClientDecodeError("no JSON", error, content) from error
            if isinstance(told, dict) and told.get("ok") is True:
                return Response[Any].model_construct(ok=True, result=told.get("result"))
        return super().check_response(bot, method, status_code, content)

    async def close(self) -> None:
        """Without aiogram's pause of 250 ms: aiohttp has waited for its connections itself since 3.12."""
        if self._session is not None:
            await self._session.close()


def _ours(error: AiogramError) -> TelegramRefused | TelegramBusy | TelegramUnavailable:
    words = error.message if isinstance(error, TelegramAPIError) else type(error).__name__
    match error:
        case TelegramRetryAfter():
            # aiogram's words name the chat.
            words = f"Telegram wants a pause of {error.retry_after} s"
            return TelegramBusy(words, retry_after=timedelta(seconds=error.retry_after))
        case TelegramMigrateToChat():
            moved_to = error.migrate_to_chat_id
            return TelegramRefused("the group has another id now", reason=Reason.MOVED, moved_to=moved_to)
        case TelegramUnauthorizedError() | TelegramNotFound():
            return TelegramRefused(words, reason=Reason.NOT_US)
        case TelegramConflictError():
            return TelegramRefused(words, reason=Reason.CONFLICT)
        case TelegramForbiddenError():
            return TelegramRefused(words, reason=reason_of_forbidden(words))
        case TelegramBadRequest():
            return TelegramRefused(words, reason=reason_of_bad_request(words))
        case TelegramEntityTooLarge():  # to aiogram a kind of network error
            return TelegramRefused(words, reason=Reason.TOO_BIG)
        case TelegramNetworkError():
            never_heard = isinstance(error.__cause__, ClientConnectorError)
            return TelegramUnavailable(_kind_of(error.__cause__) or words, may_be_done=not never_heard)
        case TelegramServerError() | ClientDecodeError():
            return TelegramUnavailable(words, may_be_done=True)
        case _:
            return TelegramRefused(words, reason=Reason.OTHER)


def _kind_of(cause: BaseException | None) -> str:
    """Without its words: they may hold the address, and that holds the token."""
    return type(cause).__name__ if cause is not None else ""
