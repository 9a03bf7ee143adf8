"""For those who keep it running: is it alive, is it ready, what does it count."""

from __future__ import annotations

import asyncio
from typing import Final

import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from config.settings import Settings
from crm_core.domain.written import WrittenChannel
from crm_core.store.database import DATABASE_AWAY
from crm_core.views.channel_links import states_of
from crm_core.views.links import list_links
from gateway.http.permissions import Permission
from gateway.http.request import Request, Services
from gateway.http.route import Routes

routes: Final = Routes("operations", prefix="")

#: A database that has not answered by then counts as down.
_DATABASE_DEADLINE_S: Final = 2.0


@routes.add("GET", "/healthz", permission=Permission.PUBLIC, summary="Whether the process is alive")
async def get_health(request: Request) -> web.Response:
    return web.json_response({"status": "alive"})


@routes.add("GET", "/readyz", permission=Permission.PUBLIC, summary="Whether it serves")
async def get_readiness(request: Request) -> web.Response:
    """503 while it starts or drains and without a database; a PBX, a mailbox or a bot that is lost is not unready.

    A web chat has no other side that could be lost: it is up with us.
    """
    states = await _links(request.services)
    body = {
        "database": "down" if states is None else "up",
        **(states or _all_down(request.services.settings)),
    }
    ready = states is not None and request.services.serving.is_set()
    return web.Response(body=orjson.dumps(body), status=200 if ready else 503, content_type="application/json")


@routes.add("GET", "/metrics", permission=Permission.PUBLIC, summary="Counters for Prometheus", media="text/plain")
async def get_metrics(request: Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _all_down(settings: Settings) -> dict[str, dict[str, str]]:
    return {
        "pbx": {pbx.name: "down" for pbx in settings.pbx},
        "mailbox": {mailbox.name: "down" for mailbox in settings.mailbox},
        "telegram": {bot.name: "down" for bot in settings.telegram},
        "webchat": {site.name: "down" for site in settings.webchat},
    }


async def _links(services: Services) -> dict[str, dict[str, str]] | None:
    """By kind and name: up, down, or refused where a person must act; None when the database does not answer."""
    settings = services.settings
    try:
        async with asyncio.timeout(_DATABASE_DEADLINE_S), services.database.read() as reader:
            links = await list_links(reader, [pbx.name for pbx in settings.pbx])
            mailboxes = [mailbox.name for mailbox in settings.mailbox]
            return {
                "pbx": _all_down(settings)["pbx"] | {link.name: "up" if link.up else "down" for link in links},
                "mailbox": await states_of(reader, WrittenChannel.EMAIL, mailboxes),
                "telegram": await states_of(reader, WrittenChannel.TELEGRAM, [bot.name for bot in settings.telegram]),
                "webchat": {site.name: "up" for site in settings.webchat},
            }
    except DATABASE_AWAY:  # a TimeoutError is an OSError
        return None
