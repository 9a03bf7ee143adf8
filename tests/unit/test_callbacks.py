"""When a promise is late, what it is judged under, and which talk keeps it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.callbacks import (
    Contact,
    DueTimeRejected,
    OwedCallback,
    check_due,
    lateness,
    which_is_kept,
)
from tests.builders import NOON, after

CALL = UUID(int=1)
EARLIER_CALL = UUID(int=2)


def owed(number: int = 1, **what: datetime | UUID | None) -> OwedCallback:
    """Promised yesterday in an earlier call, for noon."""
    given = {
        "due_at": NOON,
        "promised_at": NOON - timedelta(days=1),
        "promised_in": EARLIER_CALL,
        "kept_in": None,
    }
    return OwedCallback(id=UUID(int=100 + number), **(given | what))  # type: ignore[arg-type]


def talk(at: datetime = NOON) -> Contact:
    return Contact(interaction_id=CALL, begun_at=at, answered_at=at)


@pytest.mark.parametrize(
    ("due_at", "kept"),
    [
        (NOON - timedelta(days=30), True),  # a tail is kept too, however long
        (NOON - timedelta(minutes=1), True),
        (NOON, True),
        (NOON + timedelta(hours=1), True),  # earlier than promised is better than promised
        (NOON + timedelta(hours=24), True),
        (NOON + timedelta(hours=24, seconds=1), False),  # this talk was about something else
        (NOON + timedelta(days=30), False),
    ],
)
def test_a_talk_keeps_a_promise_that_is_late_or_due_within_a_day(due_at: datetime, kept: bool) -> None:
    promise = owed(due_at=due_at)

    assert which_is_kept([promise], talk(NOON)) == (promise if kept else None)


def test_a_talk_keeps_the_promise_that_was_due_first_and_only_that() -> None:
    late, due, tomorrow = owed(1, due_at=after(-3600)), owed(2, due_at=NOON), owed(3, due_at=after(86_400))

    assert which_is_kept([tomorrow, late, due], talk()) == late


def test_a_promise_given_in_this_very_talk_is_not_kept_by_it() -> None:
    promise = owed(promised_in=CALL, promised_at=after(60), due_at=after(3600))

    assert which_is_kept([promise], talk(NOON)) is None


def test_a_promise_written_down_while_they_talk_is_not_kept_by_that_talk() -> None:
    promise = owed(promised_in=None, promised_at=after(60), due_at=after(3600))

    assert which_is_kept([promise], talk(NOON)) is None


@pytest.mark.parametrize("ours_is_ahead_s", [0.5, 1.9])
def test_a_talk_begun_after_the_promise_keeps_it_though_the_clock_of_the_pbx_is_behind(ours_is_ahead_s: float) -> None:
    promise = owed(promised_at=after(ours_is_ahead_s), due_at=after(3600))

    assert which_is_kept([promise], talk(NOON)) == promise


def test_what_one_clock_tells_is_compared_to_the_moment() -> None:
    missed = replace(owed(promised_at=after(0.5)), missed=True)  # by the PBX's clock, as the talk
    written = replace(owed(promised_at=after(0.5)), via="email")  # by ours, as the mail

    assert which_is_kept([missed], talk(NOON)) is None
    assert which_is_kept([written], replace(talk(NOON), channel="email")) is None


def test_the_same_talk_told_twice_keeps_nothing_more() -> None:
    kept, next_one = owed(1, kept_in=CALL), owed(2)

    assert which_is_kept([kept, next_one], talk()) is None


def test_a_promise_kept_by_another_talk_is_done_with() -> None:
    assert which_is_kept([owed(kept_in=EARLIER_CALL)], talk()) is None


@pytest.mark.parametrize(
    ("channel", "via", "kept"),
    [
        ("call", "call", True),
        ("call", "email", True),  # a talk is more than was promised
        ("call", "meeting", True),
        ("email", "email", True),
        ("email", "call", False),
        ("email", "telegram", False),
    ],
)
def test_a_talk_keeps_a_promise_of_any_kind_and_a_message_its_own(channel: str, via: str, kept: bool) -> None:
    promise = replace(owed(), via=via)

    assert which_is_kept([promise], replace(talk(), channel=channel)) == (promise if kept else None)


def test_nothing_owed_nothing_kept() -> None:
    assert which_is_kept([], talk()) is None


@given(
    st.lists(
        st.builds(
            owed,
            st.integers(min_value=1, max_value=50),
            due_at=st.integers(-200_000, 200_000).map(after),
            promised_at=st.integers(-400_000, 400_000).map(after),
            promised_in=st.sampled_from([None, CALL, EARLIER_CALL]),
            kept_in=st.sampled_from([None, None, CALL, EARLIER_CALL]),
        ),
        max_size=6,
    )
)
def test_what_is_kept_was_owed_and_promised_before_and_told_again_changes_nothing(promises: list[OwedCallback]) -> None:
    kept = which_is_kept(promises, talk())

    if kept is not None:
        assert kept in promises
        assert kept.kept_in is None
        assert kept.promised_in != CALL
        assert kept.calls_from < NOON
        after_that = [*(p for p in promises if p != kept), owed(99, kept_in=CALL)]
        assert which_is_kept(after_that, talk()) is None


@pytest.mark.parametrize("due_at", [after(-300), NOON, after(1), NOON + timedelta(days=5 * 365)])
def test_a_moment_to_come_or_just_past_may_be_promised(due_at: datetime) -> None:
    check_due(due_at, NOON)


@pytest.mark.parametrize("due_at", [after(-301), NOON - timedelta(days=400), NOON + timedelta(days=5 * 366 + 1)])
def test_a_moment_long_past_or_years_away_is_a_slip_of_the_hand(due_at: datetime) -> None:
    with pytest.raises(DueTimeRejected):
        check_due(due_at, NOON)


def test_lateness_begins_after_the_deadline() -> None:
    assert lateness(NOON, NOON) is None
    assert lateness(NOON, after(-1)) is None
    assert lateness(NOON, after(90)) == timedelta(seconds=90)
