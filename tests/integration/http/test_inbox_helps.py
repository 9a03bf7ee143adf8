"""What helps to answer: ready answers, colleagues called in, nobody answering twice, what it is about."""

from __future__ import annotations

from datetime import UTC, date
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from crm_core.actions import delivery
from crm_core.actions.conversation_watch import watch_conversations
from crm_core.actions.families import add_trip
from crm_core.domain.people import Role
from crm_core.store.database import Database
from crm_core.store.defaults import seed_defaults
from tests.integration.http.house import House, open_house
from tests.integration.http.test_conversations import BOT, hears
from tests.people import add_client, events_of

HELLO = {
    "shortcut": "hello",
    "title": "Приветствие",
    "text": {
        "ru": "Здравствуйте, {{client.first_name}}! {{agent.name}} на связи, ваш тур — {{trip.title}}.",
        "en": "Hello, {{client.first_name}}!",
    },
}


@pytest.fixture
async def house(database: Database, tmp_path: Path):
    async with open_house(database, static=tmp_path, telegram=[BOT]) as house:
        yield house


async def attached(house: House, conversation: UUID, client: UUID) -> None:
    async with house.database.begin() as tx:
        await tx.execute("UPDATE interactions SET client_id = $2 WHERE id = $1", conversation, client)


async def test_a_ready_answer_is_written_once_and_filled_for_each_client(house: House) -> None:
    zhanar = await house.browser("zhanar", Role.ADMIN)
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    asked = await hears(house, "Добрый день")

    written = await zhanar.post("/api/v1/canned-answers", HELLO)
    [answer] = (await irina.get("/api/v1/canned-answers")).body["items"]
    unknown = await irina.get(f"/api/v1/conversations/{asked}/canned-answers/{answer['id']}")
    aigul = await add_client(house.database, "Айгуль Сапарова", phone="+77010000001")
    async with house.database.begin() as tx:
        trip = await add_trip(
            tx, aigul, title="Хайнань", destination="Китай", hotel=None, starts_on=date(2199, 5, 1),
            ends_on=date(2199, 5, 9),
        )  # fmt: skip
    await attached(house, asked, aigul)
    about = await irina("PUT", f"/api/v1/conversations/{asked}/about", {"trip_id": str(trip)})
    filled = await irina.get(f"/api/v1/conversations/{asked}/canned-answers/{answer['id']}")

    assert written.status == 201
    assert unknown.body["text"] == "Здравствуйте! Irina на связи, ваш тур — {{trip.title}}."
    assert (about.body["trip_id"], about.body["trip_title"]) == (str(trip), "Хайнань")
    assert filled.body["text"] == "Здравствуйте, Айгуль! Irina на связи, ваш тур — Хайнань."


async def test_a_ready_answer_that_cannot_be_is_refused_with_the_reason(house: House) -> None:
    zhanar = await house.browser("zhanar", Role.ADMIN)
    irina = await house.browser("irina", Role.AGENT)
    await zhanar.post("/api/v1/canned-answers", HELLO)

    twice = await zhanar.post("/api/v1/canned-answers", HELLO)
    misspelt = await zhanar.post(
        "/api/v1/canned-answers", {**HELLO, "shortcut": "bye", "text": {"ru": "До свидания, {{client.nmae}}"}}
    )
    silent = await zhanar.post("/api/v1/canned-answers", {**HELLO, "shortcut": "bye", "text": {}})
    not_hers = await irina.post("/api/v1/canned-answers", HELLO)

    assert (twice.status, twice.body["code"]) == (409, "shortcut_taken")
    assert (misspelt.status, misspelt.body["variable"]) == (422, "client.nmae")
    assert silent.status == 422
    assert not_hers.status == 403


async def test_whoever_is_mentioned_is_told_may_read_it_and_has_seen_it_when_they_looked(house: House) -> None:
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    boris = await house.browser("boris", Role.AGENT)
    boris_id = (await boris.get("/api/v1/session")).body["user"]["id"]
    address = f"/api/v1/conversations/{await hears(house, 'Можно с собакой?')}"
    assert (await boris.get(address)).status == 404

    noted = await irina.post(f"{address}/notes", {"text": "Боря, ты возил собак?", "mentions": [boris_id]})

    assert noted.status == 201
    told = [rooms for name, rooms in await events_of(house.database) if name == "conversation.mentioned"]
    assert told == [[f"agent:{boris_id}"]]
    assert (await boris.get(address)).status == 200
    assert len((await boris.get("/api/v1/conversations?mentioned=true")).body["items"]) == 1
    await boris.post(f"{address}/read", {})
    assert (await boris.get("/api/v1/conversations?mentioned=true")).body["items"] == []
    nobody = await irina.post(f"{address}/notes", {"text": "?", "mentions": [str(UUID(int=1))]})
    assert (nobody.status, nobody.body["code"]) == (422, "agent_unknown")


