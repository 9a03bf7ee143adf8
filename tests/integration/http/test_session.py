"""Signing in and out over HTTP, and what must not get through."""

from __future__ import annotations

import pytest
from yarl import URL

from crm_core.domain.people import Role
from crm_core.store.database import Database
from tests.integration.http.house import PASSWORD, House, open_house


async def test_signing_in_gives_the_person_and_a_cookie_no_script_can_read(house: House) -> None:
    await house.person("anna", Role.SUPERVISOR, team="North", extension="1001")
    browser = house.stranger()

    answer = await browser.sign_in("anna")

    assert answer.status == 200
    assert answer.body["user"] | {"id": "…", "team": "…"} == {
        "id": "…",
        "login": "anna",
        "name": "Anna",
        "role": "supervisor",
        "extension": "1001",
        "team": "…",
        "locale": None,
        "theme": None,
    }
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("perezvon_session=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie
    assert (await browser.get("/api/v1/session")).body == answer.body


async def test_behind_https_the_cookie_stays_there(database: Database, tmp_path) -> None:
    async with open_house(database, static=tmp_path, public_url="https://crm.example.com") as house:
        await house.person("anna")

        answer = await house.stranger().sign_in("anna")

    assert answer.headers["Set-Cookie"].startswith("__Host-perezvon_session=")
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"]


async def test_a_session_fixed_beforehand_is_worth_nothing(house: House) -> None:
    await house.person("anna")
    browser = house.stranger()
    fixed = {"perezvon_session": "chosen-by-somebody-else"}
    browser.client.cookie_jar.update_cookies(fixed, URL(house.root))

    await browser.sign_in("anna")

    assert "chosen-by-somebody-else" not in {cookie.value for cookie in browser.client.cookie_jar}
    victim = house.stranger()
    victim.client.cookie_jar.update_cookies(fixed, URL(house.root))
    assert (await victim.get("/api/v1/session")).code == "not_signed_in"


async def test_signing_out_ends_the_session_everywhere_it_was_copied_to(house: House) -> None:
    browser = await house.browser("anna")
    stolen = house.stranger()
    stolen.client.cookie_jar.update_cookies({"perezvon_session": next(iter(browser.client.cookie_jar)).value})
    assert (await stolen.get("/api/v1/session")).status == 200

    assert (await browser("DELETE", "/api/v1/session")).status == 204

    assert (await stolen.get("/api/v1/session")).status == 401
    assert (await browser.get("/api/v1/session")).code == "not_signed_in"


async def test_a_wrong_password_is_401_and_the_eleventh_try_waits(house: House) -> None:
    await house.person("anna")
    browser = house.stranger()

    answers = [await browser.sign_in("anna", "a guess") for _ in range(10)]
    late = await browser.sign_in("anna", PASSWORD)

    assert {answer.code for answer in answers} == {"bad_credentials"}
    assert (late.status, late.code) == (429, "too_many_attempts")
    assert 800 < int(late.headers["Retry-After"]) <= 900


async def test_changing_the_forwarded_address_does_not_help_a_guesser(house: House) -> None:
    await house.person("anna")
    browser = house.stranger()

    for number in range(10):
        browser.headers["X-Forwarded-For"] = f"198.51.100.{number}"
        await browser.sign_in("anna", "a guess")

    assert (await browser.sign_in("anna")).status == 429


async def test_a_trusted_proxy_tells_guessers_apart(database: Database, tmp_path) -> None:
    async with open_house(database, static=tmp_path, trusted_proxies="127.0.0.0/8") as house:
        await house.person("anna")
        guesser, anna = house.stranger(), house.stranger()
        # The proxy appends what it saw; what stands before it is the guesser's own invention.
        guesser.headers["X-Forwarded-For"] = "203.0.113.5, 198.51.100.1"
        anna.headers["X-Forwarded-For"] = "198.51.100.2"
        for _ in range(10):
            await guesser.sign_in("anna", "a guess")

        assert (await guesser.sign_in("anna")).status == 429
        assert (await anna.sign_in("anna")).status == 200


@pytest.mark.parametrize("token", [None, "", "guessed"])
async def test_a_cookie_alone_changes_nothing(house: House, token: str | None) -> None:
    browser = await house.browser("anna")
    del browser.headers["X-CSRF-Token"]
    headers = {} if token is None else {"X-CSRF-Token": token}

    answer = await browser("PATCH", "/api/v1/users/me", {"locale": "en"}, headers=headers)

    assert (answer.status, answer.code) == (403, "csrf_token_wrong")
    assert (await browser.get("/api/v1/session")).body["user"]["locale"] is None


async def test_a_program_needs_no_csrf_token_and_a_bad_token_is_not_saved_by_a_cookie(house: House) -> None:
    program = await house.program("robot")
    browser = await house.browser("anna")

    changed = await program("PATCH", "/api/v1/users/me", {"theme": "dark"})
    refused = await browser.get("/api/v1/session", headers={"Authorization": "Bearer pz_wrong"})

    assert (changed.status, changed.body["theme"]) == (200, "dark")
    assert refused.code == "not_signed_in"
    assert refused.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://a.127.0.0.1", "x"])
async def test_pages_of_other_sites_are_turned_away(house: House, origin: str) -> None:
    browser = await house.browser("anna")

    for method, path in (("GET", "/api/v1/session"), ("POST", "/api/v1/session"), ("GET", "/")):
        answer = await browser(method, path, headers={"Origin": origin})

        assert (answer.status, answer.code) == (403, "foreign_origin")


async def test_our_own_pages_are_welcome(database: Database, tmp_path) -> None:
    async with open_house(database, static=tmp_path, public_url="https://crm.example.com") as house:
        browser = house.stranger()

        for origin in ("https://crm.example.com", house.root):
            assert (await browser.get("/api/v1/meta", headers={"Origin": origin})).status == 200
        assert (await browser.get("/api/v1/meta", headers={"Origin": "http://crm.example.com"})).status == 403
