"""The web chat beside its sockets: the widget itself, what it must know first, and files both ways.

Pages of other sites ask here, each of its own site and from one of that site's
origins; nobody's cookie counts. Who a visitor is stands in the token that their
socket was given.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from aiohttp import hdrs, web
from pydantic import Field

from channels.webchat.keeping import keep
from config.sections import WebchatSettings
from crm_core.actions import webchat
from crm_core.actions.sessions import NotSignedIn
from crm_core.actions.uploads import FileEmpty
from crm_core.actions.webchat import Said, Site
from crm_core.domain.errors import NotFound, TooManyAttempts
from crm_core.domain.strangers_words import file_name
from crm_core.domain.webchat import Visit
from crm_core.domain.written import HeardFile
from crm_core.inputs import InputModel, Line
from crm_core.store import attempts
from crm_core.store.database import Reader
from crm_core.store.webchat import Thread, find_file
from crm_core.views.model import WireModel
from crm_core.views.webchat import ChatHours, chat_hours
from gateway.http.downloads import strangers_file
from gateway.http.files import widget
from gateway.http.inputs import read_file
from gateway.http.permissions import Permission
from gateway.http.refusals import BodyTooLarge, ForeignOrigin
from gateway.http.request import Reply, Request
from gateway.http.route import Routes

routes: Final = Routes("webchat", prefix="")

#: Files from one address within ``attempts.WINDOW``.
FILES_PER_ADDRESS: Final = 60
#: How long a browser remembers that it may ask.
_PREFLIGHT_S: Final = 86_400
_SCHEME: Final = "Visitor "


class SiteQuery(InputModel):
    """Which site's page asks."""

    site: Annotated[str, Field(max_length=64)]


class ChatFileQuery(SiteQuery):
    """``key`` names the message that the file is; told again under it, it is the same."""

    key: UUID
    name: Line


class ChatConfig(WireModel):
    """What the widget must know before it is opened."""

    hours: ChatHours
    file_bytes: int


class ChatFileKept(WireModel):
    """The message that a file has become."""

    id: UUID
    at: datetime


@routes.add(
    "GET",
    "/widget.js",
    permission=Permission.PUBLIC,
    summary="The chat for a page of a site",
    media="text/javascript",
    embedded=True,
    refusals=[NotFound],
)
async def get_widget(request: Request) -> web.StreamResponse:
    """``<script async src="https://HOST/widget.js" data-site="SITE_KEY"></script>``."""
    return widget(request.raw)


@routes.add(
    "GET",
    "/chat/config",
    permission=Permission.PUBLIC,
    summary="What the chat of a site must know",
    embedded=True,
    refusals=[ForeignOrigin, NotFound],
)
async def get_chat_config(request: Request, reader: Reader, query: SiteQuery) -> Reply[ChatConfig]:
    """To the site's own pages only."""
    site = _site(request, query.site)
    zone = request.services.settings.timezone.key
    hours = await chat_hours(reader, site.queue, zone=zone, now=datetime.now(UTC))
    config = ChatConfig(hours=hours, file_bytes=request.services.settings.limits.chat_file_bytes)
    return Reply(body=config, headers=_for_page(request))


@routes.add(
    "POST",
    "/chat/files",
    permission=Permission.PUBLIC,
    summary="A visitor sends a file",
    status=201,
    embedded=True,
    refusals=[BodyTooLarge, FileEmpty, ForeignOrigin, NotFound, NotSignedIn, TooManyAttempts],
)
async def leave_chat_file(request: Request, query: ChatFileQuery) -> Reply[ChatFileKept]:
    """The body is the file; ``Authorization: Visitor TOKEN``."""
    site, database, limits = _site(request, query.site), request.services.database, request.services.settings.limits
    async with database.begin() as tx:  # of its own, so that refused ones count as well
        await attempts.count(tx, [(f"chatfile:{request.address}", FILES_PER_ADDRESS)])
    thread = await _visitor(request, site)
    sent = await read_file(request.raw, at_most=limits.chat_file_bytes, timeout_s=limits.request_s)
    if not sent.data:
        raise FileEmpty
    file = HeardFile(name=file_name(query.name), type=sent.type, data=sent.data)
    whose = Site(name=site.name, queue=site.queue, country=request.services.settings.country)
    stored = await keep(database, whose, thread, Visit(), Said(key=query.key, files=(file,)))
    return Reply(body=ChatFileKept(id=stored.message_id, at=stored.at), headers=_for_page(request))


@routes.add(
    "GET",
    "/chat/files/{file_id}",
    permission=Permission.PUBLIC,
    summary="A visitor fetches a file of their conversation",
    media="*/*",
    embedded=True,
    refusals=[ForeignOrigin, NotFound, NotSignedIn],
)
async def fetch_chat_file(request: Request, file_id: UUID, query: SiteQuery) -> web.Response:
    """``Authorization: Visitor TOKEN``."""
    thread = await _visitor(request, _site(request, query.site))
    async with request.services.database.read() as reader:
        file = await find_file(reader, thread, file_id)
    if file is None:
        raise NotFound("There is no such file.")
    return web.Response(body=file.data, headers=strangers_file(file.name, file.type) | _for_page(request))


@routes.add(
    "OPTIONS",
    "/chat/files",
    permission=Permission.PUBLIC,
    summary="May a page of another site send a file",
    status=204,
    embedded=True,
)
async def ask_about_chat_file(request: Request, query: ChatFileQuery) -> web.Response:
    """What browsers ask before they send one."""
    return _may_ask("POST")


@routes.add(
    "OPTIONS",
    "/chat/files/{file_id}",
    permission=Permission.PUBLIC,
    summary="May a page of another site fetch a file",
    status=204,
    embedded=True,
)
async def ask_about_a_chat_file(request: Request, file_id: UUID, query: SiteQuery) -> web.Response:
    """The same before they fetch one."""
    return _may_ask("GET")


def _site(request: Request, site_key: str) -> WebchatSettings:
    """Raises:
    NotFound: there is no such site.
    ForeignOrigin: the page that asks is not one of its pages.
    """
    found = next((one for one in request.services.settings.webchat if one.site_key == site_key), None)
    if found is None:
        raise NotFound("There is no such site.")
    if request.raw.headers.get(hdrs.ORIGIN) not in found.origins and not _is_own_page(request, found):
        raise ForeignOrigin
    return found


def _is_own_page(request: Request, site: WebchatSettings) -> bool:
    """A page of ours that carries the chat asks without an Origin: browsers add none to what is read at home."""
    headers = request.raw.headers
    return hdrs.ORIGIN not in headers and headers.get("Sec-Fetch-Site") == "same-origin"


async def _visitor(request: Request, site: WebchatSettings) -> Thread:
    """Raises:
    NotSignedIn: the token is none of ours, or no longer.
    """
    given = request.raw.headers.get(hdrs.AUTHORIZATION, "")
    async with request.services.database.begin() as tx:
        visitor_id = await webchat.who(tx, site.name, given.removeprefix(_SCHEME))
    if visitor_id is None:
        raise NotSignedIn
    return Thread(source=site.name, visitor_id=visitor_id)


def _for_page(request: Request) -> dict[str, str]:
    """Readable by the page that asked, and by no other."""
    origin = request.raw.headers.get(hdrs.ORIGIN)
    return {hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin, hdrs.VARY: "Origin"} if origin else {}


def _may_ask(method: str) -> web.Response:
    headers = {
        "Access-Control-Allow-Methods": method,
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": str(_PREFLIGHT_S),
    }
    return web.Response(status=204, headers=headers)
