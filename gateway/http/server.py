"""The HTTP side put together: every route there is, what stands around them, and the web app's files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Final

import orjson
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.http import metrics, openapi
from gateway.http.dispatch import handler_of
from gateway.http.files import ROOT, serve_app
from gateway.http.handlers import (
    absences,
    agents,
    calendars,
    callbacks,
    calls,
    canned_answers,
    catalogues,
    clients,
    conversations,
    demo,
    drafts,
    files,
    floor,
    form_pages,
    forms,
    hooks,
    interactions,
    lead_sources,
    leads,
    meta,
    opened,
    operations,
    people,
    policies,
    promises,
    recordings,
    session,
    teams,
    telegram_groups,
    telephony,
    users,
    webchat,
)
from gateway.http.middleware import EMBEDDED, HEADERS, add_headers, around, headers_of
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
        conversations.routes,
        canned_answers.routes,
        files.routes,
        callbacks.routes,
        policies.routes,
        promises.routes,
        leads.routes,
        lead_sources.routes,
        forms.routes,
        form_pages.routes,
        drafts.routes,
        catalogues.routes,
        floor.routes,
        users.routes,
        calendars.routes,
        teams.routes,
        people.routes,
        absences.routes,
        telephony.routes,
        meta.routes,
        hooks.routes,
        opened.routes,
        telegram_groups.routes,
        demo.routes,
        demo.pages,
        webchat.routes,
        operations.routes,
    )
)

#: A connection that asks nothing, or never ends its headers, is closed after this.
KEEPALIVE_S: Final = 75.0
#: Longer request lines and headers are no HTTP of ours.
MAX_LINE_BYTES: Final = 32_768


def build_app(services: Services, *, static: Path) -> web.Application:
    """An application ready to run; ``static`` holds the built web app."""
    app = web.Application(middlewares=[around], client_max_size=services.settings.limits.body_bytes)
    app[SERVICES] = services
    app[ROOT] = static
    app[HEADERS] = headers_of(services)
    app[EMBEDDED] = frozenset(route.name for route in ROUTES if route.embedded)
    app[meta.DOCUMENT] = partial(_document, services.version)
    app.on_response_prepare.append(add_headers)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, handler_of(route), name=route.name)
        if route.method == hdrs.METH_GET:
            app.router.add_route(hdrs.METH_HEAD, route.path, handler_of(route))
    app.router.add_get("/{page:(?!api/).*}", serve_app(static), name="app")
    return app


@cache
def _document(version: str) -> bytes:
    """The same for every application of a process, and half a second's work: made when somebody asks."""
    return orjson.dumps(openapi.document(ROUTES, version=version))


def make_runner(app: web.Application, *, shutdown_timeout_s: float = 10.0) -> web.AppRunner:
    """What listens for the application; requests in flight at its end have ``shutdown_timeout_s`` to finish."""
    return web.AppRunner(
        app,
        access_log=None,
        logger=_logger(),
        shutdown_timeout=shutdown_timeout_s,
        keepalive_timeout=KEEPALIVE_S,
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_LINE_BYTES,
    )


def _logger() -> logging.Logger:
    logger = logging.getLogger("gateway.http")
    logger.addFilter(_without_strangers_words)
    return logger


def _without_strangers_words(record: logging.LogRecord) -> bool:
    """What is not HTTP is counted; its text, which may hold anything, stays out of the log."""
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
        metrics.MALFORMED.inc()
        return False
    return True
