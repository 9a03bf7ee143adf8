"""Who a number belongs to: only its owner, in Telegram's own word, becomes a client by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from crm_core.store.database import Database
from tests.bot_api.bot import FakeBot
from tests.bot_api.messages import AIGUL, Json, command, message
from tests.people import add_agent, add_client
from tests.telegram.office import Office, living_room
from tests.waiting import eventually

NUMBER = "+77011234567"


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with living_room(FakeBot(), database) as office:
        yield office


def shares(office: Office, owner: int | None, *, number: str = "77011234567", message_id: int = 1) -> None:
    contact: Json = {"phone_number": number, "first_name": "Айгүл"} | ({"user_id": owner} if owner else {})
    office.bot.hears("message", message(message_id, at=int(office.bot.now()), contact=contact))


async def client_of(office: Office) -> UUID | None:
    return (await office.conversations())[0].client_id


async def points(office: Office, client: UUID) -> set[tuple[str, str, bool]]:
    async with office.database.read() as db:
        rows = await db.fetch("SELECT kind, value, verified FROM contact_points WHERE client_id = $1", client)
    return {(row["kind"], row["value"], row["verified"]) for row in rows}


async def test_whose_own_number_is_known_is_that_client_from_now_on(office: Office) -> None:
    aigul = await add_client(office.database, "Айгүл Нұрланова", phone=NUMBER)

    shares(office, AIGUL["id"])
    await office.has("☎ Айгүл: 77011234567")

    assert await client_of(office) == aigul
    assert await points(office, aigul) == {("phone", NUMBER, True), ("telegram", str(AIGUL["id"]), False)}


@pytest.mark.parametrize("owner", [None, 7002])
async def test_a_number_of_somebody_else_is_only_shown(office: Office, owner: int | None) -> None:
    await add_client(office.database, "Айгүл Нұрланова", phone=NUMBER)

    shares(office, owner)
    await office.has("☎ Айгүл: 77011234567")

    assert await client_of(office) is None


async def test_a_family_with_one_number_stays_several_people(office: Office) -> None:
    for name in ("Айгүл", "Данияр"):
        await add_client(office.database, name, phone=NUMBER)

    shares(office, AIGUL["id"])
    await office.has("☎ Айгүл: 77011234567")

    assert await client_of(office) is None


async def test_the_number_that_a_call_waited_for_is_called(office: Office) -> None:
    aigul = await add_client(office.database, "Айгүл Нұрланова", phone=NUMBER)
    await add_agent(office.database, "irina", extension=None, role="supervisor")
    office.bot.hears("message", message(1, at=int(office.bot.now()), **command("/call")))
    await eventually(lambda: _has_said(office, 1))

    shares(office, AIGUL["id"], message_id=2)
    await eventually(lambda: _has_said(office, 2))

    async with office.database.read() as db:
        [row] = await db.fetch("SELECT client_id, address FROM callbacks")
    assert (row["client_id"], row["address"]) == (aigul, NUMBER)


async def _has_said(office: Office, count: int) -> bool:
    return len(office.bot.sent) == count
