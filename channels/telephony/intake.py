"""From what one Asterisk says to what the log holds.

A single consumer takes events from the inbox in batches, folds them through
the tracker and stores the calls they touched, whole, in one transaction. A
database that is away delays the log and never the reading: the inbox spills to
disk meanwhile. What cannot be stored at all is put aside, whole, and the rest
goes on. The tracker is memory only: it is rebuilt from what Asterisk says is
alive, after every login.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson
import structlog

from channels.telephony import marks
from channels.telephony.ami import UNKNOWN_BOOT
from channels.telephony.dialect import PbxDialect
from channels.telephony.frames import Event
from channels.telephony.inbox import Inbox
from channels.telephony.spool import Arrival
from channels.telephony.tracker import CallTracker
from crm_core.actions.calls import FactTakenElsewhere, record_call_refused, record_calls, record_lost_calls
from crm_core.actions.links import close_gap
from crm_core.actions.raw_inputs import RawEvents, record_raw_events, record_rejected
from crm_core.domain.calls import CallSnapshot
from crm_core.domain.ids import as_our_id
from crm_core.store.database import DATABASE_AWAY, Database, Transaction
from crm_core.store.outage import Outage

logger = structlog.get_logger(__name__)

#: One transaction stores at most this many events.
BATCH = 500


@dataclass(slots=True)
class _Batch:
    """What one batch of events came to."""

    raw: dict[str, list[Event]] = field(default_factory=dict)  # by Linkedid
    first_heard: datetime | None = None
    touched: dict[str, None] = field(default_factory=dict)  # Linkedids in order
    refused: list[str] = field(default_factory=list)  # our ids of calls that Asterisk could not begin
    resynced: bool = False
    lost: int = 0  # calls of which the resync learned only that they are over


class Intake:
    """The consumer of one PBX's inbox; ``run`` lives in the caller's task group."""

    def __init__(self, dialect: PbxDialect, inbox: Inbox, database: Database, *, country: str) -> None:
        self._dialect = dialect
        self._inbox = inbox
        self._database = database
        self._country = country
        self._boot = UNKNOWN_BOOT
        self._tracker = CallTracker(dialect, boot=UNKNOWN_BOOT)
        self._deaf = False
        self._deaf_since: datetime | None = None
        self._outage = Outage(f"the database, for calls of {dialect.pbx}")
        self._held: list[Arrival] = []  # heard at login, before we know which run it is

    async def run(self, owned: asyncio.Event, *, boot: str | None) -> None:
        """Store what is heard, while this node owns the PBX.

        ``boot`` is the run of Asterisk the log knows of: what a killed process
        left in the spool belongs to it.
        """
        self._boot = boot or UNKNOWN_BOOT
        self._tracker = CallTracker(self._dialect, boot=self._boot)
        while True:
            heard = await self._inbox.take(BATCH)
            await owned.wait()
            await self._persist(self._fold(heard))
            await self._inbox.done()

    def _fold(self, heard: Sequence[Arrival]) -> _Batch:
        batch = _Batch()
        for arrival in heard:
            mark = marks.read(arrival.event)
            if mark is not None:
                self._read_mark(mark, arrival.at, batch)
            elif self._deaf:
                self._held.append(arrival)
            else:
                self._read_event(arrival.event, arrival.at, batch)
        return batch

    def _read_mark(self, mark: marks.Mark, arrived: datetime, batch: _Batch) -> None:
        match mark:
            case marks.Deaf():
                self._deaf = True
            case marks.Up(boot=boot, deaf_since=since):
                if boot != self._boot:
                    # Linkedids repeat after a restart; calls of the run before are closed by the resync.
                    self._boot, self._tracker = boot, CallTracker(self._dialect, boot=boot)
                self._deaf, self._deaf_since = False, since
                held, self._held = self._held, []
                for arrival in held:
                    self._read_event(arrival.event, arrival.at, batch)
            case marks.Standing(alive=alive):
                changed = {news.linkedid: None for news in self._tracker.resync(alive, arrived)}
                batch.touched.update(changed)
                batch.lost += sum(call.ended_at is not None for call in self._snapshots(changed))
                batch.resynced = True

    def _read_event(self, event: Event, arrived: datetime, batch: _Batch) -> None:
        batch.touched.update({news.linkedid: None for news in self._tracker.feed(event, arrived)})
        linkedid = event.get("Linkedid") or event.get("DestLinkedid")
        if linkedid:
            batch.raw.setdefault(linkedid, []).append(event)
            batch.first_heard = batch.first_heard or arrived
        refused = _refused_originate(event)
        if refused is not None and self._snapshot(refused) is None:
            batch.refused.append(refused)

    def _snapshot(self, linkedid: str) -> CallSnapshot | None:
        try:
            return self._tracker.snapshot(linkedid)
        except KeyError:
            return None

    def _snapshots(self, linkedids: Mapping[str, None]) -> list[CallSnapshot]:
        """One a call: several Linkedids may by now name the same one."""
        found = (self._snapshot(linkedid) for linkedid in linkedids)
        return list({snapshot.linkedid: snapshot for snapshot in found if snapshot is not None}.values())

    # Storing

    async def _persist(self, batch: _Batch) -> None:
        calls = self._snapshots(batch.touched)

        async def whole(tx: Transaction) -> None:
            await self._store(tx, batch, calls)

        try:
            await self._until_there(whole)
        except Exception as fault:
            logger.error(
                "a batch of calls cannot be stored whole",
                action="batch_not_stored",
                pbx=self._dialect.pbx,
                calls=len(calls),
                exc_info=fault,
            )
            await self._persist_apart(batch, calls)

    async def _store(self, tx: Transaction, batch: _Batch, calls: Sequence[CallSnapshot]) -> None:
        await record_calls(tx, calls, country=self._country)
        for refused in batch.refused:
            our_id = as_our_id(refused)
            assert our_id is not None
            await record_call_refused(tx, our_id)
        if batch.raw and batch.first_heard is not None:
            await record_raw_events(tx, self._dialect.pbx, self._boot, batch.first_heard, RawEvents(batch.raw))
        if batch.resynced:
            await self._settle(tx, batch.lost)

    async def _settle(self, tx: Transaction, lost: int) -> None:
        """After a resync: what Asterisk no longer knows is closed, and the gap in our hearing with it."""
        pbx = self._dialect.pbx
        lost += await record_lost_calls(
            tx, pbx=pbx, boot=self._boot, alive=self._tracker.live_calls(), last_heard=self._deaf_since
        )
        if await close_gap(tx, source=pbx, to_at=tx.now, affected=lost) or lost:
            logger.info("calls are in line with the pbx", action="pbx_resynced", pbx=pbx, lost=lost)

    async def _persist_apart(self, batch: _Batch, calls: Sequence[CallSnapshot]) -> None:
        """Call by call, so that one that cannot be stored does not take the others with it."""
        for call in calls:

            async def one(tx: Transaction, call: CallSnapshot = call) -> None:
                await record_calls(tx, [call], country=self._country)

            try:
                await self._until_there(one)
            except Exception as fault:
                logger.error(
                    "a call cannot be stored",
                    action="call_not_stored",
                    pbx=self._dialect.pbx,
                    linkedid=call.linkedid,
                    exc_info=fault,
                )
                await self._put_aside(call.linkedid, batch.raw.get(call.linkedid, []), repr(fault))

    async def _put_aside(self, linkedid: str, events: list[Event], reason: str) -> None:
        raw = orjson.dumps({"linkedid": linkedid, "events": events})

        async def keep(tx: Transaction) -> None:
            await record_rejected(tx, source=f"pbx:{self._dialect.pbx}", reason=reason, raw=raw)

        await self._until_there(keep)

    async def _until_there(self, write: Callable[[Transaction], Awaitable[None]]) -> None:
        """Write it, waiting for a database that is away; any other fault is the caller's."""
        while True:
            try:
                async with self._database.begin() as tx:
                    await write(tx)
            except FactTakenElsewhere:
                continue
            except DATABASE_AWAY as away:
                await self._outage.wait(away)
            else:
                self._outage.over()
                return


def _refused_originate(event: Event) -> str | None:
    """Our id of a click-to-call that Asterisk could not even begin: such a call has no channel to tell of it."""
    if event.get("Event") != "OriginateResponse" or event.get("Response") != "Failure":
        return None
    action_id = event.get("ActionID", "")
    return action_id if as_our_id(action_id) else None
