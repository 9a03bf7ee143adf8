"""Whether we hear a bot, and since when: told once for each change, not once for each try."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import structlog

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


def utc_now() -> datetime:
    return datetime.now(UTC)


class BotStates:
    """What becomes of one bot: ``on_state`` hears of each change."""

    def __init__(
        self,
        bot: str,
        *,
        heard_at: datetime | None = None,
        on_state: Callable[[BotState], None] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """``heard_at``: when this bot was heard last, by whichever process."""
        self._bot = bot
        self._heard_at = heard_at
        self._on_state = on_state
        self._clock = clock
        self._told = False
        self._state = BotState(status=BotStatus.DOWN, since=clock(), error="not asked yet", deaf_since=heard_at)

    @property
    def current(self) -> BotState:
        return self._state

    @property
    def is_known(self) -> bool:
        """Something has been heard of it, be it bad."""
        return self._told

    def heard(self) -> None:
        """Telegram has answered."""
        self._enter(BotStatus.UP, None)
        self._heard_at = self._clock()

    def lost(self, status: BotStatus, error: str) -> None:
        self._enter(status, error)

    def _enter(self, status: BotStatus, error: str | None) -> None:
        before, now = self._state, self._clock()
        self._told = True
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
