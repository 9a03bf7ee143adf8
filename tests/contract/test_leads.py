"""Leads: left on a form or written down, accepted, given on, followed to their end; and where they come from."""

from __future__ import annotations

import pytest

from tests.contract.house import House, Person
from tests.contract.people import Answer, Json, words

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIELDS = words(
    """id client_id name address source subject note language destination skills campaign stage owner_id accept_by
    accepted_at moves nobody_since lost_reason closed_at created_at history version"""
)
SITE_KEY = "contract-form-of-ours"


async def people(house: House) -> tuple[Person, Person, Person]:
    """Two managers and the supervisor of a team that is given leads by hand only."""
    return (
        await house.person("lea", team="Leads"),
        await house.person("lev", team="Leads"),
        await house.person("lara", "supervisor", team="Leads"),
    )


async def lead(by: Person, phone: str, **more: object) -> Json:
    answer = await by.http.post("/leads", {"source": "RECOMMENDATION", "address": phone, **more})
    assert answer.status == 201, answer.body
    return dict(answer.body)


async def open_form(house: House, **more: object) -> None:
    sources = await house.owner.read("/lead-sources")
    items = [{key: item[key] for key in words("code labels skills max_moves enabled")} for item in sources["items"]]
    for item in items:
        item |= {"site_key": SITE_KEY, **more} if item["code"] == "WEB_FORM" else {}
    answer = await house.owner.put("/lead-sources", {"items": items, "version": sources["version"]})
    assert answer.status == 200, answer.body


async def test_a_lead_is_written_down_seen_accepted_and_won(house: House) -> None:
    lea, _, lara = await people(house)

    made = await lead(lara, "8 701 900-00-01", name="Айгерим", owner_id=lea.id, skills=["Хайнань"])
    accepted = await lea.http.post(f"/leads/{made['id']}/accept")
    won = await lea.http("PATCH", f"/leads/{made['id']}", {"stage": "won"})

    assert set(made) >= FIELDS
    assert (made["address"], made["stage"], made["owner_id"]) == ("+77019000001", "new", lea.id)
    assert made["accept_by"] is not None
    assert made["history"][0].items() >= {"agent_id": lea.id, "reason": "created", "by": lara.id}.items()
    assert (accepted.status, accepted.body["stage"]) == (200, "in_work")
    assert accepted.body["accepted_at"] is not None
    assert (won.status, won.body["stage"]) == (200, "won")
    assert won.body["closed_at"] is not None
    assert (await lea.http.post(f"/leads/{made['id']}/accept")).refused(409, "lead_closed") is True


async def test_what_is_lost_has_a_reason(house: House) -> None:
    lea, *_ = await people(house)
    made = await lead(lea, "+77019000002", owner_id=lea.id)

    wordless = await lea.http("PATCH", f"/leads/{made['id']}", {"stage": "lost"})
    lost = await lea.http("PATCH", f"/leads/{made['id']}", {"stage": "lost", "lost_reason": "дорого"})

    assert wordless.refused(422, "lost_reason_required") is True
    assert (lost.body["stage"], lost.body["lost_reason"]) == ("lost", "дорого")


async def test_a_lead_of_others_is_404_and_cannot_be_taken(house: House) -> None:
    lea, lev, lara = await people(house)
    made = await lead(lara, "+77019000003", owner_id=lea.id)

    assert (await lev.http.get(f"/leads/{made['id']}")).refused(404, "not_found") is True
    assert (await lev.http.post(f"/leads/{made['id']}/accept")).refused(404, "not_found") is True
    assert (await lara.http.post(f"/leads/{made['id']}/accept")).refused(409, "lead_taken") is True
    assert made["id"] not in {one["id"] for one in await lev.http.items("/leads")}
    assert made["id"] in {one["id"] for one in await lara.http.items("/leads", owner_id=lea.id, stage="new")}


async def test_a_lead_is_given_on_with_a_reason_and_everybody_concerned_hears_of_it(house: House) -> None:
    lea, lev, lara = await people(house)
    made = await lead(lara, "+77019000004", owner_id=lea.id)

    async with house.desk(lev) as desk:
        moved = await lara.http.post(f"/leads/{made['id']}/move", {"agent_id": lev.id, "reason": "у Леи отпуск"})
        heard = await desk.hears("lead.changed", lambda event: event["lead"]["owner_id"] == lev.id)

    assert (moved.status, moved.body["owner_id"], moved.body["moves"]) == (200, lev.id, 1)
    last = moved.body["history"][-1]
    assert last.items() >= {"reason": "moved", "explanation": "у Леи отпуск", "by": lara.id, "to": None}.items()
    assert heard["lead"]["id"] == made["id"]
    assert heard["version"] == heard["lead"]["version"]


