"""Where the outside world knocks: answered with 200 only when what it brought is stored."""

from __future__ import annotations

from functools import partial
from typing import Final, assert_never

from aiohttp import web

from channels.telegram.webhook import SECRET_HEADER, Answer
from crm_core.domain.errors import NotFound
from gateway.http import metrics
from gateway.http.inputs import read_bytes
from gateway.http.permissions import Permission
from gateway.http.refusals import NotListening, SecretWrong
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("hooks", prefix="/hooks")


@routes.add(
    "POST",
    "/telegram/{name}",
    permission=Permission.PUBLIC,
    summary="Telegram brings an update of this bot",
    refusals=[NotFound, SecretWrong, NotListening],
)
async def knock_for_telegram(request: Request, name: str) -> web.Response:
    """With the secret of the settings in ``X-Telegram-Bot-Api-Secret-Token``; what is brought twice is stored once."""
    webhook = request.services.telegram_webhooks.get(name)
    if webhook is None:
        raise NotFound
    read_body = partial(read_bytes, request.raw, timeout_s=request.services.settings.limits.body_s)
    answer = await webhook.receive(read_body, secret=request.raw.headers.get(SECRET_HEADER))
    metrics.KNOCKS.labels(name, answer.name.lower()).inc()
    match answer:
        case Answer.STORED:
            return web.Response()
        case Answer.UNKNOWN_CALLER:
            raise SecretWrong
        case Answer.TRY_AGAIN:
            raise NotListening
        case _:
            assert_never(answer)
