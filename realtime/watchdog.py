"""The loop that keeps promises moving: it beats, looks what is due, does it, and sleeps until the next moment.

Any number of nodes run it. Each beats before it looks, so that a time in which
nobody watched is in the ledger before anything is judged by it. It sleeps to
the next due moment by the database's clock; a second at most, because another
node may have made an earlier one, and a wake-up ends any sleep.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog

from crm_core.actions.conversation_watch import watch_conversations
from crm_core.actions.lead_watch import watch_leads
from crm_core.actions.watchdog import watch_due, watch_waiting
from crm_core.store import answering
from crm_core.store.database import DATABASE_AWAY, Database, Transaction
from crm_core.store.heartbeat import Beat, beat
from crm_core.store.lead_watch import retry_waiting
from crm_core.store.outage import Outage
from crm_core.store.watch import DUE, ELIGIBLE

logger = structlog.get_logger(__name__)

BATCH = 500
#: A client who writes at that moment waits until the batch that holds their conversation is done.
CONVERSATIONS_BATCH = 20
#: Batches of a long queue: more would only wait for each other, because giving out is done by one at a time.
_AT_ONCE = 2
_LONGEST_SLEEP = timedelta(seconds=1)
#: Many that are due one after the other are done together.
_SHORTEST_SLEEP = timedelta(milliseconds=50)

_Work = Callable[[Transaction], Awaitable[int]]


class Watchdog:
    """Runs on every node that has the role."""

    def __init__(self, database: Database, *, zone: ZoneInfo, batch: int = BATCH) -> None:
        self._database = database
        self._zone = zone
        self._batch = batch

    async def run(self) -> None:
        """Until cancelled."""
        outage = Outage("watchdog")
        wakeups = self._database.wakeups
        async with wakeups.waiter(DUE) as due, wakeups.waiter(ELIGIBLE) as eligible:
            while True:
                try:
                    await self._watch(due, eligible, outage)
                except DATABASE_AWAY as away:
                    await outage.wait(away)

    async def _watch(self, due: asyncio.Event, eligible: asyncio.Event, outage: Outage) -> None:
        while True:
            due.clear()
            seen = await beat(self._database)
            outage.over()
            if seen.silent is not None:
                logger.warning("nobody watched", action="watchdog_silent", silent_s=seen.silent.total_seconds())
            if eligible.is_set():
                eligible.clear()
                await self._try_again()
            await self._do_due(seen)
            await _sleep(seen, due, eligible)

    async def _do_due(self, seen: Beat) -> None:
        if seen.callbacks_at is not None and seen.callbacks_at <= seen.now:
            await self._all_of(lambda tx: watch_due(tx, self._batch, zone=self._zone))
        if seen.leads_at is not None and seen.leads_at <= seen.now:
            await self._all_of(lambda tx: watch_leads(tx, self._batch, zone=self._zone))
        if seen.conversations_at is not None and seen.conversations_at <= seen.now:
            await self._watch_conversations()

    async def _try_again(self) -> None:
        """Somebody may have come: what waits is looked at, the oldest and most valuable first."""
        async with self._database.begin() as tx:
            await retry_waiting(tx)
            await answering.retry_waiting(tx)
        await self._watch_conversations()
        await self._all_of(lambda tx: watch_leads(tx, self._batch, zone=self._zone))
        await self._all_of(lambda tx: watch_waiting(tx, self._batch, zone=self._zone))

    async def _watch_conversations(self) -> None:
        batch = min(self._batch, CONVERSATIONS_BATCH)
        await self._all_of(lambda tx: watch_conversations(tx, batch, zone=self._zone), batch=batch)

    async def _all_of(self, work: _Work, *, batch: int | None = None) -> None:
        """Batch after batch, until one was not full; of a long queue one is read while another is written."""
        if await self._fills(work, batch):
            await _together(*(self._rest_of(work, batch) for _ in range(_AT_ONCE)))

    async def _rest_of(self, work: _Work, batch: int | None) -> None:
        while await self._fills(work, batch):
            # A long queue of them must not keep the heart from beating.
            await beat(self._database)

    async def _fills(self, work: _Work, batch: int | None) -> bool:
        """Do one batch; was it full?"""
        async with self._database.begin() as tx:
            return await work(tx) >= (batch or self._batch)


async def _together(*works: Coroutine[object, object, None]) -> None:
    """All of them, or none any more: the first that fails ends the others."""
    running = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*running)
    finally:
        for one in running:
            one.cancel()
        await asyncio.wait(running)


async def _sleep(seen: Beat, *woken: asyncio.Event) -> None:
    until_next = seen.until_next()
    at_most = _LONGEST_SLEEP if until_next is None else min(max(until_next, _SHORTEST_SLEEP), _LONGEST_SLEEP)
    waiting = [asyncio.create_task(event.wait()) for event in woken]
    try:
        await asyncio.wait(waiting, timeout=at_most.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()
