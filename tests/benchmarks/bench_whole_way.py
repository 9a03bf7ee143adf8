"""The whole way of what an Asterisk says: bytes → parsed → tracked → stored, durably and idempotently.

A recorded minute of a busy call centre goes through our splitter, parser and
the intake itself, which keeps the raw events too, into a real PostgreSQL.
Baseline: the same bytes parsed and tracked to whole calls, and nothing stored.
By turns and by the clock, for most of what is added is waiting for the disk.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from typing import cast
from zoneinfo import ZoneInfo

from channels.telephony.frames import EventParser, FrameCutter
from channels.telephony.inbox import Inbox
from channels.telephony.intake import Intake
from channels.telephony.spool import Arrival
from channels.telephony.tracker import CallTracker
from crm_core.store.database import Database
from tests.benchmarks.result import Figure
from tests.benchmarks.rounds import ROUNDS
from tests.benchmarks.server import fresh_database
from tests.benchmarks.traffic import FULL_READ, chunks, looped, recorded_for_us
from tests.replay.recordings import LAB_DIALECT

_NOW = datetime(2026, 11, 21, tzinfo=UTC)  # every event of the recording tells its own time


def run(scale: float) -> list[Figure]:
    return asyncio.run(_run(scale))


async def _run(scale: float) -> list[Figure]:
    """The recording is always told whole; the scale has no say but in how often."""
    rounds = ROUNDS if scale >= 0.1 else 1
    count = len(recorded_for_us())
    pieces = chunks(looped(recorded_for_us(), count), FULL_READ)
    spent: list[tuple[float, float]] = []
    async with fresh_database() as database:
        for number in range(-1, rounds):  # the first for nothing
            await _empty(database)
            calls, tracked_s = _track(pieces)
            stored_s = await _store(pieces, database)
            assert await _stored(database) == calls
            if number >= 0:
                spent.append((stored_s, tracked_s))
    ours, theirs = (count / median(one) for one in zip(*spent, strict=True))
    ratios = [tracked / stored for stored, tracked in spent]
    return [
        Figure(
            name="bytes to stored calls / parsed and tracked only",
            measured=median(ratios),
            target=0.2,
            sizes=f"{rounds} × {count:,} events, {calls} calls",
            detail=f"{ours:,.0f} against {theirs:,.0f} events/s; worst of {rounds} {min(ratios):.2f} ×",
        )
    ]


def _arrivals(pieces: Sequence[bytes]) -> list[Arrival]:
    cutter, parser = FrameCutter(), EventParser()
    events = (parser.parse(frame) for piece in pieces for frame in cutter.feed(piece))
    return [Arrival(at=_NOW, event=event) for event in events if event is not None]


def _track(pieces: Sequence[bytes]) -> tuple[int, float]:
    begun = time.perf_counter()
    tracker = CallTracker(LAB_DIALECT, boot="bench")
    calls = set()
    arrivals = _arrivals(pieces)
    for start in range(0, len(arrivals), 500):
        touched = {news.linkedid for one in arrivals[start : start + 500] for news in tracker.feed(one.event, one.at)}
        calls |= {tracker.snapshot(linkedid).linkedid for linkedid in touched}
    return len(calls), time.perf_counter() - begun


class _Told:
    """An inbox in which everything lies already."""

    lost_its_memory = False

    def __init__(self, arrivals: Sequence[Arrival]) -> None:
        self._left = list(arrivals)
        self.empty = asyncio.Event()

    async def take(self, count: int) -> list[Arrival]:
        if not self._left:
            await asyncio.Event().wait()
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    async def done(self) -> None:
        if not self._left:
            self.empty.set()


async def _store(pieces: Sequence[bytes], database: Database) -> float:
    begun = time.perf_counter()
    told = _Told(_arrivals(pieces))
    intake = Intake(LAB_DIALECT, cast("Inbox", told), database, country="KZ", timezone=ZoneInfo("UTC"))
    owned = asyncio.Event()
    owned.set()
    storing = asyncio.create_task(intake.run(owned))
    await told.empty.wait()
    spent = time.perf_counter() - begun
    storing.cancel()
    await asyncio.gather(storing, return_exceptions=True)
    return spent


async def _stored(database: Database) -> int:
    async with database.read() as db:
        return await db.fetchval("SELECT count(*) FROM interactions WHERE merged_into IS NULL")


async def _empty(database: Database) -> None:
    async with database.begin() as tx:
        await tx.execute(
            """TRUNCATE interactions, legs, fact_keys, outbox, recordings, raw_call_events, agent_states, pbx_links,
                        agent_state_log, gaps CASCADE"""
        )
