"""Working hours written by an administrator, and read by everybody who is judged by them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from pydantic import ValidationError

from crm_core.actions import calendars
from crm_core.actions.calendars import CalendarIn, CalendarInUse, CalendarNameTaken, CalendarPatch
from crm_core.domain.errors import NotFound, VersionConflict
from crm_core.domain.working_time import CalendarHasNoHours, CalendarRejected, is_open
from crm_core.store.calendars import calendar_of_agent, calendar_of_team
from crm_core.store.database import Database
from crm_core.store.watch import ELIGIBLE
from crm_core.views.calendars import PeriodRejected, WorkDay, get_calendar, list_calendars, list_days
from tests.integration.test_people import add

OFFICE = [{"opens": "09:00", "closes": "18:00"}]
WORKWEEK = [OFFICE] * 5 + [[], []]


def hours(**fields: object) -> CalendarIn:
    return CalendarIn.model_validate({"name": "Office", "zone": "Asia/Almaty", "week": WORKWEEK, **fields})


def patch(**fields: object) -> CalendarPatch:
    return CalendarPatch.model_validate(fields)


async def create(db: Database, **fields: object) -> UUID:
    async with db.begin() as tx:
        return await calendars.create(tx, hours(**fields), by=UUID(int=1))


async def change(db: Database, calendar_id: UUID, **fields: object) -> set[str]:
    """What was woken by it."""
    async with db.begin() as tx:
        await calendars.change(tx, calendar_id, patch(**fields), by=UUID(int=1))
    return tx.topics


async def days(db: Database, calendar_id: UUID, since: str, until: str) -> dict[str, WorkDay]:
    async with db.read() as reader:
        found = await list_days(reader, calendar_id, since=date.fromisoformat(since), until=date.fromisoformat(until))
    return {one.day.isoformat(): one for one in found.items}


async def test_people_work_by_their_own_hours_else_by_their_teams_else_always(database: Database) -> None:
    anna = await add(database, "anna", team="North")
    boris = await add(database, "boris", team="North")
    vera = await add(database, "vera")
    almaty, moscow = await create(database), await create(database, name="Moscow", zone="Europe/Moscow")
    async with database.begin() as tx:
        team = await tx.fetchval("UPDATE teams SET calendar_id = $1 RETURNING id", almaty)
        await tx.execute("UPDATE users SET calendar_id = $2 WHERE id = $1", boris, moscow)

    async with database.read() as db:
        annas, boris_own = await calendar_of_agent(db, anna), await calendar_of_agent(db, boris)
        veras, teams = await calendar_of_agent(db, vera), await calendar_of_team(db, team)

    assert annas is not None
    assert boris_own is not None
    assert (annas.zone.key, boris_own.zone.key, veras) == ("Asia/Almaty", "Europe/Moscow", None)
    assert teams == annas


async def test_every_day_says_what_is_open_and_why(database: Database) -> None:
    own = {"2026-05-08": [{"opens": "10:00", "closes": "00:00"}]}
    office = await create(database, country="KZ", days=own)

    seen = await days(database, office, "2026-05-06", "2026-05-12")

    assert {day: (one.rule, [(span.opens, span.closes) for span in one.hours]) for day, one in seen.items()} == {
        "2026-05-06": ("week", [("09:00", "18:00")]),
        "2026-05-07": ("holiday", []),
        "2026-05-08": ("own", [("10:00", "00:00")]),
        "2026-05-09": ("holiday", []),
        "2026-05-10": ("week", []),
        "2026-05-11": ("holiday", []),  # Victory Day fell on a Saturday
    }


async def test_a_working_saturday_is_told_from_a_free_one(database: Database) -> None:
    office = await create(database, zone="Europe/Moscow", country="RU")

    seen = await days(database, office, "2024-12-28", "2024-12-29")

    assert [(one.rule, len(one.hours)) for one in seen.values()] == [("working_weekend", 1)]


async def test_a_calendar_nobody_could_work_by_is_refused(database: Database) -> None:
    closed = [[]] * 7
    overlapping = [[*OFFICE, {"opens": "17:00", "closes": "19:00"}], *WORKWEEK[1:]]

    with pytest.raises(CalendarHasNoHours):
        await create(database, week=closed)
    with pytest.raises(CalendarHasNoHours):  # it would end with its own days
        await create(database, week=closed, days={"2099-01-04": OFFICE})
    with pytest.raises(CalendarRejected):
        await create(database, week=overlapping)
    with pytest.raises(CalendarRejected):
        await create(database, days={"2026-12-31": [{"opens": "18:00", "closes": "09:00"}]})
    for fields in (
        {"zone": "Asia/Nowhere"},
        {"zone": "../etc/passwd"},
        {"country": "US"},
        {"week": WORKWEEK[:6]},
        {"days": {"tomorrow": OFFICE}},
        {"days": {"1899-01-01": OFFICE}},
        {"week": [[{"opens": "24:30", "closes": "25:00"}], *WORKWEEK[1:]]},
    ):
        with pytest.raises(ValidationError):
            hours(**fields)

    async with database.read() as db:
        assert (await list_calendars(db)).items == []


async def test_a_change_touches_what_it_names_and_wakes_whoever_gives_work_out(database: Database) -> None:
    office = await create(database, country="KZ", days={"2026-12-31": []})

    woken = await change(database, office, name="Main office", country=None)

    assert ELIGIBLE in woken
    async with database.read() as db:
        seen = await get_calendar(db, office)
    assert (seen.name, seen.country, seen.zone, list(seen.days)) == (
        "Main office",
        None,
        "Asia/Almaty",
        [date(2026, 12, 31)],
    )
    with pytest.raises(VersionConflict):
        await change(database, office, name="Yesterday's", version=1)
    with pytest.raises(CalendarHasNoHours):
        await change(database, office, week=[[]] * 7)
    with pytest.raises(NotFound):
        await change(database, UUID(int=7), name="Nobody's")


async def test_two_calendars_never_share_a_name(database: Database) -> None:
    await create(database)

    with pytest.raises(CalendarNameTaken):
        await create(database)


async def test_hours_somebody_works_by_are_not_taken_away(database: Database) -> None:
    office = await create(database)
    await add(database, "anna", team="North")
    async with database.begin() as tx:
        await tx.execute("UPDATE teams SET calendar_id = $1", office)

    with pytest.raises(CalendarInUse) as refused:
        async with database.begin() as tx:
            await calendars.remove(tx, office, by=UUID(int=1))
    assert refused.value.fields == {"teams": ["North"], "people": []}

    async with database.begin() as tx:
        await tx.execute("UPDATE teams SET calendar_id = NULL")
        await calendars.remove(tx, office, by=UUID(int=1))
    with pytest.raises(NotFound):
        async with database.read() as db:
            await get_calendar(db, office)


async def test_a_calendar_is_not_asked_for_years_at_once(database: Database) -> None:
    office = await create(database)

    for since, until in (("2026-01-02", "2026-01-02"), ("2026-01-02", "2026-01-01"), ("2026-01-01", "2036-01-01")):
        with pytest.raises(PeriodRejected):
            await days(database, office, since, until)


async def test_an_office_without_own_hours_is_open_at_night(database: Database) -> None:
    async with database.begin() as tx:
        assert is_open(await calendar_of_agent(tx, await add(database, "anna")), tx.now)
