"""How a hole stands after each look into the books, and when to look again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from crm_core.domain.gaps import GapKind, GapState, Look, kind_of, next_look, state_after

_SOON, _LATER, _TOO_LATE = timedelta(seconds=5), timedelta(minutes=5), timedelta(days=2)
_WHOLE = Look(is_kept=True, all_read=True, repaired=50, incomplete=0, still_on=0, over_for=_SOON)


@pytest.mark.parametrize(
    ("look", "state", "again"),
    [
        (_WHOLE, GapState.REPAIRED, False),
        (replace(_WHOLE, repaired=0), GapState.REPAIRED, False),  # nobody called
        (replace(_WHOLE, still_on=1), GapState.REPAIRING, True),
        (replace(_WHOLE, still_on=1, over_for=_LATER), GapState.REPAIRING, True),
        (replace(_WHOLE, incomplete=1), GapState.REPAIRING, True),  # a bill may be written a little later
        (replace(_WHOLE, incomplete=1, over_for=_LATER), GapState.PARTLY, False),
        (replace(_WHOLE, incomplete=1, repaired=0, over_for=_LATER), GapState.UNREPAIRED, False),
        (replace(_WHOLE, all_read=False), GapState.PARTLY, True),  # what is in the unread book, nobody knows
        (replace(_WHOLE, all_read=False, repaired=0, over_for=_LATER), GapState.UNREPAIRED, True),
        (replace(_WHOLE, all_read=False, over_for=_TOO_LATE), GapState.PARTLY, False),
        (replace(_WHOLE, is_kept=False, repaired=0), GapState.UNREPAIRED, False),
    ],
)
def test_a_hole_is_repaired_when_every_book_was_read_and_every_call_is_whole(
    look: Look, state: GapState, again: bool
) -> None:
    assert state_after(look) is state
    assert (next_look(look, attempts=1) is not None) is again


def test_the_pauses_between_looks_grow_and_have_an_end() -> None:
    unread = replace(_WHOLE, all_read=False)

    pauses = [next_look(unread, attempts) for attempts in (1, 2, 3, 8, 60)]

    assert pauses == [timedelta(seconds=seconds) for seconds in (4, 8, 16, 512, 600)]


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        ("Perezvon was not running", GapKind.PROCESS_DOWN),
        ("the spool on disk was full: 12 events were dropped", GapKind.SPOOL_FULL),
        ("no answer to Ping within 5 s", GapKind.HALF_OPEN),
        ("the other side closed the connection", GapKind.LINK_LOST),
        ("Connection reset by peer", GapKind.LINK_LOST),
    ],
)
def test_a_cause_is_one_word_to_a_screen(cause: str, kind: GapKind) -> None:
    assert kind_of(cause) is kind
