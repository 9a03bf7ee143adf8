"""From a request to its answer, through a route: admit, read, do, write.

The handler's transaction is opened and committed here. With an Idempotency-Key
the answer is stored inside it, so a retry after any crash finds either both
the deed and its answer, or neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from aiohttp import web

from crm_core.actions import idempotency
from crm_core.actions.sessions import SESSION_LIFE
from crm_core.store.database import Reader, Transaction
from crm_core.store.outbox import last_seq
from gateway.http.admission import admit
from gateway.http.inputs import read_body, read_file, read_path, read_query
from gateway.http.keys import keyed_request
from gateway.http.request import SERVICES, Reply, Request, Services, Streamed
from gateway.http.route import Connection, Route

SEQ_HEADER: Final = "X-Perezvon-Seq"

CLIENT_ADDRESS: Final = web.RequestKey("client_address", str)


def handler_of(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The route as aiohttp wants it."""

    async def handle(raw: web.Request) -> web.StreamResponse:
        services = raw.app[SERVICES]
        limits = services.settings.limits
        async with asyncio.timeout(limits.request_s + (limits.file_s if route.signature.takes_file else 0)):
            response = await _serve(route, raw, services)
        if isinstance(response, Streamed):
            await response.prepare(raw)
        return response

    return handle


async def _serve(route: Route, raw: web.Request, services: Services) -> web.StreamResponse:
    request = Request(
        services=services,
        principal=await admit(raw, services, route.permission),
        address=raw[CLIENT_ADDRESS],
        user_agent=raw.headers.get("User-Agent", "").encode(errors="replace").decode(),
        raw=raw,
    )
    arguments: dict[str, Any] = read_path(raw, route.signature.path)
    query = read_query(raw, route.signature.query)
    if query is not None:
        arguments["query"] = query
    body = b""
    if route.signature.body is not None:
        body, arguments["body"] = await read_body(
            raw, route.signature.body, timeout_s=services.settings.limits.body_s, forms_too=route.embedded
        )
    elif route.signature.takes_file:
        limits = services.settings.limits
        arguments["body"] = sent = await read_file(raw, at_most=limits.file_bytes, timeout_s=limits.file_s)
        body = sent.data
    match route.signature.connection:
        case Connection.NONE:
            return _response(route, await route.handler(request, **arguments), services)
        case Connection.READ:
            async with services.database.read() as reader:
                return await _read(route, request, reader, arguments)
        case Connection.WRITE:
            async with services.database.begin() as tx:
                return await _write(route, request, tx, arguments, body)


async def _read(route: Route, request: Request, reader: Reader, arguments: dict[str, Any]) -> web.StreamResponse:
    # Before the data: an event that is shown already may come once more, none is missed.
    seq = await last_seq(reader) if route.snapshot else None
    response = _response(route, await route.handler(request, reader=reader, **arguments), request.services)
    if seq is not None:
        response.headers[SEQ_HEADER] = str(seq)
    return response


async def _write(
    route: Route, request: Request, tx: Transaction, arguments: dict[str, Any], body: bytes
) -> web.StreamResponse:
    keyed = keyed_request(request.raw, body, user_id=request.user_id) if route.is_idempotent_by_key else None
    if keyed is not None:
        known = await idempotency.find_answer(tx, keyed)
        if known is not None:
            return web.Response(status=known.status, body=known.body, content_type=route.media)
    response = _response(route, await route.handler(request, tx=tx, **arguments), request.services)
    if keyed is not None and isinstance(response, web.Response):
        written = cast(bytes, response.body or b"")
        await idempotency.remember(tx, keyed, idempotency.Answer(status=response.status, body=written))
    return response


def _response(route: Route, result: object, services: Services) -> web.StreamResponse:
    if isinstance(result, web.StreamResponse):
        return result
    reply = result if isinstance(result, Reply) else Reply(body=result)
    response = web.Response(status=route.status, headers=reply.headers)
    if route.signature.returns is not None:
        response.body = route.signature.returns.dump_json(reply.body, by_alias=True)
        response.content_type = route.media
    if reply.cookie:
        response.set_cookie(
            services.cookie_name,
            reply.cookie,
            max_age=int(SESSION_LIFE.total_seconds()),
            path="/",
            httponly=True,
            samesite="Lax",
            secure=services.is_https,
        )
    elif reply.cookie == "":
        response.del_cookie(services.cookie_name, path="/", httponly=True, samesite="Lax", secure=services.is_https)
    return response
