"""Looking back piece by piece: nothing is left out, nothing is looked at twice, and there are few looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.looking_back import looks

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
