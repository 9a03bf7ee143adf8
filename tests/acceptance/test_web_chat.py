"""The chat on a foreign page, in a real browser: what is said comes, once, whatever happens on the way."""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext
from sqlalchemy import URL

from crm_core.actions import users
from crm_core.store.database import Database
from tests.acceptance.foreign_page import Site, Widget, open_site, visit, webchat_of
from tests.acceptance.program import browser, listen_for_complaints
from tests.acceptance.test_inbox import SCRIPTS
from tests.conftest import fresh_database
from tests.contract.program import free_port
from tests.failure.program import Program
from tests.integration.webchat.chat import Manager
from tests.people import add_agent
from tests.waiting import eventually

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """The program in a process of its own, a site that carries its chat, and whoever answers."""

    program: Program
    site: Site
    chrome: Browser
    anna: Manager
    database: Database

    async def visitor(self, **how: object) -> BrowserContext:
        return await self.chrome.new_context(**how)  # type: ignore[arg-type]

    async def stored(self) -> list[str]:
        """What visitors have written, in order."""
        async with self.database.read() as db:
            rows = await db.fetch("SELECT body FROM messages WHERE direction = 'inbound' ORDER BY id")
        return [row["body"] for row in rows]

    async def leads(self) -> list[tuple[str, str]]:
        """The name and the source of each."""
        return [(lead["name"], lead["source"]) for lead in (await self.anna.get("/leads"))["items"]]

    async def files_named(self, name: str) -> int:
        async with self.database.read() as db:
            count: int = await db.fetchval("SELECT count(*) FROM message_files WHERE name = $1", name)
        return count

    async def conversation_of(self, text: str) -> str:
        async with self.database.read() as db:
            found = await db.fetchval("SELECT interaction_id::text FROM messages WHERE body = $1", text)
        return str(found)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chat(postgres: URL, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chat]:
    port, folder = free_port(), tmp_path_factory.mktemp("chat")
    async with (
        fresh_database(postgres, template_database) as url,
        Database(url) as database,
        Program(url, Path(folder), webchat=webchat_of(port)) as program,
        open_site(program.url, port) as site,
        browser() as chrome,
    ):
        person = await add_agent(database, "anna", extension=None, role="owner", present=True)
        async with database.begin() as tx:
            token = await users.create_token(tx, "anna")
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
            anna = Manager(id=person, url=program.url, session=session)
            yield Chat(program=program, site=site, chrome=chrome, anna=anna, database=database)


@pytest.mark.parametrize(
    ("language", "words"),
    [("ru", ("Напишите нам", "Отправлено", "Прочитано")), ("en", ("Write to us", "Sent", "Read"))],
)
async def test_a_visitor_writes_and_is_answered_in_the_language_of_the_page(
    chat: Chat, language: str, words: tuple[str, str, str]
) -> None:
    context = await chat.visitor()
    complaints = listen_for_complaints(context)
    widget = await visit(context, chat.site, f"/?lang={language}&utm_source=instagram")
    title, sent, read = words
    question = f"Сколько стоит? ({language})"

    await widget.open()
    await widget.shows(title)
    await widget.say(question)
    await widget.shows(sent)
    interaction = await chat.conversation_of(question)
    await chat.anna.post(f"/conversations/{interaction}/read", {})
    await widget.shows(read)
    await chat.anna.answer(interaction, "480 000 тенге")
    await widget.shows("480 000 тенге")

    async def seen() -> bool:
        return bool((await chat.anna.said(interaction))[-1]["state"] == "read")

    await eventually(seen)
    async with chat.database.read() as db:
        visitor = await db.fetchrow("SELECT page, tags FROM webchat_visitors ORDER BY came_at DESC LIMIT 1")
    assert visitor["page"].startswith(chat.site.url)
    assert visitor["tags"] == {"utm_source": "instagram"}
    assert complaints == []
    await context.close()


async def test_an_answer_while_the_chat_is_closed_is_counted_on_its_button(chat: Chat) -> None:
    context = await chat.visitor()
    widget = await visit(context, chat.site)
    await widget.open()
    await widget.say("Перезвоню позже")
    await widget.shows("Отправлено")
    await widget.page.keyboard.press("Escape")

    await chat.anna.answer(await chat.conversation_of("Перезвоню позже"), "Ждём вас")

    await widget.page.get_by_role("button", name="Открыть чат, непрочитанных: 1").click()
    await widget.shows("Ждём вас")
    await context.close()


async def test_what_is_written_while_the_server_dies_is_stored_once_in_every_tab_and_after_a_reload(
    chat: Chat,
) -> None:
    context = await chat.visitor()
    one, other = await visit(context, chat.site), await visit(context, chat.site)
    for widget in (one, other):
        await widget.open()
    await one.say("Раз")
    await other.shows("Раз")

    await one.say("Два")
    await chat.program.kill()
    await one.say("Три")
    await other.say("Четыре")
    await one.page.reload()
    await one.shows("Три")
    await chat.program.start()

    for widget in (one, other):
        await _is_all_sent(widget, {"Раз", "Два", "Три", "Четыре"})
    counted = ["Раз", "Два", "Три", "Четыре"]
    assert sorted(text for text in await chat.stored() if text in counted) == sorted(counted)
    await context.close()


