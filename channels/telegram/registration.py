"""Telling Telegram where to knock, and looking now and then whether it does.

Telegram keeps what it could not bring for a day, and tells how its last knock
failed only to whoever asks. A webhook that somebody else has set, or deleted,
is set again: the settings say that this bot is ours.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from channels.telegram.api import WebhookInfo
from channels.telegram.refusals import TelegramBusy, TelegramRefused, TelegramUnavailable
from channels.telegram.state import BotStates, BotStatus, utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationTimings:
    """How often is looked, and how soon again when Telegram does not answer."""

    look: timedelta = timedelta(minutes=1)
    retry: timedelta = timedelta(seconds=15)
    #: A knock that failed so lately is trouble of now.
    fresh: timedelta = timedelta(minutes=3)


class Registering(Protocol):
    """What is needed of :class:`channels.telegram.api.TelegramApi`."""

    async def listen_by_webhook(self, url: str, *, secret: str) -> None: ...

    async def webhook(self) -> WebhookInfo: ...


class Registration:
    """``run`` lives in the caller's task group until it is cancelled; whatever Telegram does becomes a state."""

    def __init__(
        self, api: Registering, *, url: str, secret: str, states: BotStates, timings: RegistrationTimings | None = None
    ) -> None:
        self._api = api
        self._url = url
        self._secret = secret
        self._states = states
        self._timings = timings or RegistrationTimings()

    async def run(self) -> None:
        told = False
        while True:
            try:
                if not told:
                    await self._api.listen_by_webhook(self._url, secret=self._secret)
                info = await self._api.webhook()
            except TelegramRefused as refusal:
                await self._rest(BotStatus.REFUSED, refusal, self._timings.retry)
            except TelegramBusy as busy:
                await self._rest(BotStatus.DOWN, busy, busy.wait)
            except TelegramUnavailable as failure:
                await self._rest(BotStatus.DOWN, failure, self._timings.retry)
            else:
                told = info.url == self._url
                self._judge(info)
                await asyncio.sleep(self._timings.look.total_seconds())

    def _judge(self, info: WebhookInfo) -> None:
        if info.url != self._url:
            self._states.lost(BotStatus.CONFLICT, "another program has changed the webhook of this bot")
        elif info.pending and info.failed_at is not None and utc_now() - info.failed_at < self._timings.fresh:
            self._states.lost(BotStatus.DOWN, f"Telegram cannot bring its updates: {info.error}")
        else:
            self._states.heard()

    async def _rest(self, status: BotStatus, failure: Exception, pause: timedelta) -> None:
        self._states.lost(status, str(failure))
        await asyncio.sleep(pause.total_seconds())