async def test_the_same_wish_is_joined_and_a_repeated_request_is_one(house: House) -> None:
    lea, *_ = await people(house)
    body = {"source": "RECOMMENDATION", "address": "+77019000005", "owner_id": lea.id, "note": "двое взрослых"}
    key = {"Idempotency-Key": "one-lead-and-no-more"}

    first = await lea.http.post("/leads", body, headers=key)
    same = await lea.http.post("/leads", body, headers=key)
    joined = await lea.http.post("/leads", {**body, "note": "и ребёнок"})

    assert (same.status, same.body) == (first.status, first.body)
    assert (joined.body["id"], joined.body["repeats"]) == (first.body["id"], 1)
    assert joined.body["note"] == "двое взрослых\nи ребёнок"


async def test_whoever_writes_down_a_colleagues_lead_learns_whose_it_is_and_no_more(house: House) -> None:
    lea, lev, _ = await people(house)
    hers = await lead(lea, "+77019000011", owner_id=lea.id, note="только для Леи")

    joined = await lead(lev, "+77019000011", note="и Лев слышал")

    assert (joined["id"], joined["owner_id"], joined["repeats"]) == (hers["id"], lea.id, 1)
    assert (joined["note"], joined["history"], joined["campaign"]) == (None, [], {})
    assert (await lea.http.read(f"/leads/{hers['id']}"))["note"] == "только для Леи\nи Лев слышал"


async def test_what_cannot_be_a_lead_is_refused(house: House) -> None:
    lea, *_ = await people(house)

    for code, body in (
        ("lead_nobody", {"source": "PHONE"}),
        ("source_unknown", {"source": "BILLBOARD", "address": "+77019000006"}),
        ("contact_point_rejected", {"source": "PHONE", "address": "завтра"}),
        ("invalid_input", {"source": "PHONE", "address": "+77019000006", "stage": "won"}),
    ):
        assert (await lea.http.post("/leads", body)).refused(422, code) is True


async def test_a_form_of_another_site_becomes_a_lead(house: House) -> None:
    await open_form(house)
    stranger = await house.stranger()
    site = {"Origin": "https://tours.example"}

    async def left(**how: object) -> Answer:
        return await stranger("POST", f"/forms/{SITE_KEY}", headers=site, **how)

    as_json = await left(body={"name": "Айгерим", "phone": "+7 701 900 00 07", "message": "Хайнань"})
    as_form = await left(data={"phone": "87019000008", "email": ""})

    for answer in (as_json, as_form):
        assert (answer.status, set(answer.body)) == (202, {"lead_id"})
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    made = await house.owner.read(f"/leads/{as_json.body['lead_id']}")
    assert (made["source"], made["address"], made["note"]) == ("WEB_FORM", "+77019000007", "Хайнань")
    assert (await stranger.post("/forms/nobodys-key", {"phone": "+77019000008"})).refused(404, "not_found") is True
    assert (await left(body={"name": "Без номера"})).refused(422, "lead_nobody") is True


async def test_a_form_reaches_the_desk_of_whoever_is_there_with_the_call_that_was_asked_for(house: House) -> None:
    lea, _, lara = await people(house)
    team = (await lea.http.read("/session"))["user"]["team"]["id"]
    await open_form(house, team_id=team)
    stranger = await house.stranger()

    async with house.desk(lea) as desk:
        await lea.http.put("/agents/me/state", {"state": "available"})
        left = await stranger.post(f"/forms/{SITE_KEY}", {"phone": "+77019000010", "call_me_now": True})
        lead_id = left.body["lead_id"]
        await desk.hears(
            "lead.changed", lambda event: (event["lead"]["id"], event["lead"]["owner_id"]) == (lead_id, lea.id)
        )
        owed = await lea.http.items("/callbacks", agent_id=lea.id, state="open")

    assert lead_id in {promise["lead_id"] for promise in owed}
    story = await lea.http.read(f"/leads/{lead_id}")
    assert story["accept_by"] is not None
    assert [one["reason"] for one in story["history"]] == ["created", "given"]
    assert set(story["history"][-1]["words"]) == {"ru", "en"}
    assert lara.id not in {one["agent_id"] for one in story["history"]}


async def test_sources_are_edited_as_a_whole_by_administrators(house: House) -> None:
    lea, *_ = await people(house)
    before = await lea.http.read("/lead-sources")
    items = [
        {key: item[key] for key in words("code labels site_key skills max_moves enabled")} for item in before["items"]
    ]
    added = {"code": "FAIR", "labels": {"ru": "Выставка", "en": "Fair"}, "accept_within_s": 60, "skills": ["хайнань"]}

    forbidden = await lea.http.put("/lead-sources", {"items": items, "version": before["version"]})
    saved = await house.owner.put("/lead-sources", {"items": [*items, added], "version": before["version"]})
    stale = await house.owner.put("/lead-sources", {"items": items, "version": before["version"]})
    twins = [{**added, "site_key": "twin-key-1"}, {**added, "code": "FAIR_2", "site_key": "twin-key-1"}]
    twice = await house.owner.put("/lead-sources", {"items": twins, "version": saved.body["version"]})

    assert forbidden.refused(403, "forbidden") is True
    assert saved.body["items"][-1].items() >= {**added, "team_id": None, "max_moves": 5, "enabled": True}.items()
    assert stale.refused(409, "version_conflict") is True
    assert twice.refused(422, "site_key_taken") is True
