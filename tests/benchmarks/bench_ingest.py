"""Durable, idempotent ingest of whole calls against COPY of the very rows it leaves behind.

Ours: ended calls, a leg each, with everything an ingest does (known already?
whose number? whose phone? what follows?), in transactions of at most 500.
Baseline: asyncpg's COPY of the same interactions, legs, fact keys and outbox
rows into the same tables, in batches of as many calls, commit each. And once
more ours with one call a commit. All by turns, on a real disk.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from statistics import median

from crm_core.actions.calls import record_calls
from crm_core.domain.calls import CallSnapshot
from crm_core.store.database import Database, to_json
from tests.benchmarks.result import Figure
from tests.benchmarks.rounds import ROUNDS
from tests.benchmarks.server import fresh_database
from tests.builders import NOON, after, ended, leg
from tests.people import add_agent, add_client

BATCH = 500
AGENTS = 60
TABLES = ("interactions", "fact_keys", "legs", "outbox")

_JSON_COLUMNS = """
SELECT column_name::text
FROM information_schema.columns
WHERE table_name = ANY($1::text[]) AND data_type = 'jsonb'
"""


def run(scale: float) -> list[Figure]:
    return asyncio.run(_run(scale))


async def _run(scale: float) -> list[Figure]:
    each = max(int(100_000 * scale) // ROUNDS, 2 * BATCH)
    alone = max(int(2_000 * scale) // ROUNDS, 50)
    rates: list[tuple[float, float, float]] = []
    async with fresh_database() as database:
        await _people(database)
        for number in range(ROUNDS):
            calls = _calls(each, first=number * each)
            ours = each / await _record(database, calls, BATCH)
            copied = each / await _copy_again(database, BATCH)
            await _empty(database)
            one = alone / await _record(database, calls[:alone], 1)
            await _empty(database)
            rates.append((ours, copied, one))
    sizes = f"{ROUNDS} × {each:,} calls, {BATCH} a commit"
    ours, copied, one = (median(rate) for rate in zip(*rates, strict=True))
    to_copy = [ours / copied for ours, copied, _ in rates]
    to_one = [ours / one for ours, _, one in rates]
    return [
        Figure(
            name="durable ingest / asyncpg COPY of the same rows",
            measured=median(to_copy),
            target=0.35,
            sizes=sizes,
            detail=f"{ours:,.0f} against {copied:,.0f} calls/s; worst of {ROUNDS} {min(to_copy):.2f} ×",
        ),
        Figure(
            name="durable ingest in batches / a commit per call",
            measured=median(to_one),
            target=15,
            sizes=f"{sizes}; {ROUNDS} × {alone:,} alone",
            detail=f"{ours:,.0f} against {one:,.0f} calls/s; worst of {ROUNDS} {min(to_one):.1f} ×",
        ),
    ]


async def _people(database: Database) -> None:
    for number in range(AGENTS):
        await add_agent(database, f"agent{number}", extension=str(1001 + number), present=False)
    await add_client(database, "Айгерим Сулейменова", phone="+77011234567")


def _calls(count: int, *, first: int) -> list[CallSnapshot]:
    return [
        ended(
            linkedid=f"1790000000.{number}",
            client_number=f"+7701{number % 10_000_000:07}",
            started_at=NOON + timedelta(milliseconds=number),
            legs=(
                leg(
                    str(1001 + number % AGENTS),
                    uniqueid=f"1790000001.{number}",
                    answered_at=after(5),
                    ended_at=after(65),
                    result="answered",
                ),
            ),
        )
        for number in range(first, first + count)
    ]


async def _record(database: Database, calls: Sequence[CallSnapshot], batch: int) -> float:
    begun = time.perf_counter()
    for start in range(0, len(calls), batch):
        async with database.begin(steady_plans=True) as tx:
            await record_calls(tx, calls[start : start + batch], country="KZ")
    return time.perf_counter() - begun


async def _copy_again(database: Database, batch: int) -> float:
    """COPY what ingest has left behind into the emptied tables, in batches of as many calls."""
    columns, rows = {}, {}
    async with database.read() as db:
        in_json = {row["column_name"] for row in await db.fetch(_JSON_COLUMNS, list(TABLES))}
        for table in TABLES:
            found = await db.fetch(f"SELECT * FROM {table}")
            columns[table] = [name for name in dict(found[0]) if not (table == "outbox" and name == "id")]
            rows[table] = [
                [to_json(row[name]) if name in in_json else row[name] for name in columns[table]] for row in found
            ]
    await _empty(database)
    calls = len(rows["interactions"])
    begun = time.perf_counter()
    for start in range(0, calls, batch):
        async with database.begin() as tx:
            for table, all_rows in rows.items():
                per_call = len(all_rows) / calls
                await tx.copy(table, columns[table], all_rows[int(start * per_call) : int((start + batch) * per_call)])
    return time.perf_counter() - begun


async def _empty(database: Database) -> None:
    async with database.begin() as tx:
        await tx.execute(
            """TRUNCATE interactions, legs, fact_keys, contact_tallies, outbox, recordings, agent_states,
                        agent_state_log CASCADE"""
        )
