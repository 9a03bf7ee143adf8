"""Hearing one bot by asking Telegram again and again.

Asking for the next update is what acknowledges the ones before it, so the question
is not put before they are stored. Whatever kills us in between, Telegram tells them
again, and what is stored already is known by its key. The place in the queue is
remembered by Telegram and by nobody else.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from channels.telegram.keeping import Store, keep
from channels.telegram.reader import read
from channels.telegram.refusals import Reason, TelegramBusy, TelegramRefused, TelegramUnavailable
from channels.telegram.state import BotStates, BotStatus
from crm_core.store.database import DATABASE_AWAY
from crm_core.store.outage import Outage


@dataclass(frozen=True, slots=True, kw_only=True)
class PollTimings:
    """How long the poller waits for what."""

    wait: timedelta = timedelta(seconds=25)  # Telegram keeps a question open for so long
    retry_first: timedelta = timedelta(seconds=0.5)
    retry_max: timedelta = timedelta(seconds=30)
    retry_refused: timedelta = timedelta(seconds=60)


class Hearing(Protocol):
    """What the poller needs of :class:`channels.telegram.api.TelegramApi`."""

    async def updates(self, offset: int, *, wait: timedelta) -> list[object]: ...

    async def listen_by_polling(self) -> None: ...


class Poller:
    """``run`` lives in the caller's task group until it is cancelled; whatever Telegram does becomes a state."""

    def __init__(
        self,
        bot: str,
        api: Hearing,
        store: Store,
        *,
        username: str,
        states: BotStates,
        timings: PollTimings | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._bot = bot
        self._api = api
        self._store = store
        self._username = username
        self._states = states
        self._timings = timings or PollTimings()
        self._jitter = jitter
        self._outage = Outage(f"the database, for messages of {bot}")
        self._failures = 0
        self._offset = 0  # 0: from the oldest that is not acknowledged

    async def run(self) -> None:
        """Hear, for ever."""
        ready = False
        while True:
            try:
                if not ready:
                    await self._api.listen_by_polling()
                    ready = True
                raw = await self._api.updates(self._offset, wait=self._patience)
            except TelegramBusy as busy:
                await self._rest(BotStatus.DOWN, busy, busy.wait)
            except TelegramUnavailable as failure:
                await self._rest(BotStatus.DOWN, failure, self._next_pause())
            except TelegramRefused as refusal:
                if refusal.reason is Reason.NOT_US:
                    await self._rest(BotStatus.REFUSED, refusal, self._timings.retry_refused)
                else:
                    status = BotStatus.CONFLICT if refusal.reason is Reason.CONFLICT else BotStatus.DOWN
                    await self._rest(status, refusal, self._next_pause())
            else:
                self._failures = 0
                self._states.heard()
                await self._keep(raw)

    @property
    def _patience(self) -> timedelta:
        """A question that Telegram keeps open says nothing about the line: after a failure the first is a short one."""
        return self._timings.wait if self._states.current.status is BotStatus.UP else timedelta()

    async def _keep(self, raw: list[object]) -> None:
        """Until they are stored; only then the next question may acknowledge them, and only once.

        After a quiet week Telegram numbers anew, perhaps lower: an offset said again would drop what it never gave.
        """
        updates = [read(one, username=self._username) for one in raw]
        while updates:
            try:
                await keep(self._store, updates, bot=self._bot)
            except DATABASE_AWAY as away:
                await self._outage.wait(away)
            else:
                self._outage.over()
                break
        self._offset = 1 + max((update.update_id for update in updates if update.update_id is not None), default=-1)

    async def _rest(self, status: BotStatus, failure: Exception, pause: timedelta) -> None:
        self._states.lost(status, str(failure))
        await asyncio.sleep(pause.total_seconds())

    def _next_pause(self) -> timedelta:
        """Doubling up to the longest; jittered, so that many nodes do not come back in one moment."""
        growing = self._timings.retry_first * (1 << min(self._failures, 16))
        self._failures += 1
        return min(growing, self._timings.retry_max) * (0.5 + self._jitter() / 2)
