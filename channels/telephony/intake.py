"""From what one Asterisk says to what the log holds.

A single consumer takes events from the inbox in batches, folds them through
the tracker and stores the calls they touched, whole, in one transaction. A
database that is away delays the log and never the reading: the inbox spills to
disk meanwhile. What cannot be stored at all is put aside, whole, and the rest
goes on. The tracker is memory only: at the start it hears again what the log
keeps of the calls that were not over, then what a killed process left on disk,
and after every login it believes what Asterisk says is alive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import orjson
import structlog

from channels.telephony import callback_requests, marks
from channels.telephony.ami import UNKNOWN_BOOT
from channels.telephony.dialect import PbxDialect
from channels.telephony.frames import Event
from channels.telephony.inbox import Inbox
from channels.telephony.spool import Arrival
from channels.telephony.tracker import CallTracker
from channels.telephony.tracking.alive import Alive
from crm_core.actions.callback_requests import record_callback_requests
from crm_core.actions.calls import FactTakenElsewhere, record_call_refused, record_calls, record_lost_calls
from crm_core.actions.links import close_gap, last_run, open_gap, record_boot
from crm_core.actions.raw_inputs import (
    RawEvents,
    events_of_remembered_calls,
    record_raw_events,
    record_rejected,
)
from crm_core.domain.callback_requests import CallbackRequest
from crm_core.domain.calls import CallSnapshot
from crm_core.domain.ids import as_our_id
from crm_core.store.database import DATABASE_AWAY, Database, Transaction
from crm_core.store.outage import Outage

logger = structlog.get_logger(__name__)

#: For the gap ledger.
ABSENCE = "Perezvon was not running"
#: One transaction stores at most this many events.
BATCH = 500


@dataclass(frozen=True, slots=True)
class _Unheard:
    """A time in which we did not listen, from the last thing heard before it."""

    since: datetime
    cause: str
    missed: bool  # something was said in it, and we know it


@dataclass(slots=True)
class _Batch:
    """What some events of one run of Asterisk came to."""

    raw: dict[str, list[Arrival]] = field(default_factory=dict)  # by Linkedid
    first_heard: datetime | None = None
    touched: dict[str, None] = field(default_factory=dict)  # Linkedids in order
    refused: list[str] = field(default_factory=list)  # our ids of calls that Asterisk could not begin
    requests: list[CallbackRequest] = field(default_factory=list)  # callers who asked to be called back
    booted: bool = False  # the link came up in it
    resynced: bool = False
    unheard: _Unheard | None = None  # a time in which nothing was heard began or ended in it
    affected: int = 0  # when resynced: the calls of which part was missed


class Intake:
    """The consumer of one PBX's inbox; ``run`` lives in the caller's task group."""

    def __init__(
        self, dialect: PbxDialect, inbox: Inbox, database: Database, *, country: str, timezone: ZoneInfo
    ) -> None:
        self.remembers = asyncio.Event()  # what the log knew at the start is known here
        self._dialect = dialect
        self._inbox = inbox
        self._database = database
        self._country = country
        self._timezone = timezone
        self._boot = UNKNOWN_BOOT
        self._tracker = CallTracker(dialect, boot=UNKNOWN_BOOT)
        self._deaf = False
        self._heard_at: datetime | None = None
        self._unheard: _Unheard | None = None  # until we are in line with Asterisk again
        self._affected = 0  # calls of which part was missed, so far
        self._outage = Outage(f"the database, for calls of {dialect.pbx}")
        self._held: list[Arrival] = []  # heard at login, before we know which run it is

    async def run(self, owned: asyncio.Event) -> None:
        """Store what is heard, while this node owns the PBX."""
        await owned.wait()
        await self._until_there(self._remember)
        self.remembers.set()
        while True:
            heard = await self._inbox.take(BATCH)
            await owned.wait()
            for batch in self._fold(heard):
                await self._persist(batch)
            await self._inbox.done()

    async def _remember(self, tx: Transaction) -> None:
        """Know what was known when this PBX was heard last, by whichever process.

        What a killed process left on disk is of the same run of Asterisk.
        """
        boot, self._heard_at = await last_run(tx, self._dialect.pbx)
        self._boot = boot or UNKNOWN_BOOT
        self._tracker = CallTracker(self._dialect, boot=self._boot)
        if self._heard_at is None:
            return
        stored = await events_of_remembered_calls(tx, pbx=self._dialect.pbx, boot=self._boot, last_heard=self._heard_at)
        if self._inbox.lost_its_memory:
            self._unheard = _Unheard(self._heard_at, ABSENCE, missed=True)
        # What it means was told when it was heard: the pictures are looked at, and not stored again.
        self._snapshots({news.linkedid: None for at, event in stored for news in self._tracker.feed(event, at)})
        if self._inbox.lost_its_memory:
            self._tracker.doubt()
        if stored:
            logger.info(
                "calls are remembered",
                action="calls_remembered",
                pbx=self._dialect.pbx,
                calls=len(self._tracker.live_calls()),
                events=len(stored),
            )

    def _fold(self, heard: Sequence[Arrival]) -> Iterator[_Batch]:
        """What is heard, a batch for each run of Asterisk and up to each resync; to be stored one by one."""
        batch = _Batch()
        for arrival in heard:
            mark = marks.read(arrival.event)
            if isinstance(mark, marks.Up) and mark.boot != self._boot:
                self._end_run(arrival.at, batch)
                yield batch
                # Linkedids repeat after a restart.
                self._boot, self._tracker, batch = mark.boot, CallTracker(self._dialect, boot=mark.boot), _Batch()
            if mark is not None:
                self._read_mark(mark, arrival.at, batch)
            elif self._deaf:
                self._held.append(arrival)
            else:
                self._read_event(arrival, batch)
            if batch.resynced:
                yield batch
                batch = _Batch()
        yield batch

    def _end_run(self, at: datetime, batch: _Batch) -> None:
        """Nothing of a restarted Asterisk's calls is alive."""
        changed = self._tracker.resync(Alive(channels=()), at, heard_until=self._heard_until)
        self._note_affected({news.linkedid: None for news in changed}, batch)

    def _read_mark(self, mark: marks.Mark, arrived: datetime, batch: _Batch) -> None:
        match mark:
            case marks.Deaf(since=since, cause=cause, missed=missed):
                self._deaf = True
                since = since or self._heard_at
                if self._unheard is not None:
                    self._unheard = replace(self._unheard, missed=self._unheard.missed or missed)
                elif since is not None:
                    self._unheard = _Unheard(since, cause, missed)
                batch.unheard = self._unheard
            case marks.Up():
                self._deaf, batch.booted = False, True
                held, self._held = self._held, []
                for arrival in held:
                    self._read_event(arrival, batch)
            case marks.Standing(alive=alive):
                missed = self._unheard is not None and self._unheard.missed
                changed = self._tracker.resync(alive, arrived, heard_until=self._heard_until, missed=missed)
                self._note_affected({news.linkedid: None for news in changed}, batch)
                batch.resynced, batch.unheard, self._unheard = True, self._unheard, None
                batch.affected, self._affected = self._affected, 0

    @property
    def _heard_until(self) -> datetime | None:
        return self._unheard.since if self._unheard is not None else None

    def _note_affected(self, changed: Mapping[str, None], batch: _Batch) -> None:
        batch.touched.update(changed)
        self._affected += sum(not call.complete for call in self._snapshots(changed))

    def _read_event(self, arrival: Arrival, batch: _Batch) -> None:
        event = arrival.event
        self._heard_at = max(self._heard_at or arrival.at, arrival.at)
        batch.touched.update({news.linkedid: None for news in self._tracker.feed(event, arrival.at)})
        linkedid = event.get("Linkedid") or event.get("DestLinkedid")
        if linkedid:
            batch.raw.setdefault(linkedid, []).append(arrival)
            batch.first_heard = batch.first_heard or arrival.at
        refused = _refused_originate(event)
        if refused is not None and self._snapshot(refused) is None:
            batch.refused.append(refused)
        request = callback_requests.read(event, arrival.at, pbx=self._dialect.pbx, boot=self._boot, zone=self._timezone)
        if request is not None:
            batch.requests.append(request)

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
        if batch.booted:
            await record_boot(tx, self._dialect.pbx, self._boot)
        await record_calls(tx, calls, country=self._country, timezone=self._timezone)
        for refused in batch.refused:
            our_id = as_our_id(refused)
            assert our_id is not None
            await record_call_refused(tx, our_id)
        await record_callback_requests(tx, batch.requests, country=self._country, timezone=self._timezone)
        if batch.raw and batch.first_heard is not None:
            await record_raw_events(tx, self._dialect.pbx, self._boot, batch.first_heard, RawEvents(batch.raw))
        if batch.unheard is not None:
            await open_gap(tx, source=self._dialect.pbx, from_at=batch.unheard.since, cause=batch.unheard.cause)
        if batch.resynced:
            await self._settle(tx, batch)

    async def _settle(self, tx: Transaction, batch: _Batch) -> None:
        """After a resync: what Asterisk no longer knows is closed, and the gap in our hearing with it."""
        pbx, unheard = self._dialect.pbx, batch.unheard
        lost = await record_lost_calls(
            tx,
            pbx=pbx,
            boot=self._boot,
            alive=self._tracker.live_calls(),
            last_heard=unheard.since if unheard is not None else None,
        )
        affected = batch.affected + lost
        if await close_gap(tx, source=pbx, to_at=tx.now, affected=affected) or affected:
            logger.info("calls are in line with the pbx", action="pbx_resynced", pbx=pbx, affected=affected)

    async def _persist_apart(self, batch: _Batch, calls: Sequence[CallSnapshot]) -> None:
        """Fact by fact, so that one that cannot be stored does not take the others with it."""
        raw = dict(batch.raw)
        for call in calls:
            heard = {key: raw.pop(key) for key in call.keys if key in raw}
            await self._persist_part(_Batch(raw=heard, first_heard=batch.first_heard), [call])
        for request in batch.requests:
            await self._persist_part(_Batch(requests=[request]), [])
        await self._persist_part(replace(batch, raw=raw, requests=[]), [])

    async def _persist_part(self, part: _Batch, calls: Sequence[CallSnapshot]) -> None:
        async def write(tx: Transaction) -> None:
            await self._store(tx, part, calls)

        try:
            await self._until_there(write)
        except Exception as fault:
            linkedids = [call.linkedid for call in calls]
            logger.error(
                "a call cannot be stored",
                action="call_not_stored",
                pbx=self._dialect.pbx,
                linkedids=linkedids,
                exc_info=fault,
            )
            await self._put_aside(linkedids, part, repr(fault))

    async def _put_aside(self, linkedids: list[str], part: _Batch, reason: str) -> None:
        events = [arrival.event for arrivals in part.raw.values() for arrival in arrivals]
        events += [dict(request.told) for request in part.requests]
        raw = orjson.dumps({"linkedids": linkedids, "events": events})

        async def keep(tx: Transaction) -> None:
            await record_rejected(tx, source=f"pbx:{self._dialect.pbx}", reason=reason, raw=raw)

        await self._until_there(keep)

    async def _until_there(self, write: Callable[[Transaction], Awaitable[None]]) -> None:
        """Write it, waiting for a database that is away; any other fault is the caller's."""
        while True:
            try:
                async with self._database.begin(steady_plans=True) as tx:
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
