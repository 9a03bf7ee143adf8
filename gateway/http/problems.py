"""Every "no" as one kind of answer: an RFC 9457 problem document, from one table.

``code`` is for programs and never changes; ``detail`` is an English sentence
for the log and for people at a terminal, the front end has its own words. An
error nobody foresaw says nothing of itself but the number of its log line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import orjson
import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from crm_core.actions.sessions import NotSignedIn
from crm_core.domain.errors import (
    BadCredentials,
    CrmError,
    DecisionRefused,
    Forbidden,
    InputRejected,
    NotFound,
    NotYourInteraction,
    PeerRefused,
    PeerUnavailable,
    TooManyAttempts,
)
from crm_core.store.database import DATABASE_AWAY
from gateway.http import refusals

logger = structlog.get_logger(__name__)

CONTENT_TYPE: Final = "application/problem+json"

#: The first line that fits decides; what is special stands above what it is a kind of.
STATUSES: Final[tuple[tuple[type[CrmError], int], ...]] = (
    (NotSignedIn, 401),
    (BadCredentials, 401),
    (TooManyAttempts, 429),
    (refusals.MethodNotAllowed, 405),
    (refusals.MalformedJson, 400),
    (refusals.BodyTooSlow, 408),
    (refusals.BodyTooLarge, 413),
    (refusals.UnsupportedContent, 415),
    (NotYourInteraction, 403),
    (Forbidden, 403),
    (NotFound, 404),
    (DecisionRefused, 409),
    (InputRejected, 422),
    (PeerUnavailable, 503),
    (PeerRefused, 502),
    (CrmError, 500),
)

#: Said when a peer is away and has not told for how long.
RETRY_SOON = timedelta(seconds=1)


class Unforeseen(CrmError):
    """Something went wrong on our side; the log has the details under this request id."""

    code = "internal_error"


class Problem(BaseModel):
    """An RFC 9457 problem document; further members are facts about this case."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="a URI that names the kind of problem")
    title: str = Field(description="the kind of problem in one sentence")
    status: int = Field(description="the HTTP status")
    code: str = Field(description="for programs; never changes")
    detail: str = Field(description="this case in one sentence")


def status_of(kind: type[CrmError]) -> int:
    """The status this kind of error is answered with."""
    return next(status for known, status in STATUSES if issubclass(kind, known))


def problem_of(error: CrmError) -> dict[str, object]:
    """The document for an error of ours."""
    own = {
        "type": f"urn:perezvon:problem:{error.code}",
        "title": (type(error).__doc__ or error.code).strip().splitlines()[0],
        "status": status_of(type(error)),
        "code": error.code,
        "detail": str(error),
    }
    return {**error.fields, **own}


def document(error: Exception) -> Mapping[str, object]:
    """The document for anything that went wrong; socket acks carry it."""
    return problem_of(translate(error))


def answer(error: CrmError, headers: Mapping[str, str] | None = None) -> web.Response:
    """The document as an HTTP response."""
    response = web.Response(
        body=orjson.dumps(problem_of(error), default=str),
        status=status_of(type(error)),
        content_type=CONTENT_TYPE,
        headers=headers,
    )
    retry_after = _retry_after(error)
    if retry_after is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(retry_after.total_seconds())))
    if response.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def translate(error: Exception) -> CrmError:
    """What a client is told of any exception that reaches the edge."""
    match error:
        case CrmError():
            return error
        case ValidationError():
            return invalid(error)
        case TimeoutError():
            return refusals.TookTooLong()
        case _ if isinstance(error, DATABASE_AWAY):
            logger.warning("database away", action="database_away", error=type(error).__name__)
            return refusals.DatabaseUnavailable()
        case _:
            logger.error("request failed", action="request_failed", exc_info=error)
            return Unforeseen()


def translate_http(error: web.HTTPException) -> CrmError:
    """aiohttp's own refusals in our words."""
    match error:
        case web.HTTPMethodNotAllowed():
            return refusals.MethodNotAllowed(allowed=sorted(error.allowed_methods))
        case web.HTTPRequestEntityTooLarge():
            return refusals.BodyTooLarge()
        case web.HTTPNotFound():
            return NotFound("There is nothing at this address.")
        case web.HTTPUnsupportedMediaType():
            return refusals.UnsupportedContent()
        case web.HTTPForbidden():
            return Forbidden()
        case _:
            return InputRejected(error.reason)


def invalid(error: ValidationError, *where: str) -> CrmError:
    """Pydantic's complaints, each with the place it is about; never with the value, which may be private."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return refusals.MalformedJson(details[0]["msg"])
    return InputRejected(errors=_complaints(details, where))


def _complaints(details: Sequence[ErrorDetails], where: tuple[str, ...]) -> list[dict[str, object]]:
    return [{"loc": [*where, *one["loc"]], "type": one["type"], "msg": one["msg"]} for one in details[:20]]


def _retry_after(error: CrmError) -> timedelta | None:
    if isinstance(error, PeerUnavailable):
        return error.retry_after or RETRY_SOON
    return getattr(error, "retry_after", None)
