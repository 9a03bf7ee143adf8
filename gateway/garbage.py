"""Python's collector of cycles, kept from making everybody wait.

A full collection looks at every object alive while the world stands still:
with a thousand chats open that is almost half a second, and comes whenever a
quarter is new. So what survives one is set aside and not looked at again, and
the next takes as long as what came since. What was set aside still goes when
nobody holds it; only what later dies in a cycle stays, until everything is
looked at together once an hour.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from datetime import timedelta

#: So often everything is looked at.
WHOLE_EVERY = timedelta(hours=1)


class Garbage:
    """Set the living aside after each full collection, as long as it runs."""

    def __init__(self, *, whole_every: timedelta = WHOLE_EVERY) -> None:
        self._whole_every = whole_every

    async def run(self) -> None:
        """Until cancelled; begins with what the start of the program left."""
        gc.callbacks.append(_set_aside)
        try:
            while True:
                gc.unfreeze()
                gc.collect()
                await asyncio.sleep(self._whole_every.total_seconds())
        finally:
            gc.callbacks.remove(_set_aside)
            gc.unfreeze()


def _set_aside(phase: str, collection: Mapping[str, int]) -> None:
    if phase == "stop" and collection["generation"] == 2:
        gc.freeze()
