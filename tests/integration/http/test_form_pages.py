"""The form we serve for a frame: it works without scripts, and what machines leave becomes nobody's work."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from crm_core.actions.forms import SPAM
from crm_core.domain.form_tokens import FormToken
from crm_core.store.database import Record
from tests.integration.http.house import Answer, Caller, House
from tests.integration.http.test_forms import FORM, open_form

PAGE = f"{FORM}/page"
ENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def stranger(house: House) -> Caller:
    await open_form(house.database)
    return house.stranger()


async def token(house: House, *, age: timedelta) -> str:
    """As if the form had been served that long ago."""
    async with house.database.begin() as tx:
        secret: UUID = await tx.fetchval("SELECT form_secret FROM lead_sources WHERE code = 'WEB_FORM'")
        return FormToken(served_at=tx.now - age, nonce=uuid4()).signed(secret)


async def leave(stranger: Caller, **fields: str) -> Answer:
    return await stranger("POST", PAGE, data=urlencode(fields).encode(), headers=ENCODED)


def said(answer: Answer) -> str:
    return answer.content.decode()


async def leads_of(house: House) -> list[Record]:
    async with house.database.read() as db:
        return await db.fetch("SELECT id, address, stage, lost_reason, next_at, owner_id FROM leads ORDER BY id")


async def test_any_site_may_frame_the_form_and_it_needs_no_script(house: House, stranger: Caller) -> None:
    page = await stranger.get(PAGE, params={"lang": "en"})
    style = await stranger.get(f"{PAGE}.css")

    assert page.status == style.status == 200
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "<script" not in said(page)
    assert re.search(r'name="token" value="\d+\.[0-9a-f]{32}\.[0-9a-f]{64}"', said(page))
    assert "Your name" in said(page)
    assert (await stranger.get(f"{FORM}-unknown/page")).status == 404


async def test_whoever_takes_their_time_becomes_a_lead(house: House, stranger: Caller) -> None:
    served = await token(house, age=timedelta(seconds=20))

    thanked = await leave(stranger, name="Айгерим", phone="8 701 123-45-67", token=served)

    assert (thanked.status, "Спасибо" in said(thanked)) == (200, True)
    (lead,) = await leads_of(house)
    assert (lead["address"], lead["stage"]) == ("+77011234567", "new")


@pytest.mark.parametrize("age", [timedelta(), timedelta(days=1, seconds=1)])
async def test_what_looks_like_spam_is_thanked_for_and_kept_apart(
    house: House, stranger: Caller, age: timedelta
) -> None:
    thanked = await leave(stranger, phone="+77010000001", call_me_now="true", token=await token(house, age=age))

    assert (thanked.status, "Спасибо" in said(thanked)) == (200, True)
    (lead,) = await leads_of(house)
    assert (lead["stage"], lead["lost_reason"], lead["next_at"], lead["owner_id"]) == ("lost", SPAM, None, None)
    async with house.database.read() as db:
        assert await db.fetchval("SELECT count(*) FROM callbacks") == 0
        assert "looks like spam" in await db.fetchval("SELECT explanation FROM lead_history")


async def test_what_a_machine_leaves_is_thanked_for_and_thrown_away(house: House, stranger: Caller) -> None:
    served = await token(house, age=timedelta(minutes=1))
    await leave(stranger, phone="+77010000001", token=served)

    again = await leave(stranger, phone="+77010000002", token=served)
    forged = await leave(stranger, phone="+77010000003", token="1.2.3")
    without = await leave(stranger, phone="+77010000004")

    assert [answer.status for answer in (again, forged, without)] == [200, 200, 200]
    assert all("Спасибо" in said(answer) for answer in (again, forged, without))
    assert [lead["address"] for lead in await leads_of(house)] == ["+77010000001"]


async def test_a_mistake_is_said_beside_what_was_typed_and_can_be_mended(house: House, stranger: Caller) -> None:
    served = await token(house, age=timedelta(minutes=1))

    nobody = await leave(stranger, name='<b>"Айгерим"</b>', message="Хайнань", token=served)
    mended = await leave(stranger, phone="+77010000001", token=served)

    assert (nobody.status, mended.status) == (422, 200)
    assert "Оставьте телефон или почту." in said(nobody)
    assert "&lt;b&gt;&quot;Айгерим&quot;&lt;/b&gt;" in said(nobody)
    assert served in said(nobody)
    assert len(await leads_of(house)) == 1


async def test_the_documented_form_asks_for_no_token(house: House, stranger: Caller) -> None:
    left = await stranger.post(FORM, {"phone": "+77010000001"})

    assert left.status == 202
    assert [lead["stage"] for lead in await leads_of(house)] == ["new"]


async def test_what_became_of_forms_is_counted(house: House, stranger: Caller) -> None:
    async def counted(fate: str) -> float:
        text = said(await stranger.get("/metrics"))
        found = re.search(rf'perezvon_forms_total{{fate="{fate}"}} (\S+)', text)
        return float(found[1]) if found else 0.0

    before = await counted("hasty")
    await leave(stranger, phone="+77010000001", token=await token(house, age=timedelta()))

    assert await counted("hasty") == before + 1
