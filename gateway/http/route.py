"""A route is a plain async function and a line that says who may call it.

What the function takes is read from its signature, once, at import: ``body``
(which may be a ``SentFile``) and ``query`` are pydantic models, the path's variables come by name, ``tx`` is
one transaction for the whole verb and ``reader`` a connection for reads. The
same signature makes the OpenAPI document, so that it cannot tell otherwise.

    @routes.post("/clients", permission=SIGNED_IN, summary="Add a client", status=201)
    async def add_client(request: Request, tx: Transaction, body: ClientIn) -> Client: ...
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from crm_core.domain.errors import CrmError
from gateway.http.permissions import Permission
from gateway.http.request import Reply, SentFile

API: Final = "/api/v1"

Handler = Callable[..., Awaitable[object]]
HandlerT = TypeVar("HandlerT", bound=Handler)

_VARIABLE = re.compile(r"{(\w+)}")


class Connection(Enum):
    """What a handler wants of the database; it never opens or commits anything itself."""

    NONE = None
    READ = "reader"
    WRITE = "tx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a handler takes and gives, as its annotations say."""

    connection: Connection
    body: TypeAdapter[Any] | None
    takes_file: bool  # the body is a file
    query: type[BaseModel] | None
    path: Mapping[str, TypeAdapter[Any]]
    returns: TypeAdapter[Any] | None  # None: nothing, or a response of the handler's own
    answers_itself: bool  # the latter


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one address."""

    method: str
    path: str
    handler: Handler
    signature: Signature
    permission: Permission
    status: int
    tag: str
    summary: str
    refusals: tuple[type[CrmError], ...]  # beyond those every route of its kind has
    snapshot: bool  # the answer carries the sequence of the newest event it may already show
    media: str  # content type of the answer
    embedded: bool  # pages of every site may use it, and browsers' own forms

    @property
    def name(self) -> str:
        """Unique; the operation's id in the OpenAPI document."""
        return self.handler.__name__

    @property
    def description(self) -> str:
        return inspect.getdoc(self.handler) or ""

    @property
    def is_idempotent_by_key(self) -> bool:
        """Whether an Idempotency-Key is honoured: where a signed-in person's POST changes something, and for forms."""
        if self.method != "POST":
            return False
        is_signed_in = self.permission is not Permission.PUBLIC
        return self.signature.connection is Connection.WRITE if is_signed_in else self.embedded


class Routes:
    """The routes of one noun, in the order they are written; ``prefix`` begins each of their paths."""

    def __init__(self, tag: str, *, prefix: str = API) -> None:
        self._tag = tag
        self._prefix = prefix
        self._table: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._table)

    def add(
        self,
        method: str,
        path: str,
        *,
        permission: Permission,
        summary: str,
        status: int | None = None,
        refusals: Sequence[type[CrmError]] = (),
        snapshot: bool = False,
        media: str = "application/json",
        embedded: bool = False,
    ) -> Callable[[HandlerT], HandlerT]:
        """Declare a route; the decorated function stays as it is."""

        def declare(handler: HandlerT) -> HandlerT:
            signature = _read(handler, path)
            self._table.append(
                Route(
                    method=method,
                    path=self._prefix + path,
                    handler=handler,
                    signature=signature,
                    permission=permission,
                    status=status or _usual_status(handler),
                    tag=self._tag,
                    summary=summary,
                    refusals=tuple(refusals),
                    snapshot=snapshot,
                    media=media,
                    embedded=embedded,
                )
            )
            return handler

        return declare


def _usual_status(handler: Handler) -> int:
    returns = _body_type(get_type_hints(handler)["return"])
    return HTTPStatus.NO_CONTENT if returns is type(None) else HTTPStatus.OK


def _read(handler: Handler, path: str) -> Signature:
    hints = get_type_hints(handler, include_extras=True)
    returns = hints.pop("return")
    hints.pop("request", None)
    connection = next((one for one in (Connection.READ, Connection.WRITE) if one.value in hints), Connection.NONE)
    if connection is not Connection.NONE:
        hints.pop(connection.value)
    body = hints.pop("body", None)
    query = hints.pop("query", None)
    variables = _VARIABLE.findall(path)
    if sorted(hints) != sorted(variables):
        raise TypeError(f"{handler.__name__} takes {sorted(hints)}, its path {path} has {variables}")
    body_type = _body_type(returns)
    answers_itself = inspect.isclass(body_type) and issubclass(body_type, web.StreamResponse)
    return Signature(
        connection=connection,
        body=TypeAdapter(body) if body not in {None, SentFile} else None,
        takes_file=body is SentFile,
        query=query,
        path={name: TypeAdapter(hints[name]) for name in variables},
        returns=None if answers_itself or body_type is type(None) else TypeAdapter(body_type),
        answers_itself=answers_itself,
    )


def _body_type(returns: Any) -> Any:
    return get_args(returns)[0] if get_origin(returns) is Reply else returns
