"""At the door: tokens, sessions, what a browser must send, and who is turned away."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.house import PASSWORD, House
from tests.contract.people import Desk, caller

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_who_was_hired_before_serve_and_who_is_hired_meanwhile_both_enter(house: House) -> None:
    arguments = ("user", "add", "late", "--name", "Late", "--role", "agent", "--password-stdin")
    hired = await house.program.run(*arguments, "--extension", "1088", "--team", "Sales", typed=f"{PASSWORD}\n")
    token = await house.program.token("late")

    before = await house.owner.read("/session")
    async with caller(house.program.url, token) as program:
        now = await program.read("/session")
    desk = Desk()
    await desk.connect(house.program.url, auth={"token": token})
    hello = await desk.hears("hello")
    await desk.leave()

    assert hired.code == 0
    assert (before["user"]["login"], before["user"]["role"]) == ("owner", "owner")
    assert (now["user"]["login"], now["user"]["role"], now["user"]["extension"]) == ("late", "agent", "1088")
    assert hello["user"] == now["user"]
    assert (await (await house.stranger()).sign_in("late", PASSWORD)).status == 200


async def test_signing_in_gives_the_person_a_csrf_token_and_a_cookie(house: House) -> None:
    browser = await house.stranger()

    answer = await browser.sign_in("owner", PASSWORD)

    assert answer.status == 200
    assert set(answer.body) == {"user", "csrf_token"}
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("perezvon_session=")
    assert {"HttpOnly", "SameSite=Lax"} <= set(attributes)
    assert "Secure" not in attributes
    assert await browser.read("/session") == answer.body


async def test_a_cookie_alone_changes_nothing(house: House) -> None:
    browser = await house.browser("owner")
    token = browser.headers.pop("X-CSRF-Token")
    body = {"name": "Ольга"}

    without = await browser.post("/clients", body)
    wrong = await browser.post("/clients", body, headers={"X-CSRF-Token": "x"})
    right = await browser.post("/clients", body, headers={"X-CSRF-Token": token})

    assert without.refused(403, "csrf_token_wrong") is True
    assert wrong.refused(403, "csrf_token_wrong") is True
    assert right.status == 201


async def test_a_wrong_login_is_bad_credentials_and_guessing_is_slowed_down(house: House) -> None:
    await house.hire("guessed", password=PASSWORD)
    browser = await house.stranger()

    answers = [await browser.sign_in("guessed", f"guess {number}") for number in range(25)]

    assert answers[0].refused(401, "bad_credentials") is True
    assert answers[-1].status == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert (await browser.sign_in("nobody-of-ours", "guess")).refused(401, "bad_credentials") is True


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"Cookie": "perezvon_session=nonsense"}])
async def test_strangers_are_401(house: House, headers: dict[str, str]) -> None:
    stranger = await house.stranger()

    answer = await stranger.get("/interactions", headers=headers)

    assert answer.refused(401, "not_signed_in") is True


async def test_pages_of_other_sites_are_403_and_ours_are_not(house: House) -> None:
    foreign = {"Origin": "https://evil.example"}
    own = {"Origin": house.program.url}

    assert (await house.owner.get("/session", headers=foreign)).refused(403, "foreign_origin") is True
    assert (await house.owner.post("/clients", {"name": "X"}, headers=foreign)).status == 403
    assert (await house.owner.get("/session", headers=own)).status == 200


async def test_signing_out_ends_the_session_and_closes_its_sockets_within_five_seconds(house: House) -> None:
    browser = await house.browser("owner")
    desk = Desk()
    await desk.connect(house.program.url, headers={"Cookie": browser.cookie})
    await desk.hears("hello")

    answer = await browser("DELETE", "/session")
    async with asyncio.timeout(5):
        await desk.gone.wait()

    assert answer.status == 204
    browser.headers.clear()
    assert (await browser.get("/session")).refused(401, "not_signed_in") is True
