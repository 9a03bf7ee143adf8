"""One node of several has a bot or a mailbox: it hears and speaks there, the others stand in line.

Two who hear the same world take its messages from each other, or tell them twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.store.locks import holding
from crm_core.store.outage import Outage


async def own(database: Database, lock: str, live: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """``live`` whenever no other node does, and not a moment longer; returns only by cancellation."""
    outage = Outage(f"the lock {lock}")
    while True:
        try:
            async with holding(database, lock) as held:
                outage.over()
                living = asyncio.create_task(live())
                lost = asyncio.create_task(held.lost.wait())
                try:
                    await asyncio.wait({living, lost}, return_when=asyncio.FIRST_COMPLETED)
                    if living.done():
                        living.result()
                finally:
                    living.cancel()
                    lost.cancel()
                    await asyncio.wait({living, lost})
                raise ConnectionError("its connection ended")
        except DATABASE_AWAY as lost_lock:
            await outage.wait(lost_lock)
