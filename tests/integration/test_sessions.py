"""Who may come in, and for how long they stay."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from crm_core.actions import sessions, users
from crm_core.actions.passwords import PasswordTooWeak, hash_password
from crm_core.actions.sessions import NewSession, NotSignedIn, Principal
from crm_core.actions.users import NewUser, PasswordHash
from crm_core.domain.errors import BadCredentials, NotFound, TooManyAttempts
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store import attempts
from crm_core.store.database import Database

PASSWORD = "correct horse"
IDLE = timedelta(hours=12)


async def person(db: Database, login: str, *, role: Role = Role.AGENT, team: str | None = None) -> UUID:
    password = PasswordHash(await hash_password(PASSWORD))
    async with db.begin() as tx:
        return await users.add_user(
            tx, NewUser(login=login, name=login.title(), role=role, team=team), password, by=None
        )


async def come_in(db: Database, login: str, password: str = PASSWORD, *, address: str = "192.0.2.7") -> NewSession:
    return await sessions.sign_in(db, login=login, password=password, address=address, user_agent="a browser")


async def look(db: Database, session: NewSession) -> Principal:
    return await sessions.authenticate_session(db, session.cookie, idle=IDLE)


async def later(db: Database, passed: timedelta) -> None:
    """Everything that was noted moves ``passed`` into the past."""
    async with db.begin() as tx:
        await tx.execute(
            "UPDATE sessions SET last_seen_at = last_seen_at - $1::interval, expires_at = expires_at - $1::interval",
            passed,
        )
        await tx.execute("UPDATE login_attempts SET at = at - $1::interval", passed)


async def test_the_right_password_opens_a_session_under_a_new_id_each_time(database: Database) -> None:
    anna = await person(database, "anna", role=Role.SUPERVISOR, team="North")

    first, second = await come_in(database, "anna"), await come_in(database, "ANNA")

    assert first.cookie != second.cookie
    who = await look(database, second)
    assert who.viewer.user_id == anna
    assert who.viewer.role is Role.SUPERVISOR
    assert who.viewer.team_id is not None
    assert who.csrf_token == second.csrf_token != first.csrf_token


async def test_nothing_that_opens_a_door_is_stored_as_it_is(database: Database) -> None:
    await person(database, "anna")
    async with database.begin() as tx:
        token = await users.create_token(tx, "anna")

    session = await come_in(database, "anna")

    async with database.read() as reader:
        stored = [
            *await reader.fetch("SELECT s::text FROM sessions s"),
            *await reader.fetch("SELECT t::text FROM api_tokens t"),
            *await reader.fetch("SELECT u::text FROM users u"),
        ]
    rows = " ".join(row[0] for row in stored)
    assert session.cookie not in rows
    assert token not in rows
    assert PASSWORD not in rows


@pytest.mark.parametrize(("login", "password"), [("anna", "wrong horse"), ("nobody", PASSWORD), ("", "")])
async def test_nobody_is_told_what_was_wrong(database: Database, login: str, password: str) -> None:
    await person(database, "anna")

    with pytest.raises(BadCredentials) as refused:
        await come_in(database, login, password)

    assert refused.value.fields == {}


async def test_the_eleventh_guess_has_to_wait_even_if_it_is_right(database: Database) -> None:
    await person(database, "anna")
    for _ in range(sessions.ATTEMPTS_PER_LOGIN):
        with pytest.raises(BadCredentials):
            await come_in(database, "anna", "a guess")

    with pytest.raises(TooManyAttempts) as refused:
        await come_in(database, "anna")

    assert timedelta(minutes=14) < refused.value.retry_after <= attempts.WINDOW
    assert await come_in(database, "anna", address="192.0.2.8")  # the real Anna, elsewhere, is not locked out
    await later(database, attempts.WINDOW)
    assert await come_in(database, "anna")


async def test_coming_in_forgives_earlier_mistakes(database: Database) -> None:
    await person(database, "anna")
    for _ in range(sessions.ATTEMPTS_PER_LOGIN - 1):
        with pytest.raises(BadCredentials):
            await come_in(database, "anna", "a mistake")

    await come_in(database, "anna")

    async with database.read() as reader:
        left = await reader.fetchval("SELECT count(*) FROM login_attempts WHERE subject LIKE 'login:%'")
    assert left == 0


async def test_one_address_cannot_try_every_login(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "ATTEMPTS_PER_ADDRESS", 3)
    await person(database, "anna")
    for number in range(3):
        with pytest.raises(BadCredentials):
            await come_in(database, f"login-{number}", "123456")

    with pytest.raises(TooManyAttempts):
        await come_in(database, "anna")


async def test_a_session_ends_when_it_is_not_used_and_however_much_it_is(database: Database) -> None:
    await person(database, "anna")
    unused, used = await come_in(database, "anna"), await come_in(database, "anna")

    await later(database, IDLE - timedelta(minutes=5))
    await look(database, used)
    await later(database, timedelta(minutes=6))

    with pytest.raises(NotSignedIn):
        await look(database, unused)
    for _ in range(14):
        await look(database, used)
        await later(database, IDLE - timedelta(minutes=1))
    with pytest.raises(NotSignedIn):
        await look(database, used)


async def test_a_disabled_person_is_out_at_once(database: Database) -> None:
    anna = await person(database, "anna")
    boss = Viewer(user_id=await person(database, "boss", role=Role.ADMIN), role=Role.ADMIN, team_id=None)
    session = await come_in(database, "anna")
    async with database.begin() as tx:
        token = await users.create_token(tx, "anna")

    async with database.begin() as tx:
        await users.change_user(tx, anna, {"enabled": False}, by=boss)

    with pytest.raises(NotSignedIn):
        await look(database, session)
    with pytest.raises(NotSignedIn):
        await sessions.authenticate_token(database, token)
    with pytest.raises(BadCredentials):
        await come_in(database, "anna")


async def test_an_open_socket_outlives_neither_its_session_nor_its_rights(database: Database) -> None:
    anna, boris = await person(database, "anna"), await person(database, "boris")
    boss = Viewer(user_id=await person(database, "boss", role=Role.OWNER), role=Role.OWNER, team_id=None)
    leaving, staying = await come_in(database, "anna"), await come_in(database, "anna")
    async with database.begin() as tx:
        token = await users.create_token(tx, "boris")
    sockets = {await look(database, leaving), await look(database, staying)}
    sockets.add(await sessions.authenticate_token(database, token))

    async with database.begin() as tx:
        await sessions.sign_out(tx, sessions.SessionHash(sessions.fingerprint(leaving.cookie)))
        await users.change_user(tx, boris, {"role": Role.SUPERVISOR}, by=boss)

    async with database.read() as reader:
        valid = await sessions.still_valid(reader, sockets)
    assert {who.viewer.user_id for who in valid} == {anna}
    assert valid == {await look(database, staying)}


async def test_a_new_password_ends_what_the_old_one_opened(database: Database) -> None:
    anna = await person(database, "anna")
    session = await come_in(database, "anna")

    new = PasswordHash(await hash_password("battery staple"))
    async with database.begin() as tx:
        await users.set_password(tx, anna, new, by=None)

    with pytest.raises(NotSignedIn):
        await look(database, session)
    assert await come_in(database, "anna", "battery staple")


async def test_a_token_is_for_somebody(database: Database) -> None:
    with pytest.raises(NotFound):
        async with database.begin() as tx:
            await users.create_token(tx, "nobody")


async def test_a_password_that_protects_nothing_is_refused() -> None:
    with pytest.raises(PasswordTooWeak):
        await hash_password("1234567")


async def test_what_has_ended_is_forgotten(database: Database) -> None:
    await person(database, "anna")
    await come_in(database, "anna")
    with pytest.raises(BadCredentials):
        await come_in(database, "anna", "a mistake")

    async with database.begin() as tx:
        await sessions.prune(tx, now=tx.now + timedelta(hours=13), idle=IDLE)

    async with database.read() as reader:
        assert await reader.fetchval("SELECT count(*) FROM sessions") == 0
        assert await reader.fetchval("SELECT count(*) FROM login_attempts") == 0
