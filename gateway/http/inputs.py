"""From bytes and query strings to typed values, or a refusal that names the place.

JSON is read strictly: a number in quotes is not a number, an unknown field is
an error. U+0000 is refused everywhere, because PostgreSQL cannot store it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Annotated, Any, get_origin
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import (
    BaseModel,
    Field,
    TypeAdapter,
)
from pydantic import ValidationError as PydanticError

from crm_core.domain.errors import InputRejected, NotFound
from crm_core.inputs import InputModel
from crm_core.views.paging import DEFAULT_LIMIT, MAX_LIMIT
from gateway.http.problems import invalid
from gateway.http.refusals import BodyTooLarge, BodyTooSlow, UnsupportedContent
from gateway.http.request import SentFile

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 100
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")
_NUL_IN_JSON = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class MalformedForm(InputRejected):
    """The body is not an encoded form."""

    code = "malformed_form"


class NulCharacter(InputRejected):
    """Text cannot hold the character U+0000."""

    code = "nul_character"


class Nothing(InputModel):
    """An empty object, or no body at all."""


class Paging(InputModel):
    """How much of a list, and from where."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(min_length=1, max_length=500)] | None = None


async def read_body(
    raw: web.Request, adapter: TypeAdapter[Any], *, timeout_s: float, forms_too: bool = False
) -> tuple[bytes, Any]:
    """The body as it came and as it is understood; no body at all is an empty object.

    ``forms_too``: it may be encoded as browsers encode a form.

    Raises:
        UnsupportedContent, MalformedJson, BodyTooSlow: it cannot be read.
        InputRejected: it can, and is wrong.
        web.HTTPRequestEntityTooLarge: it does not end.
    """
    body = await read_bytes(raw, timeout_s=timeout_s)
    if not body:
        body = b"{}"
    elif raw.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedContent
    elif forms_too and raw.content_type == _FORM:
        return body, _read_form(body, adapter)
    elif raw.content_type != "application/json":
        raise UnsupportedContent
    if _NUL_IN_JSON.search(body):
        raise NulCharacter
    try:
        return body, adapter.validate_json(body, strict=True)
    except PydanticError as error:
        raise invalid(error, "body") from error


async def read_bytes(raw: web.Request, *, timeout_s: float) -> bytes:
    """The body as it came.

    Raises:
        BodyTooSlow: it did not come.
        web.HTTPRequestEntityTooLarge: it does not end.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await raw.read()
    except TimeoutError as error:
        raise BodyTooSlow from error


async def read_file(raw: web.Request, *, at_most: int, timeout_s: float) -> SentFile:
    """A body that is a file, whatever is in it.

    Raises:
        UnsupportedContent, BodyTooSlow, BodyTooLarge: it is not taken.
    """
    if raw.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedContent("The file must be sent as it is, not compressed.")
    told = raw.content_type.lower()
    data = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for piece in raw.content.iter_any():
                data += piece
                if len(data) > at_most:
                    raise BodyTooLarge(at_most=at_most)
    except TimeoutError as error:
        raise BodyTooSlow from error
    return SentFile(type=told if _MEDIA_TYPE.fullmatch(told) else "application/octet-stream", data=bytes(data))


def _read_form(body: bytes, adapter: TypeAdapter[Any]) -> Any:
    """The fields of a form; one that was left empty was not filled in."""
    try:
        pairs = parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise MalformedForm from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise MalformedForm("A field stands in the form twice.")
    if any("\0" in value for value in fields.values()):
        raise NulCharacter
    try:
        return adapter.validate_python(fields)
    except PydanticError as error:
        raise invalid(error, "body") from error


def read_query(raw: web.Request, model: type[BaseModel] | None) -> BaseModel | None:
    """The query string as its model; a route without one allows none.

    Raises:
        InputRejected: an unknown name, a value that is wrong, a single value given twice.
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
        NotFound: an id that is none names nothing.
    """
    values: dict[str, object] = {}
    for name, adapter in adapters.items():
        text = raw.match_info[name]
        if "\0" in text:
            raise NotFound
        try:
            values[name] = adapter.validate_strings(text)
        except PydanticError as error:
            raise NotFound from error
    return values


def _list_fields(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(
        field.alias or name
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) in {list, tuple, frozenset, set}
    )
