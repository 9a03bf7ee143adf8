"""What must be done by the clock, by one node at a time.

Each piece is small, idempotent and its own transaction. A database that is away
is waited for; a fault in one piece is logged and the others go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from config.settings import Settings
from crm_core.actions import idempotency, sessions, uploads
from crm_core.actions.conversations import wake_snoozed
from crm_core.actions.interactions import close_due_wrap_ups
from crm_core.actions.links import bury_links
from crm_core.store.database import DATABASE_AWAY, Database, Transaction
from crm_core.store.locks import holding
from crm_core.store.outage import Outage
from crm_core.store.partitions import make_months

logger = structlog.get_logger(__name__)

LOCK = "jobs"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work and how often it is done."""

    name: str
    every: timedelta
    work: Callable[[Transaction], Awaitable[object]]


class Jobs:
    """All pieces, on the node that holds the lock."""

    def __init__(self, database: Database, settings: Settings) -> None:
        idle = timedelta(seconds=settings.limits.session_s)
        pbxs = [pbx.name for pbx in settings.pbx]
        self._database = database
        self._jobs = (
            Job("bury links", timedelta(seconds=5), lambda tx: bury_links(tx, pbxs)),
            Job("close wrap-ups", timedelta(seconds=1), close_due_wrap_ups),
            Job("wake conversations", timedelta(seconds=1), wake_snoozed),
            Job("make partitions", timedelta(hours=6), lambda tx: make_months(tx, now=tx.now)),
            Job("forget sessions", timedelta(hours=1), lambda tx: sessions.prune(tx, now=tx.now, idle=idle)),
            Job("forget uploads", timedelta(hours=1), uploads.prune),
            Job("forget answers", timedelta(hours=1), lambda tx: idempotency.prune(tx, now=tx.now)),
        )

    async def run(self) -> None:
        """Until cancelled."""
        outage = Outage("jobs")
        while True:
            try:
                async with holding(self._database, LOCK) as lock:
                    outage.over()
                    await self._work_until(lock.lost)
            except DATABASE_AWAY as away:
                await outage.wait(away)

    async def _work_until(self, lost: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        due = {job.name: loop.time() for job in self._jobs}
        while not lost.is_set():
            for job in self._jobs:
                if loop.time() >= due[job.name]:
                    await self._do(job)
                    due[job.name] = loop.time() + job.every.total_seconds()
            try:
                async with asyncio.timeout_at(min(due.values())):
                    await lost.wait()
            except TimeoutError:
                continue

    async def _do(self, job: Job) -> None:
        try:
            async with self._database.begin() as tx:
                await job.work(tx)
        except DATABASE_AWAY:
            raise
        except Exception:
            logger.exception("a job failed", action="job_failed", job=job.name)
