"""Perezvon with one site's chat, visitors who come to it by real sockets, and managers who answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import socketio

from config.settings import Settings
from crm_core.actions import users
from crm_core.store.database import Database
from gateway.app import Process
from tests.acceptance.program import running
from tests.contract.program import free_port
from tests.people import add_agent
from tests.waiting import PATIENCE_S

SITE_KEY = "pk_tours"
ORIGIN = "https://tours.example"
SECRET = "a secret that the site and we know"


@dataclass(slots=True, kw_only=True)
class Visitor:
    """A page with the chat on it, by hand: what it hears is kept, what it says is what the test says."""

    url: str
    token: str | None = None
    identity: str | None = None
    visit: dict[str, Any] = field(default_factory=dict)
    heard: list[tuple[str, Any]] = field(default_factory=list)
    vouched: bool = False
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _client: Any = None

    async def come(self, *, site: str = SITE_KEY, origin: str = ORIGIN) -> dict[str, Any]:
        """Connect, be greeted and read what was said; a reload is another coming."""
        self._client = socketio.AsyncClient(reconnection=False)
        self._client.on("*", self._hear)
        auth = {"site": site, "token": self.token, "identity": self.identity, "visit": self.visit}
        await self._client.connect(
            self.url,
            socketio_path="/chat/socket.io",
            auth=auth,
            transports=["websocket"],
            headers={"Origin": origin},
            wait_timeout=PATIENCE_S,
            retry=False,
        )
        hello = await self.next("hello")
        self.vouched = hello["vouched"]
        self.token = hello["token"]
        entered: dict[str, Any] = await self.ask("enter", {})
        return entered

    @property
    def is_here(self) -> bool:
        return bool(self._client.connected)

    async def leave(self) -> None:
        await self._client.disconnect()

    async def say(self, text: str, *, key: UUID | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = await self.ask("say", {"key": str(key or uuid4()), "text": text})
        return answer

    async def ask(self, event: str, given: object) -> Any:
        return await self._client.call(event, given, timeout=PATIENCE_S)

    async def next(self, name: str) -> Any:
        """The next of this name that has not been asked for."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            while True:
                for place, (heard, payload) in enumerate(self.heard):
                    if heard == name:
                        del self.heard[place]
                        return payload
                await self._news.wait()

    async def _hear(self, name: str, payload: Any = None) -> None:
        async with self._news:
            self.heard.append((name, payload))
            self._news.notify_all()


@dataclass(slots=True, kw_only=True)
class Manager:
    """Somebody who works here, by the HTTP interface."""

    id: UUID
    url: str
    session: aiohttp.ClientSession

    async def get(self, path: str) -> Any:
        async with self.session.get(f"{self.url}/api/v1{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, body: object) -> Any:
        async with self.session.post(f"{self.url}/api/v1{path}", json=body) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json() if answer.status != 204 else None

    async def conversations(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.get("/conversations"))["items"]
        return found

    async def said(self, interaction_id: str) -> list[dict[str, Any]]:
        """What stands in a conversation."""
        found: list[dict[str, Any]] = (await self.get(f"/conversations/{interaction_id}"))["messages"]
        return found

    async def answer(self, interaction_id: str, text: str, **how: object) -> dict[str, Any]:
        sent: dict[str, Any] = await self.post("/messages", {"interaction_id": interaction_id, "body": text, **how})
        return sent


@dataclass(slots=True, kw_only=True)
class Chat:
    """One running node."""

    url: str
    database: Database
    visitors: list[Visitor] = field(default_factory=list)
    sessions: list[aiohttp.ClientSession] = field(default_factory=list)

    def visitor(self, **who: Any) -> Visitor:
        visitor = Visitor(url=self.url, **who)
        self.visitors.append(visitor)
        return visitor

    async def manager(self, login: str, *, role: str = "owner") -> Manager:
        person = await add_agent(self.database, login, extension=None, role=role, present=True)
        async with self.database.begin() as tx:
            token = await users.create_token(tx, login)
        session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"})
        self.sessions.append(session)
        return Manager(id=person, url=self.url, session=session)


@asynccontextmanager
async def open_chat(database: Database, **limits: object) -> AsyncIterator[Chat]:
    """A node with the site of :data:`SITE_KEY`, serving."""
    port = free_port()
    site = {
        "name": "tours",
        "site_key": SITE_KEY,
        "origins": [ORIGIN],
        "queue": "sales",
        "identity_secret": SECRET,
    }
    settings = Settings(http={"port": port}, webchat=[site], limits=limits)
    process = Process(settings, database)
    chat = Chat(url=f"http://127.0.0.1:{port}", database=database)
    async with running(process):
        try:
            yield chat
        finally:
            for visitor in chat.visitors:
                await visitor.leave()
            for session in chat.sessions:
                await session.close()
