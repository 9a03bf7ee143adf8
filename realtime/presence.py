"""An agent is present while a desk of theirs is open somewhere, and for a short grace after.

This node confirms the people at its own sockets. It says that somebody has left
only after it has itself confirmed without a break for as long as the grace: after
a restart, or an absence of the database, browsers get the time to come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from crm_core.actions.presence import confirm_presence, record_absences
from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.store.outage import Outage

#: In one grace everybody is confirmed so many times.
CONFIRMATIONS = 4


class Attendance(Protocol):
    """Who has a desk open here; ``people_changed`` is set whenever that may have changed."""

    people_changed: asyncio.Event

    def people(self) -> set[UUID]: ...


class Presence:
    """Keeps the presence of the people at this node's sockets true in the database."""

    def __init__(self, db: Database, attendance: Attendance, *, grace_s: float = 10.0) -> None:
        self._db = db
        self._attendance = attendance
        self._grace = timedelta(seconds=grace_s)
        self._every_s = grace_s / CONFIRMATIONS

    async def run(self) -> None:
        """Until cancelled."""
        outage = Outage("presence of agents")
        while True:
            try:
                await self._keep(outage)
            except DATABASE_AWAY as error:
                await outage.wait(error)

    async def _keep(self, outage: Outage) -> None:
        now = asyncio.get_running_loop().time
        known: set[UUID] = set()
        confirm_at = now()
        judge_at = now() + self._grace.total_seconds()
        while True:
            self._attendance.people_changed.clear()
            people = self._attendance.people()
            # Whoever has just left is confirmed a last time: the grace counts from this moment.
            news = people ^ known
            known = people
            if now() >= confirm_at:
                news |= people
                confirm_at = now() + self._every_s
            await self._confirm(news)
            outage.over()
            if now() >= judge_at:
                async with self._db.begin() as tx:
                    await record_absences(tx, self._grace)
                judge_at = now() + self._every_s / 2
            with suppress(TimeoutError):
                async with asyncio.timeout(min(confirm_at, judge_at) - now()):
                    await self._attendance.people_changed.wait()

    async def _confirm(self, people: Collection[UUID]) -> None:
        if people:
            async with self._db.begin() as tx:
                await confirm_presence(tx, people)
