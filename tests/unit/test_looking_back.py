"""Looking back piece by piece: nothing is left out, nothing is looked at twice, and there are few looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.looking_back import FURTHER, SPARE, looks

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_BEFORE = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=4000)).map(lambda span: NOON - span)


@given(moment=_BEFORE, oldest=st.none() | _BEFORE)
def test_every_moment_that_is_wanted_is_in_exactly_one_look(moment: datetime, oldest: datetime | None) -> None:
    holding = [
        (begin, end)
        for begin, end in looks(NOON, oldest)
        if (begin is None or begin <= moment) and (end is None or moment < end)
    ]

    assert len(holding) == (1 if oldest is None or moment >= oldest else 0)


def test_the_whole_past_is_a_handful_of_looks_the_newest_first() -> None:
    pieces = list(looks(NOON))

    assert len(pieces) <= 8
    assert pieces[0][1] is None, "who writes at this moment is in the first one"
    assert pieces[-1][0] is None
    assert all(later[0] == earlier[1] for later, earlier in pairwise(pieces))


def test_where_much_was_found_the_next_look_goes_no_further_than_that_says_is_needed() -> None:
    found: list[str] = []
    pieces = looks(NOON, found=found, wanted=51)
    first, _ = next(pieces)
    found += ["here"] * 17

    second, _ = next(pieces)

    assert first is not None
    assert second is not None
    assert NOON - second == (NOON - first) * 3 * SPARE


def test_where_nothing_was_found_it_goes_many_times_as_far() -> None:
    pieces = looks(NOON, found=[], wanted=51)
    first, second = next(pieces)[0], next(pieces)[0]

    assert first is not None
    assert second is not None
    assert NOON - second == (NOON - first) * FURTHER
