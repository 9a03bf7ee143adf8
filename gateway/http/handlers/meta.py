"""What a page must know before anybody has signed in, and what programs read of the API itself."""

from __future__ import annotations

import asyncio
from functools import partial
from importlib.resources import files
from typing import Final

from aiohttp import web

from crm_core.domain.errors import NotFound
from crm_core.views.model import WireModel
from gateway.http.permissions import Permission
from gateway.http.request import DemoLogin, Request
from gateway.http.route import Routes

routes: Final = Routes("meta")

#: Makes the document, which takes a while the first time.
DOCUMENT: Final = web.AppKey("openapi", partial[bytes])

_PAGE: Final = files("gateway.http") / "docs"
_PAGE_FILES: Final = {"docs.css": "text/css", "docs.js": "text/javascript"}


class Meta(WireModel):
    """The company's defaults; ``demo_logins`` is empty unless this is a demo."""

    version: str
    locale: str
    timezone: str
    country: str
    demo: bool
    demo_logins: list[DemoLogin]


@routes.add("GET", "/meta", permission=Permission.PUBLIC, summary="What this installation is")
async def get_meta(request: Request) -> Meta:
    services = request.services
    settings = services.settings
    return Meta(
        version=services.version,
        locale=settings.locale,
        timezone=settings.timezone.key,
        country=settings.country,
        demo=bool(services.demo_logins),
        demo_logins=list(services.demo_logins),
    )


@routes.add("GET", "/openapi.json", permission=Permission.PUBLIC, summary="This document")
async def get_openapi(request: Request) -> web.Response:
    document = await asyncio.to_thread(request.raw.app[DOCUMENT])
    return web.Response(body=document, content_type="application/json")


@routes.add("GET", "/docs", permission=Permission.PUBLIC, summary="A page to try the API", media="text/html")
async def get_docs(request: Request) -> web.Response:
    return web.Response(text=(_PAGE / "index.html").read_text(), content_type="text/html")


@routes.add("GET", "/docs/{name}", permission=Permission.PUBLIC, summary="What the page needs", media="text/css")
async def get_docs_file(request: Request, name: str) -> web.Response:
    if name not in _PAGE_FILES:
        raise NotFound
    return web.Response(text=(_PAGE / name).read_text(), content_type=_PAGE_FILES[name])
