"""The HTTP side put together: every route there is, what stands around them, and the web app's files."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import orjson
from aiohttp import hdrs, web

from gateway.http import openapi
from gateway.http.dispatch import handler_of
from gateway.http.files import serve_app
from gateway.http.handlers import (
    agents,
    callbacks,
    calls,
    catalogues,
    clients,
    drafts,
    gaps,
    interactions,
    meta,
    operations,
    recordings,
    session,
    users,
)
from gateway.http.inputs import MAX_BODY_BYTES
from gateway.http.middleware import HEADERS, add_headers, around, headers_of
from gateway.http.request import SERVICES, Services
from gateway.http.route import Route

#: Every route; a test holds that the application has no other.
ROUTES: Final[Sequence[Route]] = tuple(
    chain(
        session.routes,
        agents.routes,
        interactions.routes,
        recordings.routes,
        calls.routes,
        clients.routes,
        callbacks.routes,
        drafts.routes,
        catalogues.routes,
        gaps.routes,
        users.routes,
        meta.routes,
        operations.routes,
    )
)


def build_app(services: Services, *, static: Path) -> web.Application:
    """An application ready to run; ``static`` holds the built web app."""
    app = web.Application(middlewares=[around], client_max_size=MAX_BODY_BYTES)
    app[SERVICES] = services
    app[HEADERS] = headers_of(services)
    app[meta.DOCUMENT] = orjson.dumps(openapi.document(ROUTES, version=services.version))
    app.on_response_prepare.append(add_headers)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, handler_of(route), name=route.name)
        if route.method == hdrs.METH_GET:
            app.router.add_route(hdrs.METH_HEAD, route.path, handler_of(route))
    app.router.add_get("/{page:(?!api/).*}", serve_app(static), name="app")
    return app
