"""A form we served is known by its token: when it was served, that it was we, and that it is the same one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from crm_core.domain.form_tokens import LONGEST, QUICKEST, Doubt, FormToken, doubt_in_words, read_token
from tests.builders import NOON

SECRET, OTHER = UUID(int=1), UUID(int=2)
SERVED = FormToken(served_at=NOON, nonce=UUID(int=7))
MILLISECOND = timedelta(milliseconds=1)


def test_a_token_is_read_as_it_was_signed() -> None:
    assert read_token(SERVED.signed(SECRET), SECRET) == SERVED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        SERVED.signed(OTHER),
        SERVED.signed(SECRET).replace("1", "2", 1),
        SERVED.signed(SECRET) + "\n",
        "9" * 17 + SERVED.signed(SECRET)[13:],
    ],
)
def test_what_we_did_not_sign_is_no_token(text: str) -> None:
    assert read_token(text, SECRET) is None


@pytest.mark.parametrize(
    ("after", "doubt"),
    [
        (-MILLISECOND, Doubt.HASTY),
        (QUICKEST - MILLISECOND, Doubt.HASTY),
        (QUICKEST, None),
        (LONGEST, None),
        (LONGEST + MILLISECOND, Doubt.STALE),
    ],
)
def test_people_take_a_while_and_not_a_day(after: timedelta, doubt: Doubt | None) -> None:
    assert SERVED.doubt(NOON + after) == doubt


def test_the_doubt_is_said_in_words() -> None:
    hasty = doubt_in_words(Doubt.HASTY, SERVED, NOON + MILLISECOND)
    stale = doubt_in_words(Doubt.STALE, SERVED, NOON + 2 * LONGEST)

    assert hasty.en == "The form was filled in within 1 second, quicker than people are: it looks like spam."
    assert stale.ru == "Форма пролежала открытой 48 часов: похоже на спам."
