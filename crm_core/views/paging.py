"""Lists are read newest first, a page at a time, from where the last page ended.

A cursor is opaque to those who hold it: the sort key of the last row, in base64.
"""

from __future__ import annotations

import base64
import binascii
from typing import Generic, TypeVar
from uuid import UUID

import orjson

from crm_core.domain.errors import InputRejected
from crm_core.views.model import WireModel

Item = TypeVar("Item")

MAX_LIMIT = 200
DEFAULT_LIMIT = 50


class CursorInvalid(InputRejected):
    """This cursor does not come from the list it is used on."""

    code = "invalid_cursor"


class Page(WireModel, Generic[Item]):
    """One page of a list; ``next`` is null on the last one."""

    items: list[Item]
    next: str | None = None


def encode_cursor(*key: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int) -> list[str]:
    """The sort key that ``encode_cursor`` was given.

    Raises:
        CursorInvalid: it is not a cursor, or one of another list.
    """
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise CursorInvalid from error
    if not isinstance(key, list) or len(key) != parts or not all(isinstance(part, str) for part in key):
        raise CursorInvalid
    return key


def decode_id(cursor: str) -> UUID:
    """The id of the last row, for lists in order of ids.

    Raises:
        CursorInvalid: it is not a cursor, or one of another list.
    """
    try:
        return UUID(decode_cursor(cursor, 1)[0])
    except ValueError as error:
        raise CursorInvalid from error
