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
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from channels.telegram.keeping import Store, keep
from channels.telegram.reader import read
from channels.telegram.refusals import Reason, TelegramBusy, TelegramRefused, TelegramUnavailable
from crm_core.store.database import DATABASE_AWAY
from crm_core.store.outage import Outage

logger = structlog.get_logger(__name__)

#: Telegram forgets what nobody fetched for so long.
KEPT_BY_TELEGRAM = timedelta(hours=24)


class BotStatus(StrEnum):
    """Whether we hear this bot."""

    UP = "up"
    DOWN = "down"  # tried again, ever more slowly
    CONFLICT = "conflict"  # another program hears it instead of us
    REFUSED = "refused"  # the token is wrong: a person must act


@dataclass(frozen=True, slots=True, kw_only=True)
class BotState:
    """One bot at one moment."""

    status: BotStatus
    since: datetime
    error: str | None = None  # in words; None when up
    deaf_since: datetime | None = None  # when Telegram last answered before this gap; None: never yet

    def lost_some(self, now: datetime) -> bool:
        """The gap was so long that Telegram may have forgotten the first of what was said in it."""
        return self.deaf_since is not None and now - self.deaf_since > KEPT_BY_TELEGRAM


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


def utc_now() -> datetime:
    return datetime.now(UTC)


class Poller:
    """``run`` lives in the caller's task group until it is cancelled; whatever Telegram does becomes a state."""

    def __init__(
        self,
        bot: str,
        api: Hearing,
        store: Store,
        *,
        username: str,
        heard_at: datetime | None = None,
        on_state: Callable[[BotState], None] | None = None,
        timings: PollTimings | None = None,
        clock: Callable[[], datetime] = utc_now,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """``heard_at``: when this bot was heard last, by whichever process."""
        self._bot = bot
        self._api = api
        self._store = store
        self._username = username
        self._heard_at = heard_at
        self._on_state = on_state
        self._timings = timings or PollTimings()
        self._clock = clock
        self._jitter = jitter
        self._state = BotState(status=BotStatus.DOWN, since=clock(), error="not asked yet", deaf_since=heard_at)
        self._outage = Outage(f"the database, for messages of {bot}")
        self._failures = 0
        self._offset = 0  # 0: from the oldest that is not acknowledged

    @property
    def state(self) -> BotState:
        return self._state

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
                self._heard()
                await self._keep(raw)

    @property
    def _patience(self) -> timedelta:
        """A question that Telegram keeps open says nothing about the line: after a failure the first is a short one."""
        return self._timings.wait if self._state.status is BotStatus.UP else timedelta()

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

    def _heard(self) -> None:
        self._failures = 0
        self._enter(BotStatus.UP)
        self._heard_at = self._clock()

    async def _rest(self, status: BotStatus, failure: Exception, pause: timedelta) -> None:
        self._enter(status, error=str(failure))
        await asyncio.sleep(pause.total_seconds())

    def _next_pause(self) -> timedelta:
        """Doubling up to the longest; jittered, so that many nodes do not come back in one moment."""
        growing = self._timings.retry_first * (1 << min(self._failures, 16))
        self._failures += 1
        return min(growing, self._timings.retry_max) * (0.5 + self._jitter() / 2)

    def _enter(self, status: BotStatus, *, error: str | None = None) -> None:
        before, now = self._state, self._clock()
        if status is before.status and error == before.error:
            return
        self._state = BotState(
            status=status,
            since=now if status is not before.status else before.since,
            error=error,
            deaf_since=self._heard_at if before.status is BotStatus.UP else before.deaf_since,
        )
        if status is not before.status:
            self._log_change(now)
        if self._on_state is not None:
            self._on_state(self._state)

    def _log_change(self, now: datetime) -> None:
        state, log = self._state, logger.bind(bot=self._bot)
        gap_s = round((now - state.deaf_since).total_seconds(), 1) if state.deaf_since else None
        match state.status:
            case BotStatus.UP if state.lost_some(now):
                log.error("telegram has forgotten what was said", action="telegram_gap", gap_s=gap_s)
            case BotStatus.UP:
                log.info("telegram bot up", action="telegram_up", gap_s=gap_s)
            case BotStatus.DOWN:
                log.warning("telegram bot lost", action="telegram_lost", error=state.error)
            case BotStatus.CONFLICT:
                log.error("another program hears this bot", action="telegram_conflict", error=state.error)
            case BotStatus.REFUSED:
                log.error("telegram refuses this bot", action="telegram_refused", error=state.error)
