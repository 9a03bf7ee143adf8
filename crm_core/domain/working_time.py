"""When a team works, and how time is counted that runs only while it does.

A calendar is written as people say it: by weekday and wall clock, in a zone,
with days of its own. Time is counted over moments, so a day of 23 or 25 hours
has as many working hours as were really worked. A team without a calendar is
always open: no hours means no limit, never "closed".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from crm_core.domain.errors import InputRejected
from crm_core.domain.local_time import first_moment
from crm_core.domain.public_holidays import public_days

#: Nobody closes for longer; a calendar with a longer hole has no hours.
LONGEST_CLOSED = timedelta(days=366)

_DAY = timedelta(days=1)
_MIDNIGHT = time(0)
_FRIDAY = 4


class CalendarRejected(InputRejected):
    """These working hours cannot be."""

    code = "calendar_rejected"


class CalendarHasNoHours(InputRejected):
    """This calendar has no working minute within a year."""

    code = "calendar_has_no_hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Open from one time to another on the same day; midnight as the end is the end of the day."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        if self.opens.tzinfo or self.closes.tzinfo:
            raise CalendarRejected("Working hours are times on the wall, without an offset.")
        if self.closes != _MIDNIGHT and self.closes <= self.opens:
            raise CalendarRejected(
                "Hours end after they begin; hours over midnight are two spans, one on each day.",
                opens=self.opens,
                closes=self.closes,
            )


#: What is open on one day, in order.
Hours = tuple[Span, ...]

#: From Monday to Sunday.
Week = tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]

CLOSED: Hours = ()
ALL_DAY: Hours = (Span(opens=_MIDNIGHT, closes=_MIDNIGHT),)


class DayRule(StrEnum):
    """What decides when a day is open."""

    OWN = "own"  # a day of the calendar's own
    HOLIDAY = "holiday"
    WORKING_WEEKEND = "working_weekend"  # a weekend day that the country works instead of another
    WEEK = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The hours of a team: ``week``, under ``days``, which have the last word.

    With a ``country`` its public holidays are closed, and a weekend day made a working one
    has the hours of Friday.
    """

    zone: ZoneInfo
    week: Week
    country: str | None = None
    days: Mapping[date, Hours] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for hours in (*self.week, *self.days.values()):
            _check_order(hours)

    def rule_on(self, day: date) -> DayRule:
        """What ``hours_on`` follows on ``day``."""
        if day in self.days:
            return DayRule.OWN
        if self.country is not None:
            public = public_days(self.country, day.year)
            if day in public.off:
                return DayRule.HOLIDAY
            if day in public.working_weekends:
                return DayRule.WORKING_WEEKEND
        return DayRule.WEEK

    def hours_on(self, day: date) -> Hours:
        """What is open on ``day``."""
        match self.rule_on(day):
            case DayRule.OWN:
                return self.days[day]
            case DayRule.HOLIDAY:
                return CLOSED
            case DayRule.WORKING_WEEKEND:
                return self.week[_FRIDAY]
            case DayRule.WEEK:
                return self.week[day.weekday()]


def is_open(calendar: Calendar | None, moment: datetime) -> bool:
    """Does the team work at ``moment``; it does at the moment of opening, and no longer at that of closing."""
    if calendar is None:
        return True
    return any(opens <= moment for opens, _ in _open_times(calendar, moment, until=moment))


def open_times(calendar: Calendar, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """When it opens and closes, in order: everything that closes after ``since`` and opens before ``until``."""
    return [times for times in _open_times(calendar, since, until=until) if times[0] < until]


def next_opening(calendar: Calendar | None, moment: datetime) -> datetime:
    """The first open moment from ``moment`` on: ``moment`` itself while open.

    Raises:
        CalendarHasNoHours: there is none within a year.
    """
    if calendar is None:
        return moment
    opens, _ = next(_open_times(calendar, moment))
    return max(opens, moment)


def add_working_time(calendar: Calendar | None, start: datetime, span: timedelta) -> datetime:
    """The moment at which ``span`` of working time has passed since ``start``.

    A start outside working hours counts from the next opening. What ends exactly at closing ends
    then, not the next morning; and no time at all has passed at ``start``.

    Raises:
        CalendarHasNoHours: there is no working minute within a year on the way.
    """
    if span < timedelta():
        raise ValueError("Time is only counted forward.")
    # Within one zone Python counts on the wall, in UTC it counts what passes.
    start = start.astimezone(UTC)
    if calendar is None or not span:
        return start + span
    left = span
    for opens, closes in _open_times(calendar, start):
        begins = max(opens, start)
        if left <= closes - begins:
            return begins + left
        left -= closes - begins
    raise AssertionError("open times do not end")


def working_time_between(calendar: Calendar | None, start: datetime, end: datetime) -> timedelta:
    """The working time from ``start`` to ``end``; none when ``end`` lies before. Undoes ``add_working_time``."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if calendar is None or end <= start:
        return max(end - start, timedelta())
    open_times = _open_times(calendar, start, until=end)
    return sum((max(min(closes, end) - max(opens, start), timedelta()) for opens, closes in open_times), timedelta())


def _open_times(
    calendar: Calendar, since: datetime, *, until: datetime | None = None
) -> Iterator[tuple[datetime, datetime]]:
    """When it opens and closes, in order: all that closes after ``since``, up to ``until`` or without end.

    Raises:
        CalendarHasNoHours: without ``until``, nothing opens for a year.
    """
    # Clocks that are set back over midnight show yesterday once more.
    day = since.astimezone(calendar.zone).date() - _DAY
    last_day = until.astimezone(calendar.zone).date() + _DAY if until else date.max
    closed_since = day
    while day <= last_day:
        for span in calendar.hours_on(day):
            opens, closes = _moments(span, day, calendar.zone)
            if closes > max(opens, since):
                yield opens, closes
                closed_since = day
        if until is None and day - closed_since > LONGEST_CLOSED:
            raise CalendarHasNoHours(since=closed_since)
        day += _DAY


def _moments(span: Span, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    last_day = day + _DAY if span.closes == _MIDNIGHT else day
    opens = first_moment(datetime.combine(day, span.opens), zone)
    return opens, first_moment(datetime.combine(last_day, span.closes), zone)


def _check_order(hours: Hours) -> None:
    for earlier, later in pairwise(hours):
        if earlier.closes == _MIDNIGHT or later.opens < earlier.closes:
            raise CalendarRejected("The hours of a day overlap or are out of order.", opens=later.opens)
