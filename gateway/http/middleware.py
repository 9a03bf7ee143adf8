"""What happens around every request: a number, the origin check, the words for a refusal, headers, a log line.

The log and the metrics name a route by its pattern: the address itself may
hold a phone number. A socket is not a request and leaves no line here.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.http import metrics, problems
from gateway.http.admission import check_origin, client_address
from gateway.http.dispatch import CLIENT_ADDRESS
from gateway.http.request import SERVICES, Services

logger = structlog.get_logger(__name__)

REQUEST_ID: Final = web.RequestKey("request_id", str)
REQUEST_ID_HEADER: Final = "X-Request-Id"
_UNMATCHED = "(none)"
#: Anything else is counted as one: a stranger must not be able to fill the metrics with words.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: The addresses of the sockets, which count themselves.
CHAT_SOCKETS: Final = "/chat/socket.io"
SOCKETS: Final = ("/socket.io", CHAT_SOCKETS)


@web.middleware
async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Everything that is the same for all of them."""
    started = time.perf_counter()
    services = request.app[SERVICES]
    request[REQUEST_ID] = secrets.token_hex(8)
    request[CLIENT_ADDRESS] = client_address(request, services.settings.trusted_proxies)
    with structlog.contextvars.bound_contextvars(request_id=request[REQUEST_ID]):
        response = await _answer(request, handler, services)
        if not request.path.startswith(SOCKETS):
            _tell(request, response.status, time.perf_counter() - started)
    return response


async def _answer(raw: web.Request, handler: Handler, services: Services) -> web.StreamResponse:
    try:
        # Visitors' sockets come from the pages of sites, which the chat itself tells apart.
        if not _is_embedded(raw) and not raw.path.startswith(CHAT_SOCKETS):
            check_origin(raw, services.settings.public_url)
        return await handler(raw)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
        return problems.answer(problems.translate_http(error), kept)
    except Exception as error:  # the last one to hear of it: logs, and answers with the number of the line
        return problems.answer(problems.translate(error))


def _is_embedded(raw: web.Request) -> bool:
    return raw.match_info.route.name in raw.app[EMBEDDED]


def _tell(raw: web.Request, status: int, seconds: float) -> None:
    resource = raw.match_info.route.resource
    route = resource.canonical if resource is not None else _UNMATCHED
    metrics.observe(raw.method if raw.method in _METHODS else "(other)", route, status, seconds)
    logger.info(
        "request answered",
        action="http_request",
        method=raw.method,
        route=route,
        status=status,
        duration_s=round(seconds, 4),
    )


def headers_of(services: Services) -> Mapping[str, str]:
    """What every answer carries: no foreign script, frame, font or connection, and no guessing of types."""
    public = urlsplit(services.settings.public_url)
    sockets = f"{'wss' if services.is_https else 'ws'}://{public.netloc}"
    policy = {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": f"'self' {sockets}",
        "media-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
    }
    if services.is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


async def add_headers(raw: web.Request, response: web.StreamResponse) -> None:
    """Runs just before an answer's headers leave, so that files and streams have them too."""
    if _is_embedded(raw):  # nobody's cookie counts there, so every page may read the answer
        response.headers.setdefault("Access-Control-Allow-Origin", "*")
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    for name, value in raw.app[HEADERS].items():
        response.headers.setdefault(name, value)
    if raw.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    if REQUEST_ID in raw:
        response.headers[REQUEST_ID_HEADER] = raw[REQUEST_ID]
    # What runs here is nobody's business.
    response.headers.popall("Server", None)


HEADERS: Final = web.AppKey("headers", Mapping[str, str])
#: Names of the routes that pages of other sites may use.
EMBEDDED: Final = web.AppKey("embedded", frozenset[str])
