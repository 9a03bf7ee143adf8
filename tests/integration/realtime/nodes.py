"""A node of Perezvon as far as sockets are concerned, and the browsers that talk to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import socketio
from aiohttp import web

from crm_core.actions import sessions, users
from crm_core.actions.sessions import NotSignedIn, Principal
from crm_core.domain.errors import CrmError
from crm_core.domain.events import FLOOR, AgentChanged, Room, agent_room
from crm_core.store.database import Database
from crm_core.store.notify import Notifier
from crm_core.store.outbox import Window
from realtime.hub import DeskHub
from realtime.presence import Presence
from realtime.relay import Relay
from sockets.line import Backlog
from tests.people import add_agent
from tests.waiting import PATIENCE_S, eventually

IDLE = timedelta(hours=12)
COOKIE = "perezvon_session"
PUBLIC_URL = "https://crm.example"


@dataclass(kw_only=True)
class Node:
    """One process: its database pool, its sockets, its relay."""

    database: Database
    hub: DeskHub
    url: str
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def stop(self, name: str) -> None:
        """End one of the node's loops, which must have been running until now."""
        task = self.tasks.pop(name)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def has_delivered(self, token: str, seq: int) -> None:
        """Wait until events up to ``seq`` are past here: to whoever connects then none of them is news.

        That they are numbered is not enough: delivery follows the commit.
        """

        async def past() -> bool:
            async with self.browser(token) as browser:
                hello = await browser.next("hello")
                return bool(hello["seq"] >= seq)

        await eventually(past)

    @asynccontextmanager
    async def browser(self, token: str, **how: Any) -> AsyncIterator[Browser]:
        """A signed-in browser; gone when the block ends."""
        browser = Browser()
        try:
            await browser.connect(self, token, **how)
            yield browser
        finally:
            await browser.leave()


class Browser:
    """A real Socket.IO client that keeps everything it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.gone = asyncio.Event()
        self._news = asyncio.Condition()
        self._read = 0
        self._client = socketio.AsyncClient(reconnection=False)
        self._client.on("*", self._hear, namespace="/desk")
        self._client.on("disconnect", self._lose, namespace="/desk")

    async def connect(self, node: Node, token: str | None, **how: Any) -> None:
        how = {"transports": ["websocket"], "wait_timeout": PATIENCE_S, **how}
        auth = {"token": token} if token is not None else None
        await self._client.connect(node.url, namespaces=["/desk"], auth=auth, retry=False, **how)

    async def leave(self) -> None:
        await self._client.disconnect()

    async def next(self, name: str | None = None) -> dict[str, Any]:
        """The next event that has not been asked for yet, or the next of this name."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            while True:
                while self._read < len(self.heard):
                    heard, payload = self.heard[self._read]
                    self._read += 1
                    if name in {None, heard}:
                        return payload
                await self._news.wait()

    async def until(self, seq: int) -> list[int]:
        """Everything up to ``seq`` has come: the numbers of all events, in the order in which they came."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: any(payload["seq"] >= seq for payload in self.told))
        return [payload["seq"] for payload in self.told]

    @property
    def told(self) -> list[dict[str, Any]]:
        """What came after the greeting."""
        return [payload for name, payload in self.heard if name not in {"hello", "reload"}]

    async def resume(self, after: object) -> dict[str, Any]:
        answer: dict[str, Any] = await self.ask("resume", {"after": after})
        return answer

    async def ask(self, event: str, *args: object) -> Any:
        return await self._client.call(event, tuple(args), namespace="/desk", timeout=PATIENCE_S)

    async def _hear(self, name: str, payload: dict[str, Any]) -> None:
        async with self._news:
            self.heard.append((name, payload))
            self._news.notify_all()

    async def _lose(self, reason: str) -> None:
        self.gone.set()


@asynccontextmanager
async def node(
    database_url: str,
    *,
    window: Window | None = None,
    backlog: Backlog | None = None,
    grace_s: float = 10.0,
    poll_s: float = 0.5,
) -> AsyncIterator[Node]:
    """A running node on loopback."""
    async with Database(database_url) as database:
        hub = DeskHub(
            database,
            authenticate=partial(_identify, database),
            problem=_problem,
            public_url=PUBLIC_URL,
            version="1.2.3",
            window=window,
            backlog=backlog,
        )
        app = web.Application()
        hub.attach(app)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        here = Node(database=database, hub=hub, url=f"http://127.0.0.1:{runner.addresses[0][1]}")
        loops = {
            "relay": Relay(database, hub, window=window, poll_s=poll_s).run(),
            "notifier": Notifier(database).run(),
            "hub": hub.run(),
            "presence": Presence(database, hub, grace_s=grace_s).run(),
        }
        here.tasks = {name: asyncio.create_task(loop, name=name) for name, loop in loops.items()}
        try:
            yield here
        finally:
            await hub.close()
            await runner.cleanup()
            for name in list(here.tasks):
                await here.stop(name)


async def signed_in(database: Database, login: str, *, role: str = "agent", present: bool = True) -> tuple[UUID, str]:
    """A person and their token; who is present already causes no news by opening a desk."""
    person = await add_agent(database, login, extension=None, role=role, present=present)
    async with database.begin() as tx:
        return person, await users.create_token(tx, login)


async def say(database: Database, agent: UUID, *, rooms: tuple[Room, ...] = (), times: int = 1) -> None:
    """So many changes of an agent, told to them and the floor unless ``rooms`` says otherwise."""
    async with database.begin() as tx:
        for _ in range(times):
            tx.emit(AgentChanged(rooms=rooms or (agent_room(agent), FLOOR), agent_id=agent, version=1))


async def _identify(database: Database, request: web.Request, token: str | None) -> Principal:
    if token is not None:
        return await sessions.authenticate_token(database, token)
    if COOKIE not in request.cookies:
        raise NotSignedIn
    return await sessions.authenticate_session(database, request.cookies[COOKIE], idle=IDLE)


def _problem(error: Exception) -> dict[str, object]:
    code = error.code if isinstance(error, CrmError) else type(error).__name__
    return {"type": f"urn:{code}", "title": code, "status": 400, "code": code, "detail": str(error)}
