"""Perezvon itself in a test: all its parts on a port of its own, and a browser in front of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, WebError, async_playwright

from config.settings import Settings, load_settings
from crm_core.actions.passwords import hash_password
from crm_core.actions.users import NewUser, PasswordHash, add_user
from crm_core.domain.people import Role
from crm_core.store.database import Database
from gateway.app import Part, Process
from tests.lab.install import LabUnavailable
from tests.lab.peers import chromium
from tests.lab.plugin import require_lab

PASSWORD = "correct horse battery"
_FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
)


def settings_for(data_dir: Path, pbx: Sequence[Mapping[str, object]] = ()) -> Settings:
    """Settings on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environ = {
        "PEREZVON_DATA_DIR": str(data_dir),
        "PEREZVON_HTTP__PORT": str(port),
        "PEREZVON_PBX": orjson.dumps(list(pbx)).decode(),
    }
    return load_settings(None, environ)


@asynccontextmanager
async def serving(settings: Settings, database: Database) -> AsyncIterator[Process]:
    """All parts at work; every PBX of the settings is heard."""
    async with running(Process(settings, database)) as process:
        yield process


@asynccontextmanager
async def running(process: Process, *, also: Sequence[Part] = ()) -> AsyncIterator[Process]:
    """This process at work, and ``also`` what plays the world around it."""
    async with asyncio.TaskGroup() as tasks:
        async with process.listening():
            works = [tasks.create_task(part.run()) for part in (*process.parts, *also)]
            process.services.serving.set()
            async with asyncio.timeout(20):
                for room in process.rooms:
                    await room.in_line.wait()
            yield process
        for task in works:
            task.cancel()


async def hire(database: Database, login: str, name: str, *, extension: str | None, role: Role = Role.AGENT) -> None:
    """A person who can sign in with ``PASSWORD``."""
    password = PasswordHash(await hash_password(PASSWORD))
    async with database.begin() as tx:
        person = NewUser(login=login, name=name, role=role, extension=extension)
        await add_user(tx, person, password, by=None)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium; the test is skipped, or fails where labs are required, when there is none."""
    try:
        executable = chromium()
    except LabUnavailable as unavailable:
        require_lab(str(unavailable))
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=executable, args=list(_FLAGS))
        try:
            yield opened
        finally:
            await opened.close()


async def sign_in(chrome: Browser, settings: Settings, login: str, *, locale: str = "ru-RU") -> BrowserContext:
    """A browser of that person's own, signed in by the form."""
    context = await chrome.new_context(locale=locale, base_url=settings.public_url)
    page = await context.new_page()
    await page.goto("/")
    await page.get_by_label("Логин").fill(login)
    await page.get_by_label("Пароль").fill(PASSWORD)
    await page.get_by_role("button", name="Войти").click()
    await in_line(page)
    return context


def listen_for_complaints(context: BrowserContext) -> list[str]:
    """Errors that no handler caught, and what the content policy forbade."""
    complaints: list[str] = []

    def on_error(error: WebError) -> None:
        complaints.append(str(error.error))

    def on_console(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            complaints.append(message.text)

    context.on("weberror", on_error)
    context.on("console", on_console)
    return complaints


async def in_line(page: Page) -> None:
    """Wait until the page has its socket, and with it everything that is going on."""
    await page.get_by_text("На связи").first.wait_for(state="attached")
