"""The demo's own site, which carries the chat as a stranger's would."""

from __future__ import annotations

from pathlib import Path

from crm_core.domain.people import Role
from crm_core.store.database import Database
from gateway.http.handlers.demo import CHAT_SITE
from gateway.http.request import DemoLogin
from tests.integration.http.house import House, open_house


async def test_a_demo_has_a_site_with_the_chat_in_two_languages_and_nothing_from_elsewhere(
    database: Database, tmp_path: Path
) -> None:
    dinara = DemoLogin(login="dinara", password="demo", name="Динара", role=Role.AGENT)
    async with open_house(database, static=tmp_path, demo_logins=(dinara,)) as house:
        visitor = house.stranger()
        russian, english = await visitor.get("/chat-demo"), await visitor.get("/chat-demo?lang=en")
        style = await visitor.get("/chat-demo/site.css")
        nonsense = await visitor.get("/chat-demo?lang=xx")

    pages = {"ru": russian.content.decode(), "en": english.content.decode()}
    for language, page in pages.items():
        assert f'<html lang="{language}">' in page
        assert f'<script async src="widget.js" data-site="{CHAT_SITE}"></script>' in page
        assert "//" not in page.removeprefix("<!doctype html>")
        assert "style=" not in page  # our own policy would drop it
    assert (style.status, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert b"url(" not in style.content
    assert nonsense.status == 422


async def test_who_is_no_demo_has_no_such_site(house: House) -> None:
    visitor = house.stranger()

    assert (await visitor.get("/chat-demo")).status == 404
    assert (await visitor.get("/chat-demo/site.css")).status == 404
