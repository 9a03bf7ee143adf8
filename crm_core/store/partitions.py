"""Months of interactions, messages and raw call events, made ahead of time.

A partition's bounds are ids, not dates: an id is a UUIDv7, so the first id of
a month bounds it. The DEFAULT partition takes what no month is ready for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from crm_core.domain.ids import first_id
from crm_core.store.database import Reader

PARTITIONED = ("interactions", "messages", "raw_call_events")

# Of two that make a table at once PostgreSQL refuses one, IF NOT EXISTS or not: the second waits, and looks then.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('make months', 4))"


async def make_months(db: Reader, *, now: datetime, ahead: int = 3) -> list[str]:
    """Make this month's partitions and those of ``ahead`` months to come; returns the names made now."""
    await db.execute(_ONE_AT_A_TIME)
    missing = await _missing(db, now, ahead)
    for name, table, start, end in missing:
        # Names and bounds are ours, not a person's words; DDL takes no parameters.
        await db.execute(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} "
            f"FOR VALUES FROM ('{first_id(start)}') TO ('{first_id(end)}')"
        )
    return [name for name, *_ in missing]


async def missing_months(db: Reader, *, now: datetime, ahead: int) -> list[str]:
    """The names of partitions that should be there and are not."""
    return [name for name, *_ in await _missing(db, now, ahead)]


async def _missing(db: Reader, now: datetime, ahead: int) -> list[tuple[str, str, datetime, datetime]]:
    wanted = [
        (f"{table}_{start:%Y_%m}", table, start, end) for table in PARTITIONED for start, end in _months(now, ahead + 1)
    ]
    return [month for month in wanted if not await db.fetchval("SELECT to_regclass($1) IS NOT NULL", month[0])]


async def strays(db: Reader) -> dict[str, int]:
    """Rows that ended in a DEFAULT partition, by table: each is a month that was not ready, or an import."""
    return {table: await db.fetchval(f"SELECT count(*) FROM {table}_default") for table in PARTITIONED}  # noqa: S608


def _months(now: datetime, count: int) -> Iterator[tuple[datetime, datetime]]:
    year, month = now.year, now.month
    for _ in range(count):
        start = datetime(year, month, 1, tzinfo=UTC)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        yield start, datetime(year, month, 1, tzinfo=UTC)
