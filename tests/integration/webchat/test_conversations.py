"""A visitor writes, a manager answers, and each sees what the other said, once."""

from __future__ import annotations

from uuid import uuid4

from tests.integration.webchat.chat import Chat
from tests.waiting import eventually


async def test_what_a_visitor_writes_stands_in_the_inbox_and_the_answer_comes_to_them(chat: Chat) -> None:
    anna, visitor = await chat.manager("anna"), chat.visitor()
    await visitor.come()

    stored = await visitor.say("Сколько стоит Хайнань?")

    (conversation,) = await anna.conversations()
    assert (conversation["channel"], conversation["queue"]) == ("webchat", "sales")
    (said,) = await anna.said(conversation["id"])
    assert (said["id"], said["text"]) == (stored["id"], "Сколько стоит Хайнань?")

    await visitor.next("message")
    await anna.answer(conversation["id"], "480 000 тенге")
    answer = await visitor.next("message")
    assert (answer["text"], answer["mine"], answer["author"]) == ("480 000 тенге", False, "Anna")


async def test_a_message_told_twice_under_its_name_is_one(chat: Chat) -> None:
    anna, visitor, key = await chat.manager("anna"), chat.visitor(), uuid4()
    await visitor.come()

    first = await visitor.say("Алло?", key=key)
    again = await visitor.say("Алло?", key=key)

    assert first == again
    (conversation,) = await anna.conversations()
    assert len(await anna.said(conversation["id"])) == 1


async def test_a_visitor_is_told_that_what_they_wrote_was_read(chat: Chat) -> None:
    anna, visitor = await chat.manager("anna"), chat.visitor()
    assert (await visitor.come())["read_until"] is None
    await visitor.say("Здравствуйте!")
    (conversation,) = await anna.conversations()
    await anna.answer(conversation["id"], "Добрый день!")
    last = await visitor.say("Сколько стоит?")

    await anna.post(f"/conversations/{conversation['id']}/read", {})

    async def read_until_last() -> bool:
        return bool((await visitor.next("read"))["until"] == last["id"])

    await eventually(read_until_last)
