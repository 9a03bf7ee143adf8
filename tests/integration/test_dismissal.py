"""People who go: what they hold goes to others first, and somebody is left who may change things."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from crm_core.actions import callbacks, clients, leads, sessions, users
from crm_core.actions.callbacks import AgentUnknown, CallbackIn
from crm_core.actions.clients import ClientPatch, OwnerUnknown
from crm_core.actions.holdings import HandOverIn, HeirAbsent, HoldsPromises, SamePerson
from crm_core.actions.leads import LeadIn
from crm_core.actions.sessions import NotSignedIn
from crm_core.actions.teams import CalendarUnknown
from crm_core.actions.users import LastAdministrator, UserChanges
from crm_core.domain.errors import CallbackAlreadyClaimed, CrmError
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from tests.integration.test_people import account, add, as_viewer
from tests.people import add_client, events_of
from tests.waiting import eventually


async def boss_of(db: Database) -> Viewer:
    return as_viewer(await add(db, "boss", role=Role.ADMIN), Role.ADMIN)


async def promise(db: Database, person: UUID, client: UUID) -> UUID:
    async with db.begin() as tx:
        given = CallbackIn(client_id=client, due_at=tx.now + timedelta(hours=1))
        return await callbacks.create(tx, as_viewer(person, Role.AGENT), given)


async def lead(db: Database, owner: UUID, by: Viewer) -> UUID:
    async with db.begin() as tx:
        source = await tx.fetchval("SELECT code FROM lead_sources LIMIT 1")
        given = LeadIn(source=source, address="+77010000099", owner_id=owner)
        return await leads.create(tx, by, given, country="KZ")


async def change(db: Database, user_id: UUID, changes: UserChanges, *, by: Viewer, to: UUID | None = None) -> None:
    async with db.begin() as tx:
        await users.change_user(tx, user_id, changes, by=by, hand_over=HandOverIn(to=to) if to else None)


async def own(db: Database, owner: UUID, client: UUID, by: Viewer) -> None:
    async with db.begin() as tx:
        await clients.edit(tx, client, by, ClientPatch(owner_id=owner), country="KZ")


async def owners(db: Database) -> set[UUID | None]:
    """Whose everything is that somebody must look after."""
    async with db.read() as reader:
        rows = await reader.fetch(
            """
            SELECT agent_id AS owner FROM callbacks WHERE state IN ('open', 'claimed')
            UNION SELECT owner_id FROM leads WHERE closed_at IS NULL
            UNION SELECT owner_id FROM clients
            """
        )
    return {row["owner"] for row in rows}


async def test_who_holds_something_goes_only_when_it_has_gone_to_somebody(database: Database) -> None:
    boss = await boss_of(database)
    anna, boris = await add(database, "anna"), await add(database, "boris")
    client = await add_client(database, "Aigerim", phone="+77010000001", owner=anna)
    promised = await promise(database, anna, client)
    await lead(database, anna, boss)

    with pytest.raises(HoldsPromises) as refused:
        await change(database, anna, {"enabled": False}, by=boss)

    assert refused.value.fields == {"promises": 1, "leads": 1, "clients": 1}
    assert await owners(database) == {anna}
    assert (await account(database, anna)).enabled

    await change(database, anna, {"enabled": False}, by=boss, to=boris)

    assert await owners(database) == {boris}
    assert not (await account(database, anna)).enabled
    assert {"callback.moved", "lead.changed", "client.changed"} <= {kind for kind, _ in await events_of(database)}
    async with database.read() as db:
        told = await db.fetchrow(
            "SELECT reason, words FROM callback_history WHERE callback_id = $1 AND to_at IS NULL", promised
        )
        lead_told = await db.fetchval("SELECT reason FROM lead_history WHERE to_at IS NULL")
    assert told["reason"] == lead_told == "absence"
    assert told["words"]["en"] == "Anna does not work here any more."


async def test_nothing_goes_to_who_cannot_have_it(database: Database) -> None:
    boss = await boss_of(database)
    anna, boris, gone = await add(database, "anna"), await add(database, "boris"), await add(database, "gone")
    await promise(database, anna, await add_client(database, "Aigerim", phone="+77010000001", owner=anna))
    await change(database, gone, {"enabled": False}, by=boss)
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO absences (id, user_id, kind, from_at) VALUES ($1, $2, 'sick', now())", UUID(int=3), boris
        )

    async def refusal(to: UUID) -> type[CrmError]:
        with pytest.raises(CrmError) as refused:
            await change(database, anna, {"enabled": False}, by=boss, to=to)
        return type(refused.value)

    assert await refusal(gone) is AgentUnknown
    assert await refusal(UUID(int=9)) is AgentUnknown
    assert await refusal(boris) is HeirAbsent
    assert await refusal(anna) is SamePerson
    assert await owners(database) == {anna}


async def test_nobody_is_dismissed_while_they_call_a_client(database: Database) -> None:
    boss = await boss_of(database)
    anna, boris = await add(database, "anna"), await add(database, "boris")
    promised = await promise(database, anna, await add_client(database, "Aigerim", phone="+77010000001", owner=anna))
    async with database.begin() as tx:
        await callbacks.claim(tx, promised, as_viewer(anna, Role.AGENT))

    with pytest.raises(CallbackAlreadyClaimed):
        await change(database, anna, {"enabled": False}, by=boss, to=boris)

    assert await owners(database) == {anna}


async def test_nobody_is_given_anything_while_they_are_dismissed(database: Database) -> None:
    boss = await boss_of(database)
    anna = await add(database, "anna")
    client = await add_client(database, "Aigerim", phone="+77010000001")

    async def all_wait() -> bool:
        async with database.read() as db:
            waiting = await db.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool(waiting == len(giving))

    async with database.begin() as tx:
        await users.change_user(tx, anna, {"enabled": False}, by=boss)
        giving = [
            asyncio.ensure_future(promise(database, anna, client)),
            asyncio.ensure_future(lead(database, anna, boss)),
            asyncio.ensure_future(own(database, anna, client, boss)),
        ]
        await eventually(all_wait)
    outcomes = await asyncio.gather(*giving, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [AgentUnknown, AgentUnknown, OwnerUnknown]
    assert await owners(database) == {None}


async def test_who_is_dismissed_has_neither_a_session_nor_a_token(database: Database) -> None:
    boss = await boss_of(database)
    anna = await add(database, "anna")
    async with database.begin() as tx:
        token = await users.create_token(tx, "anna")

    await change(database, anna, {"enabled": False}, by=boss)

    with pytest.raises(NotSignedIn):
        await sessions.authenticate_token(database, token)


async def test_two_administrators_who_dismiss_each_other_leave_one(database: Database) -> None:
    first = as_viewer(await add(database, "first", role=Role.ADMIN), Role.ADMIN)
    second = as_viewer(await add(database, "second", role=Role.ADMIN), Role.ADMIN)

    outcomes = await asyncio.gather(
        change(database, second.user_id, {"enabled": False}, by=first),
        change(database, first.user_id, {"role": Role.AGENT}, by=second),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes if outcome is not None] == [LastAdministrator]
    async with database.read() as db:
        left = await db.fetchval("SELECT count(*) FROM users WHERE enabled AND role = 'admin'")
    assert left == 1


async def test_skills_and_languages_are_kept_in_one_spelling(database: Database) -> None:
    boss = await boss_of(database)
    anna = await add(database, "anna")

    await change(
        database,
        anna,
        {"skills": ["  Visa   CHINA", "visa china", "Хайнань"], "languages": ["KK", "ru"], "takes_work": False},
        by=boss,
    )
    await change(database, anna, {"name": "Anna A."}, by=boss)

    seen = await account(database, anna)
    assert (seen.skills, seen.languages, seen.takes_work) == (["visa china", "хайнань"], ["kk", "ru"], False)
    with pytest.raises(CalendarUnknown):
        await change(database, anna, {"calendar_id": UUID(int=9)}, by=boss)
