"""What can be wrong with a database that answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from crm_core.domain.findings import Finding, ill, well
from crm_core.store.database import Database, Reader
from crm_core.store.migrate import is_current
from crm_core.store.partitions import missing_months, strays
from crm_core.store.trigrams import finds_cyrillic_trigrams

OLDEST_SERVER = 15
#: More than this between two clocks, and moments told by people and by the database disagree.
CLOCK_TOLERANCE = timedelta(seconds=2)

_FIND_SERVER = """
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::int / 10000 AS major,
       pg_is_in_recovery() AS is_standby,
       pg_encoding_to_char(encoding) AS encoding
FROM pg_database
WHERE datname = current_database()
"""

_FIND_OFFSET = """
SELECT extract(epoch FROM $1::timestamptz AT TIME ZONE $2 - $1::timestamptz AT TIME ZONE 'UTC')::float8
"""


async def examine(db: Database, *, timezone: ZoneInfo) -> list[Finding]:
    """Server, schema, partitions, letters and clock."""
    findings = []
    async with db.read() as reader:
        findings.append(await _server(reader))
        findings.append(await _schema(db))
        if findings[-1].well:
            findings.append(await _partitions(reader))
        findings.append(await _clock(reader))
        findings.append(await _zone(reader, timezone))
    connection = await db.dedicated()
    try:
        findings.append(_letters(finds=await finds_cyrillic_trigrams(connection)))
    finally:
        await connection.close()
    return findings


async def _server(db: Reader) -> Finding:
    row = await db.fetchrow(_FIND_SERVER)
    assert row is not None
    if row["major"] < OLDEST_SERVER:
        return ill("database", f"PostgreSQL {row['version']}", f"Perezvon needs PostgreSQL {OLDEST_SERVER} or newer.")
    if row["is_standby"]:
        return ill("database", "this server is a standby", "Give the address of the primary in PEREZVON_DATABASE_URL.")
    if row["encoding"] != "UTF8":
        return ill("database", f"its encoding is {row['encoding']}", "Make a database with ENCODING 'UTF8'.")
    return well("database", f"PostgreSQL {row['version']}")


async def _schema(db: Database) -> Finding:
    if await is_current(db.url):
        return well("schema", "up to date")
    return ill("schema", "changes are waiting", "Stop Perezvon and type: perezvon migrate")


async def _partitions(db: Reader) -> Finding:
    missing = await missing_months(db, now=datetime.now(UTC), ahead=1)
    if missing:
        advice = "Start `perezvon serve` with the role jobs, which makes them."
        return ill("partitions", f"{', '.join(missing)} is missing", advice)
    lost = {table: count for table, count in (await strays(db)).items() if count}
    if lost:
        rows = ", ".join(f"{count} of {table}" for table, count in lost.items())
        return well("partitions", f"made ahead; rows without a month of their own: {rows}")
    return well("partitions", "made ahead")


async def _clock(db: Reader) -> Finding:
    before = datetime.now(UTC)
    theirs: datetime = await db.fetchval("SELECT clock_timestamp()")
    after = datetime.now(UTC)
    apart = max(theirs - after, before - theirs, timedelta())
    if apart > CLOCK_TOLERANCE:
        seconds = round(apart.total_seconds(), 1)
        return ill("clock", f"the database's clock is {seconds} s from ours", "Run NTP (chrony) on both machines.")
    return well("clock", "agrees with the database's")


async def _zone(db: Reader, zone: ZoneInfo) -> Finding:
    subject = "time zone"
    now = datetime.now(UTC)
    for moment in (now, now + timedelta(days=183)):
        offset = moment.astimezone(zone).utcoffset()
        assert offset is not None
        if await db.fetchval(_FIND_OFFSET, moment, zone.key) != offset.total_seconds():
            advice = "Update tzdata on the database's machine, and the package tzdata here."
            return ill(subject, f"{zone.key} differs between the database and this program", advice)
    return well(subject, f"{zone.key} is the same here and in the database")


def _letters(*, finds: bool) -> Finding:
    if finds:
        return well("letters", "the database knows Cyrillic")
    return ill(
        "letters",
        "clients cannot be found by Cyrillic names",
        "Make the database with LC_CTYPE 'C.UTF-8' or another UTF-8 locale.",
    )
