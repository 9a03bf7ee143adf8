"""Who is let in, and what of whom they see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiohttp
import pytest
from socketio.exceptions import ConnectionError as Refused

from crm_core.store.database import Database
from tests.integration.webchat.chat import ORIGIN, SECRET, SITE_KEY, Chat, open_chat
from tests.people import add_client
from tests.unit.test_chat_identity import jwt


def vouched(subject: str, **claims: object) -> str:
    until = datetime.now(UTC) + timedelta(hours=1)
    return jwt({"sub": subject, "exp": until.timestamp(), **claims}, secret=SECRET)


async def test_a_reload_finds_what_was_said_and_a_stranger_finds_nothing(chat: Chat) -> None:
    visitor, stranger = chat.visitor(), chat.visitor()
    await visitor.come()
    await visitor.say("Моя тайна")
    await visitor.leave()

    again = await visitor.come()
    assert [message["text"] for message in again["messages"]] == ["Моя тайна"]
    assert (await stranger.come())["messages"] == []


@pytest.mark.parametrize("forgery", ["", "nonsense", f"{uuid4().hex}.0.{'0' * 64}"])
async def test_a_forged_token_makes_somebody_new(chat: Chat, forgery: str) -> None:
    visitor = chat.visitor(token=forgery)

    await visitor.come()

    assert visitor.token != forgery
    assert await visitor.say("Алло?") | {"status": "stored"}


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://tours.example", "https://tours.example.evil.example"]
)
async def test_pages_of_other_sites_are_turned_away(chat: Chat, origin: str) -> None:
    with pytest.raises(Refused):
        await chat.visitor().come(origin=origin)

    async with aiohttp.ClientSession(headers={"Origin": origin}) as page:
        for path in (f"/chat/config?site={SITE_KEY}", f"/chat/files/{uuid4()}?site={SITE_KEY}"):
            async with page.get(chat.url + path) as answer:
                assert answer.status == 403
                assert answer.headers.get("Access-Control-Allow-Origin") != origin


async def test_a_site_nobody_knows_has_no_chat(chat: Chat) -> None:
    with pytest.raises(Refused):
        await chat.visitor().come(site="pk_unknown")


async def test_the_sites_own_pages_may_ask_when_somebody_is_there(chat: Chat) -> None:
    address = f"{chat.url}/chat/config?site={SITE_KEY}"
    async with aiohttp.request("GET", address, headers={"Origin": ORIGIN}) as answer:
        told = await answer.json()

    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert told["hours"] == {"open": True, "until": None, "opens": None, "zone": "Asia/Almaty"}


async def test_whoever_the_site_vouches_for_is_the_same_on_every_device_and_is_their_client(chat: Chat) -> None:
    anna = await chat.manager("anna")
    client = await add_client(chat.database, "Бахыт", phone="+77011234567")
    laptop, phone = (chat.visitor(identity=vouched("42", phone="8 701 123-45-67")) for _ in range(2))
    await laptop.come()
    await laptop.say("С ноутбука")

    assert laptop.vouched
    assert [message["text"] for message in (await phone.come())["messages"]] == ["С ноутбука"]
    (conversation,) = await anna.conversations()
    assert conversation["client_id"] == str(client)


async def test_who_gives_their_name_takes_along_what_they_said_and_nobody_else_sees_it_afterwards(chat: Chat) -> None:
    visitor = chat.visitor()
    await visitor.come()
    await visitor.say("Ещё без имени")
    before = visitor.token
    await visitor.leave()

    visitor.identity = vouched("42")
    assert [message["text"] for message in (await visitor.come())["messages"]] == ["Ещё без имени"]
    await visitor.leave()

    visitor.identity, visitor.token = None, before
    assert (await visitor.come())["messages"] == []
    assert not visitor.vouched


async def test_a_bad_word_of_the_site_leaves_the_visitor_anonymous(chat: Chat) -> None:
    visitor = chat.visitor(identity=jwt({"sub": "42", "exp": 1}, secret=SECRET))

    await visitor.come()

    assert not visitor.vouched
    assert (await visitor.say("Алло?"))["status"] == "stored"


async def test_one_who_writes_without_end_is_asked_to_wait_and_loses_nothing_stored(chat: Chat) -> None:
    anna, visitor = await chat.manager("anna"), chat.visitor()
    await visitor.come()

    answers = [await visitor.say(f"{number}") for number in range(40)]

    refused = [answer for answer in answers if answer["status"] != "stored"]
    assert refused
    assert {(answer["status"], answer["code"]) for answer in refused} == {(429, "too_many_attempts")}
    (conversation,) = await anna.conversations()
    assert len(await anna.said(conversation["id"])) == len(answers) - len(refused)


async def test_so_many_chats_of_one_address_and_no_more(database: Database) -> None:
    async with open_chat(database, chat_address_sockets=2) as chat:
        for _ in range(2):
            await chat.visitor().come()

        with pytest.raises(Refused):
            await chat.visitor().come()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"key": "no uuid", "text": "x"},
        {"key": str(uuid4()), "text": " "},
        {"key": str(uuid4()), "text": "x" * 4_001},
    ],
)
async def test_what_is_no_message_is_refused_and_the_next_is_heard(chat: Chat, given: object) -> None:
    visitor = chat.visitor()
    await visitor.come()

    assert (await visitor.ask("say", given))["status"] == 422
    assert (await visitor.say("Это сообщение"))["status"] == "stored"
