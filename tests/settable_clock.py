"""The clock of a test's database, which stands where the test puts it and ticks a microsecond at every look.

All of Perezvon judges by ``clock_timestamp()`` and ``now()``. In this database these names mean
functions of its own, which come before PostgreSQL's: every statement of the product then runs as it
is, at a moment known to the microsecond, on any day of any year.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crm_core.store.database import Database

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)

# A sequence belongs to no transaction: whoever looks later sees a later moment, whoever commits first.
_INSTALL = """
CREATE SCHEMA clock;
CREATE SEQUENCE clock.hand MINVALUE 0;
CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS $$ SELECT timestamptz 'epoch' + nextval('clock.hand') * interval '1 microsecond' $$;
CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT timestamptz 'epoch' + last_value * interval '1 microsecond' FROM clock.hand $$;
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = clock, pg_catalog, public', current_database());
END $$;
"""


class SettableClock:
    """Moves for connections that are opened after ``install``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @staticmethod
    async def install(url: str) -> None:
        async with Database(url) as database, database.begin() as tx:
            await tx.execute(_INSTALL)

    async def set(self, to: datetime) -> None:
        """Whoever looks first sees exactly ``to``."""
        async with self._database.begin() as tx:
            await tx.execute("SELECT setval('clock.hand', $1, false)", (to - _EPOCH) // _TICK)

    async def now(self) -> datetime:
        """The moment last seen, without a tick."""
        async with self._database.read() as db:
            at: datetime = await db.fetchval("SELECT now()")
        return at