async def test_of_two_who_answer_at_once_the_second_is_told_before_the_client_has_two_answers(house: House) -> None:
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    zhanar = await house.browser("zhanar", Role.ADMIN)
    asked = await hears(house, "Сколько стоит?")
    seen = (await irina.get(f"/api/v1/conversations/{asked}")).body["messages"][-1]["id"]
    answer = {"interaction_id": str(asked), "after": seen, "send_after_s": 5}

    first = await irina.post("/api/v1/messages", {**answer, "body": "480 000 ₸"})
    second = await zhanar.post("/api/v1/messages", {**answer, "body": "Сейчас узнаю"})
    knowing = await zhanar.post("/api/v1/messages", {**answer, "body": "И визы", "after": first.body["id"]})
    again = await irina.post("/api/v1/messages", {**answer, "body": "С питанием", "after": knowing.body["id"]})

    assert first.status == 201
    assert (second.status, second.body["code"], second.body["by"]) == (409, "answered_meanwhile", "Irina")
    assert knowing.status == 201
    assert again.status == 201


async def test_a_conversation_tells_until_when_it_is_to_be_answered_and_who_had_it(house: House) -> None:
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    asked = await hears(house, "Добрый день")
    async with house.database.begin() as tx:
        await watch_conversations(tx, 10, zone=ZoneInfo("Asia/Almaty"))
    irina_id = (await irina.get("/api/v1/session")).body["user"]["id"]
    await irina.post(f"/api/v1/conversations/{asked}/assign", {"agent_id": irina_id, "reason": "Моё направление"})

    told = (await irina.get(f"/api/v1/conversations/{asked}")).body

    assert told["answer_due_at"] is not None
    assert told["answer_late"] is False
    assert [(one["agent_name"], one["words"]["ru"]) for one in told["history"]] == [("Irina", "Моё направление")]


async def test_an_admin_says_within_what_a_queue_answers(house: House) -> None:
    zhanar = await house.browser("zhanar", Role.ADMIN)
    await house.browser("irina", Role.AGENT, queues=["sales"])
    queues = (await zhanar.get("/api/v1/queues")).body
    items = [{**one, "answer_within": {"webchat": {"first_s": 60, "next_s": None}}} for one in queues["items"]]

    saved = await zhanar("PUT", "/api/v1/queues", {"items": items, "version": queues["version"]})

    assert saved.body["items"][0]["answer_within"] == {"webchat": {"first_s": 60, "next_s": None}}


async def test_a_written_contact_has_a_result_and_its_times_are_measured(house: House) -> None:
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    asked = await hears(house, "Сколько стоит?")
    async with house.database.begin() as tx:
        await watch_conversations(tx, 10, zone=ZoneInfo("Asia/Almaty"))
    address = f"/api/v1/conversations/{asked}"
    await irina.post(f"{address}/assign", {"agent_id": (await irina.get("/api/v1/session")).body["user"]["id"]})
    await irina.post(f"{address}/read", {})
    written = await irina.post("/api/v1/messages", {"interaction_id": str(asked), "body": "480 000 ₸"})
    async with house.database.begin() as tx:
        await delivery.record_sent(tx, UUID(written.body["id"]), timezone=UTC)

    async with house.database.begin() as tx:
        await seed_defaults(tx)
    items = (await irina.get("/api/v1/dispositions")).body["items"]
    code = next(one["code"] for one in items if one["callback"] != "required")
    disposed = await irina("PUT", f"/api/v1/interactions/{asked}/disposition", {"code": code, "note": "Думают"})
    closed = await irina.post(f"{address}/close", {})

    assert disposed.status == 200, disposed.body
    assert disposed.body["state"] == "active", "it goes on"
    assert closed.body["disposition"]["code"] == code
    assert (closed.body["outcome"], closed.body["contact_number"]) == ("answered", 1)
    assert closed.body["wait_s"] is not None
    assert closed.body["handling_s"] is not None
    assert closed.body["ended_at"] is not None
