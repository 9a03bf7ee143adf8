"""One transaction per verb, on PostgreSQL, judged by the database's clock.

``Database.begin()`` opens a :class:`Transaction`, commits it when the block
ends well and rolls it back otherwise; nothing else commits. What an action
wants to tell the world is written to the outbox in that same transaction,
and those who wait are woken only after the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from asyncpg import Record as Record
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from crm_core.domain.events import Event
from crm_core.store.urls import sqlalchemy_url

logger = structlog.get_logger(__name__)

#: What a lost, restarting or demoted server looks like from here (`asyncpg.InternalClientError` is a
#: killed postmaster under a statement in flight; a bare OSError is the next attempt to connect).
DATABASE_AWAY: tuple[type[BaseException], ...] = (
    DBAPIError,
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,  # no connection left, no disk left: as good as away
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.DeadlockDetectedError,  # not away, but the same to do: nothing was committed, tell it again
)

_INSERT_OUTBOX = """
INSERT INTO outbox (type, rooms, body)
SELECT event->>'type', ARRAY(SELECT jsonb_array_elements_text(event->'rooms')), event->'body'
FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS pending (event, position)
ORDER BY position
"""

_CLOCK = "SELECT clock_timestamp()"
_STEADY_CLOCK = "SELECT clock_timestamp(), set_config('plan_cache_mode', 'force_generic_plan', true)"


def to_json(value: object) -> str:
    """How a jsonb parameter is passed; results come back as Python values already."""
    return orjson.dumps(value, default=_driver_type).decode()


def _driver_type(value: object) -> str:
    if isinstance(value, UUID):  # the driver's own subclass
        return str(value)
    raise TypeError(f"{type(value).__name__} does not go into jsonb")


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    values = ", ".join(f"${place}" for place, _ in enumerate(columns, 1))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608  (names of our own)


class Reader:
    """Named SQL against one connection; positional arguments are ``$1``, ``$2`` …"""

    def __init__(self, raw: asyncpg.Connection) -> None:
        self._raw = raw

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        rows: list[Record] = await self._raw.fetch(sql, *args)
        return rows

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        return await self._raw.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        return await self._raw.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        """Run it; returns PostgreSQL's command tag, ``"UPDATE 3"``."""
        tag: str = await self._raw.execute(sql, *args)
        return tag

    async def executemany(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        await self._raw.executemany(sql, rows)

    @asynccontextmanager
    async def planned_anew(self) -> AsyncIterator[None]:
        """Statements in here are planned for the very values they bring, however often they were asked before.

        After five times PostgreSQL may settle for one plan for all values: wrong by far where a value says how much
        of the past is looked at, or how rare a word is.
        """
        async with self._raw.transaction(readonly=True):
            await self._raw.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            yield


class Transaction(Reader):
    """A piece of work that happens whole or not at all.

    ``now`` is the database's clock at its start: deadlines are judged by it, never by this machine's.
    """

    def __init__(self, raw: asyncpg.Connection, now: datetime) -> None:
        super().__init__(raw)
        self.now = now
        self.topics: set[str] = set()
        self._events: list[Event] = []

    async def copy(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Put fresh rows in; a conflict fails the transaction, so claim what must be unique before."""
        if len(rows) == 1:  # COPY asks the server twice and is planned anew each time
            await self._raw.execute(_insert(table, tuple(columns)), *rows[0])
        else:
            await self._raw.copy_records_to_table(table, columns=list(columns), records=rows)

    def emit(self, event: Event) -> None:
        """Tell the world after the commit; the row is part of this transaction."""
        self._events.append(event)
        self.topics.add("outbox")

    def wake(self, topic: str) -> None:
        """Wake those who wait for ``topic`` after the commit."""
        self.topics.add(topic)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """A part of it that may fail alone: then nothing of what it wrote or announced has happened.

        Locks that were taken in it are given back as well.
        """
        events, topics = len(self._events), set(self.topics)
        try:
            async with self._raw.transaction():
                yield
        except BaseException:
            del self._events[events:]
            self.topics = topics
            raise

    async def write_outbox(self) -> None:
        """Called once, by ``Database.begin``, before the commit."""
        if self._events:
            await self._raw.execute(_INSERT_OUTBOX, to_json([event.as_row() for event in self._events]))


class Wakeups:
    """Who waits for what, inside this process; a poll remains everybody's safety net.

    Topics are short words: ``outbox``, ``commands``. Other nodes hear through :mod:`crm_core.store.notify`.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._listeners: list[Callable[[str], None]] = []
        self._told: list[Callable[[str], None]] = []

    def wake(self, topic: str) -> None:
        self.heard(topic)
        for listener in self._listeners:
            listener(topic)

    def on_wake(self, listener: Callable[[str], None]) -> None:
        """Called with each topic right after the commit that concerns it."""
        self._listeners.append(listener)

    def on_told(self, listener: Callable[[str], None]) -> None:
        """Called with each topic, whether it was woken here or at another node."""
        self._told.append(listener)

    def heard(self, topic: str) -> None:
        """Another node woke us: pass it on here, and to nobody else."""
        for event in self._waiting.get(topic, ()):
            event.set()
        for listener in self._told:
            listener(topic)

    @asynccontextmanager
    async def waiter(self, topic: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever ``topic`` is woken; clear it before you look for work."""
        event = asyncio.Event()
        self._waiting.setdefault(topic, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[topic].discard(event)


async def woken_within(woken: asyncio.Event, limit_s: float) -> None:
    """Until somebody wakes who waits, ``limit_s`` at most: then they look themselves."""
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await woken.wait()


class Database:
    """The pool, and the only way to a transaction."""

    def __init__(self, url: str, *, pool_size: int = 10, statement_timeout_s: float = 30.0) -> None:
        self.url = url
        self.wakeups = Wakeups()
        self._engine: AsyncEngine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            json_deserializer=orjson.loads,
            pool_timeout=10,
            pool_recycle=1800,
            # The connection used last knows the statements and the tables best: each learns and plans them anew.
            pool_use_lifo=True,
            connect_args={
                "timeout": 10,
                "server_settings": {
                    "application_name": "perezvon",
                    "timezone": "UTC",
                    "statement_timeout": str(int(statement_timeout_s * 1000)),
                    "idle_in_transaction_session_timeout": "60000",
                    "synchronous_commit": "on",
                    "jit": "off",
                },
            },
        )

    async def __aenter__(self) -> Database:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def begin(self, *, steady_plans: bool = False) -> AsyncIterator[Transaction]:
        """One verb's transaction.

        ``steady_plans``: each statement keeps one plan whatever its parameters; for verbs that ask the same all
        day. Above all for foreign keys into ``interactions``: PostgreSQL would plan each check of each row anew,
        over all its partitions.

        Raises:
            any of ``DATABASE_AWAY``: nothing was committed, or (a lost answer to COMMIT) everything was;
                facts are idempotent and may simply be told again.
        """
        async with self._connection() as (connection, raw), connection.begin():
            # The first statement opens the transaction in the driver and brings its clock.
            opening = _STEADY_CLOCK if steady_plans else _CLOCK
            now = (await connection.exec_driver_sql(opening)).one()[0]
            tx = Transaction(raw, now)
            yield tx
            await tx.write_outbox()
        for topic in tx.topics:
            self.wakeups.wake(topic)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        """A connection for reads; each statement sees what was committed before it."""
        async with self._connection() as (_, raw):
            yield Reader(raw)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[AsyncConnection, asyncpg.Connection]]:
        async with self._engine.connect() as connection:
            raw = await _driver_connection(connection)
            # What is said on the driver's own connection the pool does not hear of: a dead one would come back.
            while raw.is_closed():
                await connection.invalidate()
                raw = await _driver_connection(connection)
            try:
                yield connection, raw
            except asyncpg.ReadOnlySQLTransactionError:
                # The server was demoted under us; a ping would still look healthy (SQLSTATE 25006).
                await connection.invalidate()
                raise

    async def dedicated(self) -> asyncpg.Connection:
        """A connection of one's own, outside the pool: session locks and LISTEN live on it. Close it yourself."""
        engine_url = sqlalchemy_url(self.url)
        arguments = engine_url.translate_connect_args(username="user")
        arguments.update({key: value for key, value in engine_url.query.items() if isinstance(value, str)})
        return await asyncpg.connect(**arguments, timeout=10, server_settings={"application_name": "perezvon lock"})


async def _driver_connection(connection: AsyncConnection) -> asyncpg.Connection:
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    return raw
