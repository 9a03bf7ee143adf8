"""Mails of strangers in a real browser: shown in a frame, whatever they hold, and nothing of it runs or reaches out."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.async_api import Page, Request

from channels.email.html import safe_html
from crm_core.actions.messages import record_messages
from crm_core.domain.people import Role
from crm_core.domain.strangers_words import storable
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store.database import Database
from gateway.http.handlers import files
from tests.acceptance.program import browser
from tests.integration.http.house import PASSWORD, House, open_house
from tests.unit.email.test_html import SCRIPTS

pytestmark = pytest.mark.lab

TAKEN = [storable(script).replace("alert(1)", "document.title=`taken`") for script in SCRIPTS]
REMOTE = '<img src="https://far.example/seen.png">'
#: As the app shows a mail.
SHOW = """async addresses => {
    await Promise.all(addresses.map(address => new Promise(shown => {
        const frame = document.createElement('iframe')
        frame.sandbox = 'allow-same-origin allow-popups allow-popups-to-escape-sandbox'
        frame.onload = shown
        frame.src = address
        document.body.append(frame)
    })))
}"""


async def hears(house: House, pages: list[str]) -> list[UUID]:
    """A mail for each page; gives their ids."""
    async with house.database.begin() as tx:
        heard = [
            HeardMessage(
                channel=WrittenChannel.EMAIL,
                source="sales",
                key=str(number),
                external_id=str(number),
                queue=None,
                from_address="eve@client.test",
                thread="1",
                body="Hello",
                html=page,
                at=tx.now,
            )
            for number, page in enumerate(pages)
        ]
        await record_messages(tx, heard)
        return [row["id"] for row in await tx.fetch("SELECT id FROM messages ORDER BY id")]


async def shows(house: House, page: Page, ids: list[UUID], *, images: str = "no") -> list[str]:
    """Show them side by side; gives what else the browser went for: what the policy forbids it does not."""
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    await page.context.request.post("/api/v1/session", data={"login": "anna", "password": PASSWORD})
    await page.goto("/")
    await page.evaluate(SHOW, [f"/api/v1/messages/{one}/html?images={images}" for one in ids])
    went = [request.url for request in asked if "csp" not in (request.failure or "").lower()]
    return [url for url in went if urlsplit(url).scheme in {"http", "https"} and not url.startswith(house.root)]


async def test_no_script_of_a_mail_runs_even_without_the_sanitiser(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>desk</title><body>")
    async with open_house(database, static=tmp_path) as house, browser() as chrome:
        await house.person("anna", Role.OWNER)
        context = await chrome.new_context(base_url=house.root)
        ids = await hears(house, [one + REMOTE for one in TAKEN])
        page, bare = await context.new_page(), await context.new_page()
        tried: list[str] = []
        page.on("console", lambda message: tried.append(message.text))

        reached = await shows(house, page, ids)
        monkeypatch.setattr(files, "page", lambda html, *_, **__: html)
        reached += await shows(house, bare, ids)
        titles = [await frame.title() for frame in (*page.frames, *bare.frames)]

    assert len(titles) >= 2 * (1 + len(TAKEN))
    assert "taken" not in titles
    assert reached == []
    assert [text for text in tried if "script" in text] == []  # what was cleaned does not even try


async def test_remote_pictures_are_asked_for_only_when_a_person_wants_them(database: Database, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>desk</title><body>")
    safe = safe_html(REMOTE, pictures={})
    assert safe is not None
    async with open_house(database, static=tmp_path) as house, browser() as chrome:
        await house.person("anna", Role.OWNER)
        context = await chrome.new_context(base_url=house.root)
        ids = await hears(house, [safe.html])

        before = await shows(house, await context.new_page(), ids)
        after = await shows(house, await context.new_page(), ids, images="yes")

    assert (before, after) == ([], ["https://far.example/seen.png"])
