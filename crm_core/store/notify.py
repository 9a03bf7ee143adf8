"""Wake-ups between nodes, over LISTEN and NOTIFY on a connection of their own.

NOTIFY takes a lock of the whole server at commit, so it never rides in a
business transaction: what was woken here is told to the others a moment after
the commit, many wake-ups as one. They are hints; whoever waits also polls.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import asyncpg

from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.store.locks import close
from crm_core.store.outage import Outage

CHANNEL = "perezvon"

#: Others are told at most this often.
SPACING_S = 0.02
#: A connection that has been silent for this long is asked whether it is still there.
PROBE_EVERY_S = 10.0
ANSWER_S = 5.0

# A wake-up that dies with the server is found by the poll; it need not wait for the disk.
_SETTINGS = "SET synchronous_commit = off"

_NOTIFY = """
SELECT pg_notify($1, topic)
FROM unnest($2::text[]) AS topic
"""


class Notifier:
    """Carries the wake-ups of one database's clients to other nodes, and theirs to us."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._topics: set[str] = set()
        self._stirred = asyncio.Event()
        db.wakeups.on_wake(self._remember)

    async def run(self) -> None:
        """Until cancelled; a lost connection is made anew."""
        outage = Outage("wake-ups between nodes")
        while True:
            try:
                await self._carry(outage)
            except DATABASE_AWAY as error:
                await outage.wait(error)

    async def _carry(self, outage: Outage) -> None:
        raw = await self._db.dedicated()
        raw.add_termination_listener(lambda _: self._stirred.set())
        try:
            await raw.execute(_SETTINGS)
            await raw.add_listener(CHANNEL, self._heard)
            outage.over()
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(PROBE_EVERY_S):
                        await self._stirred.wait()
                self._stirred.clear()
                topics, self._topics = sorted(self._topics), set()
                async with asyncio.timeout(ANSWER_S):
                    await raw.execute(_NOTIFY, CHANNEL, topics)
                await asyncio.sleep(SPACING_S)
        finally:
            await close(raw)

    def _remember(self, topic: str) -> None:
        self._topics.add(topic)
        self._stirred.set()

    def _heard(self, raw: asyncpg.Connection, sender: int, channel: str, topic: object) -> None:
        if sender != raw.get_server_pid() and isinstance(topic, str):
            self._db.wakeups.heard(topic)
