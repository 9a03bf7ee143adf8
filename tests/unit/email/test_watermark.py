"""Every mail of a folder is taken once, in whatever order its UIDs become visible."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from channels.email.watermark import WINDOW, Watermark, from_stored, mark_for, to_stored, to_take, with_taken


def test_late_uid_below_the_highest_is_still_taken() -> None:
    mark = with_taken(Watermark(validity=1), [7])

    assert to_take(mark, [5, 7, 8]) == (5, 8)


def test_last_mail_that_the_server_names_without_being_asked_is_not_taken_again() -> None:
    mark = with_taken(Watermark(validity=1), [7])

    assert to_take(mark, [7]) == ()


def test_new_validity_begins_from_nothing() -> None:
    mark = with_taken(Watermark(validity=1), [7])

    assert mark_for(mark, 1) is mark
    assert mark_for(mark, 2) == mark_for(None, 2) == Watermark(validity=2)


def test_mark_does_not_grow_with_the_folder() -> None:
    mark = Watermark(validity=1)
    uids = range(10, 3 * WINDOW, 10)
    for uid in uids:
        mark = with_taken(mark, [uid])

    assert len(mark.taken) == WINDOW / 10
    assert to_take(mark, uids) == ()


@given(st.lists(st.integers(1, 900), unique=True), st.data())
def test_in_any_order_each_is_taken_once(uids: list[int], data: st.DataObject) -> None:
    mark, present, taken = Watermark(validity=1), set[int](), list[int]()
    for uid in data.draw(st.permutations(uids)):
        present.add(uid)
        if data.draw(st.booleans()):
            for one in to_take(mark, present):
                taken.append(one)
                mark = with_taken(mark, [one])
    taken += to_take(mark, present)

    assert sorted(taken) == sorted(uids)


@given(st.sets(st.integers(1, 3000), max_size=300))
def test_what_is_stored_of_a_mark_is_the_mark(uids: set[int]) -> None:
    mark = Watermark(validity=7)
    for uid in uids:
        mark = with_taken(mark, [uid])

    assert from_stored(json.loads(json.dumps(to_stored(mark)))) == mark
    assert from_stored({"since": "2026-11-22"}) is None
