"""Working hours: written down, corrected, taken away.

A calendar without a working minute is refused, because a deadline counted by it
would never come; so is taking away one that somebody works by, because no hours
means always open. Deadlines that were counted already stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from pydantic import Field, StringConstraints

from crm_core.actions import audit
from crm_core.domain.errors import DecisionRefused, NotFound, VersionConflict
from crm_core.domain.ids import new_id
from crm_core.domain.working_time import Calendar, Hours, Span, Week, next_opening
from crm_core.inputs import InputModel, TimezoneName, Word, unchanged
from crm_core.store.calendars import calendar_from_row, stored_days, stored_week
from crm_core.store.database import Transaction, to_json
from crm_core.store.watch import ELIGIBLE

_INSERT = """
INSERT INTO calendars (id, name, zone, country, week, days)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_LOCK = """
SELECT name, zone, country, week, days, version
FROM calendars
WHERE id = $1
FOR UPDATE
"""  # the whole row: nobody may begin to work by a calendar that is being taken away

_SAVE = """
UPDATE calendars
SET name = $2, zone = $3, country = $4, week = $5, days = $6, version = version + 1
WHERE id = $1
"""

_REMOVE = """
DELETE FROM calendars
WHERE id = $1
"""

_FIND_USERS = """
SELECT ARRAY(SELECT name FROM teams WHERE calendar_id = $1 ORDER BY name) AS teams,
       ARRAY(SELECT name FROM users WHERE calendar_id = $1 AND enabled ORDER BY name) AS people
"""

_DAY = timedelta(days=1)


class CalendarNameTaken(DecisionRefused):
    """Another calendar already has this name."""

    code = "calendar_name_taken"


class CalendarInUse(DecisionRefused):
    """Somebody works by this calendar; give them another one first."""

    code = "calendar_in_use"


#: On a clock on the wall.
WallTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
#: Days that a person writes down, near enough to be meant.
CalendarDay = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]


class SpanIn(InputModel):
    """Open from one time to another; ``00:00`` as the end is midnight, the end of the day."""

    opens: WallTime
    closes: WallTime

    def as_span(self) -> Span:
        return Span(opens=time.fromisoformat(self.opens), closes=time.fromisoformat(self.closes))


HoursIn = Annotated[list[SpanIn], Field(max_length=12)]
WeekIn = Annotated[list[HoursIn], Field(min_length=7, max_length=7)]
DaysIn = Annotated[dict[CalendarDay, HoursIn], Field(max_length=400)]


class CalendarIn(InputModel):
    """Hours by weekday, from Monday to Sunday; an empty day is closed.

    ``country``: its public holidays are closed and its working weekends have the hours of Friday.
    ``days`` have the last word.
    """

    name: Word
    zone: TimezoneName
    country: Literal["KZ", "RU"] | None = None
    week: WeekIn
    days: Annotated[DaysIn, Field(default_factory=dict)]


class CalendarPatch(InputModel):
    """Only what shall change; with ``version`` it is refused when somebody else was faster."""

    name: Word = unchanged()
    zone: TimezoneName = unchanged()
    country: Literal["KZ", "RU"] | None = None
    week: WeekIn = unchanged()
    days: DaysIn = unchanged()
    version: int = unchanged()


async def create(tx: Transaction, given: CalendarIn, *, by: UUID) -> UUID:
    """Write a calendar down.

    Raises:
        CalendarNameTaken: there is one of this name.
        CalendarRejected, CalendarHasNoHours: nobody can work by it.
    """
    calendar = Calendar(
        zone=ZoneInfo(given.zone),
        week=_week(given.week),
        country=given.country,
        days=_days(given.days),
    )
    _check_hours(calendar, tx.now)
    calendar_id = new_id(tx.now)
    await _write(tx, _INSERT, calendar_id, given.name, calendar)
    await audit.write(tx, "calendar.added", by=by, subject_kind="calendar", subject_id=calendar_id)
    return calendar_id


async def change(tx: Transaction, calendar_id: UUID, given: CalendarPatch, *, by: UUID) -> None:
    """Change what is named; who waits for somebody to be at work is looked at again.

    Raises:
        NotFound: there is none.
        VersionConflict: it is not the one that was edited.
        CalendarNameTaken, CalendarRejected, CalendarHasNoHours: it cannot be so.
    """
    row = await tx.fetchrow(_LOCK, calendar_id)
    if row is None:
        raise NotFound
    named = given.model_fields_set
    if "version" in named and given.version != row["version"]:
        raise VersionConflict(version=row["version"])
    stored = calendar_from_row(row["zone"], row["country"], row["week"], row["days"])
    calendar = Calendar(
        zone=ZoneInfo(given.zone) if "zone" in named else stored.zone,
        week=_week(given.week) if "week" in named else stored.week,
        country=given.country if "country" in named else stored.country,
        days=_days(given.days) if "days" in named else stored.days,
    )
    _check_hours(calendar, tx.now)
    await _write(tx, _SAVE, calendar_id, given.name if "name" in named else row["name"], calendar)
    changed = sorted(named - {"version"})
    await audit.write(
        tx, "calendar.changed", by=by, subject_kind="calendar", subject_id=calendar_id, details={"changed": changed}
    )
    tx.wake(ELIGIBLE)


async def remove(tx: Transaction, calendar_id: UUID, *, by: UUID) -> None:
    """Take away a calendar nobody works by.

    Raises:
        NotFound: there is none.
        CalendarInUse: a team or a person has these hours.
    """
    if await tx.fetchrow(_LOCK, calendar_id) is None:
        raise NotFound
    users = await tx.fetchrow(_FIND_USERS, calendar_id)
    assert users is not None
    if users["teams"] or users["people"]:
        raise CalendarInUse(teams=users["teams"], people=users["people"])
    await tx.execute(_REMOVE, calendar_id)
    await audit.write(tx, "calendar.removed", by=by, subject_kind="calendar", subject_id=calendar_id)


def _check_hours(calendar: Calendar, now: datetime) -> None:
    """Open now or soon, and still after the last of its own days."""
    next_opening(calendar, now)
    if calendar.days:
        after = datetime.combine(max(calendar.days) + _DAY, time(0), UTC)
        next_opening(calendar, max(after, now))


async def _write(tx: Transaction, sql: str, calendar_id: UUID, name: str, calendar: Calendar) -> None:
    week, days = to_json(stored_week(calendar.week)), to_json(stored_days(calendar.days))
    try:
        await tx.execute(sql, calendar_id, name, calendar.zone.key, calendar.country, week, days)
    except asyncpg.UniqueViolationError as error:
        raise CalendarNameTaken(name=name) from error


def _week(week: WeekIn) -> Week:
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = map(_hours, week)
    return monday, tuesday, wednesday, thursday, friday, saturday, sunday


def _days(days: Mapping[date, HoursIn]) -> dict[date, Hours]:
    return {day: _hours(hours) for day, hours in days.items()}


def _hours(spans: HoursIn) -> Hours:
    return tuple(span.as_span() for span in spans)
