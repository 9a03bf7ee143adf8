"""From bytes and query strings to typed values, or a refusal that names the place.

JSON is read strictly: a number in quotes is not a number, an unknown field is
an error. U+0000 is refused everywhere, because PostgreSQL cannot store it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, get_origin

from aiohttp import web
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
)
from pydantic import ValidationError as PydanticError

from crm_core.domain.errors import InputRejected
from crm_core.views.paging import DEFAULT_LIMIT, MAX_LIMIT
from gateway.http.problems import invalid
from gateway.http.refusals import BodyTooSlow, UnknownAddress, UnsupportedContent

#: Larger bodies than this are refused; attachments will come in their own way.
MAX_BODY_BYTES = 1024 * 1024
#: A body that takes longer than this is cut off.
BODY_TIMEOUT_S = 15.0

_NUL_IN_JSON = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)")

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


class NulCharacter(InputRejected):
    """Text cannot hold the character U+0000."""

    code = "nul_character"


def _spelled_as_rfc_3339(value: object) -> object:
    if isinstance(value, str) and not _RFC_3339.fullmatch(value):
        raise ValueError("a moment is written 2026-07-21T09:30:00+05:00")
    return value


def _within_reason(moment: datetime) -> datetime:
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError("a moment lies between 1970 and 2200")
    return moment


#: A moment with its offset, as RFC 3339 writes it.
Moment = Annotated[AwareDatetime, BeforeValidator(_spelled_as_rfc_3339), AfterValidator(_within_reason)]


#: A text of one line, without control characters at any place.
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
#: A text of several lines.
Text = Annotated[str, StringConstraints(max_length=10_000)]


class WireInput(BaseModel):
    """What others send us: nothing undeclared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def unchanged() -> Any:
    """The default of a field that may be left out of an edit but is never null: look at ``model_fields_set``."""
    return Field(default=None, json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


class Nothing(WireInput):
    """An empty object, or no body at all."""


class Paging(WireInput):
    """How much of a list, and from where."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=500)] | None = None


async def read_body(raw: web.Request, adapter: TypeAdapter[Any]) -> tuple[bytes, Any]:
    """The body as it came and as it is understood; no body at all is an empty object.

    Raises:
        UnsupportedContent, MalformedJson, BodyTooSlow: it cannot be read.
        InvalidInput: it can, and is wrong.
        web.HTTPRequestEntityTooLarge: it does not end.
    """
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            body = await raw.read()
    except TimeoutError as error:
        raise BodyTooSlow from error
    if not body:
        body = b"{}"
    elif raw.content_type != "application/json" or raw.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedContent
    if _NUL_IN_JSON.search(body):
        raise NulCharacter
    try:
        return body, adapter.validate_json(body, strict=True)
    except PydanticError as error:
        raise invalid(error, "body") from error


def read_query(raw: web.Request, model: type[BaseModel] | None) -> BaseModel | None:
    """The query string as its model; a route without one allows none.

    Raises:
        InvalidInput: an unknown name, a value that is wrong, a single value given twice.
    """
    values: dict[str, object] = {}
    lists = _list_fields(model) if model else frozenset()
    for name in raw.query:
        given = raw.query.getall(name)
        if any("\0" in value for value in given):
            raise NulCharacter
        values[name] = given if name in lists else given[0] if len(given) == 1 else given
    try:
        return (model or Nothing).model_validate(values) if values or model else None
    except PydanticError as error:
        raise invalid(error, "query") from error


def read_path(raw: web.Request, adapters: Mapping[str, TypeAdapter[Any]]) -> dict[str, object]:
    """The variable parts of the path.

    Raises:
        UnknownAddress: an id that is none names nothing.
    """
    values: dict[str, object] = {}
    for name, adapter in adapters.items():
        text = raw.match_info[name]
        if "\0" in text:
            raise UnknownAddress
        try:
            values[name] = adapter.validate_strings(text)
        except PydanticError as error:
            raise UnknownAddress from error
    return values


def _list_fields(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(
        field.alias or name
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) in {list, tuple, frozenset, set}
    )
