"""Absences: written down by who may, previewed before, and never leaving anything with nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from crm_core.actions import absences, callbacks
from crm_core.actions.absences import (
    AbsenceIn,
    AbsenceOver,
    AbsenceOverlaps,
    AbsencePatch,
    AbsenceRejected,
)
from crm_core.actions.callbacks import CallbackIn
from crm_core.domain.errors import NotFound
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.store.watch import ELIGIBLE
from crm_core.views.absences import Absence, get_absence, list_absences, preview_absence
from crm_core.views.people import Person, list_people, list_skills
from tests.integration.test_people import account, add
from tests.people import add_client

ALMATY = ZoneInfo("Asia/Almaty")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def viewer(db: Database, login: str, role: Role = Role.AGENT, team: str | None = "North") -> Viewer:
    user_id = await add(db, login, role=role, team=team)
    place = (await account(db, user_id)).team
    return Viewer(user_id=user_id, role=role, team_id=place.id if place else None)


async def clock(db: Database) -> datetime:
    async with db.begin() as tx:
        return tx.now


async def away(db: Database, by: Viewer, from_at: datetime, to_at: datetime | None = None, **fields: object) -> UUID:
    given = AbsenceIn.model_validate({"kind": "vacation", "from_at": from_at, "to_at": to_at, **fields})
    async with db.begin() as tx:
        return await absences.create(tx, by, given, zone=ALMATY)


async def promise(db: Database, by: Viewer, due_in: timedelta, client: UUID) -> UUID:
    async with db.begin() as tx:
        return await callbacks.create(tx, by, CallbackIn(client_id=client, due_at=tx.now + due_in))


async def owner_of(db: Database, callback_id: UUID) -> UUID | None:
    async with db.read() as reader:
        owner: UUID | None = await reader.fetchval("SELECT agent_id FROM callbacks WHERE id = $1", callback_id)
    return owner


async def seen_by(db: Database, by: Viewer, **filters: datetime | None) -> list[Absence]:
    asked = {"user_id": None, "since": None, "until": None, "limit": 50, "cursor": None, **filters}
    async with db.read() as reader:
        return (await list_absences(reader, by, **asked)).items


async def person(db: Database, by: Viewer, user_id: UUID) -> Person:
    async with db.read() as reader:
        return next(one for one in (await list_people(reader, by)).items if one.id == user_id)


async def test_people_write_their_own_absences_and_supervisors_their_teams(database: Database) -> None:
    now = await clock(database)
    anna, boris = await viewer(database, "anna"), await viewer(database, "boris")
    lead = await viewer(database, "lead", Role.SUPERVISOR)
    stranger = await viewer(database, "stranger", Role.SUPERVISOR, team="South")

    own = await away(database, anna, now + DAY, now + 3 * DAY)
    teams = await away(database, lead, now + DAY, user_id=str(boris.user_id), kind="sick")
    for by in (anna, stranger):
        with pytest.raises(NotFound):
            await away(database, by, now + 5 * DAY, user_id=str(boris.user_id))
    with pytest.raises(NotFound):
        async with database.begin() as tx:
            await absences.end(tx, anna, teams)

    assert [one.id for one in await seen_by(database, anna)] == [own]
    assert {one.id for one in await seen_by(database, lead)} == {own, teams}
    assert await seen_by(database, stranger) == []


async def test_absences_are_read_by_the_time_they_touch(database: Database) -> None:
    now = await clock(database)
    anna = await viewer(database, "anna")
    ill = await away(database, anna, now - 3 * DAY, now - DAY, kind="sick")
    holiday = await away(database, anna, now + 10 * DAY)

    assert [one.id for one in await seen_by(database, anna, since=now)] == [holiday]
    assert [one.id for one in await seen_by(database, anna, until=now)] == [ill]
    assert [one.state for one in await seen_by(database, anna)] == ["planned", "over"]
    async with database.read() as db:
        first = await list_absences(db, anna, user_id=None, since=None, until=None, limit=1, cursor=None)
        rest = await list_absences(db, anna, user_id=None, since=None, until=None, limit=1, cursor=first.next)
    assert [one.id for one in (*first.items, *rest.items)] == [holiday, ill]
    assert rest.next is None


async def test_an_absence_that_cannot_be_is_refused(database: Database) -> None:
    now = await clock(database)
    anna = await viewer(database, "anna")
    await away(database, anna, now + DAY, now + 3 * DAY)

    for from_at, to_at in ((now, now), (now + DAY, now), (now, now + 3000 * DAY), (now - 3000 * DAY, now)):
        with pytest.raises(AbsenceRejected):
            await away(database, anna, from_at, to_at)
    for from_at, to_at in ((now + 2 * DAY, now + 5 * DAY), (now, None)):
        with pytest.raises(AbsenceOverlaps):
            await away(database, anna, from_at, to_at)
    await away(database, anna, now, now + DAY)  # one begins where the other ends


async def test_before_an_absence_it_is_said_what_would_wait(database: Database) -> None:
    now = await clock(database)
    anna = await viewer(database, "anna")
    client = await add_client(database, "Aigerim", phone="+77010000001", owner=anna.user_id)
    meanwhile = await promise(database, anna, 2 * DAY, client)
    await promise(database, anna, 9 * DAY, client)
    async with database.begin() as tx:
        await tx.execute("INSERT INTO leads (id, source, owner_id) VALUES ($1, 'site', $2)", UUID(int=5), anna.user_id)
        for number, (starts, ends) in enumerate(((-9, -5), (3, 12), (20, 30))):
            await tx.execute(
                """INSERT INTO trips (id, client_id, title, destination, starts_on, ends_on)
                   VALUES ($1, $2, 'Trip', $3, $4, $5)""",
                UUID(int=number),
                client,
                f"Place {number}",
                (now + starts * DAY).date(),
                (now + ends * DAY).date(),
            )

    async with database.read() as db:
        ahead = await preview_absence(db, anna, user_id=anna.user_id, from_at=now + DAY, to_at=now + 7 * DAY, zone=UTC)
        endless = await preview_absence(db, anna, user_id=anna.user_id, from_at=now, to_at=None, zone=UTC)
        with pytest.raises(NotFound):
            await preview_absence(db, anna, user_id=UUID(int=9), from_at=now, to_at=None, zone=UTC)

    assert [one.id for one in ahead.promises] == [meanwhile]
    assert (ahead.promises_count, ahead.leads_count, ahead.trips_count) == (1, 1, 1)
    assert ahead.trips[0].destination == "Place 1"
    assert (endless.promises_count, endless.trips_count) == (2, 2)


async def test_an_absence_moves_nothing_unless_it_is_handed_over(database: Database) -> None:
    now = await clock(database)
    anna, boris = await viewer(database, "anna"), await viewer(database, "boris")
    client = await add_client(database, "Aigerim", phone="+77010000001", owner=anna.user_id)
    meanwhile = await promise(database, anna, 2 * DAY, client)
    afterwards = await promise(database, anna, 9 * DAY, client)

    quiet = await away(database, anna, now + DAY, now + 7 * DAY)
    assert await owner_of(database, meanwhile) == anna.user_id

    async with database.begin() as tx:
        await absences.end(tx, anna, quiet)
    await away(database, anna, now + DAY, now + 7 * DAY, hand_over={"to": str(boris.user_id)})

    assert await owner_of(database, meanwhile) == boris.user_id
    assert await owner_of(database, afterwards) == anna.user_id


async def test_who_is_back_is_back_at_once_and_whoever_gives_work_out_is_woken(database: Database) -> None:
    now = await clock(database)
    anna = await viewer(database, "anna")
    lead = await viewer(database, "lead", Role.SUPERVISOR)
    ill = await away(database, anna, now - DAY, kind="sick")
    planned = await away(database, anna, now - 9 * DAY, now - 8 * DAY)
    assert (await person(database, lead, anna.user_id)).absence is not None

    async with database.begin() as tx:
        await absences.end(tx, anna, ill)

    assert ELIGIBLE in tx.topics
    assert (await person(database, lead, anna.user_id)).absence is None
    for over in (ill, planned):
        with pytest.raises(AbsenceOver):
            async with database.begin() as tx:
                await absences.change(tx, anna, over, AbsencePatch(note="Late"))


async def test_an_absence_becomes_longer_or_is_forgotten(database: Database) -> None:
    now = await clock(database)
    anna = await viewer(database, "anna")
    planned = await away(database, anna, now + DAY, now + 2 * DAY, note="Sea")

    async with database.begin() as tx:
        await absences.change(tx, anna, planned, AbsencePatch(to_at=None))
    async with database.read() as db:
        seen = await get_absence(db, planned)
    assert (seen.to_at, seen.note, seen.kind) == (None, "Sea", "vacation")

    async with database.begin() as tx:
        await absences.end(tx, anna, planned)
    assert await seen_by(database, anna) == []


async def test_people_are_seen_with_what_they_carry(database: Database) -> None:
    lead = await viewer(database, "lead", Role.SUPERVISOR)
    anna = await viewer(database, "anna")
    await viewer(database, "stranger", team="South")
    client = await add_client(database, "Aigerim", phone="+77010000001", owner=anna.user_id)
    await promise(database, anna, HOUR, client)
    await promise(database, anna, DAY, client)
    async with database.begin() as tx:
        await tx.execute(
            "UPDATE callbacks SET due_at = now() - interval '1 minute' WHERE due_at < now() + $1", 2 * HOUR
        )
        await tx.execute(
            "INSERT INTO leads (id, source, owner_id, client_id) VALUES ($1, 'site', $2, $3)",
            UUID(int=5),
            anna.user_id,
            client,
        )
        await tx.execute("UPDATE users SET skills = '{visa}', languages = '{kk}' WHERE id = $1", anna.user_id)
        await tx.execute("UPDATE lead_sources SET skills = '{hainan,visa}'")

    seen = await person(database, lead, anna.user_id)
    async with database.read() as db:
        team = (await list_people(db, lead)).items
        known = await list_skills(db)

    assert [one.login for one in team] == ["anna", "lead"]
    load = seen.load
    assert (load.active_clients, load.promises, load.late, load.leads, load.clients) == (1, 2, 1, 1, 1)
    assert (load.cap, load.warning) == (60, 50)
    assert [(one.word, one.people) for one in known.skills] == [("hainan", 0), ("visa", 1)]
    assert [one.word for one in known.languages] == ["kk"]
