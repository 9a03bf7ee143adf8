"""Which moves a call that had begun in time undoes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from crm_core.domain.callbacks import HistoryReason
from crm_core.domain.undone import Turn, undone_by, undone_in_words
from tests.builders import NOON, after

ANNA, BORIS, CLARA = UUID(int=1), UUID(int=2), UUID(int=3)

PROMISED = Turn(agent_id=ANNA, from_at=after(-3600), reason=HistoryReason.PROMISED)
OF_THE_QUEUE = Turn(agent_id=None, from_at=after(-3600), reason=HistoryReason.GIVEN)
TO_BORIS = Turn(agent_id=BORIS, from_at=after(1), reason=HistoryReason.LATE, escalate_at=NOON)
TO_CLARA = Turn(agent_id=CLARA, from_at=after(601), reason=HistoryReason.LATE, escalate_at=after(600))
BY_HAND = Turn(agent_id=CLARA, from_at=after(30), reason=HistoryReason.MOVED)


@pytest.mark.parametrize(
    ("turns", "begun_at", "owner", "undone"),
    [
        ([PROMISED, TO_BORIS], after(-5), ANNA, (TO_BORIS,)),
        ([PROMISED, TO_BORIS], NOON, ANNA, (TO_BORIS,)),  # at the very moment is in time
        ([OF_THE_QUEUE, TO_BORIS], NOON, None, (TO_BORIS,)),
        ([PROMISED, TO_BORIS, TO_CLARA], NOON, ANNA, (TO_BORIS, TO_CLARA)),
        ([PROMISED, TO_BORIS, TO_CLARA], after(1), BORIS, (TO_CLARA,)),  # too late for Anna, in time for Boris
        ([PROMISED, BY_HAND, TO_BORIS], NOON, CLARA, (TO_BORIS,)),
    ],
)
def test_a_call_begun_in_time_gives_the_promise_back(
    turns: list[Turn], begun_at: datetime, owner: UUID | None, undone: tuple[Turn, ...]
) -> None:
    found = undone_by(turns, begun_at)

    assert found is not None
    assert (found.owner_id, found.turns) == (owner, undone)


@pytest.mark.parametrize(
    ("turns", "begun_at"),
    [
        ([PROMISED, TO_BORIS], after(0.001)),
        ([PROMISED, TO_BORIS, BY_HAND], NOON),  # what people decided since stays decided
        ([PROMISED, BY_HAND], NOON),
        ([PROMISED], NOON),
        ([], NOON),
    ],
)
def test_anything_else_stays_as_it_is(turns: list[Turn], begun_at: datetime) -> None:
    assert undone_by(turns, begun_at) is None


def test_it_is_told_by_the_clock_of_the_company() -> None:
    words = undone_in_words(after(7), ZoneInfo("Asia/Almaty"))

    assert words.en == "The call had begun in time, at 17:00:07: the move is undone."
    assert words.ru == "Звонок клиенту был начат вовремя, в 17:00:07: передача отменена."
