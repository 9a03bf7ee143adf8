"""A stranger's JSON, asked field by field: nothing in it can raise or grow without end.

What is absent is None. What is there and cannot be meant is None as well, and named
in ``odd``, so that the rest of the update still counts and the raw one is kept. Only
what nothing can be made of without (an id, a chat) is asked for by ``needed``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, TypeVar

from crm_core.domain.strangers_words import file_name as safe_file_name
from crm_core.domain.strangers_words import one_line

Json = dict[str, object]
Odd = list[str]
Value = TypeVar("Value")

LARGEST_ID: Final = 2**63 - 1
#: Later than any second a calendar needs; the beginning is that of Telegram's clock.
_LATEST_SECOND: Final = 4_102_444_800

#: Neither PostgreSQL nor UTF-8 can carry the first and the last of these, and no page shows any.
_UNCARRIED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Unreadable(Exception):
    """Nothing can be made of this update; the words say why."""


def needed(value: Value | None, name: str) -> Value:
    """The value, where nothing can be made of the update without it.

    Raises:
        Unreadable: it is absent, or no such value.
    """
    if value is None:
        raise Unreadable(f"{name} is missing or makes no sense")
    return value


def inner(given: Json, name: str, odd: Odd) -> Json | None:
    value = given.get(name)
    if value is None or isinstance(value, dict):
        return value
    odd.append(name)
    return None


def items(given: Json, name: str, odd: Odd, *, most: int) -> list[Json]:
    """The objects of a list, the first ``most`` of them."""
    value = given.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        odd.append(name)
        return []
    kept = [item for item in value[:most] if isinstance(item, dict)]
    if len(kept) < len(value):
        odd.append(name)
    return kept


def whole(given: Json, name: str, odd: Odd) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and -LARGEST_ID <= value <= LARGEST_ID:
        return value
    odd.append(name)
    return None


def natural(given: Json, name: str, odd: Odd) -> int | None:
    """A whole number that is not below zero."""
    value = whole(given, name, odd)
    if value is None or value >= 0:
        return value
    odd.append(name)
    return None


def number(given: Json, name: str, odd: Odd, *, within: float) -> float | None:
    """A number between ``-within`` and ``within``."""
    value = given.get(name)
    if value is None:
        return None
    # Not a number compares as false.
    if isinstance(value, int | float) and not isinstance(value, bool) and -within <= value <= within:
        return float(value)
    odd.append(name)
    return None


def flag(given: Json, name: str) -> bool:
    return given.get(name) is True


def moment(given: Json, name: str, odd: Odd) -> datetime | None:
    value = natural(given, name, odd)
    if value is None:
        return None
    if value <= _LATEST_SECOND:
        return datetime.fromtimestamp(value, UTC)
    odd.append(name)
    return None


def text(given: Json, name: str, odd: Odd, *, longest: int) -> str | None:
    """A text of any number of lines. What cannot be carried becomes U+FFFD, so that no offset moves."""
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        odd.append(name)
        return None
    if len(value) > longest:
        odd.append(name)
        value = value[:longest]
    return _UNCARRIED.sub("\ufffd", value)


def line(given: Json, name: str, odd: Odd, *, longest: int) -> str | None:
    """A name: one line, without what hides its meaning; None when nothing is left."""
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        odd.append(name)
        return None
    if len(value) > longest:
        odd.append(name)
    return one_line(value, longest) or None


def file_name(given: Json, odd: Odd) -> str | None:
    """A file's name without any path, safe to show and to save; None when it has none."""
    told = line(given, "file_name", odd, longest=4096)
    return (safe_file_name(told, "") or None) if told is not None else None
