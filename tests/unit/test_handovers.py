"""Who may take back which hand-over, and from when a promise is a tail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from crm_core.domain.callbacks import HistoryReason
from crm_core.domain.errors import DecisionRefused, Forbidden
from crm_core.domain.handovers import (
    UNDO_WITHIN,
    HandOver,
    NothingToUndo,
    PreviousOwnerAbsent,
    PreviousOwnerLeft,
    UndoTooLate,
    check_undo,
)
from crm_core.domain.people import Role
from crm_core.domain.tails import TAIL_AFTER, tail_from, tail_in_words
from crm_core.domain.viewer import Viewer
from tests.builders import NOON

ANNA, BORIS, IRINA = (UUID(int=number) for number in (1, 2, 3))
CHIEF = Viewer(user_id=IRINA, role=Role.SUPERVISOR, team_id=None)
MOVER = Viewer(user_id=ANNA, role=Role.AGENT, team_id=None)

MOVED = HandOver(
    history_id=UUID(int=9),
    reason=HistoryReason.MOVED,
    at=NOON,
    by=ANNA,
    to_agent_id=BORIS,
    from_agent_id=ANNA,
    from_name="Anna",
    from_works=True,
    from_absent=False,
    from_absent_until=None,
)


@pytest.mark.parametrize("reason", ["late", "taken_over", "absence", "moved"])
def test_a_supervisor_may_take_back_any_hand_over_however_old(reason: str) -> None:
    moved = replace(MOVED, reason=HistoryReason(reason), by=None)

    assert check_undo(moved, CHIEF, NOON + timedelta(days=30)) is moved


def test_whoever_moved_it_by_hand_may_change_their_mind_for_ten_minutes_to_the_second() -> None:
    assert check_undo(MOVED, MOVER, NOON + UNDO_WITHIN) is MOVED
    with pytest.raises(UndoTooLate):
        check_undo(MOVED, MOVER, NOON + UNDO_WITHIN + timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("last", "by", "refusal"),
    [
        (None, CHIEF, NothingToUndo),
        (replace(MOVED, reason=HistoryReason.UNDONE), CHIEF, NothingToUndo),
        (replace(MOVED, reason=HistoryReason.PROMISED, from_agent_id=None), CHIEF, NothingToUndo),
        (replace(MOVED, from_agent_id=None), CHIEF, NothingToUndo),
        (replace(MOVED, by=BORIS), MOVER, Forbidden),
        (replace(MOVED, by=None), MOVER, Forbidden),
        (replace(MOVED, from_works=False), CHIEF, PreviousOwnerLeft),
        (replace(MOVED, from_absent=True), CHIEF, PreviousOwnerAbsent),
    ],
)
def test_what_cannot_be_taken_back_says_why(last: HandOver | None, by: Viewer, refusal: type[DecisionRefused]) -> None:
    with pytest.raises(refusal):
        check_undo(last, by, NOON)


def test_a_tail_begins_with_the_supervisors_right_or_after_72_hours() -> None:
    assert tail_from(NOON, NOON + timedelta(hours=24)) == NOON + timedelta(hours=24)
    assert tail_from(NOON, None) == NOON + TAIL_AFTER
    assert "через 72 часа после срока" in tail_in_words().ru
