"""From the outbox to the sockets: one node numbers what was committed, every node passes it on.

The numbering runs on the very connection that holds the relay's lock, so a node
that has lost the lock cannot number anything. Passing on is reading by number
from where we were: what was lost on the way is read again, what was passed on
is not. Wake-ups make it quick; the poll makes it certain.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from crm_core.store import outbox
from crm_core.store.database import DATABASE_AWAY, Database, Reader
from crm_core.store.locks import HeldLock, holding
from crm_core.store.outage import Outage
from crm_core.store.outbox import OutboxRow, Window
from realtime import metrics
from realtime.frames import Encoded, encode_rows

logger = structlog.get_logger(__name__)

LOCK = "outbox"
DELIVER_LIMIT = 200
PRUNE_EVERY_S = 600.0


class Audience(Protocol):
    """Those who are told; they are told everything once, in order."""

    def begin(self, seq: int) -> None:
        """Everything up to ``seq`` is past."""

    def take(self, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
        """These come next; which of them does anybody here want to hear?"""

    def give(self, events: Sequence[Encoded]) -> None:
        """Here they are; those that can no longer be told are left out."""


class Relay:
    """Runs on every node; without an ``audience`` it only stands by to number."""

    def __init__(
        self, db: Database, audience: Audience | None, *, window: Window | None = None, poll_s: float = 0.5
    ) -> None:
        self._db = db
        self._audience = audience
        self._window = window or Window()
        self._poll_s = poll_s
        self._seq: int | None = None  # the last event passed on

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stamp_for_ever(), name="stamp the outbox")
            if self._audience is not None:
                tasks.create_task(self._deliver_for_ever(self._audience), name="deliver events")

    async def _stamp_for_ever(self) -> None:
        outage = Outage("numbering of events")
        while True:
            try:
                async with holding(self._db, LOCK) as lock:
                    outage.over()
                    logger.info("this node numbers events", action="relay_acquired", fence=lock.fence)
                    await self._stamp(lock)
            except DATABASE_AWAY as error:
                await outage.wait(error)

    async def _stamp(self, lock: HeldLock) -> None:
        prune_at = asyncio.get_running_loop().time()
        async with self._db.wakeups.waiter(outbox.WRITTEN) as woken:
            while True:
                woken.clear()
                async with lock.connection() as db:
                    stamped = await outbox.stamp(db)
                if stamped:
                    metrics.STAMPED.inc(stamped)
                    self._db.wakeups.wake(outbox.STAMPED)
                if stamped == outbox.STAMP_LIMIT:
                    continue
                if asyncio.get_running_loop().time() >= prune_at:
                    async with lock.connection() as db:
                        forgotten = await outbox.prune(db, self._window)
                    if not forgotten:
                        prune_at += PRUNE_EVERY_S
                    continue
                await _wait(woken, self._poll_s)

    async def _deliver_for_ever(self, audience: Audience) -> None:
        outage = Outage("delivery of events")
        async with self._db.wakeups.waiter(outbox.STAMPED) as woken:
            while True:
                woken.clear()
                try:
                    more = await self._deliver(audience)
                    outage.over()
                except DATABASE_AWAY as error:
                    await outage.wait(error)
                else:
                    if not more:
                        await _wait(woken, self._poll_s)

    async def _deliver(self, audience: Audience) -> bool:
        """Pass on the next piece; true when there may be more."""
        async with self._db.read() as db:
            rows = [] if self._seq is None else await outbox.read_after(db, self._seq, limit=DELIVER_LIMIT)
            if not rows:
                return await self._begin_again(db, audience)
            audience.give(await encode_rows(db, audience.take(rows)))
            self._seq = rows[-1].seq
        return len(rows) == DELIVER_LIMIT

    async def _begin_again(self, db: Reader, audience: Audience) -> bool:
        """Where nothing follows, the numbers may stand behind us: another database is there now, or an older one."""
        last = await outbox.last_seq(db)
        if self._seq is not None and last >= self._seq:
            return False
        audience.begin(last)
        self._seq = last
        return True


async def _wait(woken: asyncio.Event, at_most_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(at_most_s):
            await woken.wait()
