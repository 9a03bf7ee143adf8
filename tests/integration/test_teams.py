"""Teams: their rules as an administrator writes them, and what is not lost when one is dissolved."""

from __future__ import annotations

from uuid import UUID

import pytest
from pydantic import ValidationError

from crm_core.actions import teams
from crm_core.actions.teams import CalendarUnknown, TeamIn, TeamNameTaken, TeamNotEmpty, TeamPatch, WarningAboveCap
from crm_core.domain.errors import NotFound, VersionConflict
from crm_core.store.database import Database
from crm_core.store.watch import ELIGIBLE
from crm_core.views.teams import TeamRules, get_team, list_teams
from tests.integration.test_calendars import create as create_calendar
from tests.integration.test_people import add

BOSS = UUID(int=1)


async def found(db: Database, name: str = "North", **rules: object) -> UUID:
    async with db.begin() as tx:
        return await teams.create(tx, TeamIn.model_validate({"name": name, **rules}), by=BOSS)


async def change(db: Database, team_id: UUID, **rules: object) -> set[str]:
    """What was woken by it."""
    async with db.begin() as tx:
        await teams.change(tx, team_id, TeamPatch.model_validate(rules), by=BOSS)
    return tx.topics


async def team(db: Database, team_id: UUID) -> TeamRules:
    async with db.read() as reader:
        return await get_team(reader, team_id)


async def test_a_team_begins_with_the_usual_rules_and_keeps_what_is_not_changed(database: Database) -> None:
    office = await create_calendar(database)
    north = await found(database)
    await add(database, "anna", team="North")

    woken = await change(database, north, calendar_id=str(office), strategy="round_robin", hourly_cap=5)

    seen = await team(database, north)
    assert ELIGIBLE in woken
    assert (seen.calendar, seen.strategy, seen.hourly_cap) == ("Office", "round_robin", 5)
    assert (seen.load_cap, seen.load_warning, seen.long_pause_s, seen.accept_within_s) == (60, 50, 600, 300)
    assert (seen.people, seen.version) == (1, 2)


async def test_rules_nobody_could_work_under_are_refused(database: Database) -> None:
    north = await found(database)

    with pytest.raises(WarningAboveCap):
        await change(database, north, load_cap=40)
    with pytest.raises(CalendarUnknown):
        await change(database, north, calendar_id=str(UUID(int=9)))
    with pytest.raises(VersionConflict):
        await change(database, north, name="South", version=7)
    with pytest.raises(TeamNameTaken):
        await found(database)
    with pytest.raises(NotFound):
        await change(database, UUID(int=9), name="South")
    for rules in (
        {"load_cap": 0},
        {"hourly_cap": 0},
        {"long_pause_s": -1},
        {"accept_within_s": 5},
        {"strategy": "dice"},
    ):
        with pytest.raises(ValidationError):
            TeamPatch.model_validate(rules)

    assert (await team(database, north)).version == 1


async def test_a_team_that_is_renamed_keeps_its_policies(database: Database) -> None:
    north = await found(database)
    async with database.begin() as tx:
        await tx.execute("""UPDATE callback_policies SET rule = jsonb_set(rule, '{team}', '"North"')""")

    await change(database, north, name="Far North")

    async with database.read() as db:
        named = await db.fetch("SELECT DISTINCT rule->>'team' AS team FROM callback_policies")
    assert [row["team"] for row in named] == ["Far North"]


async def test_a_team_is_dissolved_only_when_nothing_belongs_to_it(database: Database) -> None:
    north = await found(database)
    anna = await add(database, "anna", team="North", queues=["sales"])
    async with database.begin() as tx:
        await tx.execute("UPDATE queues SET team_id = $1 WHERE name = 'sales'", north)
        await tx.execute("INSERT INTO leads (id, source, owner_id) VALUES ($1, 'site', $2)", UUID(int=5), anna)

    with pytest.raises(TeamNotEmpty) as refused:
        async with database.begin() as tx:
            await teams.dissolve(tx, north, by=BOSS)

    left = {name: value for name, value in refused.value.fields.items() if value}
    assert left == {"people": 1, "leads": 1, "queues": ["sales"]}
    async with database.read() as db:
        assert await db.fetchval("SELECT team_id FROM users WHERE id = $1", anna) == north


async def test_an_empty_team_goes(database: Database) -> None:
    north = await found(database)

    async with database.begin() as tx:
        await teams.dissolve(tx, north, by=BOSS)

    async with database.read() as db:
        assert (await list_teams(db)).items == []
