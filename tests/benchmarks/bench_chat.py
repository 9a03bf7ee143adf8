"""From what a visitor writes on a site to the manager's screen, with a thousand chats open.

Three processes, all real: the gateway as ``perezvon serve`` runs it, its
PostgreSQL, and the visitors and the manager on raw websockets in this one. Every
visitor has a conversation already, and has been answered once. A message is timed from its frame leaving the
visitor to ``message.received`` on the manager's socket; in the end every message
must have come there once, and every visitor must have been told that it is stored.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from tempfile import TemporaryDirectory
from types import MappingProxyType
from uuid import uuid4

import aiohttp

from crm_core.actions import replies
from crm_core.actions.replies import MessageIn
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from tests.benchmarks.desks import hire
from tests.benchmarks.gateway_process import free_port, running_gateway
from tests.benchmarks.result import Figure
from tests.benchmarks.server import fresh_database
from tests.waiting import eventually

CHATS = 1_000
MESSAGES_PER_S = 20.0
ORIGIN = "https://tours.example"
SITE = {"name": "tours", "site_key": "pk_bench", "origins": [ORIGIN], "queue": "sales"}
_AT_ONCE = 50
_PATIENCE_S = 240.0


def run(scale: float) -> list[Figure]:
    return asyncio.run(_run(max(int(3_000 * scale), 200)))


async def _run(messages: int) -> list[Figure]:
    async with _stage() as (database, manager, visitors):
        await _say_something_each(manager, visitors)
        await _answer_each(database)
        await eventually(lambda: _is_calm(database), patience_s=_PATIENCE_S)
        written = await _write(visitors, messages)
        await eventually(lambda: _has_all(manager, visitors, written), patience_s=_PATIENCE_S)
    came = Counter(manager.order)
    assert all(came[key] == 1 for key in written), "a message came twice"
    took = sorted(manager.heard[key] - at for key, at in written.items())
    stored = sorted(
        visitor.stored[key] - written[key] for visitor in visitors for key in visitor.stored if key in written
    )
    sizes = f"{messages:,} messages, {MESSAGES_PER_S:g} a second; {CHATS:,} chats"
    lower = {"higher_is_better": False, "unit": "ms", "sizes": sizes}
    return [
        Figure(name="chat to manager: p50", measured=_ms(took, 0.5), target=25, detail=_spoken(took), **lower),
        Figure(
            name="chat to manager: p99",
            measured=_ms(took, 0.99),
            target=100,
            detail=f"stored and answered: {_spoken(stored)}",
            **lower,
        ),
    ]


def _ms(ordered: list[float], share: float) -> float:
    return 1e3 * ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _spoken(ordered: list[float]) -> str:
    return f"p50 {_ms(ordered, 0.5):.1f}, p99 {_ms(ordered, 0.99):.1f}, worst {_ms(ordered, 1.0):.1f} ms"


async def _say_something_each(manager: _Manager, visitors: list[_Visitor]) -> None:
    """Every chat is a conversation from now on, and plans, pools and caches are warm."""
    turn = asyncio.Semaphore(_AT_ONCE)
    written: dict[str, float] = {}

    async def begin(visitor: _Visitor) -> None:
        async with turn:
            key = str(uuid4())
            written[key] = await visitor.say(key)
            await visitor.is_stored(key)

    await asyncio.gather(*map(begin, visitors))
    await eventually(lambda: _has_all(manager, visitors, written), patience_s=_PATIENCE_S)


async def _write(visitors: list[_Visitor], messages: int) -> dict[str, float]:
    """As people write: at random moments, each in some chat; gives when each message left."""
    gc.freeze()  # the instrument holds a thousand sockets itself, and is not to stop for looking at them
    chance, begun, written = random.Random(7), time.monotonic(), {}
    moments = sorted(chance.uniform(0, messages / MESSAGES_PER_S) for _ in range(messages))
    for moment in moments:
        await asyncio.sleep(max(begun + moment - time.monotonic(), 0.0))
        key = str(uuid4())
        written[key] = await chance.choice(visitors).say(key)
    return written


async def _has_all(manager: _Manager, visitors: list[_Visitor], written: dict[str, float]) -> bool:
    stored = set().union(*(visitor.stored for visitor in visitors))
    return manager.heard.keys() >= written.keys() and stored >= written.keys()


async def _answer_each(database: Database) -> None:
    """Every chat is the manager's from now on, and it is the visitor's turn."""
    async with database.read() as db:
        person = await db.fetchval("SELECT id FROM users LIMIT 1")
        chats = [row["interaction_id"] for row in await db.fetch("SELECT interaction_id FROM conversations")]
    manager = Viewer(user_id=person, role=Role.ADMIN, team_id=None)
    for chat in chats:
        async with database.begin(steady_plans=True) as tx:
            await replies.send(tx, manager, MessageIn(interaction_id=chat, body="Здравствуйте!"), sources={})


async def _is_calm(database: Database) -> bool:
    """The answers are out, and what a thousand new conversations at once had the watchdog do is done."""
    async with database.read() as db:
        late = await db.fetchval("SELECT count(*) FROM conversations WHERE watch_at <= clock_timestamp()")
        return not late and not await db.fetchval("SELECT count(*) FROM outgoing")


@asynccontextmanager
async def _stage() -> AsyncIterator[tuple[Database, _Manager, list[_Visitor]]]:
    with TemporaryDirectory(prefix="perezvon-bench-") as folder:
        async with fresh_database() as database:
            (token,) = await hire(database, agents=0, supervisors=1)
            port = free_port()
            settings = {
                "PEREZVON_DATABASE_URL": database.url,
                "PEREZVON_DATA_DIR": folder,
                "PEREZVON_HTTP__PORT": str(port),
                "PEREZVON_WEBCHAT": json.dumps([SITE]),
                "PEREZVON_LIMITS__CHAT_ADDRESS_SOCKETS": str(2 * CHATS),
            }
            async with running_gateway(settings), _session() as session, AsyncExitStack() as sockets:
                address = f"ws://127.0.0.1:{port}"
                manager = _Manager()
                await sockets.enter_async_context(manager.at(session, address, token))
                visitors = [_Visitor() for _ in range(CHATS)]
                for visitor in visitors:
                    await sockets.enter_async_context(visitor.at(session, address))
                yield database, manager, visitors


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


class _Socket:
    """One raw websocket that speaks just enough of engine.io."""

    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self) -> None:
        self._socket: aiohttp.ClientWebSocketResponse
        self._greeted = asyncio.Event()

    @asynccontextmanager
    async def open(self, session: aiohttp.ClientSession, address: str, greeting: str) -> AsyncIterator[None]:
        async with session.ws_connect(f"{address}/?EIO=4&transport=websocket", headers=self.headers) as self._socket:
            await self._socket.receive()
            await self._socket.send_str(greeting)
            reading = asyncio.create_task(self._read())
            async with asyncio.timeout(_PATIENCE_S):
                await self._greeted.wait()
            try:
                yield
            finally:
                reading.cancel()

    async def _read(self) -> None:
        async for message in self._socket:
            if message.data == "2":
                await self._socket.send_str("3")
            else:
                self._hear(message.data, time.monotonic())

    def _hear(self, frame: str, at: float) -> None:
        raise NotImplementedError


class _Manager(_Socket):
    """Notes when each message came."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: dict[str, float] = {}
        self.order: list[str] = []

    @asynccontextmanager
    async def at(self, session: aiohttp.ClientSession, address: str, token: str) -> AsyncIterator[None]:
        async with self.open(session, f"{address}/socket.io", f'40/desk,{{"token":"{token}"}}'):
            yield

    def _hear(self, frame: str, at: float) -> None:
        if frame.startswith('42/desk,["hello"'):
            self._greeted.set()
        elif frame.startswith('42/desk,["message.received"'):
            key = json.loads(frame.partition(",")[2])[1]["message"]["external_id"]
            self.heard.setdefault(key, at)
            self.order.append(key)


class _Visitor(_Socket):
    """Writes, and notes when it was told that it is stored."""

    headers = MappingProxyType({"Origin": ORIGIN})

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[str, float] = {}
        self._asked: list[str] = []
        self._answers: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def at(self, session: aiohttp.ClientSession, address: str) -> AsyncIterator[None]:
        async with self.open(session, f"{address}/chat/socket.io", f'40{{"site":"{SITE["site_key"]}"}}'):
            yield

    async def say(self, key: str) -> float:
        """Gives when it left."""
        said = json.dumps(["say", {"key": key, "text": "Сколько стоит Хайнань на двоих в марте?"}])
        self._answers[key] = asyncio.Event()
        self._asked.append(key)
        left = time.monotonic()
        await self._socket.send_str(f"42{len(self._asked) - 1}{said}")
        return left

    async def is_stored(self, key: str) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            await self._answers[key].wait()

    def _hear(self, frame: str, at: float) -> None:
        if frame.startswith('42["hello"'):
            self._greeted.set()
        elif frame.startswith("43"):
            number, _, _ = frame[2:].partition("[")
            key = self._asked[int(number)]
            self.stored[key] = at
            self._answers[key].set()
