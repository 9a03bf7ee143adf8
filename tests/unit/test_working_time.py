"""Working time: hours, holidays, changes of the clocks, and counting over all of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.public_holidays import CountryUnknown, public_days
from crm_core.domain.working_time import (
    ALL_DAY,
    CLOSED,
    Calendar,
    CalendarHasNoHours,
    CalendarRejected,
    Hours,
    Span,
    add_working_time,
    is_open,
    next_opening,
    working_time_between,
)

ALMATY = ZoneInfo("Asia/Almaty")
BERLIN = ZoneInfo("Europe/Berlin")

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)


def hours(*spans: str) -> Hours:
    """``hours("09:00-13:00", "14:00-24:00")``."""
    return tuple(_span(*span.split("-")) for span in spans)


def _span(opens: str, closes: str) -> Span:
    return Span(opens=time.fromisoformat(opens), closes=time.fromisoformat("00:00" if closes == "24:00" else closes))


NINE_TO_SIX = hours("09:00-18:00")
WITH_LUNCH = hours("09:00-13:00", "14:00-18:00")


def calendar(
    workday: Hours = NINE_TO_SIX,
    *,
    saturday: Hours = CLOSED,
    sunday: Hours = CLOSED,
    zone: ZoneInfo = ALMATY,
    country: str | None = None,
    days: dict[date, Hours] | None = None,
) -> Calendar:
    week = (workday, workday, workday, workday, workday, saturday, sunday)
    return Calendar(zone=zone, week=week, country=country, days=days or {})


def at(shown: str, zone: ZoneInfo = ALMATY, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(shown).replace(tzinfo=zone, fold=fold).astimezone(UTC)


AROUND_THE_CLOCK = calendar(ALL_DAY, saturday=ALL_DAY, sunday=ALL_DAY)


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        ("2026-11-20 08:59:59.999999", False),
        ("2026-11-20 09:00", True),
        ("2026-11-20 12:59:59", True),
        ("2026-11-20 13:00", False),
        ("2026-11-20 14:00", True),
        ("2026-11-20 17:59:59.999999", True),
        ("2026-11-20 18:00", False),
        ("2026-11-21 12:00", False),  # a Saturday
    ],
)
def test_open_from_the_moment_of_opening_to_that_of_closing(moment: str, opened: bool) -> None:
    assert is_open(calendar(WITH_LUNCH), at(moment)) is opened


def test_without_hours_always_open() -> None:
    night = at("2026-11-21 03:00")

    assert is_open(None, night)
    assert next_opening(None, night) == night
    assert add_working_time(None, night, HOUR) == night + HOUR
    assert working_time_between(None, night, night + HOUR) == HOUR


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-11-20 10:00", HOUR, "2026-11-20 11:00"),
        ("2026-11-20 12:30", HOUR, "2026-11-20 14:30"),  # over lunch
        ("2026-11-20 17:00", HOUR, "2026-11-20 18:00"),  # exactly at closing: then, not on Monday
        ("2026-11-20 17:55", 10 * MINUTE, "2026-11-23 09:05"),  # over the weekend
        ("2026-11-21 12:00", 10 * MINUTE, "2026-11-23 09:10"),  # counts from the next opening
        ("2026-11-20 18:00", 10 * MINUTE, "2026-11-23 09:10"),
        ("2026-11-20 09:00", 16 * HOUR, "2026-11-23 18:00"),  # two working days
        ("2026-11-21 12:00", timedelta(), "2026-11-21 12:00"),  # no time at all has passed already
    ],
)
def test_working_time_passes_only_in_working_hours(start: str, span: timedelta, end: str) -> None:
    assert add_working_time(calendar(WITH_LUNCH), at(start), span) == at(end)
    assert working_time_between(calendar(WITH_LUNCH), at(start), at(end)) == span


def test_the_extra_hour_of_almaty_is_worked_like_any_other() -> None:
    night = calendar(hours("20:00-24:00"), saturday=CLOSED)

    worked = working_time_between(night, at("2024-02-29 20:00"), at("2024-03-01 00:00"))

    assert worked == 5 * HOUR
    assert is_open(night, at("2024-02-29 23:30"))
    assert is_open(night, at("2024-02-29 23:30", fold=1))
    assert add_working_time(night, at("2024-02-29 22:30"), HOUR) == at("2024-02-29 23:30")
    assert add_working_time(night, at("2024-02-29 22:30"), 2 * HOUR) == at("2024-02-29 23:30", fold=1)


def test_a_day_around_the_clock_has_the_hours_the_clocks_give_it() -> None:
    twenty_five = working_time_between(AROUND_THE_CLOCK, at("2024-02-29 00:00"), at("2024-03-01 00:00"))
    berlin = calendar(ALL_DAY, saturday=ALL_DAY, sunday=ALL_DAY, zone=BERLIN)
    spring = working_time_between(berlin, at("2026-03-29 00:00", BERLIN), at("2026-03-30 00:00", BERLIN))
    autumn = working_time_between(berlin, at("2026-10-25 00:00", BERLIN), at("2026-10-26 00:00", BERLIN))

    assert (twenty_five, spring, autumn) == (25 * HOUR, 23 * HOUR, 25 * HOUR)


@pytest.mark.parametrize(
    ("span", "day", "worked"),
    [
        ("01:00-04:00", "2026-03-29", 2 * HOUR),
        ("02:15-02:45", "2026-03-29", timedelta()),  # wholly in the missing hour
        ("02:30-04:00", "2026-03-29", HOUR),  # opens at the moment of the change
        ("01:00-02:30", "2026-03-29", HOUR),  # closes at the moment of the change
        ("01:00-04:00", "2026-10-25", 4 * HOUR),
        ("02:30-04:00", "2026-10-25", 2.5 * HOUR),  # people come when the clock shows it first
        ("01:00-02:30", "2026-10-25", 1.5 * HOUR),  # and go home when it shows it first
    ],
)
def test_night_hours_of_berlin_on_the_days_of_change(span: str, day: str, worked: timedelta) -> None:
    night = calendar(sunday=hours(span), zone=BERLIN)
    midnight = at(f"{day} 00:00", BERLIN)

    assert working_time_between(night, midnight, midnight + 20 * HOUR) == worked


@pytest.mark.parametrize(
    ("country", "day", "works"),
    [
        ("KZ", "2026-03-23", False),  # Nauryz
        ("KZ", "2026-03-24", False),  # for the Nauryz day that fell on a Saturday
        ("KZ", "2024-05-04", True),  # a Saturday worked for the Wednesday after it
        ("KZ", "2024-05-08", False),
        ("KZ", "2026-02-23", True),  # a holiday of the neighbours
        ("RU", "2026-02-23", False),
        ("RU", "2025-11-01", True),  # a Saturday worked for the Monday after it
        ("RU", "2025-11-03", False),
        ("RU", "2026-01-09", False),  # moved from a Saturday
        ("RU", "2026-03-21", False),  # an ordinary Saturday
    ],
)
def test_public_holidays_and_moved_days(country: str, day: str, works: bool) -> None:
    assert is_open(calendar(country=country), at(f"{day} 12:00")) is works


def test_the_company_has_the_last_word_over_the_decree() -> None:
    nauryz, friday = date(2026, 3, 23), date(2026, 11, 20)

    ours = calendar(country="KZ", days={nauryz: hours("10:00-14:00"), friday: CLOSED})

    assert is_open(ours, at("2026-03-23 10:00"))
    assert not is_open(ours, at("2026-03-23 15:00"))
    assert not is_open(ours, at("2026-11-20 12:00"))


def test_a_weekend_day_is_only_a_moved_one_in_its_own_year() -> None:
    assert public_days("KZ", 2026).working_weekends == frozenset()
    assert date(2025, 1, 5) in public_days("KZ", 2025).working_weekends


def test_a_country_whose_holidays_nobody_knows_is_refused() -> None:
    with pytest.raises(CountryUnknown):
        public_days("ZZ", 2026)


@pytest.mark.parametrize(
    "spans", [("18:00-09:00",), ("09:00-09:00",), ("09:00-13:00", "12:00-18:00"), ("09:00-24:00", "10:00-12:00")]
)
def test_hours_that_cannot_be_are_refused(spans: tuple[str, ...]) -> None:
    with pytest.raises(CalendarRejected):
        calendar(hours(*spans))


def test_a_calendar_without_a_minute_of_work_is_said_to_have_none() -> None:
    never = calendar(CLOSED)
    noon = at("2026-11-20 12:00")

    with pytest.raises(CalendarHasNoHours):
        next_opening(never, noon)
    with pytest.raises(CalendarHasNoHours):
        add_working_time(never, noon, MINUTE)
    assert not is_open(never, noon)
    assert working_time_between(never, noon, noon + timedelta(days=800)) == timedelta()


def test_a_long_season_of_rest_is_not_the_end() -> None:
    summer = calendar(CLOSED, days={date(2027, 6, 1): NINE_TO_SIX})

    assert next_opening(summer, at("2026-11-20 12:00")) == at("2027-06-01 09:00")


times = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
days_of_spans = st.lists(times, max_size=4, unique=True).map(
    lambda marks: tuple(
        Span(opens=opens, closes=closes) for opens, closes in zip(sorted(marks)[::2], sorted(marks)[1::2], strict=False)
    )
)
calendars = st.builds(
    lambda week, zone, country: Calendar(
        zone=ZoneInfo(zone),
        week=(hours("22:00-24:00"), *week),  # some hour of some day
        country=country,
    ),
    st.tuples(*[days_of_spans] * 6),
    st.sampled_from(["Asia/Almaty", "Europe/Berlin", "Africa/Cairo", "Europe/Moscow"]),
    st.sampled_from([None, "KZ", "RU"]),
)
#: Around the changes of the clocks, and anywhere.
starts = st.one_of(
    st.sampled_from([at("2024-02-28 12:00"), at("2026-03-28 12:00"), at("2026-10-24 12:00")]),
    st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: at("2024-01-01 00:00") + minutes * MINUTE),
)
spans = st.timedeltas(timedelta(), timedelta(hours=30))


@given(calendars, starts, spans)
def test_what_was_added_is_what_lies_between(ours: Calendar, start: datetime, span: timedelta) -> None:
    end = add_working_time(ours, start, span)

    assert working_time_between(ours, start, end) == span


@given(calendars, starts, spans, spans)
def test_time_added_in_two_parts_ends_at_the_same_moment(
    ours: Calendar, start: datetime, one: timedelta, other: timedelta
) -> None:
    in_parts = add_working_time(ours, add_working_time(ours, start, one), other)

    assert in_parts == add_working_time(ours, start, one + other)


@given(calendars, starts, starts, spans)
def test_who_starts_later_ends_no_earlier(ours: Calendar, one: datetime, other: datetime, span: timedelta) -> None:
    earlier, later = sorted([one, other])

    assert add_working_time(ours, earlier, span) <= add_working_time(ours, later, span) or not span


@given(calendars, starts, spans.filter(bool))
def test_work_ends_while_it_is_open_or_at_closing(ours: Calendar, start: datetime, span: timedelta) -> None:
    end = add_working_time(ours, start, span)

    assert is_open(ours, end - TICK)
    assert next_opening(ours, start) < end


@given(calendars, starts)
def test_it_is_open_exactly_when_the_next_opening_is_now(ours: Calendar, moment: datetime) -> None:
    assert is_open(ours, moment) is (next_opening(ours, moment) == moment)
