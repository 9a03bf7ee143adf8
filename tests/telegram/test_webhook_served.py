"""A bot that is heard by webhook, through the gateway that people use: told where, asked for its secret, stored."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from channels.telegram.door import TelegramDoor
from channels.telegram.room import TelegramRoom
from channels.telegram.webhook import SECRET_HEADER
from config.settings import Settings
from crm_core.store.database import Database
from tests.bot_api.bot import FakeBot
from tests.bot_api.messages import message
from tests.bot_api.server import FakeTelegram, fake_telegram
from tests.integration.http.house import House, open_house
from tests.telegram.office import Office
from tests.telegram.room import settings
from tests.waiting import eventually

SECRET = "s3cret-of_the-door"
DOOR = "/hooks/telegram/main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    telegram: FakeTelegram
    office: Office
    house: House

    @property
    def bot(self) -> FakeBot:
        return self.office.bot

    async def is_told(self) -> bool:
        return bool(self.bot.webhook["url"])

    async def is_open(self) -> bool:
        """Whether it takes what concerns nobody here."""
        return (await self.knock(b'{"update_id": 1, "poll": {}}', SECRET))[0] == 200

    async def knock(self, body: bytes, secret: str | None) -> tuple[int, object]:
        headers = {} if secret is None else {SECRET_HEADER: secret}
        answer = await self.house.stranger()("POST", DOOR, data=io.BytesIO(body), headers=headers)
        return answer.status, answer.body


@asynccontextmanager
async def living(*parts: TelegramDoor | TelegramRoom) -> AsyncIterator[None]:
    running = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield
    finally:
        for part in running:
            part.cancel()
        await asyncio.wait(running)


@pytest.fixture
async def served(database: Database, tmp_path: Path) -> AsyncIterator[Served]:
    bot = FakeBot()
    async with fake_telegram(bot) as telegram:
        ours = settings(telegram, bot, mode="webhook", webhook_secret=SECRET)
        door = TelegramDoor(ours, Settings(), database)
        async with open_house(database, static=tmp_path, telegram_webhooks={"main": door.webhook}) as house:
            room = TelegramRoom(ours, house.services.settings, database)
            async with living(door, room):
                served = Served(telegram=telegram, office=Office(bot=bot, database=database), house=house)
                await eventually(served.is_told)
                await eventually(served.is_open)
                yield served


async def test_what_telegram_brings_is_in_the_log_before_it_is_acknowledged(served: Served) -> None:
    served.bot.hears("message", message(1, text="Сколько стоит Хайнань?"))

    statuses = await served.telegram.deliver(served.bot)

    assert (statuses, served.bot.pending) == ([200], [])
    [conversation] = await served.office.conversations()
    assert [said.text for said in conversation.messages] == ["Сколько стоит Хайнань?"]


async def test_what_is_brought_twice_stands_there_once(served: Served) -> None:
    update = json.dumps({"update_id": 5, "message": message(1, text="раз")}).encode()

    answers = await asyncio.gather(*(served.knock(update, SECRET) for _ in range(4)))

    assert [status for status, _ in answers] == [200] * 4
    await served.office.has("раз")


async def test_parts_of_an_album_that_are_brought_at_the_same_moment_are_one_message(served: Served) -> None:
    for number in range(1, 5):
        photo = served.bot.holds_file(f"{number}.jpg", b"%d" % number) | {"width": 10, "height": 10}
        served.bot.hears("message", message(number, photo=[photo], media_group_id="album-1"))

    while served.bot.pending:
        await served.telegram.deliver(served.bot, out_of_order=True)

    [conversation] = await served.office.conversations()
    assert [sorted(file.size for file in one.attachments) for one in conversation.messages] == [[1, 1, 1, 1]]


async def test_a_stranger_at_the_door_is_refused_and_counted(served: Served) -> None:
    forged = json.dumps({"update_id": 5, "message": message(1, text="я ваш клиент")}).encode()

    answers = [await served.knock(forged, secret) for secret in (None, "", SECRET + "x")]
    elsewhere = await served.house.stranger()("POST", "/hooks/telegram/nobody", data=forged)

    assert [status for status, _ in answers] == [403] * 3
    assert {body["code"] for _, body in answers} == {"secret_wrong"}
    assert elsewhere.code == "not_found"
    assert await served.office.conversations() == []
    counted = (await served.house.stranger().get("/metrics")).content.decode()
    assert 'perezvon_telegram_knocks_total{answer="unknown_caller",bot="main"}' in counted


async def test_a_body_without_end_is_not_read(served: Served) -> None:
    status, body = await served.knock(b" " * 2_000_000, SECRET)

    assert (status, body["code"]) == (413, "body_too_large")
