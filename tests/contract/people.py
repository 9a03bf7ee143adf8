"""Who talks to the program: browsers and programs over HTTP, desks over Socket.IO."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import socketio

PATIENCE_S = 15.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    body: Any

    def refused(self, status: int, code: str) -> bool:
        """A problem document of this status and code, whole."""
        assert self.status == status, (self.status, self.body)
        assert self.headers["Content-Type"].split(";")[0] == "application/problem+json"
        assert {"type", "title", "status", "code", "detail"} <= set(self.body)
        assert self.body["status"] == status
        return bool(self.body["code"] == code) or self.body["code"]


@dataclass(slots=True, kw_only=True)
class Caller:
    """Somebody with a token, a cookie, or nothing; ``headers`` go with every request."""

    client: aiohttp.ClientSession
    url: str
    headers: dict[str, str] = field(default_factory=dict)

    async def __call__(self, method: str, path: str, body: object = None, **options: Any) -> Answer:
        address = path if path.startswith(("/healthz", "/readyz", "/metrics", "/api/")) else f"/api/v1{path}"
        headers = {**self.headers, **options.pop("headers", {})}
        json = {"json": body} if body is not None else {}
        async with self.client.request(method, self.url + address, headers=headers, **json, **options) as response:
            content = await response.read()
            is_json = "json" in response.content_type and bool(content)
            return Answer(
                status=response.status,
                headers=response.headers.copy(),
                content=content,
                body=await response.json(content_type=None) if is_json else None,
            )

    async def get(self, path: str, **options: Any) -> Answer:
        return await self("GET", path, **options)

    async def post(self, path: str, body: object = None, **options: Any) -> Answer:
        return await self("POST", path, {} if body is None else body, **options)

    async def put(self, path: str, body: object, **options: Any) -> Answer:
        return await self("PUT", path, body, **options)

    async def read(self, path: str, **query: str) -> Any:
        """The body of what is allowed."""
        answer = await self.get(path, params=query)
        assert answer.status == 200, answer.body
        return answer.body

    async def items(self, path: str, **query: str) -> list[Json]:
        """A list's items; every list has the same shape."""
        body = await self.read(path, **query)
        assert isinstance(body["items"], list)
        assert "next" in body
        return list(body["items"])

    async def sign_in(self, login: str, password: str) -> Answer:
        """As a browser does: the cookie stays in the jar, the CSRF token goes along from now on."""
        answer = await self.post("/session", {"login": login, "password": password})
        if answer.status == 200:
            self.headers["X-CSRF-Token"] = answer.body["csrf_token"]
        return answer

    @property
    def cookie(self) -> str:
        """As a browser sends it."""
        return "; ".join(f"{cookie.key}={cookie.value}" for cookie in self.client.cookie_jar)


@asynccontextmanager
async def caller(url: str, token: str | None = None) -> AsyncIterator[Caller]:
    """A fresh browser, or a program with a token."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        yield Caller(client=client, url=url, headers=headers)


class Desk:
    """A Socket.IO client that keeps everything it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Json]] = []
        self.gone = asyncio.Event()
        self._news = asyncio.Condition()
        self._client = socketio.AsyncClient(reconnection=False)
        self._client.on("*", self._hear, namespace="/desk")
        self._client.on("disconnect", self._lose, namespace="/desk")

    async def connect(self, url: str, **how: Any) -> None:
        how = {"transports": ["websocket"], "wait_timeout": PATIENCE_S, **how}
        await self._client.connect(url, namespaces=["/desk"], retry=False, **how)

    async def leave(self) -> None:
        await self._client.disconnect()

    def all(self, name: str) -> list[Json]:
        return [payload for heard, payload in self.heard if heard == name]

    async def hears(self, name: str, where: Callable[[Json], object] = lambda _: True) -> Json:
        """The first event of this name that is so, heard already or to come."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            while True:
                for payload in self.all(name):
                    if where(payload):
                        return payload
                await self._news.wait()

    async def ask(self, event: str, argument: object) -> Any:
        return await self._client.call(event, argument, namespace="/desk", timeout=PATIENCE_S)

    async def _hear(self, name: str, *payload: Json) -> None:
        async with self._news:
            self.heard.append((name, payload[0] if payload else {}))
            self._news.notify_all()

    async def _lose(self, *reason: str) -> None:
        self.gone.set()


@asynccontextmanager
async def desk(url: str, caller: Caller) -> AsyncIterator[Desk]:
    """The desk of whoever is signed in there, open and greeted."""
    opened = Desk()
    await opened.connect(url, headers={"Cookie": caller.cookie, "Origin": url})
    try:
        await opened.hears("hello")
        yield opened
    finally:
        await opened.leave()


def words(text: str) -> frozenset[str]:
    """Names, as a sentence of them."""
    return frozenset(text.split())


def in_hours(hours: float) -> str:
    """A moment to come, or one that has passed, as people write it into a body."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
