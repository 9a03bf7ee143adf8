"""What people mean by a time on the wall on the days when clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.local_time import LocalTimeDoubled, LocalTimeMissing, first_moment, is_doubled, local_moment

ALMATY = ZoneInfo("Asia/Almaty")
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [ALMATY, BERLIN, ZoneInfo("Europe/Moscow"), ZoneInfo("Africa/Cairo"), ZoneInfo("Pacific/Apia")]

#: The clocks of Almaty went back from 24:00 to 23:00.
LEAP_DAY_2330 = datetime.fromisoformat("2024-02-29 23:30")
IN_SPRING = datetime.fromisoformat("2026-03-29 02:30")
IN_AUTUMN = datetime.fromisoformat("2026-10-25 02:30")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_an_ordinary_time_is_one_moment() -> None:
    assert local_moment(datetime.fromisoformat("2026-11-21 17:35"), ALMATY) == utc(2026, 11, 21, 12, 35)


@pytest.mark.parametrize(
    ("shown", "zone", "first", "second"),
    [
        (LEAP_DAY_2330, ALMATY, utc(2024, 2, 29, 17, 30), utc(2024, 2, 29, 18, 30)),
        (IN_AUTUMN, BERLIN, utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)),
    ],
)
def test_a_time_shown_twice_is_asked_about(shown: datetime, zone: ZoneInfo, first: datetime, second: datetime) -> None:
    with pytest.raises(LocalTimeDoubled) as refused:
        local_moment(shown, zone)

    assert (refused.value.fields["first"], refused.value.fields["second"]) == (first, second)
    assert local_moment(shown, zone, second=False) == first
    assert local_moment(shown, zone, second=True) == second


def test_a_time_never_shown_is_refused_with_its_neighbours() -> None:
    with pytest.raises(LocalTimeMissing) as refused:
        local_moment(IN_SPRING, BERLIN, second=False)

    assert str(refused.value.fields["before"]) == "2026-03-29 01:59:59+01:00"
    assert str(refused.value.fields["after"]) == "2026-03-29 03:00:00+02:00"


@pytest.mark.parametrize(
    ("shown", "zone", "moment"),
    [
        (IN_SPRING, BERLIN, utc(2026, 3, 29, 1)),  # the moment of the change
        (IN_AUTUMN, BERLIN, utc(2026, 10, 25, 0, 30)),  # the first of the two
        (LEAP_DAY_2330, ALMATY, utc(2024, 2, 29, 17, 30)),
        (datetime.fromisoformat("2024-03-01"), ALMATY, utc(2024, 2, 29, 19)),
        (
            datetime.fromisoformat("2011-12-30 09:00"),
            ZoneInfo("Pacific/Apia"),
            utc(2011, 12, 30, 10),
        ),  # never was
    ],
)
def test_a_rule_means_the_first_moment_that_shows_its_time(shown: datetime, zone: ZoneInfo, moment: datetime) -> None:
    assert first_moment(shown, zone) == moment


def test_only_the_times_of_a_doubled_hour_need_their_offset_beside_them() -> None:
    assert is_doubled(utc(2026, 10, 25, 0, 30), BERLIN)
    assert is_doubled(utc(2026, 10, 25, 1, 30), BERLIN)
    assert not is_doubled(utc(2026, 10, 25, 2, 30), BERLIN)
    assert not is_doubled(utc(2026, 3, 29, 1), BERLIN)


moments = st.datetimes(datetime.fromisoformat("2010-01-01"), datetime.fromisoformat("2030-01-01"))


@given(moments, moments, st.sampled_from(ZONES))
def test_later_times_are_never_earlier_moments(one: datetime, other: datetime, zone: ZoneInfo) -> None:
    earlier, later = sorted([one, other])

    assert first_moment(earlier, zone) <= first_moment(later, zone)


@given(moments, st.sampled_from(ZONES))
def test_a_moment_is_read_back_from_its_time_once_it_is_known_which_of_two_it_was(
    moment: datetime, zone: ZoneInfo
) -> None:
    local = moment.replace(tzinfo=UTC).astimezone(zone)

    read = local_moment(local.replace(tzinfo=None, fold=0), zone, second=bool(local.fold))

    assert read == moment.replace(tzinfo=UTC)
