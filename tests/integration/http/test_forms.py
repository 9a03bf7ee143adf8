"""A stranger leaves a form on somebody's site: it becomes a lead, and machines, floods and nonsense do not."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from crm_core.actions import leads
from crm_core.actions.forms import FORMS_PER_ADDRESS
from crm_core.actions.leads import LeadPatch
from crm_core.domain.forms import CALL_NOW_WITHIN
from crm_core.domain.leads import LeadStage
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.views.callbacks import Callback, load_callbacks
from crm_core.views.leads import LeadStory, load_story
from tests.integration.http.house import Answer, Caller, House, open_house

KEY = "key-of-our-site"
FORM = f"/api/v1/forms/{KEY}"


@pytest.fixture
async def stranger(house: House) -> Caller:
    await open_form(house.database)
    return house.stranger()


async def open_form(database: Database) -> None:
    async with database.begin() as tx:
        await tx.execute("UPDATE lead_sources SET site_key = $1 WHERE code = 'WEB_FORM'", KEY)


async def lead_of(house: House, answer: Answer) -> LeadStory:
    assert answer.status == 202, answer.body
    assert isinstance(answer.body, dict)
    async with house.database.read() as db:
        return await load_story(db, UUID(answer.body["lead_id"]))


async def leads_in(house: House) -> int:
    async with house.database.read() as db:
        count: int = await db.fetchval("SELECT count(*) FROM leads")
    return count


async def test_what_a_stranger_leaves_becomes_a_lead(house: House, stranger: Caller) -> None:
    answer = await stranger.post(
        FORM,
        {
            "name": "Айгерим",
            "phone": "8 701 123-45-67",
            "email": "Aigerim@mail.kz",
            "message": "Хайнань в мае,\nнас двое",
            "destination": "Хайнань",
            "language": "ru",
            "utm_source": "instagram",
            "page": "https://tours.example/hainan?utm_source=instagram",
        },
    )

    lead = await lead_of(house, answer)
    assert (lead.name, lead.address, lead.email) == ("Айгерим", "+77011234567", "aigerim@mail.kz")
    assert (lead.note, lead.destination, lead.language) == ("Хайнань в мае,\nнас двое", "Хайнань", "ru")
    assert lead.campaign == {"utm_source": "instagram", "page": "https://tours.example/hainan?utm_source=instagram"}
    assert (lead.source, lead.stage, lead.created_by) == ("WEB_FORM", "new", None)


async def test_a_form_sent_again_under_its_key_is_answered_again_and_happens_once(
    house: House, stranger: Caller
) -> None:
    wish = {"name": "Айгерим", "phone": "+77011234567", "message": "Хайнань"}
    key = {"Idempotency-Key": "form-1"}

    first = await stranger.post(FORM, wish, headers=key)
    again = await stranger.post(FORM, wish, headers=key)
    another = await stranger.post(FORM, {**wish, "message": "Анталья"}, headers=key)
    trapped = [await stranger.post(FORM, {**wish, "homepage": "x"}, headers={"Idempotency-Key": "bot"}) for _ in "ab"]

    lead = await lead_of(house, first)
    assert (again.status, again.body) == (202, first.body)
    assert (lead.repeats, await leads_in(house)) == (0, 1)
    assert (another.status, another.code) == (422, "idempotency_key_reused")
    assert trapped[0].body == trapped[1].body  # a machine learns nothing from asking twice


async def test_a_browsers_own_form_is_understood_as_well(house: House, stranger: Caller) -> None:
    answer = await stranger("POST", FORM, data={"name": "Тимур", "phone": "+77010000001", "email": "", "message": ""})

    lead = await lead_of(house, answer)
    assert (lead.name, lead.address, lead.note) == ("Тимур", "+77010000001", None)


async def test_a_page_of_another_site_may_leave_one_and_read_the_answer(house: House, stranger: Caller) -> None:
    foreign = {"Origin": "https://tours.example"}

    asked = await stranger(
        "OPTIONS",
        FORM,
        headers={**foreign, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"},
    )
    left = await stranger.post(FORM, {"phone": "+77010000001"}, headers=foreign)
    refused = await stranger.post(FORM, {"phone": "завтра"}, headers=foreign)

    assert asked.status == 204
    assert asked.headers["Access-Control-Allow-Methods"] == "POST"
    assert asked.headers["Access-Control-Allow-Headers"] == "Content-Type, Idempotency-Key"
    assert (left.status, refused.status, refused.code) == (202, 422, "contact_point_rejected")
    for answer in (asked, left, refused):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_no_other_address_is_open_to_pages_of_other_sites(house: House, stranger: Caller) -> None:
    answer = await stranger.get("/api/v1/meta", headers={"Origin": "https://tours.example"})

    assert (answer.status, answer.code) == (403, "foreign_origin")
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_form_nobody_has_or_that_is_switched_off_is_not_there(house: House, stranger: Caller) -> None:
    async with house.database.begin() as tx:
        await tx.execute("UPDATE lead_sources SET site_key = 'switched-off', enabled = false WHERE code = 'EMAIL'")

    for key in ("no-such-key", "switched-off"):
        answer = await stranger.post(f"/api/v1/forms/{key}", {"phone": "+77010000001"})

        assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "lead_nobody"),
        ({"name": "Айгерим"}, "lead_nobody"),
        ({"phone": "позвоните"}, "contact_point_rejected"),
        ({"email": "не скажу"}, "contact_point_rejected"),
        ({"email": "a@b.kz", "call_me_now": True}, "phone_required"),
        ({"phone": "+77010000001", "call_me_at": "2026-02-30T10:00"}, "call_time_rejected"),
        ({"phone": "+77010000001", "call_me_at": "2020-02-03T10:00"}, "due_at_rejected"),
        ({"phone": "+77010000001", "call_me_at": "0001-01-01T00:00+23:59"}, "call_time_rejected"),
        ({"phone": "+77010000001", "call_me_at": "0001-01-01T00:00"}, "call_time_rejected"),
        ({"phone": "+77010000001", "call_me_at": "9999-12-31T23:59-23:59"}, "call_time_rejected"),
        (
            {"phone": "+77010000001", "call_me_at": "2027-03-28T02:30", "timezone": "Europe/Berlin"},
            "local_time_missing",
        ),
        (
            {"phone": "+77010000001", "call_me_at": "2027-10-31T02:30", "timezone": "Europe/Berlin"},
            "local_time_doubled",
        ),
        ({"phone": "+77010000001", "timezone": "Mars/Olympus"}, "invalid_input"),
        ({"phone": "+77010000001", "owner_id": "0190a000-0000-7000-8000-000000000000"}, "invalid_input"),
        ({"phone": "+77010000001", "message": "x" * 10_001}, "invalid_input"),
    ],
)
async def test_what_cannot_be_answered_is_refused_in_words(
    house: House, stranger: Caller, given: dict[str, object], code: str
) -> None:
    answer = await stranger.post(FORM, given)

    assert (answer.status, answer.code) == (422, code)
    assert await leads_in(house) == 0


async def test_a_field_that_stands_twice_or_is_no_text_is_refused(house: House, stranger: Caller) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    for body in (b"phone=%2B77010000001&phone=%2B77010000002", b"name=%FF", b"&".join([b"a=1"] * 200)):
        assert (await stranger("POST", FORM, data=body, headers=form)).code == "malformed_form"
    assert (await stranger("POST", FORM, data=b"name=%00", headers=form)).code == "nul_character"


async def test_a_machine_that_fills_in_everything_is_answered_and_ignored(house: House, stranger: Caller) -> None:
    answer = await stranger.post(FORM, {"phone": "+77010000001", "homepage": "https://spam.example"})

    assert answer.status == 202
    assert UUID(answer.body["lead_id"])
    assert await leads_in(house) == 0


async def test_the_same_form_sent_again_is_the_same_lead(house: House, stranger: Caller) -> None:
    given = {"phone": "+77010000001", "message": "Хайнань"}

    first, second = await lead_of(house, await stranger.post(FORM, given)), await stranger.post(FORM, given)

    again = await lead_of(house, second)
    assert (again.id, again.repeats, again.note) == (first.id, 1, "Хайнань")


async def test_of_a_lost_lead_nobody_is_called(house: House, stranger: Caller, chief: UUID) -> None:
    lead = await lead_of(house, await stranger.post(FORM, {"phone": "+77010000001", "call_me_now": True}))

    async with house.database.begin() as tx:
        viewer = Viewer(user_id=chief, role=Role.SUPERVISOR, team_id=None)
        await leads.edit(tx, lead.id, viewer, LeadPatch(stage=LeadStage.LOST, lost_reason="спам"))

    [promise] = await promises_in(house)
    assert (promise.state, promise.cancel_reason) == ("cancelled", "спам")


@pytest.fixture
async def chief(house: House) -> UUID:
    return await house.person("irina", Role.SUPERVISOR)


async def promises_in(house: House) -> list[Callback]:
    async with house.database.read() as db:
        ids = [row["id"] for row in await db.fetch("SELECT id FROM callbacks ORDER BY due_at")]
        found = await load_callbacks(db, ids)
    return [found[one] for one in ids]


async def test_whoever_wants_to_be_called_now_is_promised_a_call(house: House, stranger: Caller, chief: UUID) -> None:
    lead = await lead_of(house, await stranger("POST", FORM, data={"phone": "+77010000001", "call_me_now": "on"}))

    [promise] = await promises_in(house)
    assert (promise.lead_id, promise.address, promise.via, promise.agent_id) == (lead.id, "+77010000001", "call", chief)
    assert promise.due_at - promise.promised_at == CALL_NOW_WITHIN
    assert promise.policy == "strict-10m"
    assert promise.why is not None
    assert promise.why.en == "Asked for with the lead: to be called."
    assert lead.call_at == promise.due_at


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"call_me_at": "2027-03-01T10:00"}, "2027-03-01T05:00+00:00"),  # on the company's clock, in Almaty
        ({"call_me_at": "2027-03-01T10:00", "timezone": "Europe/Moscow"}, "2027-03-01T07:00+00:00"),
        ({"call_me_at": "2027-03-01T10:00:00-03:00"}, "2027-03-01T13:00+00:00"),
        ({"call_me_at": "2027-10-31T02:30+01:00", "timezone": "Europe/Berlin"}, "2027-10-31T01:30+00:00"),
    ],
)
async def test_the_time_of_the_call_is_the_one_they_mean(
    house: House, stranger: Caller, chief: UUID, given: dict[str, object], meant: str
) -> None:
    assert (await stranger.post(FORM, {"phone": "+77010000001", **given})).status == 202

    [promise] = await promises_in(house)
    assert promise.due_at == datetime.fromisoformat(meant)


async def test_asked_for_twice_it_is_promised_once_and_sooner_when_it_is_wanted_sooner(
    house: House, stranger: Caller, chief: UUID
) -> None:
    for wish in ({"call_me_at": "2027-03-01T10:00"}, {"call_me_at": "2027-03-02T10:00"}, {"call_me_now": True}):
        assert (await stranger.post(FORM, {"phone": "+77010000001", **wish})).status == 202

    soon, later = await promises_in(house)
    assert (soon.lead_id, later.due_at) == (later.lead_id, datetime.fromisoformat("2027-03-01T05:00+00:00"))


async def test_a_flood_from_one_address_is_slowed_down_and_others_are_not(database: Database, tmp_path: Path) -> None:
    await open_form(database)
    async with open_house(database, static=tmp_path, trusted_proxies="127.0.0.1") as house:
        stranger = house.stranger()
        flooding, other = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "203.0.113.8"}

        for number in range(FORMS_PER_ADDRESS):
            answer = await stranger.post(FORM, {"phone": "no" if number % 2 else "+77010000001"}, headers=flooding)
            assert answer.status in {202, 422}
        slowed = await stranger.post(FORM, {"phone": "+77010000002"}, headers=flooding)

        assert (slowed.status, slowed.code) == (429, "too_many_attempts")
        assert int(slowed.headers["Retry-After"]) > 60
        assert (await stranger.post(FORM, {"phone": "+77010000003"}, headers=other)).status == 202
