"""Years of calls must not make today's slower: intake and the card over an old log against a young one.

Three databases side by side, with the same clients: an empty log, one of a
million calls and one of ten million (at full size). Intake records the same
new calls into the empty and the oldest by turns; the card of a known caller
(whose number is that? promises, trips, last calls) is read from the two logs
by turns, each caller once, for a caller nobody has asked for lately.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles

from crm_core.actions.calls import record_calls
from crm_core.domain.calls import CallSnapshot
from crm_core.store.database import Database
from crm_core.views.cards import card_of
from tests.benchmarks.old_log import CALLS_A_CLIENT, keep_for_years
from tests.benchmarks.result import Figure
from tests.benchmarks.rounds import ROUNDS
from tests.benchmarks.server import fresh_database
from tests.builders import ended, leg
from tests.people import add_agent

BATCH = 500
BATCHES = 4  # a round
AGENTS = 60


def run(scale: float) -> list[Figure]:
    return asyncio.run(_run(scale))


async def _run(scale: float) -> list[Figure]:
    young_calls, old_calls = int(1_000_000 * scale), int(10_000_000 * scale)
    clients = old_calls // CALLS_A_CLIENT
    async with AsyncExitStack() as stack:
        empty, young, old = [await stack.enter_async_context(fresh_database()) for _ in range(3)]
        for database in (empty, old):
            for number in range(AGENTS):
                await add_agent(database, f"agent{number}", extension=str(1001 + number), present=False)
        await keep_for_years(empty, calls=0, clients=clients)
        await keep_for_years(young, calls=young_calls, clients=young_calls // CALLS_A_CLIENT)
        await keep_for_years(old, calls=old_calls, clients=clients)
        return [
            await _intake(empty, old, clients, f"{old_calls:,} calls kept"),
            *await _cards(young, old, (young_calls, old_calls), asked=max(int(5_000 * scale), 500)),
        ]


async def _intake(empty: Database, old: Database, clients: int, sizes: str) -> Figure:
    rates: dict[Database, list[float]] = {empty: [], old: []}
    for number in range(ROUNDS + 1):
        calls = _new_calls(number, clients)
        for database in (empty, old) if number % 2 else (old, empty):
            rates[database].append(len(calls) / await _record(database, calls))
    # The first round fills caches and plans, for both.
    ratios = [full / bare for full, bare in zip(rates[old][1:], rates[empty][1:], strict=True)]
    return Figure(
        name="durable ingest over an old log / into an empty one",
        measured=median(ratios),
        target=0.9,
        sizes=f"{sizes}; {ROUNDS} × {BATCH * BATCHES:,} new ones, {BATCH} a commit",
        detail=f"{median(rates[old][1:]):,.0f} against {median(rates[empty][1:]):,.0f} calls/s; "
        f"worst of {ROUNDS} {min(ratios):.2f} ×",
    )


def _new_calls(round_number: int, clients: int) -> list[CallSnapshot]:
    now = datetime.now(UTC)
    dice = random.Random(round_number)
    made = []
    for number in range(BATCH * BATCHES):
        at = now + timedelta(milliseconds=number)
        answered, over = at + timedelta(seconds=5), at + timedelta(seconds=65)
        extension = str(1001 + number % AGENTS)
        phone = leg(
            extension,
            uniqueid=f"18{round_number}{number}.2",
            offered_at=at + timedelta(seconds=1),
            answered_at=answered,
            ended_at=over,
            result="answered",
        )
        made.append(
            ended(
                extension,
                linkedid=f"18{round_number}{number:06}.1",
                client_number=f"+7701{dice.randint(1, clients):07}",
                started_at=at,
                answered_at=answered,
                ended_at=over,
                legs=(phone,),
            )
        )
    return made


async def _record(database: Database, calls: list[CallSnapshot]) -> float:
    begun = time.perf_counter()
    for start in range(0, len(calls), BATCH):
        async with database.begin(steady_plans=True) as tx:
            await record_calls(tx, calls[start : start + BATCH], country="KZ")
    return time.perf_counter() - begun


async def _cards(young: Database, old: Database, kept: tuple[int, int], *, asked: int) -> list[Figure]:
    dice = random.Random(7)
    spent: dict[Database, list[float]] = {young: [], old: []}
    callers = {young: kept[0] // CALLS_A_CLIENT, old: kept[1] // CALLS_A_CLIENT}
    for number in range(asked + 200):
        for database in (young, old) if number % 2 else (old, young):
            address = f"+7701{dice.randint(1, callers[database]):07}"
            begun = time.perf_counter()
            async with database.read() as db:
                card = await card_of(db, client_id=None, address=address)
            took = time.perf_counter() - begun
            assert card.client is not None
            assert len(card.recent) == 5
            if number >= 200:
                spent[database].append(took * 1000)
    sizes = f"{kept[1]:,} against {kept[0]:,} calls kept; {asked:,} callers each"
    middle = {database: median(times) for database, times in spent.items()}
    slowest = {database: quantiles(times, n=100)[98] for database, times in spent.items()}
    return [
        Figure(
            name="caller lookup and card, p50, ten times the log",
            measured=middle[old] / middle[young],
            target=1.2,
            higher_is_better=False,
            sizes=sizes,
            detail=f"{middle[old]:.2f} against {middle[young]:.2f} ms",
        ),
        Figure(
            name="caller lookup and card over the old log, p99",
            measured=slowest[old],
            target=30,
            unit="ms",
            higher_is_better=False,
            sizes=sizes,
            detail=f"young log {slowest[young]:.1f} ms; worst {max(spent[old]):.1f} ms",
        ),
    ]
