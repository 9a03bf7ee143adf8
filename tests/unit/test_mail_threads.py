"""A mail joins a conversation only when its sender is part of it, whatever it names."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.ids import InteractionId
from crm_core.domain.mail_threads import Begins, Continues, Joins, KnownThread, Place, RefersTo, named_ids, place

ONE, TWO, THREE = (InteractionId(UUID(int=number)) for number in (1, 2, 3))
CLIENT, STRANGER = "client@x.example", "stranger@x.example"


def thread(conversation: InteractionId, *people: str, closed: bool = False) -> KnownThread:
    return KnownThread(conversation=conversation, participants=frozenset(people), closed=closed)


KNOWN = {
    "first": thread(ONE, CLIENT, closed=True),
    "second": thread(TWO, CLIENT, "wife@x.example"),
    "other": thread(THREE, "neighbour@x.example"),
}


@pytest.mark.parametrize(
    ("sender", "named", "token", "expected"),
    [
        (CLIENT, ["second"], None, Joins(TWO)),
        ("wife@x.example", ["second"], None, Joins(TWO)),
        (CLIENT, ["first"], None, Continues(ONE)),
        (CLIENT, ["first", "second"], None, Joins(TWO)),
        (CLIENT, ["unknown", "second"], None, Joins(TWO)),
        (CLIENT, ["other", "second"], None, Joins(TWO)),
        (CLIENT, ["unknown"], None, Begins()),
        (CLIENT, [], None, Begins()),
        (CLIENT, [], thread(TWO, CLIENT), Joins(TWO)),
        (CLIENT, ["unknown"], thread(ONE, CLIENT, closed=True), Continues(ONE)),
        (CLIENT, ["second"], thread(THREE, CLIENT), Joins(TWO)),
        (STRANGER, ["second"], None, RefersTo(TWO)),
        (STRANGER, ["other", "second"], None, RefersTo(THREE)),
        (STRANGER, [], thread(TWO, CLIENT), RefersTo(TWO)),
        (None, ["second"], None, RefersTo(TWO)),
        (CLIENT, ["other"], None, RefersTo(THREE)),
    ],
)
def test_where_a_mail_belongs(sender: str | None, named: list[str], token: KnownThread | None, expected: Place) -> None:
    assert place(sender, named, KNOWN, token) == expected


def test_what_is_answered_comes_before_its_forebears_and_these_backwards() -> None:
    assert named_ids(("c",), ("a", "b", "c")) == ("c", "b", "a")


@given(
    st.sampled_from([CLIENT, STRANGER, "wife@x.example", "neighbour@x.example", None]),
    st.lists(st.sampled_from([*KNOWN, "unknown"])),
    st.none() | st.sampled_from(list(KNOWN.values())),
)
def test_nobody_ever_joins_a_conversation_of_others(
    sender: str | None, named: list[str], token: KnownThread | None
) -> None:
    found = place(sender, named, KNOWN, token)

    if isinstance(found, Joins | Continues):
        (entered,) = {
            one.conversation: one for one in KNOWN.values() if one.conversation == found.conversation
        }.values()
        assert sender in entered.participants
