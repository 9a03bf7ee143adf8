"""Wait for what must come true, and not a moment longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE_S = 15.0


async def eventually(question: Callable[[], Awaitable[object]], *, patience_s: float = PATIENCE_S) -> None:
    """Ask again and again until the answer is yes, for what has no event to wait for.

    Raises:
        TimeoutError: it did not come true.
    """
    async with asyncio.timeout(patience_s):
        while not await question():  # noqa: ASYNC110 (the other side sends no event)
            await asyncio.sleep(0.01)
