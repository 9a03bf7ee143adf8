"""A row of calendars and the calendar it stands for."""

from __future__ import annotations

from datetime import date, time
from zoneinfo import ZoneInfo

from crm_core.domain.working_time import ALL_DAY, CLOSED, Calendar, Span
from crm_core.store.calendars import calendar_from_row, stored_days, stored_week

OFFICE = (Span(opens=time(9), closes=time(13)), Span(opens=time(14), closes=time(18, 30)))


def test_a_calendar_is_read_from_its_row_as_it_was_written() -> None:
    calendar = Calendar(
        zone=ZoneInfo("Asia/Almaty"),
        week=(OFFICE, OFFICE, OFFICE, OFFICE, OFFICE, ALL_DAY, CLOSED),
        country="KZ",
        days={date(2026, 12, 31): CLOSED, date(2027, 1, 2): OFFICE},
    )

    read = calendar_from_row("Asia/Almaty", "KZ", stored_week(calendar.week), stored_days(calendar.days))

    assert read == calendar
