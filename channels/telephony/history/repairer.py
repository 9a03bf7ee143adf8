"""Mends the holes in our hearing of one PBX, one after the other, from its own books.

A hole is looked up as soon as it is over, and again, ever more seldom, while
books cannot be read or calls of it go on. Nothing here hurries the live
side: it reads files and asks other servers, and writes when it has the whole.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta

import structlog

from channels.telephony.ami import UNKNOWN_BOOT
from channels.telephony.dialect import PbxDialect
from channels.telephony.history import books
from channels.telephony.history.records import History
from channels.telephony.history.runs import began_at, split
from channels.telephony.history.stories import tell
from config.sections import PbxSettings
from config.settings import Settings
from crm_core.actions.calls import FactTakenElsewhere
from crm_core.actions.repairs import (
    DueGap,
    Repaired,
    Told,
    Wanted,
    find_due_gap,
    record_history,
    what_is_wanted,
)
from crm_core.domain.calls import CallSnapshot
from crm_core.store.database import DATABASE_AWAY, Database

logger = structlog.get_logger(__name__)

#: How often the ledger is asked for holes; one small query.
LOOK = timedelta(seconds=2)
#: Nothing was stored, and nothing is wrong with what should be.
_TRY_AGAIN: tuple[type[BaseException], ...] = (FactTakenElsewhere, *DATABASE_AWAY)


class Repairer:
    """One PBX's; ``run`` lives in the caller's task group, and works while this node owns the PBX."""

    def __init__(self, pbx: PbxSettings, dialect: PbxDialect, settings: Settings, database: Database) -> None:
        self._pbx = pbx
        self._dialect = dialect
        self._country = settings.country
        self._timezone = settings.timezone
        self._database = database
        self._troubles: set[str] = set()  # said already

    async def run(self, owned: asyncio.Event) -> None:
        """Returns only by cancellation; a database that is away is waited for by whoever owns the link."""
        while True:
            await owned.wait()
            try:
                while await self.repair_next():
                    continue
            except DATABASE_AWAY:
                logger.debug("repairs wait for the database", action="repairs_wait", pbx=self._pbx.name)
            except FactTakenElsewhere:
                continue
            await asyncio.sleep(LOOK.total_seconds())

    async def repair_next(self) -> bool:
        """Look up the oldest hole that is due; False when there is none."""
        async with self._database.read() as db:
            gap = await find_due_gap(db, self._pbx.name)
            if gap is None:
                return False
            wanted = await what_is_wanted(db, gap)
        try:
            told = await self._ask(gap, wanted)
            done = await self._record(gap, told)
        except _TRY_AGAIN:
            raise
        except Exception as fault:  # what is wrong in a book must not end the hearing
            logger.error("a gap cannot be repaired", action="gap_not_repaired", pbx=self._pbx.name, exc_info=fault)
            told = Told(calls=(), sources=(), trouble="what the books say cannot be stored", is_kept=True)
            done = await self._record(gap, told)
        logger.info(
            "a gap was looked up",
            action="gap_looked_up",
            pbx=self._pbx.name,
            gap_id=str(gap.id),
            state=done.state,
            repaired=done.repaired,
            affected=done.affected,
            sources=list(told.sources),
        )
        return True

    async def _record(self, gap: DueGap, told: Told) -> Repaired:
        async with self._database.begin() as tx:
            return await record_history(tx, gap, told, country=self._country, timezone=self._timezone)

    async def _ask(self, gap: DueGap, wanted: Wanted) -> Told:
        is_kept = books.are_kept(self._pbx)
        if not is_kept:
            return Told(calls=(), sources=(), trouble=None, is_kept=False)
        found = await books.look_up(self._pbx, since=wanted.since.timestamp(), until=wanted.until.timestamp())
        self._say(found.failures)
        calls = await asyncio.to_thread(self._tell, found.history, gap, wanted)
        trouble = "; ".join(found.failures) or None
        return Told(calls=calls, sources=found.sources, trouble=trouble, is_kept=True)

    def _tell(self, history: History, gap: DueGap, wanted: Wanted) -> list[CallSnapshot]:
        """Each run of the PBX for itself: after a restart its names begin again."""
        before, after = wanted.run_before, wanted.run_after
        if after is None or before == after:
            return tell(history, self._dialect, boot=after or before or UNKNOWN_BOOT)
        restarted = began_at(after, gap.from_at, gap.to_at, (self._timezone, UTC))
        if restarted is None:
            return tell(history, self._dialect, boot=after)
        earlier, later = split(history, restarted)
        calls = tell(earlier, self._dialect, boot=before or f"before {after}")
        return [*calls, *tell(later, self._dialect, boot=after)]

    def _say(self, failures: tuple[str, ...]) -> None:
        """Each trouble once, until it is over."""
        for trouble in failures:
            if trouble not in self._troubles:
                logger.error(
                    "a book of the pbx cannot be read", action="history_unreadable", pbx=self._pbx.name, reason=trouble
                )
        self._troubles = set(failures)
