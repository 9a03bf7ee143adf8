"""A real server on a port of its own, and people who use it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import aiohttp
from aiohttp import web

from channels.telegram.webhook import Webhook
from config.settings import Settings
from crm_core.actions import users
from crm_core.actions.passwords import hash_password
from crm_core.actions.users import NewUser, PasswordHash
from crm_core.domain.people import Role
from crm_core.store.database import Database
from gateway.http.request import DemoLogin, Services
from gateway.http.server import build_app, make_runner

PASSWORD = "correct horse"
#: Of a mail server that is not there.
MAILBOX = {
    "name": "sales",
    "address": "sales@agency.example",
    "imap_url": "imaps://sales:secret@mail.agency.example/INBOX",
    "smtp_url": "smtps://sales:secret@mail.agency.example",
    "queue": "sales",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    body: object

    @property
    def code(self) -> object:
        """A problem's stable code."""
        assert isinstance(self.body, dict)
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.body["status"] == self.status
        return self.body["code"]


@dataclass(slots=True, kw_only=True)
class Caller:
    """A browser, or a program: what it sends by itself is in ``headers``."""

    client: aiohttp.ClientSession
    root: str
    headers: dict[str, str] = field(default_factory=dict)

    async def __call__(self, method: str, path: str, body: object = None, **options: object) -> Answer:
        address = path if path.startswith("http") else self.root + path
        headers = {**self.headers, **options.pop("headers", {})}
        arguments = {"json": body} if body is not None else {}
        async with self.client.request(method, address, headers=headers, **arguments, **options) as response:
            content = await response.read()
            is_json = response.content_type in {"application/json", "application/problem+json"}
            return Answer(
                status=response.status,
                headers=response.headers.copy(),
                content=content,
                body=await response.json(content_type=None) if is_json and content else None,
            )

    async def get(self, path: str, **options: object) -> Answer:
        return await self("GET", path, **options)

    async def post(self, path: str, body: object = None, **options: object) -> Answer:
        return await self("POST", path, body, **options)

    async def sign_in(self, login: str, password: str = PASSWORD) -> Answer:
        """As the sign-in page does: later requests carry what the server gave."""
        answer = await self.post("/api/v1/session", {"login": login, "password": password})
        if answer.status == 200:
            self.headers["X-CSRF-Token"] = answer.body["csrf_token"]
        return answer


class House:
    """The server, its database, and the callers that a test has made."""

    def __init__(self, database: Database, services: Services, root: str) -> None:
        self.database = database
        self.services = services
        self.root = root
        self._clients: list[aiohttp.ClientSession] = []

    def stranger(self) -> Caller:
        """A fresh browser that nobody has signed in with."""
        client = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._clients.append(client)
        return Caller(client=client, root=self.root)

    async def person(self, login: str, role: Role = Role.AGENT, **details: object) -> UUID:
        """Somebody who works here."""
        password = PasswordHash(await hash_password(PASSWORD))
        user = NewUser(login=login, name=login.title(), role=role, **details)
        async with self.database.begin() as tx:
            return await users.add_user(tx, user, password, by=None)

    async def browser(self, login: str, role: Role = Role.AGENT, **details: object) -> Caller:
        """The browser of a new person, signed in."""
        await self.person(login, role, **details)
        caller = self.stranger()
        assert (await caller.sign_in(login)).status == 200
        return caller

    async def program(self, login: str, role: Role = Role.AGENT, **details: object) -> Caller:
        """A program that acts for a new person."""
        await self.person(login, role, **details)
        async with self.database.begin() as tx:
            token = await users.create_token(tx, login)
        caller = self.stranger()
        caller.headers["Authorization"] = f"Bearer {token}"
        return caller

    async def close(self) -> None:
        for client in self._clients:
            await client.close()


@asynccontextmanager
async def open_house(
    database: Database,
    *,
    static: Path,
    telegram_webhooks: Mapping[str, Webhook] | None = None,
    demo_logins: tuple[DemoLogin, ...] = (),
    **settings: object,
) -> AsyncIterator[House]:
    """The server, listening; ``settings`` are those of an operator."""
    listening = socket.create_server(("127.0.0.1", 0))
    root = f"http://127.0.0.1:{listening.getsockname()[1]}"
    services = Services(
        settings=Settings(**{"public_url": root, **settings}),
        database=database,
        version="0.0-test",
        telegram_webhooks=telegram_webhooks or {},
        demo_logins=demo_logins,
    )
    runner = make_runner(build_app(services, static=static))
    await runner.setup()
    await web.SockSite(runner, listening).start()
    services.serving.set()
    house = House(database, services, root)
    try:
        yield house
    finally:
        await house.close()
        await runner.cleanup()
