"""A bot of the settings, whole: what is said to it stands in the log, and what people answer is said in its chat."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from crm_core.actions import replies
from crm_core.actions.replies import MessageIn, Source
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import MarkKind, MessageState, Trouble, WrittenChannel
from crm_core.store.database import Database
from tests.bot_api.bot import Breakage, FakeBot
from tests.bot_api.messages import AIGUL, NOON, message
from tests.bot_api.refusals import Refusal
from tests.people import add_agent, add_client
from tests.telegram.office import Office, living_room


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with living_room(FakeBot(), database) as office:
        yield office


async def test_what_is_said_to_the_bot_is_answered_in_its_chat(office: Office) -> None:
    irina = await add_agent(office.database, "irina", extension=None)
    office.bot.hears("message", message(1, text="Сколько стоит Хайнань?"))
    conversation = await office.has("Сколько стоит Хайнань?")
    assert (conversation.channel, conversation.queue, conversation.caller_name) == (
        "telegram",
        "sales",
        "Айгүл Нұрланова",
    )

    await office.answer(conversation.id, irina, "480 000 ₸")
    await office.reaches(conversation.id, MessageState.SENT)

    [said] = office.bot.sent
    assert (said.parameters["chat_id"], said.parameters["text"]) == (str(AIGUL["id"]), "480 000 ₸")
    answered = (await office.conversations())[0]
    assert (answered.inbox_state, answered.agent_id) == ("waiting", irina)
    assert answered.messages[-1].external_id == f"{AIGUL['id']}:{said.message['message_id']}"


async def test_an_edit_changes_the_words_and_a_photo_comes_along(office: Office) -> None:
    photo = office.bot.holds_file("passport.jpg", b"\xff\xd8passport")
    office.bot.hears("message", message(1, text="Нас двое"))
    office.bot.hears("message", message(2, photo=[photo | {"width": 10, "height": 10}], caption="паспорт"))
    await office.has("Нас двое", "паспорт")

    office.bot.hears("edited_message", message(1, text="Нас трое", edit_date=NOON + 60))

    conversation = await office.has("Нас трое", "паспорт")
    first, second = conversation.messages
    assert first.edited_at is not None
    assert [(file.name, file.size) for file in second.attachments] == [("photo.jpg", 10)]


async def test_bold_words_and_links_are_kept_beside_the_text_and_an_edit_brings_its_own(office: Office) -> None:
    bold = {"type": "bold", "offset": 0, "length": 3}
    traps = [
        {"type": "text_link", "offset": 4, "length": 3, "url": "javascript:alert(1)"},
        {"type": "text_link", "offset": 8, "length": 3, "url": "https://e.kz/"},
    ]
    office.bot.hears("message", message(1, text="Наш тур тут", entities=[bold, *traps]))
    before = await office.has("Наш тур тут")
    office.bot.hears("edited_message", message(1, text="Ваш тур", entities=[bold], edit_date=NOON + 60))
    after = await office.has("Ваш тур")

    assert [(mark.kind, mark.address) for mark in before.messages[0].marks or ()] == [
        (MarkKind.BOLD, None),
        (MarkKind.LINK, "https://e.kz/"),
    ]
    assert [mark.kind for mark in after.messages[0].marks or ()] == [MarkKind.BOLD]


async def test_a_message_whose_fate_is_unknown_is_not_said_twice(office: Office) -> None:
    irina = await add_agent(office.database, "irina", extension=None)
    office.bot.hears("message", message(1, text="Алло"))
    conversation = await office.has("Алло")
    office.bot.broken["sendmessage"].append(Breakage.CUT_AFTER)

    await office.answer(conversation.id, irina, "Слушаю")

    await office.reaches(conversation.id, MessageState.UNCERTAIN)
    assert len(office.bot.sent) == 1


async def test_who_has_blocked_the_bot_is_shown_as_not_reached(office: Office) -> None:
    irina = await add_agent(office.database, "irina", extension=None)
    office.bot.hears("message", message(1, text="Алло"))
    conversation = await office.has("Алло")
    office.bot.broken["sendmessage"].append(Refusal(403, "Forbidden: bot was blocked by the user"))

    await office.answer(conversation.id, irina, "Слушаю")

    await office.reaches(conversation.id, MessageState.FAILED)
    failed = (await office.conversations())[0]
    assert failed.messages[-1].trouble_code is Trouble.BLOCKED


def parked() -> float:
    return REGISTRY.get_sample_value("perezvon_telegram_parked_total", {"bot": "main"}) or 0


async def test_what_makes_no_sense_is_kept_for_a_person_and_holds_up_nobody(office: Office) -> None:
    counted = parked()
    office.bot.put_raw({"update_id": 900_000_001, "message": {"text": "of nowhere"}})
    office.bot.hears("message", message(1, text="Здравствуйте"), update_id=900_000_002)

    await office.has("Здравствуйте")

    async with office.database.read() as db:
        rows = await db.fetch("SELECT source, raw FROM rejected_inputs")
    assert [row["source"] for row in rows] == ["telegram:main"]
    assert b"of nowhere" in rows[0]["raw"]
    assert parked() == counted + 1


async def test_files_of_ours_go_with_the_words_in_one_call(office: Office) -> None:
    irina = await add_agent(office.database, "irina", extension=None)
    office.bot.hears("message", message(1, text="Покажите отель"))
    conversation = await office.has("Покажите отель")

    await office.answer(conversation.id, irina, "Вот он", files={"1.jpg": "image/jpeg", "2.png": "image/png"})
    await office.reaches(conversation.id, MessageState.SENT)
    await office.answer(conversation.id, irina, "И договор", files={"договор.pdf": "application/pdf"})
    await office.reaches(conversation.id, MessageState.SENT)

    assert [one.method for one in office.bot.sent] == ["sendMediaGroup", "sendMediaGroup", "sendDocument"]
    assert [one.message.get("caption") for one in office.bot.sent] == ["Вот он", None, "И договор"]
    assert office.bot.calls.count("sendmediagroup") == 1


async def test_a_client_is_written_to_in_the_chat_that_is_open_though_nobody_said_it_is_theirs(office: Office) -> None:
    irina = await add_agent(office.database, "irina", extension=None)
    office.bot.hears("message", message(1, text="Алло"))
    conversation = await office.has("Алло")
    aigul = await add_client(office.database, "Айгүл", phone="+77011234567")
    sources = {WrittenChannel.TELEGRAM: Source(name="main", queue=None, address=None)}
    viewer = Viewer(user_id=irina, role=Role.OWNER, team_id=None)

    async with office.database.begin() as tx:
        await tx.execute(
            "INSERT INTO contact_points (id, client_id, kind, value, typed) VALUES ($1, $1, 'telegram', $2, $2)",
            aigul,
            str(AIGUL["id"]),
        )
        given = MessageIn(client_id=aigul, channel=WrittenChannel.TELEGRAM, body="Слушаю")
        await replies.send(tx, viewer, given, sources=sources)

    await office.reaches(conversation.id, MessageState.SENT)
    assert len(await office.conversations()) == 1
