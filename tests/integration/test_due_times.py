"""A promise is made for the moment its maker meant, whichever clock they read it from."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from crm_core.actions.due_times import ClientZoneUnknown, DueIn, due_moment
from crm_core.domain.errors import NotFound
from crm_core.domain.ids import new_id
from crm_core.domain.local_time import LocalTimeDoubled, LocalTimeMissing
from crm_core.store.database import Database
from tests.integration.desk import add_team, agent
from tests.people import add_agent, add_client

ALMATY = ZoneInfo("Asia/Almaty")


async def meant(database: Database, by: UUID, client: UUID | None = None, **local: object) -> datetime:
    given = DueIn.model_validate({"due_local": local})
    async with database.read() as db:
        return await due_moment(db, given, by=agent(by), client_id=client, company=ALMATY)


async def live_in(database: Database, client: UUID, zone: str) -> None:
    async with database.begin() as tx:
        await tx.execute("UPDATE clients SET timezone = $2 WHERE id = $1", client, zone)


async def work_by(database: Database, team: UUID, zone: str) -> None:
    async with database.begin() as tx:
        calendar = new_id(tx.now)
        await tx.execute(
            "INSERT INTO calendars (id, name, zone, week) VALUES ($1, 'ours', $2, '[[],[],[],[],[],[],[]]')",
            calendar,
            zone,
        )
        await tx.execute("UPDATE teams SET calendar_id = $2 WHERE id = $1", team, calendar)


async def test_ten_in_the_morning_is_by_the_clock_that_was_chosen(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    client = await add_client(database, "Айгерим", phone="+77011234567")
    await live_in(database, client, "America/New_York")
    ten = "2026-06-01T10:00"

    by_own = await meant(database, anna, client, time=ten)
    by_theirs = await meant(database, anna, client, time=ten, zone="client")
    by_a_place = await meant(database, anna, client, time=ten, zone="Europe/Berlin")

    assert by_own == datetime(2026, 6, 1, 5, tzinfo=UTC)
    assert by_theirs == datetime(2026, 6, 1, 14, tzinfo=UTC)
    assert by_a_place == datetime(2026, 6, 1, 8, tzinfo=UTC)


async def test_who_works_by_hours_of_another_place_reads_their_own_clock(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    team = await add_team(database, "moscow", anna)
    await work_by(database, team, "Europe/Moscow")

    assert await meant(database, anna, time="2026-06-01T10:00") == datetime(2026, 6, 1, 7, tzinfo=UTC)


async def test_an_hour_that_the_clocks_skip_is_asked_about_with_both_neighbours(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")

    with pytest.raises(LocalTimeMissing) as refused:
        await meant(database, anna, time="2026-03-29T02:30", zone="Europe/Berlin")

    shown = {name: f"{refused.value.fields[name]:%H:%M %z}" for name in ("before", "after")}
    assert shown == {"before": "01:59 +0100", "after": "03:00 +0200"}


async def test_an_hour_that_comes_twice_is_asked_about_and_the_answer_is_taken(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    doubled = {"time": "2026-10-25T02:30", "zone": "Europe/Berlin"}

    with pytest.raises(LocalTimeDoubled) as refused:
        await meant(database, anna, **doubled)
    first = await meant(database, anna, **doubled, second=False)
    second = await meant(database, anna, **doubled, second=True)

    assert (first, second) == (refused.value.fields["first"], refused.value.fields["second"])
    assert (second - first).total_seconds() == 3600


async def test_the_clock_of_a_client_must_be_known_and_theirs_to_see(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    boris = await add_agent(database, "boris", extension="1002")
    client = await add_client(database, "Айгерим", phone="+77011234567")
    tomorrow = {"time": "2026-06-01T10:00", "zone": "client"}

    with pytest.raises(ClientZoneUnknown):
        await meant(database, anna, client, **tomorrow)
    with pytest.raises(ClientZoneUnknown):
        await meant(database, anna, None, **tomorrow)

    await live_in(database, client, "America/New_York")
    async with database.begin() as tx:
        await tx.execute("UPDATE clients SET owner_id = $2 WHERE id = $1", client, boris)
    with pytest.raises(NotFound):
        await meant(database, anna, client, **tomorrow)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"due_at": "2026-06-01T10:00:00Z", "due_local": {"time": "2026-06-01T10:00"}},
        {"due_local": {"time": "2026-06-01T10:00:00Z"}},
        {"due_local": {"time": "2026-06-01T10:00", "zone": "Middle/Earth"}},
        {"due_local": {"time": "0001-01-01T00:00"}},
        {"due_local": {"time": 1748772000}},
    ],
    ids=["nothing", "both", "with an offset", "a zone of nowhere", "another age", "a number"],
)
def test_what_says_no_time_or_two_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DueIn.model_validate(given)
