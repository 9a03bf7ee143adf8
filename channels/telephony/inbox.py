"""Between the reader that must never wait and the consumer that sometimes has to.

AMI has no back-pressure: Asterisk drops a listener that is slow. So the reader
puts every event here at once. While the consumer keeps up they pass through
memory; when it does not (the database is being restarted), the rest goes to
disk and comes back in order, before anything newer. Only a full disk drops, and
then it is counted and told, for a hole must never be silent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import structlog

from channels.telephony.frames import Event
from channels.telephony.spool import Arrival, Spool

logger = structlog.get_logger(__name__)

T = TypeVar("T")

#: How many events a consumer takes at once, at most.
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A stretch of events that found no room, told when it is over."""

    count: int
    first_at: datetime
    last_at: datetime


class Inbox:
    """One reader, one consumer; ``run`` lives in the caller's task group, or nothing goes to disk.

    A batch counts as done when the next one is taken, or by ``done``. What was
    not done when ``run`` is cancelled lies on disk for the next start, so a
    consumer must be able to hear an event twice.
    """

    def __init__(
        self,
        directory: Path,
        *,
        size: int,
        spool_bytes: int,
        on_dropped: Callable[[Dropped], None] | None = None,
    ) -> None:
        self.dropped = 0
        self._size = size
        self._on_dropped = on_dropped
        self._spool = Spool(directory, max_bytes=spool_bytes)
        self._whole = directory / "whole"  # there while nothing but the disk holds events
        self._memory: deque[Arrival] = deque()  # the oldest
        self._overflow: deque[Arrival] = deque()  # the newest, on their way to disk
        self._taken: list[Arrival] = []
        self._reading_segment = False  # memory holds the spool's oldest segment
        self._spilling = not self._spool.is_empty
        #: A process before us was killed: what lay in its memory came before what lies on disk, and is lost.
        self.lost_its_memory = self._spilling and not self._whole.exists()
        self._whole.unlink(missing_ok=True)
        self._disk = asyncio.Lock()
        self._arrived = asyncio.Event()
        self._spilled = asyncio.Event()
        self._hole: Dropped | None = None

    @property
    def waiting(self) -> int:
        """Events in memory that nobody has taken yet."""
        return len(self._memory) + len(self._overflow)

    @property
    def is_done(self) -> bool:
        """Everything that was put here is safe where it belongs."""
        return not (self._memory or self._overflow or self._taken) and self._spool.is_empty

    @property
    def spooled_bytes(self) -> int:
        """What lies on disk."""
        return self._spool.size_bytes

    @property
    def is_spilling(self) -> bool:
        """The consumer is behind: events take the way over the disk."""
        return self._spilling

    def put(self, event: Event, at: datetime) -> None:
        """Never waits and never fails."""
        arrival = Arrival(at, event)
        if not self._spilling and len(self._memory) < self._size:
            self._memory.append(arrival)
            self._arrived.set()
            return
        if not self._spilling:  # say it once, not ten thousand times
            self._spilling = True
            logger.error("ami inbox full", action="ami_inbox_full", size=self._size)
        if len(self._overflow) >= self._size:
            self._drop([arrival])
            return
        self._overflow.append(arrival)
        self._arrived.set()
        self._spilled.set()

    async def take(self, limit: int = BATCH) -> list[Arrival]:
        """The next events in the order in which they came, at least one; waits for it.

        The batch taken before is done with this.
        """
        await self.done()
        while not self._memory:
            await self._refill()
        self._taken = [self._memory.popleft() for _ in range(min(limit, len(self._memory)))]
        return self._taken

    async def done(self) -> None:
        """The batch taken last is safe where it belongs."""
        self._taken = []
        if self._reading_segment and not self._memory:
            async with self._disk:
                await _to_its_end(self._spool.remove_oldest)
                self._reading_segment = False

    async def run(self) -> None:
        """Carry to disk what finds no room in memory; at the end, everything that was not done."""
        try:
            while True:
                await self._spilled.wait()
                await self._carry()
        finally:
            async with self._disk:
                self._save_the_rest()

    async def _refill(self) -> None:
        """Bring the next oldest events into memory, or wait for new ones."""
        async with self._disk:
            if not self._spool.is_empty:
                self._memory.extend(await _to_its_end(self._spool.read_oldest))
                self._reading_segment = bool(self._memory)
                if not self._memory:  # torn at its very beginning
                    await _to_its_end(self._spool.remove_oldest)
                return
            self._memory.extend(self._overflow)  # the consumer is quicker than the disk
            self._overflow.clear()
            if self._spilling:
                self._spilling = False
                logger.info("ami inbox has caught up", action="ami_inbox_caught_up")
                self._end_hole()
            if self._memory:
                return
        self._arrived.clear()
        await self._arrived.wait()

    async def _carry(self) -> None:
        async with self._disk:
            self._spilled.clear()
            if not self._overflow:  # the consumer was quicker
                return
            carried, refused = list(self._overflow), list[Arrival]()
            self._overflow.clear()
            try:
                await _to_its_end(lambda: refused.extend(self._spool.append(carried)))
            finally:
                self._account(refused)

    def _account(self, refused: list[Arrival]) -> None:
        if self._spool.failure is not None:
            logger.error("ami spool cannot be written", action="ami_spool_failed", error=self._spool.failure)
        if refused:
            self._drop(refused)
        else:
            self._end_hole()

    def _drop(self, arrivals: list[Arrival]) -> None:
        if self._hole is None:
            logger.error("ami events are dropped: the spool is full", action="ami_events_dropped")
        first_at = self._hole.first_at if self._hole else arrivals[0].at
        count = (self._hole.count if self._hole else 0) + len(arrivals)
        self._hole = Dropped(count=count, first_at=first_at, last_at=arrivals[-1].at)
        self.dropped += len(arrivals)

    def _end_hole(self) -> None:
        """The first event that found room again ends the stretch of those that did not."""
        if self._hole is None:
            return
        hole, self._hole = self._hole, None
        logger.error("ami events were dropped", action="ami_events_lost", count=hole.count)
        if self._on_dropped is not None:
            self._on_dropped(hole)

    def _save_the_rest(self) -> None:
        """Everything not done, for the next start. Blocks: it is the last thing done here."""
        # What a segment brought into memory still lies on disk.
        unread = [] if self._reading_segment else [*self._taken, *self._memory]
        try:
            self._spool.prepend(unread)
        except OSError as failure:
            logger.error("ami spool cannot be written", action="ami_spool_failed", error=repr(failure))
            self._drop(unread)
        if self._overflow:
            self._account(self._spool.append(self._overflow))
        self._end_hole()
        with suppress(OSError):
            self._whole.touch()


async def _to_its_end(function: Callable[[], T]) -> T:
    """Run it in a thread; a cancellation waits until the disk is at rest."""
    running = asyncio.get_running_loop().run_in_executor(None, function)
    try:
        return await asyncio.shield(running)
    finally:
        if not running.done():
            await asyncio.wait({running})
