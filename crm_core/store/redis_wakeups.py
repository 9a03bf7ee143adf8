"""Wake-ups between nodes over Redis, for those who have one: quicker than NOTIFY, and off the database.

Redis holds nothing of ours. A wake-up that is lost with it is found by the
poll, so a Redis that is away makes other nodes slower by that, and no more.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from crm_core.store.database import Database
from crm_core.store.outage import Outage

CHANNEL = "perezvon:wakeups"

#: Others are told at most this often.
SPACING_S = 0.005
TIMEOUT_S = 5.0


class RedisNotifier:
    """Carries the wake-ups of this node's database clients to other nodes, and theirs to us."""

    def __init__(self, db: Database, url: str) -> None:
        self._db = db
        self._url = url
        self._node = secrets.token_hex(8)
        self._topics: set[str] = set()
        self._stirred = asyncio.Event()
        db.wakeups.on_wake(self._remember)

    async def run(self) -> None:
        """Until cancelled; a lost connection is made anew."""
        outage = Outage("wake-ups over redis")
        while True:
            try:
                async with self._connected() as redis, asyncio.TaskGroup() as tasks:
                    await redis.ping()
                    outage.over()
                    tasks.create_task(self._listen(redis))
                    tasks.create_task(self._tell(redis))
            except* (RedisError, OSError) as lost:
                await outage.wait(lost.exceptions[0])

    def _connected(self) -> Redis:
        return Redis.from_url(
            self._url,
            socket_connect_timeout=TIMEOUT_S,
            health_check_interval=TIMEOUT_S,
            client_name="perezvon",
        )

    async def _tell(self, redis: Redis) -> None:
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            topics, self._topics = self._topics, set()
            async with asyncio.timeout(TIMEOUT_S):
                for topic in sorted(topics):
                    await redis.publish(CHANNEL, f"{self._node} {topic}")
            await asyncio.sleep(SPACING_S)

    async def _listen(self, redis: Redis) -> None:
        async with redis.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            while True:
                self._hear(await subscription.get_message(ignore_subscribe_messages=True, timeout=TIMEOUT_S))

    def _hear(self, message: dict[str, Any] | None) -> None:
        """Anybody may write to a Redis: what is not a node and a topic is passed over."""
        data = message.get("data") if message else None
        if not isinstance(data, bytes):
            return
        node, _, topic = data.decode(errors="replace").partition(" ")
        if topic and node != self._node:
            self._db.wakeups.heard(topic)

    def _remember(self, topic: str) -> None:
        self._topics.add(topic)
        self._stirred.set()
