"""Clients: written down, found, corrected, merged and parted, and what is known of one."""

from __future__ import annotations

import itertools

import pytest

from tests.contract.house import House
from tests.contract.people import Json, in_hours

pytestmark = pytest.mark.asyncio(loop_scope="session")

CARD = {"client", "candidates", "callbacks", "family", "trips", "deals", "recent"}
_numbers = itertools.count(1)


def new_number() -> str:
    """One that nobody else in these stories has."""
    return f"+7705000{next(_numbers):04}"


async def test_a_client_is_written_down_with_every_way_to_reach_them(house: House) -> None:
    number = new_number()
    national = f"8 ({number[2:5]}) {number[5:8]}-{number[8:10]}-{number[10:]}"
    points = [
        {"kind": "phone", "value": national, "label": "личный"},
        {"kind": "email", "value": "Dana.K@Example.KZ"},
        {"kind": "telegram", "value": "123456"},
        {"kind": "webchat", "value": "visitor-1"},
    ]
    body = {"name": "Дана Кенесова", "language": "kk", "service_class": "A", "contact_points": points}

    answer = await house.owner.post("/clients", body)

    assert answer.status == 201
    client = answer.body
    assert (client["name"], client["language"], client["service_class"]) == ("Дана Кенесова", "kk", "A")
    assert [(point["kind"], point["value"]) for point in client["contact_points"]] == [
        ("phone", number),
        ("email", "dana.k@example.kz"),
        ("telegram", "123456"),
        ("webchat", "visitor-1"),
    ]
    assert all(
        {"id", "kind", "value", "typed", "label", "verified"} <= set(point) for point in client["contact_points"]
    )
    assert (client["contact_points"][0]["typed"], client["contact_points"][0]["label"]) == (national, "личный")
    assert (await house.owner.read(f"/clients/{client['id']}")) == client


@pytest.mark.parametrize(
    "point",
    [
        {"kind": "phone", "value": "no digits"},
        {"kind": "phone", "value": "12"},
        {"kind": "email", "value": "not an address"},
        {"kind": "fax", "value": "+77010000000"},
        {"kind": "phone", "value": "+77010000000", "colour": "red"},
    ],
)
async def test_an_address_that_is_none_is_refused(house: House, point: Json) -> None:
    answer = await house.owner.post("/clients", {"name": "X", "contact_points": [point]})

    assert answer.status == 422
    assert answer.headers["Content-Type"].startswith("application/problem+json")


async def test_one_number_may_belong_to_several_people(house: House) -> None:
    number = new_number()

    wife = await house.client("Алия Омарова", number)
    husband = await house.client("Тимур Омаров", number)
    found = await house.owner.items("/clients", q=number)

    assert {wife["id"], husband["id"]} == {client["id"] for client in found}


@pytest.mark.parametrize(
    "query",
    [
        "Жумагали",
        "жумагалиев",
        "Жумагалеев",
        "Сабит Жум",
        "7059998877",
        "+7 705 999 88 77",
        "8705999",
        "998877",
        "sabit.zh@",
    ],
)
async def test_a_client_is_found_by_part_of_a_name_digits_or_mail(house: House, query: str) -> None:
    known = await house.owner.items("/clients", q="+77059998877")
    if not known:
        points = [{"kind": "phone", "value": "+77059998877"}, {"kind": "email", "value": "sabit.zh@example.kz"}]
        await house.owner.post("/clients", {"name": "Сабит Жумагалиев", "contact_points": points})

    found = await house.owner.items("/clients", q=query)

    assert "Сабит Жумагалиев" in [client["name"] for client in found]


async def test_a_correction_changes_what_it_names_and_nothing_else(house: House) -> None:
    client = await house.client("Ержан", new_number(), language="ru")
    path = f"/clients/{client['id']}"

    renamed = await house.owner("PATCH", path, {"name": "Ержан Болатов", "hint": "звонить после обеда"})
    cleared = await house.owner("PATCH", path, {"language": None})
    unknown = await house.owner("PATCH", path, {"surname": "Болатов"})

    assert (renamed.status, renamed.body["name"], renamed.body["language"]) == (200, "Ержан Болатов", "ru")
    assert renamed.body["contact_points"] == client["contact_points"]
    assert renamed.body["version"] > client["version"]
    assert (cleared.body["language"], cleared.body["hint"]) == (None, "звонить после обеда")
    assert unknown.refused(422, "invalid_input") is True


