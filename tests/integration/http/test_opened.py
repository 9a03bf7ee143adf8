"""The picture in our mails: the same for whoever loads it, and known to us only where it is really one of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from crm_core.actions import openings
from crm_core.actions.channel_links import open_link
from crm_core.domain.opened import picture_path
from crm_core.domain.people import Role
from crm_core.domain.written import WrittenChannel
from crm_core.store.database import Database
from tests.integration.http.house import MAILBOX, Caller, House, open_house
from tests.integration.http.test_messages_files import hears
from tests.people import events_of

PUBLIC_URL = "http://crm.example"
CARRIES = MAILBOX | {"opened_link": True}


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, static=tmp_path, mailbox=[CARRIES], public_url=PUBLIC_URL) as opened:
        yield opened


async def answers(house: House) -> tuple[Caller, UUID, UUID]:
    """Irina answers a client's mail; gives her browser, the conversation and her answer."""
    irina = await house.browser("irina", Role.AGENT, queues=["sales"])
    conversation = await hears(house)
    said = await irina.post("/api/v1/messages", {"interaction_id": str(conversation), "body": "480 000 ₸"})
    return irina, conversation, UUID(said.body["id"])


async def picture(house: House, message: UUID) -> str:
    async with house.database.begin() as tx:
        return picture_path(message, (await open_link(tx, WrittenChannel.EMAIL, "sales")).secret)


async def last(irina: Caller, conversation: UUID) -> dict[str, Any]:
    return (await irina.get(f"/api/v1/conversations/{conversation}")).body["messages"][-1]


async def test_the_first_opening_is_kept_and_told_at_once(house: House) -> None:
    irina, conversation, message = await answers(house)
    address = await picture(house, message)
    before, told_before = await last(irina, conversation), await events_of(house.database)

    await house.stranger().get(address)
    first, told = await last(irina, conversation), await events_of(house.database)
    await house.stranger().get(address)
    again, told_again = await last(irina, conversation), await events_of(house.database)

    assert (before["opened_at"], before["version"]) == (None, 1)
    assert (first["opened_at"] is not None, first["version"]) == (True, 2)
    assert first["state"] == before["state"]  # it says nothing of who looked
    [(name, rooms)] = told[len(told_before) :]
    assert name == "message.changed"
    assert f"agent:{first['author_id']}" in rooms
    assert (again, told_again) == (first, told)


async def test_nobody_learns_from_the_answer_which_mails_there_are(house: House) -> None:
    _, _, message = await answers(house)
    address = await picture(house, message)
    unknown = picture_path(uuid4(), uuid4())
    forged = picture_path(message, uuid4())

    got = [
        await house.stranger().get(one)
        for one in (address, address, unknown, forged, "/mail/opened/x.gif", f"/mail/opened/{'%D0%B5' * 96}.gif")
    ]

    assert {(one.status, one.content) for one in got} == {(200, got[0].content)}
    assert got[0].content.startswith(b"GIF89a\x01\x00\x01\x00")
    for one in got:
        headers = {name: value for name, value in one.headers.items() if name not in {"Date", "X-Request-ID"}}
        assert headers == {name: got[0].headers[name] for name in headers}
    assert got[0].headers["Content-Type"] == "image/gif"
    assert got[0].headers["Cache-Control"] == "no-store"
    assert got[0].headers["Cross-Origin-Resource-Policy"] == "cross-origin"  # web mail shows it on pages of its own
    assert "Set-Cookie" not in got[0].headers


async def test_only_a_client_who_loads_our_own_picture_has_opened_anything(house: House) -> None:
    irina, conversation, message = await answers(house)
    address = await picture(house, message)

    await irina.get(address)
    await house.stranger()("HEAD", address)
    for wrong in (picture_path(message, uuid4()), address.upper(), address.replace(".gif", "0.gif")):
        await house.stranger().get(wrong)
    unopened = await last(irina, conversation)
    leftover = house.stranger()
    await leftover.get(address, cookies={"perezvon_session": "of a session that has ended"})
    opened = await last(irina, conversation)

    assert unopened["opened_at"] is None
    assert opened["opened_at"] is not None


async def test_who_loads_too_many_gets_the_picture_and_is_not_counted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openings, "PICTURES_PER_ADDRESS", 2)
    irina, conversation, message = await answers(house)
    stranger = house.stranger()
    for _ in range(2):
        await stranger.get(picture_path(uuid4(), uuid4()))

    refused = await stranger.get(await picture(house, message))
    unopened = await last(irina, conversation)
    async with house.database.begin() as tx:
        await tx.execute("UPDATE login_attempts SET at = at - $1::interval", timedelta(hours=1))
    await stranger.get(await picture(house, message))

    assert refused.status == 200
    assert unopened["opened_at"] is None
    assert (await last(irina, conversation))["opened_at"] is not None


async def test_where_the_company_switches_it_off_nothing_is_kept_of_what_was_sent_before(
    house: House, tmp_path: Path
) -> None:
    irina, conversation, message = await answers(house)
    address = await picture(house, message)

    async with open_house(house.database, static=tmp_path, mailbox=[MAILBOX], public_url=PUBLIC_URL) as silent:
        answer = await silent.stranger().get(address)

    assert answer.status == 200
    assert (await last(irina, conversation))["opened_at"] is None
