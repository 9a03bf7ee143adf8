"""What only one node may do at a time: stamp the outbox, own the link to a PBX.

A lock is a session-level advisory lock on a connection of its own, outside the
pool, so PostgreSQL frees it in the moment that connection ends. Whoever needs
more than idempotence carries the fence: a number that grows with each owner, so
that the words of an owner who was long asleep can be told from those of the next.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from crm_core.store.database import DATABASE_AWAY, Database, Reader

#: We stand in line this long at a stretch; then the connection is looked at, and the line joined again.
STAND_S = 10
#: The holder's connection is asked this often whether it is still there …
WATCH_EVERY_S = 5.0
#: … and must answer within this, or it is given up.
ANSWER_S = 10.0

# The server notices a vanished holder within half a minute. What is stamped here survives a crash.
_SETTINGS = f"""
SET lock_timeout = '{STAND_S}s';
SET synchronous_commit = on;
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 3
"""

_NEXT_FENCE = """
INSERT INTO lock_fences (name, fence)
VALUES ($1, 1)
ON CONFLICT (name) DO UPDATE
SET fence = lock_fences.fence + 1
RETURNING fence
"""

_FIND_HOLDER = """
SELECT session.pid, host(session.client_addr) AS address, session.backend_start AS since
FROM pg_locks held
JOIN pg_stat_activity session ON session.pid = held.pid
WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (held.classid::bigint << 32) | held.objid::bigint = $1
LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose connection holds a lock."""

    pid: int  # of the database's own process
    address: str | None  # where that connection comes from; None: this machine, or it may not be told
    since: datetime | None


class HeldLock:
    """A lock of ours, for as long as ``lost`` is not set."""

    def __init__(self, name: str, raw: asyncpg.Connection, fence: int) -> None:
        self.name = name
        self.fence = fence
        self.lost = asyncio.Event()
        self._raw = raw
        self._turn = asyncio.Lock()
        raw.add_termination_listener(lambda _: self.lost.set())

    @property
    def backend(self) -> int:
        """The server's name for the connection that holds it: while it lives, so do we."""
        pid: int = self._raw.get_server_pid()
        return pid

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Reader]:
        """The very connection that holds the lock: what fails on it was not done by its owner.

        Raises:
            any of ``DATABASE_AWAY``, on use, once the lock is lost.
        """
        async with self._turn:
            yield Reader(self._raw)

    async def watch(self) -> None:
        """Notice a connection that has silently died; ends when the lock is lost."""
        while not self.lost.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(WATCH_EVERY_S):
                    await self.lost.wait()
                    return
            try:
                async with asyncio.timeout(ANSWER_S), self.connection() as reader:
                    await reader.fetchval("SELECT 1")
            except DATABASE_AWAY:
                self._raw.terminate()
                self.lost.set()


@asynccontextmanager
async def holding(db: Database, name: str) -> AsyncIterator[HeldLock]:
    """Stand in line for the lock ``name``, then hold it until the block ends.

    Losing the connection sets ``lock.lost``; the block is not interrupted.

    Raises:
        any of ``DATABASE_AWAY``: the database went away while we stood in line.
    """
    raw = await db.dedicated()
    try:
        await raw.execute(_SETTINGS)
        await _stand_in_line(raw, _key(name))
        lock = HeldLock(name, raw, await raw.fetchval(_NEXT_FENCE, name))
        watch = asyncio.create_task(lock.watch(), name=f"watch lock {name}")
        try:
            yield lock
        finally:
            watch.cancel()
            await asyncio.wait([watch])
    finally:
        await close(raw)


@asynccontextmanager
async def holding_if_free(db: Database, name: str) -> AsyncIterator[bool]:
    """Hold the lock ``name`` until the block ends, or learn at once that somebody else does."""
    raw = await db.dedicated()
    try:
        yield await raw.fetchval("SELECT pg_try_advisory_lock($1)", _key(name))
    finally:
        await close(raw)


async def find_holder(db: Reader, name: str) -> Holder | None:
    """Who holds the lock ``name`` now."""
    row = await db.fetchrow(_FIND_HOLDER, _key(name))
    return Holder(**dict(row)) if row else None


async def close(raw: asyncpg.Connection) -> None:
    """End a dedicated connection, politely if it still listens."""
    try:
        await raw.close(timeout=2)
    except DATABASE_AWAY:
        raw.terminate()


async def _stand_in_line(raw: asyncpg.Connection, key: int) -> None:
    while True:
        with suppress(asyncpg.LockNotAvailableError):
            # A line that nobody serves any more is left as well: the connection may be half open.
            async with asyncio.timeout(STAND_S + ANSWER_S):
                await raw.execute("SELECT pg_advisory_lock($1)", key)
                await raw.execute("SET lock_timeout = 0")
                return


def _key(name: str) -> int:
    """PostgreSQL names advisory locks by 64 bits."""
    return int.from_bytes(hashlib.blake2b(f"perezvon:{name}".encode(), digest_size=8).digest(), "big", signed=True)
