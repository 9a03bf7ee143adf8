"""A peer that is away: said once when it goes, once when it is back, and asked ever less often in between."""

from __future__ import annotations

import asyncio
import random

import structlog

logger = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.1


class Outage:
    """The times ``what`` could not be done; one for each loop that must outlive them."""

    def __init__(self, what: str, *, longest_pause_s: float = 5.0) -> None:
        self._what = what
        self._longest_pause_s = longest_pause_s
        self._attempts = 0
        self._since = 0.0

    async def wait(self, error: BaseException) -> None:
        """It failed: wait before the next attempt, longer each time, never in step with the other nodes."""
        if not self._attempts:
            self._since = asyncio.get_running_loop().time()
            logger.error("peer lost", action="peer_lost", what=self._what, error=repr(error))
        growing = FIRST_PAUSE_S * 2.0 ** min(self._attempts, 30)
        self._attempts += 1
        await asyncio.sleep(min(growing, self._longest_pause_s) * random.uniform(0.5, 1.0))  # noqa: S311 (a pause)

    def over(self) -> None:
        """It works, or works again."""
        if self._attempts:
            gap_s = round(asyncio.get_running_loop().time() - self._since, 1)
            logger.info("peer back", action="peer_back", what=self._what, gap_s=gap_s)
            self._attempts = 0
