"""When somebody is there, as the calendar of the queue's team says."""

from __future__ import annotations

from datetime import UTC, datetime

from crm_core.domain.ids import new_id
from crm_core.store.database import Database, to_json
from crm_core.views.webchat import ChatHours, chat_hours

ALMATY = "Asia/Almaty"  # five hours before Greenwich
NOON = datetime(2026, 11, 23, 7, tzinfo=UTC)
EVENING = datetime(2026, 11, 23, 16, tzinfo=UTC)


async def hours_at(database: Database, now: datetime) -> ChatHours:
    async with database.read() as db:
        return await chat_hours(db, "sales", zone=ALMATY, now=now)


async def test_a_chat_says_until_when_somebody_is_there_and_when_they_come_again(database: Database) -> None:
    assert await hours_at(database, EVENING) == ChatHours(open=True, zone=ALMATY)

    async with database.begin() as tx:
        calendar, team = new_id(tx.now), new_id(tx.now)
        week = [[["09:00", "13:00"], ["13:00", "19:00"]]] * 5 + [[], []]
        await tx.execute(
            "INSERT INTO calendars (id, name, zone, week) VALUES ($1, 'Office', $2, $3::jsonb)",
            calendar,
            ALMATY,
            to_json(week),
        )
        await tx.execute("INSERT INTO teams (id, name, calendar_id) VALUES ($1, 'Sales', $2)", team, calendar)
        await tx.execute("INSERT INTO queues (name, titles, team_id) VALUES ('sales', '{}', $1)", team)

    noon, evening = await hours_at(database, NOON), await hours_at(database, EVENING)
    assert (noon.open, noon.until) == (True, datetime(2026, 11, 23, 14, tzinfo=UTC))
    assert (evening.open, evening.opens) == (False, datetime(2026, 11, 24, 4, tzinfo=UTC))
