"""What the log knows of whether we hear a bot: each change at once, and that we live every minute.

Telegram keeps what nobody fetched for a day. A longer silence is a gap that nothing
can repair, and the ledger says from when to when.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from channels.telegram.state import KEPT_BY_TELEGRAM, BotState, BotStates, BotStatus
from crm_core.actions.channel_links import LinkState, record_lost_for_good, record_state
from crm_core.domain.written import WrittenChannel
from crm_core.store.database import DATABASE_AWAY, Database

_EVERY_S: Final = 60.0

_STATES: Final[dict[BotStatus, LinkState]] = {
    BotStatus.UP: "up",
    BotStatus.DOWN: "down",
    BotStatus.CONFLICT: "refused",
    BotStatus.REFUSED: "refused",
}
#: What a person can do about it, before Telegram's own words.
_ADVICE: Final = {
    BotStatus.CONFLICT: "another program hears this bot: end it, or make a new token with BotFather",
    BotStatus.REFUSED: "Telegram refuses this bot: is its token still the one that BotFather shows",
}


class Reporter:
    """``run`` lives until it is cancelled."""

    def __init__(self, bot: str, database: Database) -> None:
        self._bot = bot
        self._database = database
        self._news = asyncio.Event()
        self._states: BotStates | None = None
        self._address: str | None = None

    def states(self, *, heard_at: datetime | None) -> BotStates:
        """What becomes of the bot is reported from now on; ``heard_at``: when it was heard last, by any process."""
        self._states = BotStates(self._bot, heard_at=heard_at, on_state=lambda _: self._news.set())
        return self._states

    def introduce(self, username: str) -> None:
        """What Telegram calls it is told with what becomes of it."""
        self._address = f"@{username}"

    async def run(self) -> None:
        while True:
            self._news.clear()
            if self._states is not None and self._states.is_known:
                await self._report(self._states.current)
            try:
                async with asyncio.timeout(_EVERY_S):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _report(self, state: BotState) -> None:
        advice = _ADVICE.get(state.status)
        error = f"{advice} ({state.error})" if advice else state.error
        try:
            async with self._database.begin() as tx:
                channel = WrittenChannel.TELEGRAM
                await record_state(tx, channel, self._bot, _STATES[state.status], error=error, address=self._address)
                if state.status is BotStatus.UP and state.deaf_since is not None and state.lost_some(state.since):
                    until = state.since - KEPT_BY_TELEGRAM
                    await record_lost_for_good(tx, channel, self._bot, from_at=state.deaf_since, to_at=until)
        except DATABASE_AWAY:
            return  # it is said again in a minute