async def test_two_cards_of_one_person_become_one_and_part_again(house: House) -> None:
    keep, other = await house.client("Лаура", new_number()), await house.client("Лаура Б.", new_number())
    promise = (await house.owner.post("/callbacks", {"client_id": other["id"], "due_at": in_hours(2)})).body

    merged = await house.owner.post(f"/clients/{keep['id']}/merge", {"other_id": other["id"]})
    answered = await house.owner.read(f"/clients/{other['id']}")
    moved = await house.owner.read(f"/callbacks/{promise['id']}")
    itself = await house.owner.post(f"/clients/{keep['id']}/merge", {"other_id": keep["id"]})

    assert (merged.status, merged.body["id"]) == (200, keep["id"])
    assert {point["value"] for point in merged.body["contact_points"]} == {
        point["value"] for client in (keep, other) for point in client["contact_points"]
    }
    assert answered["id"] == keep["id"]
    assert moved["client_id"] == keep["id"]
    assert itself.status == 422

    parted = await house.owner.post(f"/clients/{keep['id']}/unmerge")
    again = await house.owner.post(f"/clients/{keep['id']}/unmerge")

    assert parted.status == 200
    restored = await house.owner.read(f"/clients/{other['id']}")
    assert (restored["id"], restored["name"]) == (other["id"], "Лаура Б.")
    assert (await house.owner.read(f"/callbacks/{promise['id']}"))["client_id"] == other["id"]
    assert again.refused(409, "not_merged") is True


async def test_the_card_shows_promises_first_and_the_last_contacts(house: House) -> None:
    call = await house.recorded("queue_answered_client_hangs_up")
    client = await house.client("Карточка", call["client_address"])
    promise = (await house.owner.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(2)})).body
    await house.owner.put(f"/interactions/{call['id']}/client", {"client_id": client["id"]})

    answer = await house.owner.get(f"/clients/{client['id']}/card")

    assert answer.status == 200
    card = answer.body
    assert set(card) >= CARD
    assert set(card["client"]) >= {
        *("id", "name", "language", "service_class", "hint", "owner_id", "contact_points"),
    }
    assert [one["id"] for one in card["callbacks"]] == [promise["id"]]
    assert [one["id"] for one in card["recent"]] == [call["id"]]
    assert len(card["recent"]) <= 5


async def test_the_timeline_has_what_was_and_what_is_planned_newest_first(house: House) -> None:
    call = await house.recorded("queue_answered_agent_hangs_up")
    client = await house.client("Хроника", call["client_address"])
    await house.owner.put(f"/interactions/{call['id']}/client", {"client_id": client["id"]})
    promise = (await house.owner.post("/callbacks", {"client_id": client["id"], "due_at": in_hours(2)})).body

    first = await house.owner.read(f"/clients/{client['id']}/timeline", limit="1")
    rest = await house.owner.read(f"/clients/{client['id']}/timeline", limit="1", cursor=first["next"])

    told = str(first["items"]), str(rest["items"])
    assert (promise["id"] in told[0], call["id"] in told[1]) == (True, True)


async def test_an_agent_opens_own_clients_and_another_agents_card_is_404(house: House) -> None:
    anna, boris = await house.person("anna"), await house.person("boris")
    hers = await house.client("Клиент Анны", new_number(), owner_id=anna.id)

    assert (await anna.http.get(f"/clients/{hers['id']}")).status == 200
    for path in ("", "/card", "/timeline"):
        assert (await boris.http.get(f"/clients/{hers['id']}{path}")).refused(404, "not_found") is True
    assert (await boris.http("PATCH", f"/clients/{hers['id']}", {"name": "Мой"})).refused(404, "not_found") is True
    assert hers["id"] not in {client["id"] for client in await boris.http.items("/clients")}
    # Found, so that nobody writes them down twice, but without the number worth stealing.
    [found] = await boris.http.items("/clients", q="Клиент Анны")
    assert hers["contact_points"][0]["value"] not in str(found)
