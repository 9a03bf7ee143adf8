"""What a person meant by what they typed into the search."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.search import in_other_layout, like_fragment, like_prefix, readable, words


def test_the_other_keyboard_layout_is_the_same_fingers() -> None:
    assert in_other_layout("Fquthbv") == "айгерим"
    assert in_other_layout("айгерим") == "fquthbv"
    assert in_other_layout(";frtyjdf") == "жакенова"


def test_signs_of_like_mean_themselves() -> None:
    assert like_fragment("50%_\\") == "%50\\%\\_\\\\%"
    assert like_prefix("a%") == "a\\%%"


def test_words_come_in_any_number_but_only_so_many_are_looked_for() -> None:
    assert words("  Сулейменова   Айгерим ") == ["сулейменова", "айгерим"]
    assert len(words("а " * 50)) == 5


@given(st.text())
def test_whatever_was_typed_only_what_can_be_read_is_searched(query: str) -> None:
    shown = readable(query)

    assert len(shown) <= 200
    assert shown == "" or shown.isprintable()
