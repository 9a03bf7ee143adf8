"""Working hours as they are stored, and whose they are.

A person works by their own calendar, else by their team's, else always. What is
stored was checked when it was written (:mod:`crm_core.actions.calendars`), so a
row that cannot be read is a bug and not an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_core.domain.working_time import Calendar, Hours, Span, Week
from crm_core.store.database import Reader, Record
from crm_core.store.ids import AMONG_FIRST, as_ids

#: A span as it is stored: ``["09:00", "18:00"]``.
StoredSpan = Sequence[str]

_OF_TEAM = """
SELECT calendar.zone, calendar.country, calendar.week, calendar.days
FROM teams team
JOIN calendars calendar ON calendar.id = team.calendar_id
WHERE team.id = $1
"""

_OF_QUEUE = """
SELECT calendar.zone, calendar.country, calendar.week, calendar.days
FROM queues queue
JOIN teams team ON team.id = queue.team_id
JOIN calendars calendar ON calendar.id = team.calendar_id
WHERE queue.name = $1
"""

_OF_AGENTS = f"""
SELECT person.id AS user_id, calendar.zone, calendar.country, calendar.week, calendar.days
FROM users person
LEFT JOIN teams team ON team.id = person.team_id
JOIN calendars calendar ON calendar.id = COALESCE(person.calendar_id, team.calendar_id)
WHERE person.id = {AMONG_FIRST}
"""  # noqa: S608


async def calendar_of_owner(db: Reader, agent_id: UUID | None, queue: str | None = None) -> Calendar | None:
    """When whoever owes a promise works: the person, else the team of the queue; None: always."""
    if agent_id is not None:
        return await calendar_of_agent(db, agent_id)
    row = await db.fetchrow(_OF_QUEUE, queue)
    return _calendar(row) if row is not None else None


async def calendar_of_team(db: Reader, team_id: UUID) -> Calendar | None:
    """When this team works; None: always."""
    row = await db.fetchrow(_OF_TEAM, team_id)
    return _calendar(row) if row is not None else None


async def calendar_of_agent(db: Reader, user_id: UUID) -> Calendar | None:
    """When this person works; None: always."""
    return (await calendars_of_agents(db, [user_id])).get(user_id)


async def calendars_of_agents(db: Reader, user_ids: Iterable[UUID]) -> dict[UUID, Calendar]:
    """When each of these people works; who is not in it works always."""
    return {row["user_id"]: _calendar(row) for row in await db.fetch(_OF_AGENTS, as_ids(user_ids))}


def calendar_from_row(
    zone: str,
    country: str | None,
    week: Sequence[Sequence[StoredSpan]],
    days: Mapping[str, Sequence[StoredSpan]],
) -> Calendar:
    """The calendar of one row of ``calendars``."""
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = map(_hours, week)
    return Calendar(
        zone=ZoneInfo(zone),
        week=(monday, tuesday, wednesday, thursday, friday, saturday, sunday),
        country=country,
        days={date.fromisoformat(day): _hours(spans) for day, spans in days.items()},
    )


def stored_week(week: Week) -> list[list[list[str]]]:
    """What ``calendar_from_row`` reads as ``week``."""
    return [_stored_hours(hours) for hours in week]


def stored_days(days: Mapping[date, Hours]) -> dict[str, list[list[str]]]:
    """What ``calendar_from_row`` reads as ``days``."""
    return {day.isoformat(): _stored_hours(hours) for day, hours in sorted(days.items())}


def _calendar(row: Record) -> Calendar:
    return calendar_from_row(row["zone"], row["country"], row["week"], row["days"])


def _hours(spans: Sequence[StoredSpan]) -> Hours:
    return tuple(Span(opens=_time(opens), closes=_time(closes)) for opens, closes in spans)


def _stored_hours(hours: Hours) -> list[list[str]]:
    return [[f"{span.opens:%H:%M}", f"{span.closes:%H:%M}"] for span in hours]


def _time(text: str) -> time:
    return time.fromisoformat(text)
