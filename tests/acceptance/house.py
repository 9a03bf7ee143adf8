"""A call centre for a story: its program, its PBX with phones and clients, and desks with people at them."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.async_api import Browser, BrowserContext, Locator, Page

from config.settings import Settings
from crm_core.domain.ids import new_id
from crm_core.domain.people import Role
from crm_core.domain.policies import Action, Policy
from crm_core.domain.viewer import Viewer
from crm_core.store import policies
from crm_core.store.database import Database
from crm_core.views.interactions import Interaction
from gateway.app import Process
from tests.acceptance.pbx import pbx_settings, the_call
from tests.acceptance.program import PASSWORD, browser, hire, in_line, listen_for_complaints, serving, settings_for
from tests.lab.asterisk import Asterisk
from tests.lab.laboratory import Lab
from tests.people import add_client

_REMEMBER_THE_SLOT = """() => {
    const slot = document.getElementById('slot')
    const look = () => remember(slot.innerText)
    new MutationObserver(look).observe(slot, { childList: true, subtree: true, characterData: true })
    look()
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Somebody signed in, and the page in front of them."""

    person: Viewer
    context: BrowserContext
    page: Page
    csrf_token: str

    @property
    def slot(self) -> Locator:
        """The reserved place of the live contact."""
        return self.page.locator("#slot")

    async def pops(self, name: str) -> None:
        """Wait until the card of ``name`` stands there, ringing."""
        ringing = self.slot.filter(has_text="Звонит вам")
        await ringing.get_by_role("heading", name=name).wait_for()

    async def shows(self, text: str) -> None:
        """Wait until the live contact says ``text``."""
        await self.slot.get_by_text(text, exact=True).first.wait_for()

    async def is_idle(self) -> None:
        """Wait until nothing rings, talks or waits for an outcome."""
        await self.slot.get_by_text("Звонок появится здесь.").wait_for()

    async def glimpses(self) -> list[str]:
        """From now on, every text that stands in the slot, however shortly."""
        seen: list[str] = []

        def remember(text: str) -> None:
            seen.append(text)

        await self.page.expose_function("remember", remember)
        await self.page.evaluate(_REMEMBER_THE_SLOT)
        return seen

    async def sees(self, text: str) -> bool:
        """Does ``text`` stand anywhere on the page now."""
        return await self.page.get_by_text(text).count() > 0

    async def get(self, path: str) -> dict[str, Any]:
        """What the API answers this person."""
        answer = await self.context.request.get(f"/api/v1{path}")
        assert answer.ok, await answer.text()
        return dict(await answer.json())

    async def asks(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """Status and body of a request as this page would send it."""
        answer = await self.context.request.fetch(
            f"/api/v1{path}", method=method, data=body or {}, headers={"X-CSRF-Token": self.csrf_token}
        )
        return answer.status, await answer.json() if await answer.body() else {}


@dataclass(slots=True, kw_only=True)
class House:
    """Everything that a story may take hold of; stories use phones, numbers and logins of their own."""

    lab: Lab
    settings: Settings
    database: Database
    process: Process
    chrome: Browser
    _logins: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @asynccontextmanager
    async def desk(
        self, extension: str | None, name: str = "Анна Ли", *, role: Role = Role.AGENT
    ) -> AsyncIterator[Desk]:
        """A new person in front of the program; what their pages complain about fails the story."""
        login = f"person{next(self._logins)}"
        await hire(self.database, login, name, extension=extension, role=role)
        context = await self.chrome.new_context(locale="ru-RU", base_url=self.settings.public_url)
        context.set_default_timeout(10_000)
        complaints = listen_for_complaints(context)
        try:
            answer = await context.request.post("/api/v1/session", data={"login": login, "password": PASSWORD})
            told = await answer.json()
            person = Viewer(user_id=UUID(told["user"]["id"]), role=role, team_id=None)
            page = await context.new_page()
            await self.open(page)
            yield Desk(person=person, context=context, page=page, csrf_token=told["csrf_token"])
        finally:
            await context.close()
        assert complaints == []

    async def open(self, page: Page) -> None:
        """The first page, in line with the server."""
        await page.goto(self.settings.public_url)
        await in_line(page)

    async def client(self, name: str, phone: str) -> UUID:
        """Somebody the log knows by that number."""
        return await add_client(self.database, name, phone=phone)

    async def manager_of(self, client: UUID, person: Viewer) -> None:
        """From now on the client is this person's."""
        async with self.database.begin() as tx:
            await tx.execute("UPDATE clients SET owner_id = $2 WHERE id = $1", client, person.user_id)

    async def hurry(self, team: str, *people: Viewer, grace: timedelta) -> None:
        """From now on these are a team, and what they promise goes from one to the other so long after the deadline."""
        rule = Policy(
            name=f"within-{grace.seconds}s", version=1, action=Action.MOVE, grace=grace, max_moves=3, team=team
        )
        async with self.database.begin() as tx:
            team_id = new_id(tx.now)
            await tx.execute("INSERT INTO teams (id, name, strategy) VALUES ($1, $2, 'team')", team_id, team)
            for person in people:
                await tx.execute("UPDATE users SET team_id = $2 WHERE id = $1", person.user_id, team_id)
            await policies.save(tx, rule)

    async def short_abandon(self, queue: str, limit_s: int) -> None:
        """From now on, who leaves this queue within that time has hardly called."""
        async with self.database.begin() as tx:
            await tx.execute("UPDATE queues SET short_abandon_s = $2 WHERE name = $1", queue, limit_s)

    async def call_of(self, caller: str, *, state: str | None = None) -> Interaction:
        """The newest interaction with ``caller``, once it is in ``state``."""
        return await the_call(self.database, caller, state=state)


@asynccontextmanager
async def open_house(asterisk: Asterisk, database_url: str, data_dir: Path) -> AsyncIterator[House]:
    """Everything at work, in line with the PBX."""
    settings = settings_for(data_dir, [pbx_settings(asterisk)])
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(database_url))
        lab = await stack.enter_async_context(Lab(asterisk))
        process = await stack.enter_async_context(serving(settings, database))
        chrome = await stack.enter_async_context(browser())
        yield House(lab=lab, settings=settings, database=database, process=process, chrome=chrome)
