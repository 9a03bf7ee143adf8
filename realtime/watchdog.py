"""The loop that keeps promises moving: it beats, looks what is due, does it, and sleeps until the next moment.

Any number of nodes run it. Each beats before it looks, so that a time in which
nobody watched is in the ledger before anything is judged by it. It sleeps to
the next due moment by the database's clock; a second at most, because another
node may have made an earlier one, and a wake-up ends any sleep.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog

from crm_core.actions.conversation_watch import watch_conversations
from crm_core.actions.lead_watch import watch_leads
from crm_core.actions.watchdog import watch_due, watch_waiting
from crm_core.store import answering, lead_watch, watch
from crm_core.store.database import DATABASE_AWAY, Database, Transaction
from crm_core.store.heartbeat import Beat, beat
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

#: What cannot be stored even by itself is tried again after this.
ASIDE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What is watched: how a batch of it is done, and how the first of the next batch is put off."""

    batch: int
    work: Callable[[Transaction, int], Awaitable[int]]
    set_aside: Callable[[Transaction, timedelta], Awaitable[None]]


class Watchdog:
    """Runs on every node that has the role."""

    def __init__(self, database: Database, *, zone: ZoneInfo, batch: int = BATCH) -> None:
        self._database = database
        self._promises = _Kind(
            batch=batch, work=lambda tx, limit: watch_due(tx, limit, zone=zone), set_aside=watch.set_aside
        )
        self._nobodys = _Kind(
            batch=batch,
            work=lambda tx, limit: watch_waiting(tx, limit, zone=zone),
            set_aside=_leave,  # it is looked at when it is due
        )
        self._leads = _Kind(
            batch=batch, work=lambda tx, limit: watch_leads(tx, limit, zone=zone), set_aside=lead_watch.set_aside
        )
        self._conversations = _Kind(
            batch=min(batch, CONVERSATIONS_BATCH),
            work=lambda tx, limit: watch_conversations(tx, limit, zone=zone),
            set_aside=answering.set_aside,
        )

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
            await self._all_of(self._promises)
        if seen.leads_at is not None and seen.leads_at <= seen.now:
            await self._all_of(self._leads)
        if seen.conversations_at is not None and seen.conversations_at <= seen.now:
            await self._all_of(self._conversations)

    async def _try_again(self) -> None:
        """Somebody may have come: what waits is looked at, the oldest and most valuable first."""
        async with self._database.begin() as tx:
            await lead_watch.retry_waiting(tx)
            await answering.retry_waiting(tx)
        await self._all_of(self._conversations)
        await self._all_of(self._leads)
        await self._all_of(self._nobodys)

    async def _all_of(self, kind: _Kind) -> None:
        """Batch after batch, until one was not full; of a long queue one is read while another is written."""
        if await self._fills(kind, kind.batch):
            await _together(*(self._rest_of(kind) for _ in range(_AT_ONCE)))

    async def _rest_of(self, kind: _Kind) -> None:
        while await self._fills(kind, kind.batch):
            # A long queue of them must not keep the heart from beating.
            await beat(self._database)

    async def _fills(self, kind: _Kind, size: int) -> bool:
        """Do one batch; was it full, so that there may be more? After a failure the rest is left to the next beat."""
        try:
            async with self._database.begin() as tx:
                return await kind.work(tx, size) >= size
        except DATABASE_AWAY:
            raise
        except Exception:
            if size == 1:
                logger.exception("one of them cannot be done", action="watch_set_aside")
                async with self._database.begin() as tx:
                    await kind.set_aside(tx, ASIDE)
                return False
        logger.warning("a batch cannot be done whole", action="watch_halved", size=size)
        await self._fills(kind, size // 2)
        await self._fills(kind, size - size // 2)
        return False


async def _leave(tx: Transaction, aside: timedelta) -> None:
    """It stays where it is."""


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
