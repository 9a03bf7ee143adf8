"""The inbox over HTTP: what is listed for whom, writing, taking back, giving on, and finding what was said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from crm_core.actions.messages import record_messages
from crm_core.domain.people import Role
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store.database import Database
from tests.integration.http.house import House, open_house

BOT = {"name": "bot", "token": "1:secret", "queue": "sales"}
FIND = "/api/v1/messages?q="


async def hears(house: House, body: str, *, who: str = "700100", number: int = 1) -> UUID:
    async with house.database.begin() as tx:
        heard = HeardMessage(
            channel=WrittenChannel.TELEGRAM,
            source="bot",
            key=f"{who}:{number}",
            external_id=f"{who}:{number}",
            queue="sales",
            from_address=who,
            from_name="<b>Аня</b>",
            thread=who,
            body=body,
            at=tx.now - timedelta(seconds=100 - number),
        )
        return (await record_messages(tx, [heard]))[0]


@pytest.fixture
async def with_bot(database: Database, tmp_path: Path):
    async with open_house(database, static=tmp_path, telegram=[BOT]) as house:
        yield house


async def test_an_agent_answers_what_came_to_their_queue(with_bot: House) -> None:
    irina = await with_bot.browser("irina", Role.AGENT, queues=["sales"])
    stranger = await with_bot.browser("oleg", Role.AGENT)
    conversation = await hears(with_bot, "Сколько стоит Хайнань?")

    listed = await irina.get("/api/v1/conversations?unassigned=true")
    written = await irina.post(
        "/api/v1/messages", {"interaction_id": str(conversation), "body": "480 000 ₸", "send_after_s": 5}
    )

    [one] = listed.body["items"]
    assert (one["id"], one["inbox_state"], one["unread"], one["messages"]) == (str(conversation), "open", 1, [])
    assert (one["last_excerpt"], one["caller_name"]) == ("Сколько стоит Хайнань?", "<b>Аня</b>")
    assert (written.status, written.body["state"], written.body["text"]) == (201, "pending", "480 000 ₸")
    assert (await stranger.get("/api/v1/conversations")).body["items"] == []
    assert (await stranger.get(f"/api/v1/conversations/{conversation}")).status == 404

    undone = await irina("DELETE", f"/api/v1/messages/{written.body['id']}")
    read = await irina.get(f"/api/v1/conversations/{conversation}")

    assert undone.status == 204
    assert [message["text"] for message in read.body["messages"]] == ["Сколько стоит Хайнань?"]
    assert [one["id"] for one in (await irina.get("/api/v1/interactions?channel=telegram")).body["items"]] == [
        str(conversation)
    ]


async def test_a_conversation_is_noted_given_on_put_off_and_closed(with_bot: House) -> None:
    irina = await with_bot.browser("irina", Role.AGENT, queues=["sales"])
    boris = await with_bot.browser("boris", Role.AGENT)
    boris_id = (await boris.get("/api/v1/session")).body["user"]["id"]
    conversation = await hears(with_bot, "Здравствуйте")
    address = f"/api/v1/conversations/{conversation}"

    note = await irina.post(f"{address}/notes", {"text": "Ждёт визу"})
    given = await irina.post(f"{address}/assign", {"agent_id": boris_id, "reason": "Говорит по-китайски"})
    seen = await boris.post(f"{address}/read", {})
    going_on = await boris.get("/api/v1/conversations?going_on=true")
    asleep = await boris.post(f"{address}/snooze", {"until": "2199-01-01T00:00:00Z"})
    closed = await boris.post(f"{address}/close", {})

    assert (note.body["kind"], note.body["direction"]) == ("note", "internal")
    assert (given.status, given.body) == (200, None)
    assert seen.status == 204
    assert [one["id"] for one in going_on.body["items"]] == [str(conversation)]
    assert (await boris.get("/api/v1/conversations?going_on=true")).body["items"] == []
    assert (asleep.status, asleep.body["code"]) == (422, "snooze_rejected")
    assert (closed.body["inbox_state"], closed.body["state"], closed.body["outcome"]) == (
        "closed",
        "closed",
        "unanswered",
    )
    assert (await boris.post("/api/v1/messages", {"interaction_id": str(conversation), "body": "?"})).status == 409


async def test_what_was_said_is_found_in_any_form_of_its_words_by_those_who_may_read_it(with_bot: House) -> None:
    irina = await with_bot.browser("irina", Role.AGENT, queues=["sales"])
    oleg = await with_bot.browser("oleg", Role.AGENT)
    conversation = await hears(with_bot, "Мы хотели бы зелёный чемодан забрать из отелей Хайнаня")
    await hears(with_bot, "The hotels were booked yesterday", who="700200")

    found = await irina.get(f"{FIND}зеленые чемоданы")

    [one] = found.body["items"]
    assert one["interaction_id"] == str(conversation)
    assert [piece["text"] for piece in one["passages"] if piece["hit"]] == ["зелёный", "чемодан"]
    assert len((await irina.get(f"{FIND}hotel booking")).body["items"]) == 1
    assert (await irina.get(f"{FIND}чемодан -отель")).body["items"] == []
    assert (await oleg.get(f"{FIND}чемодан")).body["items"] == []
    assert (await irina.get(f"{FIND}a")).status == 422


@pytest.mark.parametrize(
    "body",
    [
        {"body": "to nobody"},
        {"body": "no channel", "client_id": "01900000-0000-7000-8000-000000000000"},
        {"body": "x", "interaction_id": "01900000-0000-7000-8000-000000000000", "send_after_s": -1},
        {"body": "nul \x00", "interaction_id": "01900000-0000-7000-8000-000000000000"},
    ],
)
async def test_what_cannot_be_sent_is_refused(with_bot: House, body: dict[str, object]) -> None:
    irina = await with_bot.browser("irina", Role.AGENT)

    assert (await irina.post("/api/v1/messages", body)).status in {400, 422}