async def test_a_file_and_a_wish_to_be_called_wait_for_the_server_and_outlive_the_page(chat: Chat) -> None:
    context = await chat.visitor()
    widget = await visit(context, chat.site)
    await widget.open()
    await widget.say("Сейчас пришлю паспорт")
    await widget.shows("Отправлено")

    await chat.program.kill()
    await widget.shows("Нет связи. Что вы напишете, уйдёт, когда она появится.")
    await widget.attach("паспорт.pdf", b"%PDF")
    await widget.asks_to_be_called("Айгуль", "8 701 000 06 98")
    await widget.shows("Связи нет. Просьба сохранена и уйдёт сама, когда связь появится.")
    await widget.page.reload()
    await widget.shows("Уйдёт, когда появится связь")
    await chat.program.start()

    await widget.page.locator("button.file").get_by_text("паспорт.pdf").wait_for(timeout=60_000)
    await widget.shows("Ваша просьба передана.")
    assert await chat.files_named("паспорт.pdf") == 1
    assert (await chat.leads()).count(("Айгуль", "WEBCHAT")) == 1
    await widget.page.reload()
    await widget.page.locator("button.file").get_by_text("паспорт.pdf").wait_for()
    assert await widget.page.locator(".line.unsent").count() == 0
    await context.close()


async def test_a_picture_is_seen_under_the_strictest_policy_of_a_page(chat: Chat) -> None:
    context = await chat.visitor()
    complaints = listen_for_complaints(context)
    widget = await visit(context, chat.site)
    await widget.open()

    await widget.attach("море.png", _red_square(), "image/png")
    await widget.attach("обман.png", b"no picture at all", "image/png")

    await widget.page.get_by_role("img", name="море.png").wait_for()
    await widget.page.locator("button.file").get_by_text("обман.png").wait_for()

    async def is_drawn() -> bool:
        return bool(await widget.page.locator(".picture canvas").evaluate(_MIDDLE) == [255, 0, 0, 255])

    await eventually(is_drawn)
    assert complaints == []
    await context.close()


async def test_nothing_that_strangers_write_runs_on_the_page_or_at_the_desk(chat: Chat) -> None:
    context = await chat.visitor()
    complaints = listen_for_complaints(context)
    chat.site.title = SCRIPTS[0]
    widget = await visit(context, chat.site, "/?utm_source=" + "%3Cimg src=x onerror=alert(1)%3E")
    await widget.open()

    for script in SCRIPTS:
        await widget.say(script)
    files = [{"name": f"{script}.html", "mimeType": "text/html", "buffer": b"<script>"} for script in SCRIPTS[:3]]
    await widget.page.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    await widget.page.locator("button.file").nth(2).wait_for()
    await chat.anna.answer(await chat.conversation_of(SCRIPTS[1]), SCRIPTS[1])
    await widget.page.locator(".line:not(.mine) .bubble").wait_for()

    assert await widget.page.title() == SCRIPTS[0]
    assert [text for text in await widget.said() if text in SCRIPTS].count(SCRIPTS[1]) == 2
    assert complaints == []
    chat.site.title = "Туры в Азию"
    await context.close()


async def test_a_phone_is_filled_by_the_chat_and_a_keyboard_is_enough(chat: Chat) -> None:
    context = await chat.visitor(viewport={"width": 390, "height": 760}, has_touch=True)
    widget = await visit(context, chat.site)

    await widget.page.keyboard.press("Tab")
    await widget.page.keyboard.press("Enter")
    await widget.field.wait_for()
    box = await widget.page.locator(".window").bounding_box()
    await widget.page.keyboard.type("С телефона")
    await widget.page.keyboard.press("Enter")
    await widget.shows("Отправлено")
    await widget.page.keyboard.press("Escape")

    assert box == {"x": 0, "y": 0, "width": 390, "height": 760}
    assert not await widget.page.locator(".window").is_visible()
    await context.close()


async def test_who_wants_to_be_called_becomes_a_lead(chat: Chat) -> None:
    context = await chat.visitor()
    widget = await visit(context, chat.site)
    await widget.open()

    await widget.asks_to_be_called("Бахыт", "8 701 000 06 99")
    await widget.shows("Спасибо! Мы вам позвоним.")

    assert ("Бахыт", "WEBCHAT") in await chat.leads()
    await context.close()


#: The colour in the middle of a canvas.
_MIDDLE = "it => [...it.getContext('2d').getImageData(it.width / 2, it.height / 2, 1, 1).data]"


def _red_square(side: int = 16) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\xff\0\0" * side) * side
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


async def _is_all_sent(widget: Widget, texts: set[str]) -> None:
    """Every one stands there once, and none still waits."""

    async def settled() -> bool:
        waiting = await widget.page.locator(".line.unsent").count()
        return waiting == 0 and sorted(await widget.said()) == sorted(texts)

    await eventually(settled, patience_s=40)
