"""Working hours as people read them: the week, the days of their own, and what any day really is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from crm_core.domain.errors import InputRejected, NotFound
from crm_core.domain.working_time import DayRule, Hours
from crm_core.store.calendars import calendar_from_row
from crm_core.store.database import Reader, Record
from crm_core.views.model import WireModel
from crm_core.views.paging import Page

#: More than a year at once nobody reads.
LONGEST = timedelta(days=400)

_SELECT = """
SELECT calendar.id, calendar.name, calendar.zone, calendar.country, calendar.week, calendar.days, calendar.version,
       ARRAY(SELECT team.name FROM teams team WHERE team.calendar_id = calendar.id ORDER BY team.name) AS teams,
       (SELECT count(*) FROM users person WHERE person.calendar_id = calendar.id AND person.enabled) AS people
FROM calendars calendar
"""

_LIST = f"{_SELECT} ORDER BY lower(calendar.name)"

_GET = f"{_SELECT} WHERE calendar.id = $1"


class PeriodRejected(InputRejected):
    """The days end before they begin, or are too many."""

    code = "period_rejected"


class OpenSpan(WireModel):
    """``00:00`` as the end is midnight, the end of the day."""

    opens: str
    closes: str


class WorkCalendar(WireModel):
    """Hours by weekday, from Monday to Sunday, under ``days``; whose they are.

    ``people``: how many have it as their own, beside the teams.
    """

    id: UUID
    name: str
    zone: str
    country: str | None
    week: list[list[OpenSpan]]
    days: dict[date, list[OpenSpan]]
    version: int
    teams: list[str]
    people: int


class WorkDay(WireModel):
    """What is open on one day, and what decides it."""

    day: date
    hours: list[OpenSpan]
    rule: DayRule


class WorkDays(WireModel):
    """The days of a period, in order."""

    items: list[WorkDay]


async def list_calendars(db: Reader) -> Page[WorkCalendar]:
    """By name, all on one page."""
    return Page[WorkCalendar](items=[_calendar(row) for row in await db.fetch(_LIST)], next=None)


async def get_calendar(db: Reader, calendar_id: UUID) -> WorkCalendar:
    """One of them.

    Raises:
        NotFound: there is none.
    """
    return _calendar(await _row(db, calendar_id))


async def list_days(db: Reader, calendar_id: UUID, *, since: date, until: date) -> WorkDays:
    """What is open on each day from ``since``, before ``until``.

    Raises:
        NotFound: there is no such calendar.
        PeriodRejected: these are no days, or too many.
    """
    if not timedelta() < until - since <= LONGEST:
        raise PeriodRejected(longest_days=LONGEST.days)
    row = await _row(db, calendar_id)
    calendar = calendar_from_row(row["zone"], row["country"], row["week"], row["days"])
    days = [since + timedelta(days=offset) for offset in range((until - since).days)]
    return WorkDays(
        items=[WorkDay(day=day, hours=_hours(calendar.hours_on(day)), rule=calendar.rule_on(day)) for day in days]
    )


async def _row(db: Reader, calendar_id: UUID) -> Record:
    row = await db.fetchrow(_GET, calendar_id)
    if row is None:
        raise NotFound
    return row


def _calendar(row: Record) -> WorkCalendar:
    return WorkCalendar.model_validate(
        {
            **dict(row),
            "week": [_stored(spans) for spans in row["week"]],
            "days": {day: _stored(spans) for day, spans in row["days"].items()},
        }
    )


def _stored(spans: Sequence[Sequence[str]]) -> list[OpenSpan]:
    return [OpenSpan(opens=opens, closes=closes) for opens, closes in spans]


def _hours(hours: Hours) -> list[OpenSpan]:
    return [OpenSpan(opens=f"{span.opens:%H:%M}", closes=f"{span.closes:%H:%M}") for span in hours]
