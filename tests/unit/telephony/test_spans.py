"""The little arithmetic of time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from channels.telephony.tracking.spans import clipped, total, union, without

spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted).map(tuple), max_size=6)


def seconds_in(some: list[tuple[float, float]]) -> set[int]:
    return {second for start, end in some for second in range(int(start), int(end))}


@given(spans)
def test_time_covered_twice_counts_once(some: list[tuple[float, float]]) -> None:
    assert seconds_in(union(some)) == seconds_in(some)
    assert total(some) == len(seconds_in(some))


@given(spans, spans)
def test_what_is_taken_out_is_gone_and_nothing_else(
    some: list[tuple[float, float]], gaps: list[tuple[float, float]]
) -> None:
    assert seconds_in(without(some, gaps)) == seconds_in(some) - seconds_in(gaps)


@given(spans, st.integers(0, 40), st.integers(0, 40))
def test_clipping_keeps_what_lies_between(some: list[tuple[float, float]], start: int, end: int) -> None:
    assert seconds_in(clipped(some, start, end)) == seconds_in(some) & set(range(start, end))
