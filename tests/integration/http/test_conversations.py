"""The inbox over HTTP: what is listed for whom, writing, taking back, giving on, and finding what was said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest

from crm_core.actions import delivery, signals
from crm_core.actions.messages import record_messages
from crm_core.domain.people import Role
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store.database import Database
from tests.integration.http.house import House, open_house

BOT = {"name": "bot", "token": "1:secret", "queue": "sales"}
FIND = "/api/v1/messages?q="
PARTS = ("mine", "waiting", "snoozed", "unassigned", "mentioned", "urgent", "all")


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


def asked(messages: list[dict[str, str]]) -> list[int]:
    """The numbers of the questions in them."""
    return [int(message["text"].split()[1]) for message in messages]


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


async def test_a_conversation_is_found_by_the_external_id_of_any_message_in_it(with_bot: House) -> None:
    irina = await with_bot.browser("irina", Role.AGENT, queues=["sales"])
    stranger = await with_bot.browser("oleg", Role.AGENT)
    conversation = await hears(with_bot, "Сколько стоит Хайнань?", who="700300")
    await hears(with_bot, "Нас двое", who="700300", number=2)
    await hears(with_bot, "И мы", who="700301")
    written = await irina.post("/api/v1/messages", {"interaction_id": str(conversation), "body": "480 000 ₸"})

    for external_id in ("700300:1", "700300:2", written.body["external_id"]):
        address = f"/api/v1/interactions?external_id={external_id}"
        assert [one["id"] for one in (await irina.get(address)).body["items"]] == [str(conversation)]
        assert (await stranger.get(address)).body["items"] == []


@pytest.mark.parametrize("odd", ["-", "- ", "-(", '-""', "-|", "!-", "or -", '"-', "-a ", "a-", "&|!()<->:*'\\"])
async def test_whatever_is_typed_into_the_search_is_searched_for_or_refused(with_bot: House, odd: str) -> None:
    irina = await with_bot.browser("irina", Role.AGENT, queues=["sales"])
    await hears(with_bot, "Здравствуйте")

    for times in (2, 20, 200 // len(odd)):
        answer = await irina.get(f"{FIND}{quote(odd * times)}")

        assert answer.status == 200 or answer.code == "invalid_input", (odd, times)
    assert (await irina.get(f"{FIND}{quote('-нет ' * 20 + 'да')}")).status == 200


async def test_an_answer_never_takes_another_channel_than_its_writer_said(with_bot: House) -> None:
    irina = await with_bot.browser("irina", Role.AGENT, queues=["sales"])
    into = {"interaction_id": str(await hears(with_bot, "Здравствуйте")), "body": "Добрый день"}

    said = [await irina.post("/api/v1/messages", into | {"channel": name}) for name in ("email", "webchat", "telegram")]

    assert [answer.status for answer in said] == [422, 422, 201]
    assert said[0].code == "invalid_input"


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


async def test_a_long_conversation_is_read_a_piece_at_a_time_from_its_end_and_around_what_was_found(
    with_bot: House,
) -> None:
    irina = await with_bot.browser("irina", Role.AGENT, queues=["sales"])
    stranger = await with_bot.browser("oleg", Role.AGENT)
    for number in range(10):
        conversation = await hears(with_bot, f"Вопрос {number}", who="700310", number=number)
    address = f"/api/v1/conversations/{conversation}"
    [found] = (await irina.get(f'{FIND}"Вопрос 4"')).body["items"]

    opened = (await irina.get(f"{address}?limit=3")).body
    before = (await irina.get(f"{address}/messages?limit=5&cursor={opened['older']}")).body
    await hears(with_bot, "Вопрос 10", who="700310", number=10)
    first = (await irina.get(f"{address}/messages?limit=5&cursor={before['older']}")).body
    around = (await irina.get(f"{address}?limit=4&around={found['message_id']}")).body
    after = (await irina.get(f"{address}/messages?limit=9&cursor={around['newer']}")).body

    assert (asked(opened["messages"]), opened["newer"]) == ([7, 8, 9], None)
    assert asked(before["items"]) == [2, 3, 4, 5, 6]
    assert (asked(first["items"]), first["older"]) == ([0, 1], None)
    assert asked(around["messages"]) == [2, 3, 4, 5]
    assert (asked(after["items"]), after["newer"]) == ([6, 7, 8, 9, 10], None)
    assert asked((await irina.get(f"{address}/messages?around={found['message_id']}")).body["items"]) == [*range(11)]
    assert asked((await irina.get(address)).body["messages"]) == [*range(11)]
    assert (await irina.get(f"{address}/messages?cursor={opened['older'][:-4]}")).status == 422
    assert (await stranger.get(f"{address}/messages?cursor={opened['older']}")).status == 404


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


async def test_a_phrase_is_words_side_by_side(with_bot: House) -> None:
    irina = await with_bot.browser("irina", Role.AGENT, queues=["sales"])
    await hears(with_bot, "Отель у моря, бассейн с горками", number=1)
    near = await hears(with_bot, "Горки в бассейне, отель далеко", number=2)

    found = await irina.get(f'{FIND}"отель далеко"')

    assert [item["interaction_id"] for item in found.body["items"]] == [str(near)]
    assert len((await irina.get(f"{FIND}отель бассейн")).body["items"]) == 2


async def test_of_a_message_with_more_words_than_an_index_holds_the_beginning_is_found(with_bot: House) -> None:
    irina = await with_bot.browser("irina", Role.AGENT, queues=["sales"])
    endless = " ".join(f"слово{number}ы" for number in range(90_000))

    await hears(with_bot, f"Страховка для дайвинга {endless}"[:1_000_000])

    assert len((await irina.get(f"{FIND}страховка дайвинг")).body["items"]) == 1


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


async def test_each_count_of_the_inbox_is_what_its_view_lists(with_bot: House) -> None:
    irina = await with_bot.browser("irina", Role.AGENT, queues=["sales"])
    boris = await with_bot.browser("boris", Role.AGENT)
    zhanar = await with_bot.browser("zhanar", Role.ADMIN)
    me = (await irina.get("/api/v1/session")).body["user"]["id"]
    fresh, taken, put_off, answered, done = [
        f"/api/v1/conversations/{await hears(with_bot, 'Здравствуйте', who=f'7002{number}')}" for number in range(5)
    ]
    for address in (taken, put_off, answered, done):
        await irina.post(f"{address}/assign", {"agent_id": me})
    await irina.post(f"{put_off}/snooze", {"until": (datetime.now(UTC) + timedelta(days=1)).isoformat()})
    sent = await irina.post("/api/v1/messages", {"interaction_id": answered.rsplit("/", 1)[1], "body": "Да"})
    async with with_bot.database.begin() as tx:
        await delivery.record_sent(tx, UUID(sent.body["id"]), timezone=UTC)
        await signals.call_for_hotline(tx, UUID(taken.rsplit("/", 1)[1]), queue=None)
    await irina.post(f"{done}/close", {})
    boris_id = (await boris.get("/api/v1/session")).body["user"]["id"]
    await zhanar.post(f"{fresh}/notes", {"text": "@Boris, посмотри", "mentions": [boris_id]})

    counts = [(await person.get("/api/v1/conversations/counts")).body for person in (irina, boris, zhanar)]
    listed = [
        {view: len((await person.get(f"/api/v1/conversations?view={view}")).body["items"]) for view in PARTS}
        for person in (irina, boris, zhanar)
    ]
    of_mail = await irina.get("/api/v1/conversations/counts?channel=email")
    closed = await irina.get("/api/v1/conversations?view=closed")

    assert counts == [views | {"most": 999} for views in listed]
    assert [tuple(views[part] for part in PARTS) for views in listed] == [
        (2, 1, 1, 1, 0, 1, 3),
        (0, 0, 0, 1, 1, 0, 1),
        (0, 0, 0, 1, 0, 1, 3),
    ]
    assert of_mail.body == dict.fromkeys(PARTS, 0) | {"most": 999}
    assert [one["id"] for one in closed.body["items"]] == [done.rsplit("/", 1)[1]]
