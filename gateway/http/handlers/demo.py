"""What only a demo has: a client who calls when asked to, and a site that carries the chat."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from crm_core.domain.errors import DecisionRefused, NotFound
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("demo")
pages: Final = Routes("demo", prefix="")

#: The demo's own site, as its chat knows it.
CHAT_SITE: Final = "demo"

_PAGE: Final = f"""<!doctype html>
<html lang="ru">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Туры в Азию</title>
<h1>Туры в Азию</h1>
<p>Так выглядит чат на сайте компании: кнопка внизу справа. Напишите в него и ответьте из раздела «Входящие».</p>
<p>So the chat looks on a company's site: the button at the bottom right. Write there, answer from the inbox.</p>
<script async src="widget.js" data-site="{CHAT_SITE}"></script>
</html>
"""


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
async def get_chat_demo(request: Request) -> web.Response:
    if not request.services.demo_logins:
        raise NotFound("This is not a demo.")
    return web.Response(text=_PAGE, content_type="text/html")
