"""What becomes of chats: blocked, moved, taken back, too big. The log follows, and says so."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from crm_core.domain.written import MessageState
from crm_core.store.database import Database
from crm_core.views.clients import get_client
from tests.bot_api.bot import FakeBot
from tests.bot_api.messages import AIGUL, TRIP_GROUP, Json, membership, message, private_chat
from tests.people import add_agent, add_client
from tests.telegram.office import OWNER, Office, living_room
from tests.waiting import eventually

SUPERGROUP = -1_001_777_000_001


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with living_room(FakeBot(), database) as office:
        yield office


async def test_who_blocks_the_bot_cannot_be_reached_there_until_they_write_again(office: Office) -> None:
    aigul = await add_client(office.database, "Айгүл", phone="+77011234567")
    async with office.database.begin() as tx:
        await tx.execute(
            "INSERT INTO contact_points (id, client_id, kind, value, typed) VALUES ($1, $1, 'telegram', $2, $2)",
            aigul,
            str(AIGUL["id"]),
        )

    async def reachable() -> bool:
        async with office.database.read() as db:
            points = (await get_client(db, aigul, OWNER)).contact_points
        return all(point.unreachable_at is None for point in points)

    async def unreachable() -> bool:
        return not await reachable()

    office.bot.hears("my_chat_member", membership(private_chat(AIGUL), "member", "kicked"))
    await eventually(unreachable)
    office.bot.hears("message", message(1, text="Я снова здесь"))
    await office.holds("Я снова здесь")

    assert await reachable()


async def test_a_group_that_gets_another_id_goes_on_in_the_same_conversation(office: Office) -> None:
    irina = await add_agent(office.database, "irina", extension=None)
    office.bot.hears("message", message(1, chat=TRIP_GROUP, text="/ask Когда трансфер?"))
    await office.holds("/ask Когда трансфер?")
    office.bot.upgraded(TRIP_GROUP, SUPERGROUP)
    supergroup = {"id": SUPERGROUP, "type": "supergroup", "title": TRIP_GROUP["title"]}

    office.bot.hears("message", message(2, chat=supergroup, text="/ask Ау?"))

    conversation = await office.has("/ask Когда трансфер?", "/ask Ау?")
    await office.answer(conversation.id, irina, "В 9:00")
    await office.reaches(conversation.id, MessageState.SENT)
    assert office.bot.sent[0].message["chat"]["id"] == SUPERGROUP


async def test_an_answer_finds_a_group_that_has_moved_before_we_heard_of_it(office: Office) -> None:
    irina = await add_agent(office.database, "irina", extension=None)
    office.bot.hears("message", message(1, chat=TRIP_GROUP, text="/ask Когда трансфер?"))
    conversation = await office.has("/ask Когда трансфер?")
    supergroup = {"id": SUPERGROUP, "type": "supergroup", "title": TRIP_GROUP["title"]}
    office.bot.knows(supergroup)
    office.bot.chat(TRIP_GROUP["id"]).moved_to = SUPERGROUP

    await office.answer(conversation.id, irina, "В 9:00")
    await office.reaches(conversation.id, MessageState.SENT)
    assert [one.message["chat"]["id"] for one in office.bot.sent] == [SUPERGROUP]


async def test_what_is_taken_back_from_a_persons_own_chat_stays_and_says_so(office: Office) -> None:
    said: Json = message(1, text="Ой, не туда") | {"business_connection_id": "conn"}
    office.bot.hears("business_message", said)
    office.bot.hears("business_message", message(2, text="От самого менеджера") | _from_owner())
    await office.has("Ой, не туда")

    office.bot.hears(
        "deleted_business_messages",
        {"business_connection_id": "conn", "chat": private_chat(AIGUL), "message_ids": [1, 2, 99]},
    )

    async def is_marked() -> bool:
        [conversation] = await office.conversations()
        return [one.deleted_at is not None for one in conversation.messages] == [True]

    await eventually(is_marked)
    assert (await office.conversations())[0].messages[0].text == "Ой, не туда"


async def test_a_file_that_bots_are_not_given_is_named_and_the_client_is_told(office: Office) -> None:
    film = office.bot.holds_file("film.mp4", b"", size=30 * 2**20)

    office.bot.hears("message", message(1, document=film | {"file_name": "film.mp4"}))
    await office.holds("📎 film.mp4")

    async def told() -> bool:
        return [one.parameters["text"].startswith("Этот файл больше 20 МБ") for one in office.bot.sent] == [True]

    await eventually(told)


def _from_owner() -> Json:
    owner = {"id": 7009, "is_bot": False, "first_name": "Менеджер"}
    return {"business_connection_id": "conn", "from": owner}
