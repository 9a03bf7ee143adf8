"""Ten thousand promises that fall due in one second, with a million waiting behind them; and what an idle beat costs.

Ours: the watchdog's own loop: claimed, judged, somebody found among forty, the
whole explanation stored, told to the outbox, a durable commit for each batch.
Baseline, by turns over the same rows: a bare claim loop in SQL (``FOR UPDATE
SKIP LOCKED``, 500 a commit) that only puts another name on them. A lag is the
time from the end of a promise's grace to the commit that moved it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.store.database import Database, Transaction
from crm_core.store.heartbeat import beat
from realtime.watchdog import Watchdog
from tests.benchmarks.result import Figure
from tests.benchmarks.server import fresh_database
from tests.many_promises import COLLEAGUES, ManyPromises, house_of_many
from tests.people import add_agent
from tests.waiting import eventually

ROUNDS = 3
PENDING = 1_000_000
PENDING_OF_FEW = 10_000
DUE = 10_000
FEWEST_DUE = 1_000
STEADY = 1_000
A_SECOND = timedelta(seconds=1)
BEATS = 200
CLAIM = 500
_PATIENCE_S = 300.0

_CLAIM = """
UPDATE callbacks
SET agent_id = $1, next_at = next_at + interval '1 hour', moves = moves + 1, version = version + 1
WHERE id IN (
    SELECT id
    FROM callbacks
    WHERE state IN ('open', 'claimed') AND next_at <= $2
    ORDER BY next_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
"""

_MOVED = """
SELECT history.from_at AS decided_at, owed.due_at + interval '10 minutes' AS late_since
FROM callback_history history
JOIN callbacks owed ON owed.id = history.callback_id
WHERE history.reason = 'late'
"""


def run(scale: float) -> list[Figure]:
    """Both the pending ones and those that fall due are scaled: read a lag with the size beside it."""
    return asyncio.run(_run(max(int(PENDING * scale), PENDING_OF_FEW), max(int(DUE * scale), FEWEST_DUE)))


async def _run(pending: int, due: int) -> list[Figure]:
    async with fresh_database() as database, fresh_database() as small:
        house, keeper = await _fill(database, pending)
        await _fill(small, PENDING_OF_FEW)
        idle = await _idle(database, small)
        rounds = [await _round(database, house, keeper, due) for _ in range(ROUNDS)]
        burst = await _lags(database, house, keeper, due, A_SECOND)
        steady = await _lags(database, house, keeper, STEADY, A_SECOND * STEADY / 100)
    many, few = idle
    ratios = [ours / bare for ours, bare in rounds]
    ours, bare = (median(seconds) for seconds in zip(*rounds, strict=True))
    sizes = f"{pending:,} pending, {due:,} due, {COLLEAGUES} who may be given them"
    return [
        Figure(
            name="moving what is late / a bare claim loop",
            measured=median(ratios),
            target=8,
            higher_is_better=False,
            sizes=f"{ROUNDS} × {sizes}",
            detail=f"{due / ours:,.0f} against {due / bare:,.0f} promises/s; worst of {ROUNDS} {max(ratios):.1f} ×",
        ),
        _lag_figure(f"lag when {due:,} fall due in one second: p99", burst, 1_000, sizes),
        _lag_figure("lag at a steady 100 a second: p99", steady, 250, f"{pending:,} pending, {STEADY:,} due"),
        Figure(
            name=f"an idle beat, {pending:,} pending / {PENDING_OF_FEW:,}",
            measured=many / few,
            target=1.2,
            higher_is_better=False,
            sizes=f"{BEATS} each by turns",
            detail=f"median {many * 1000:.2f} against {few * 1000:.2f} ms",
        ),
    ]


def _lag_figure(name: str, lags: Sequence[float], target_ms: float, sizes: str) -> Figure:
    return Figure(
        name=name,
        measured=quantiles(lags, n=100)[98] * 1000,
        target=target_ms,
        unit="ms",
        higher_is_better=False,
        sizes=sizes,
        detail=f"p50 {median(lags) * 1000:,.0f} ms, worst {max(lags) * 1000:,.0f} ms",
    )


async def _fill(database: Database, pending: int) -> tuple[ManyPromises, UUID]:
    """The house, and somebody who is given nothing, with ``pending`` promises that are not due for days."""
    house = await house_of_many(database)
    keeper = await add_agent(database, "keeper", extension=None, role="supervisor")
    step = 50_000
    for first in range(0, pending, step):
        async with database.begin() as tx:
            move_at = tx.now + timedelta(days=1) + timedelta(milliseconds=first)
            count = min(step, pending - first)
            await house.promise(tx, count, move_at=move_at, apart=timedelta(milliseconds=1), of=keeper)
    await _tidy(database)
    return house, keeper


async def _tidy(database: Database) -> None:
    """As autovacuum would have left it by now."""
    keeping = await database.dedicated()
    try:
        await keeping.execute("VACUUM (ANALYZE) callbacks, callback_history, outbox, agent_turns")
    finally:
        await keeping.close()


async def _afresh(
    database: Database, house: ManyPromises, keeper: UUID, count: int, *, within: timedelta = timedelta()
) -> datetime:
    """Nothing is left of the round before; ``count`` are due at once, or begin to be in a second from now.

    When the last of them is due.
    """
    async with database.begin() as tx:
        await tx.execute("DELETE FROM callbacks WHERE agent_id <> $1", keeper)
        await tx.execute("TRUNCATE outbox, agent_turns")
    await _tidy(database)
    async with database.begin() as tx:
        first = tx.now + (A_SECOND if within else -A_SECOND)
        await house.promise(tx, count, move_at=first, apart=within / count)
    await beat(database)
    async with database.begin() as tx:
        await tx.execute("DELETE FROM gaps")  # nobody watched meanwhile, and here that excuses nothing
    return first + within


async def _idle(many: Database, few: Database) -> tuple[float, float]:
    """The median beat of each, by turns."""
    spent: dict[Database, list[float]] = {many: [], few: []}
    for _ in range(BEATS):
        for database, seconds in spent.items():
            begun = time.perf_counter()
            await beat(database)
            seconds.append(time.perf_counter() - begun)
    return median(spent[many]), median(spent[few])


async def _round(database: Database, house: ManyPromises, keeper: UUID, due: int) -> tuple[float, float]:
    """Seconds for the watchdog, and for the bare loop, over promises that are due already."""
    last = await _afresh(database, house, keeper, due)
    begun = time.perf_counter()
    async with _watching(database):
        await eventually(lambda: _is_done(database, last), patience_s=_PATIENCE_S)
    ours = time.perf_counter() - begun
    await _moved(database, due)
    await _afresh(database, house, keeper, due)
    begun = time.perf_counter()
    await _only_claim(database, house.colleagues[0])
    return ours, time.perf_counter() - begun


async def _lags(database: Database, house: ManyPromises, keeper: UUID, count: int, within: timedelta) -> list[float]:
    """From the end of each promise's grace to the commit that moved it, in seconds."""
    last = await _afresh(database, house, keeper, count, within=within)
    async with _TimedDatabase(database.url) as timed, _watching(timed):
        await eventually(lambda: _is_done(database, last), patience_s=_PATIENCE_S)
    return [(timed.commits[decided] - late).total_seconds() for decided, late in await _moved(database, count)]


class _TimedDatabase(Database):
    """Remembers when each transaction was committed, by its own clock's moment; no two have the same."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.commits: dict[datetime, datetime] = {}

    @asynccontextmanager
    async def begin(self, *, steady_plans: bool = False) -> AsyncIterator[Transaction]:
        async with super().begin(steady_plans=steady_plans) as tx:
            yield tx
        self.commits[tx.now] = datetime.now(UTC)


@asynccontextmanager
async def _watching(database: Database) -> AsyncIterator[None]:
    running = asyncio.create_task(Watchdog(database, zone=ZoneInfo("UTC")).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


async def _is_done(database: Database, last: datetime) -> bool:
    """Nothing that was due by ``last`` is late any more."""
    await asyncio.sleep(0.1)  # asking is work too, and must not become a part of what is measured
    async with database.read() as db:
        next_at: datetime = await db.fetchval("SELECT min(next_at) FROM callbacks WHERE state IN ('open', 'claimed')")
    return next_at > last


async def _moved(database: Database, count: int) -> list[tuple[datetime, datetime]]:
    """When each was decided about, and when its grace had ended; every one, and once."""
    async with database.read() as db:
        rows = await db.fetch(_MOVED)
    assert len(rows) == count, (len(rows), count)
    return [(row["decided_at"], row["late_since"]) for row in rows]


async def _only_claim(database: Database, colleague: UUID) -> None:
    while True:
        async with database.begin() as tx:
            if await tx.execute(_CLAIM, colleague, tx.now, CLAIM) == "UPDATE 0":
                return
