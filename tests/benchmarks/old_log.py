"""A log that has been kept for years, made inside PostgreSQL in minutes.

Two years of ended calls with a leg and a fact key each; every client has
called fifty times. Nothing of it is asked of our own code, so it must keep
to what the code would have stored: ids are UUIDv7 of the moment, in order.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crm_core.store.database import Database
from crm_core.store.partitions import make_months

CALLS_A_CLIENT = 50
MONTHS = 24
BOOT = "2024-01-01T00:00:00"
_STEP = 250_000

# The first id of a row's own millisecond, with its number in what is random elsewhere.
_ID = """
(lpad(to_hex(floor(extract(epoch FROM {at}) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex({n} & 4095), 3, '0')
    || '8' || lpad(to_hex({n}), 15, '0'))::uuid
"""

_CLIENTS = f"""
INSERT INTO clients (id, name)
SELECT {_ID.format(at="timestamptz '2024-01-01'", n="n")}, 'Клиент ' || n
FROM generate_series(1, $1) AS n
"""

_PHONES = f"""
INSERT INTO contact_points (id, client_id, kind, value, typed)
SELECT {_ID.format(at="timestamptz '2024-01-02'", n="n")}, {_ID.format(at="timestamptz '2024-01-01'", n="n")},
       'phone', '+7701' || lpad(n::text, 7, '0'), '8701' || lpad(n::text, 7, '0')
FROM generate_series(1, $1) AS n
"""

# Multiplied by a number without common factors, so that a client's calls are strewn over the years.
_CALLS = f"""
WITH made AS (
    SELECT n, $3::timestamptz + n * $4::interval AS at, (n * 7919) % $5 + 1 AS caller
    FROM generate_series($1::bigint, $2::bigint) AS n
), logged AS (
    INSERT INTO interactions
        (id, channel, direction, state, outcome, external_id, pbx, boot, queue, queues, client_id, client_address,
         our_address, started_at, answered_at, ended_at, wait_s, talk_s, hold_s, wrap_up_s, closed_at, ended_by,
         hangup_cause, contact_number)
    SELECT {_ID.format(at="at", n="n")}, 'call', 'inbound', 'closed', 'answered', '17' || n || '.1', 'main', '{BOOT}',
           'sales', '{{sales}}', {_ID.format(at="timestamptz '2024-01-01'", n="caller")},
           '+7701' || lpad(caller::text, 7, '0'), '+77272000001', at, at + interval '5 s', at + interval '65 s',
           5, 60, 0, 20, at + interval '85 s', 'client', 16, 1
    FROM made
), rung AS (
    INSERT INTO legs
        (id, interaction_id, uniqueid, channel, interface, role, queue, offered_at, rang, answered_at, ended_at, result)
    SELECT {_ID.format(at="at", n="n")}, {_ID.format(at="at", n="n")}, '17' || n || '.2',
           'PJSIP/1001-' || lpad(to_hex(n), 8, '0'), 'PJSIP/1001', 'queue', 'sales', at + interval '1 s', true,
           at + interval '5 s', at + interval '65 s', 'answered'
    FROM made
)
INSERT INTO fact_keys (channel, source, external_id, interaction_id)
SELECT 'call', 'main@{BOOT}', '17' || n || '.1', {_ID.format(at="at", n="n")}
FROM made
"""

_TALLIES = """
INSERT INTO contact_tallies (who, contacts, latest)
SELECT client_id, count(*), max(id::text)::uuid
FROM interactions
GROUP BY client_id
"""


async def keep_for_years(database: Database, *, calls: int, clients: int) -> None:
    """Fill a migrated, empty database, and leave it as autovacuum would have by now."""
    begun = datetime.now(UTC) - timedelta(days=30 * MONTHS)
    between = timedelta(days=30 * MONTHS) / max(calls, 1)
    async with database.begin() as tx:
        await make_months(tx, now=begun, ahead=MONTHS + 2)
    filler = await database.dedicated()
    try:
        # Foreign keys hold by construction; looking each up would double the time.
        await filler.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        await filler.execute(_CLIENTS, clients)
        await filler.execute(_PHONES, clients)
        for first in range(1, calls + 1, _STEP):
            await filler.execute(_CALLS, first, min(first + _STEP - 1, calls), begun, between, clients)
        await filler.execute(_TALLIES)
        # An empty log is left alone, as autovacuum does: of a table it has found empty PostgreSQL expects nothing more.
        await filler.execute("VACUUM (ANALYZE)" if calls else "VACUUM (ANALYZE) clients, contact_points")
    finally:
        await filler.close()
