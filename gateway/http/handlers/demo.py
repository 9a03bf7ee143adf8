"""What only a demo has: a client who calls when asked to, and a site that carries the chat."""

from __future__ import annotations

from importlib.resources import files
from typing import Final, Literal

from aiohttp import web

from crm_core.domain.errors import DecisionRefused, NotFound
from crm_core.inputs import InputModel
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("demo")
pages: Final = Routes("demo", prefix="")

#: The demo's own site, as its chat knows it.
CHAT_SITE: Final = "demo"

_SITE: Final = files("gateway.http") / "demo_site"


class ChatDemoQuery(InputModel):
    """In which language the site is read; the installation's own unless told."""

    lang: Literal["ru", "en"] | None = None


@routes.add(
    "POST",
    "/demo/ring",
    permission=Permission.SIGNED_IN,
    summary="Have a client call me now",
    status=202,
    refusals=[NotFound, DecisionRefused],
)
async def ring_me(request: Request) -> None:
    ringer = request.services.ringer
    if ringer is None:
        raise NotFound("This is not a demo.")
    await ringer.ring(request.signed_in.viewer.user_id)


@pages.add(
    "GET",
    "/chat-demo",
    permission=Permission.PUBLIC,
    summary="A site with the chat on it",
    media="text/html",
    refusals=[NotFound],
)
async def get_chat_demo(request: Request, query: ChatDemoQuery) -> web.Response:
    _require_demo(request)
    language = query.lang or request.services.settings.locale
    return web.Response(text=(_SITE / f"{language}.html").read_text(), content_type="text/html")


@pages.add(
    "GET",
    "/chat-demo/site.css",
    permission=Permission.PUBLIC,
    summary="How that site looks",
    media="text/css",
    refusals=[NotFound],
)
async def get_chat_demo_style(request: Request) -> web.Response:
    _require_demo(request)
    return web.Response(text=(_SITE / "site.css").read_text(), content_type="text/css")


def _require_demo(request: Request) -> None:
    if not request.services.demo_logins:
        raise NotFound("This is not a demo.")
