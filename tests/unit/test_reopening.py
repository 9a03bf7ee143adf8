"""What a wrongly closed promise is given back, and for how long a close is an undo away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm_core.domain.handovers import UNDO_WITHIN
from crm_core.domain.reopening import NewTimeRequired, check_undo_close, given_back
from tests.builders import NOON

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
CLOSED_AT, NOW = NOON, NOON + 5 * MINUTE


def test_what_ran_out_while_it_was_closed_runs_out_as_much_after_it_was_opened() -> None:
    assert given_back(CLOSED_AT + SECOND, CLOSED_AT, NOW) == NOW + SECOND
    assert given_back(NOW, CLOSED_AT, NOW) == NOW + 5 * MINUTE


def test_what_had_run_out_before_or_lies_ahead_stays() -> None:
    for moment in (CLOSED_AT - MINUTE, CLOSED_AT, NOW + SECOND, None):
        assert given_back(moment, CLOSED_AT, NOW) == moment


def test_a_close_is_undone_for_ten_minutes_and_not_a_moment_longer() -> None:
    check_undo_close(NOON, NOON + UNDO_WITHIN)

    with pytest.raises(NewTimeRequired) as refused:
        check_undo_close(NOON, NOON + UNDO_WITHIN + timedelta(microseconds=1))
    assert refused.value.fields == {"closed_at": NOON}
