"""What a client sends together is one message, in whatever order and however late its parts are told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from crm_core.store.database import Database
from tests.bot_api.bot import FakeBot
from tests.bot_api.messages import message
from tests.telegram.office import Office, living_room
from tests.waiting import eventually


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with living_room(FakeBot(), database) as office:
        yield office


def sends(office: Office, *names: str, caption: str = "", first: int = 1) -> None:
    """Photos of one album; the first of these carries the words."""
    for place, name in enumerate(names):
        photo = office.bot.holds_file(name, name.encode()) | {"width": 10, "height": 10}
        words = {"caption": caption} if caption and not place else {}
        album = {"photo": [photo], "media_group_id": "album-1"} | words
        office.bot.hears("message", message(first + place, **album), update_id=900 + first + place)


async def holds_files(office: Office, count: int) -> None:
    async def held() -> bool:
        return [[len(one.attachments) for one in each.messages] for each in await office.conversations()] == [[count]]

    await eventually(held)


async def test_an_album_is_one_message_with_all_its_photos(office: Office) -> None:
    sends(office, "1.jpg", "2.jpg", "3.jpg", caption="Паспорта")

    await holds_files(office, 3)

    [conversation] = await office.conversations()
    [said] = conversation.messages
    assert (said.text, conversation.unread, said.external_id) == ("Паспорта", 1, "7001:1")


async def test_a_late_part_joins_what_is_stored_and_told_twice_it_joins_once(office: Office) -> None:
    sends(office, "1.jpg")
    await holds_files(office, 1)

    sends(office, "2.jpg", caption="Паспорта", first=2)
    await holds_files(office, 2)
    sends(office, "2.jpg", caption="Паспорта", first=2)
    office.bot.hears("message", message(9, text="Всё"), update_id=990)
    await office.has("Паспорта", "Всё")

    [conversation] = await office.conversations()
    assert [len(one.attachments) for one in conversation.messages] == [2, 0]
    assert conversation.unread == 2
