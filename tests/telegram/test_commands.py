"""What the bot answers by itself: once, in the person's language, kept in the log, and nobody's answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from crm_core.actions.wishes import NUMBER_AWAITED
from crm_core.domain.people import Role
from crm_core.store.database import Database
from tests.bot_api.bot import FakeBot, Sent
from tests.bot_api.messages import AIGUL, BORIS, command, message
from tests.people import add_agent, add_client
from tests.telegram.office import Office, living_room
from tests.waiting import eventually

TOM = {"id": 7003, "is_bot": False, "first_name": "Tom", "language_code": "en-GB"}


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with living_room(FakeBot(), database, hotline_queue="support", hotline_phone="+7 727 350 00 00") as office:
        yield office


async def said(office: Office, count: int = 1) -> list[Sent]:
    """What the bot has said, when it is so much."""

    async def enough() -> bool:
        return len(office.bot.sent) >= count

    await eventually(enough)
    assert len(office.bot.sent) == count
    return office.bot.sent


def now(office: Office) -> int:
    return int(office.bot.now())


def writes(office: Office, number: int, text: str, *, by: dict[str, Any] = AIGUL) -> None:
    words = command(text) if text.startswith("/") else {"text": text}
    office.bot.hears("message", message(number, by=by, at=now(office), **words))


async def test_who_starts_is_greeted_once_and_their_link_is_remembered(office: Office) -> None:
    office.bot.hears("message", message(1, **command("/start insta_hainan")), update_id=5)
    office.bot.hears("message", message(1, **command("/start insta_hainan")), update_id=6)

    [greeting] = await said(office)

    [conversation] = await office.conversations()
    assert greeting.parameters["text"].startswith("Здравствуйте!")
    assert (conversation.tag, conversation.waiting_since, conversation.agent_id) == ("insta_hainan", None, None)
    assert [(one.direction, one.automatic) for one in conversation.messages] == [("inbound", True), ("outbound", True)]


async def test_the_bot_speaks_the_language_of_the_app_until_another_is_chosen(office: Office) -> None:
    client = await add_client(office.database, "Tom", phone="+77010000003")
    async with office.database.begin() as tx:
        await tx.execute(
            """INSERT INTO contact_points (id, client_id, kind, value, typed)
               VALUES ($1, $1, 'telegram', '7003', '7003')""",
            client,
        )
    for number, text in enumerate(("/start", "/language ru", "/start", "/language tlh"), 1):
        writes(office, number, text, by=TOM)

    texts = [one.parameters["text"] for one in await said(office, 4)]

    assert [text.split()[0] for text in texts] == ["Hello!", "Будем", "Здравствуйте!", "Напишите"]
    async with office.database.read() as db:
        assert await db.fetchval("SELECT language FROM clients WHERE id = $1", client) == "ru"


async def test_the_hotline_is_called_at_once_and_told_by_telephone_too(office: Office) -> None:
    async with office.database.begin() as tx:
        await tx.execute("INSERT INTO queues (name, titles) VALUES ('support', '{}')")
    writes(office, 1, "Здравствуйте")
    writes(office, 2, "/hotline")

    [answer] = await said(office)

    [conversation] = await office.conversations()
    assert "+7 727 350 00 00" in answer.parameters["text"]
    assert (conversation.urgent, conversation.queue, conversation.inbox_state) == (True, "support", "open")
    assert conversation.waiting_since is not None


async def test_who_asks_to_be_called_is_asked_for_a_number_and_told_when(office: Office) -> None:
    await add_agent(office.database, "irina", role=Role.SUPERVISOR, extension=None)
    writes(office, 1, "/call")
    [asked] = await said(office)
    writes(office, 2, "8 701 123 45 67")
    [_, promised] = await said(office, 2)
    writes(office, 3, "/call +")
    [*_, again] = await said(office, 3)

    assert "request_contact" in asked.parameters["reply_markup"]
    assert "перезвоним" in promised.parameters["text"]
    async with office.database.read() as db:
        rows = await db.fetch("SELECT address, state FROM callbacks")
    assert [(row["address"], row["state"]) for row in rows] == [("+77011234567", "open")]
    assert "По какому номеру" in again.parameters["text"]


async def test_a_number_that_nobody_asked_for_is_only_words(office: Office) -> None:
    await add_agent(office.database, "irina", role=Role.SUPERVISOR, extension=None)
    long_ago = now(office) - round((NUMBER_AWAITED + timedelta(minutes=1)).total_seconds())
    office.bot.hears("message", message(1, at=long_ago, **command("/call")))
    await said(office)

    writes(office, 2, "87011234567")
    await office.holds("87011234567")

    async with office.database.read() as db:
        assert await db.fetch("SELECT id FROM callbacks") == []


async def test_unknown_commands_and_commands_to_others_are_messages(office: Office) -> None:
    writes(office, 1, "/refund", by=BORIS)
    writes(office, 2, "/start@another_bot", by=BORIS)

    conversation = await office.has("/refund", "/start@another_bot")

    assert conversation.waiting_since is not None
    assert office.bot.sent == []


async def test_telegram_shows_the_commands_in_both_languages(office: Office) -> None:
    async def shown() -> bool:
        return len(office.bot.commands) == 3

    await eventually(shown)

    assert [one["command"] for one in office.bot.commands["en"]] == ["call", "hotline", "language"]
    assert office.bot.commands[""] == office.bot.commands["ru"] != office.bot.commands["en"]
