"""Codes that bind a group to a trip: made for somebody of ours, typed in the group once.

Nobody can tell which of a group's people work for us, so what counts is that they
were given the code.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final

#: Without those that are taken for one another: 0 and O, 1 and I, L.
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
#: About 40 bits: nobody guesses one within a day.
_LENGTH: Final = 8

LIVES: Final = timedelta(days=1)


def fresh_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def read_code(typed: str) -> str | None:
    """As it was made, however it was typed: ``k7mp-q2xa``; None when it can be none of ours."""
    code = typed.replace("-", "").upper()
    return code if len(code) == _LENGTH and set(code) <= set(_LETTERS) else None
