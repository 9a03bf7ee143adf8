"""The HTTP face of the stand-in: tokens, methods in every encoding, files, webhooks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientSession, web

from tests.bot_api.bot import Breakage, FakeBot
from tests.bot_api.messages import Json
from tests.bot_api.methods import METHODS, Parameters, Uploads
from tests.bot_api.refusals import NOT_FOUND, UNAUTHORIZED, Refusal

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass
class FakeTelegram:
    """All bots of one place."""

    bots: dict[str, FakeBot] = field(default_factory=dict)
    url: str = ""

    async def call(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"].lower()
        try:
            bot = self._bot(request.match_info["token"])
            bot.calls.append(name)
            method = METHODS.get(name)
            if method is None:
                raise Refusal(404, "Not Found: method not found")
            breakage = bot.broken[name].popleft() if bot.broken[name] else None
            if isinstance(breakage, Refusal):
                raise breakage
            if breakage is Breakage.SILENCE:
                await asyncio.sleep(3600)  # until the caller goes away
            if breakage is Breakage.CUT_BEFORE:
                return _cut(request)
            parameters, uploads = await _arguments(request)
            answer = await method(bot, parameters, uploads)
            if breakage is Breakage.CUT_AFTER:
                return _cut(request)
            return web.json_response({"ok": True, "result": answer})
        except Refusal as refusal:
            return web.json_response(refusal.as_json(), status=refusal.code)

    async def give_file(self, request: web.Request) -> web.StreamResponse:
        try:
            bot = self._bot(request.match_info["token"])
        except Refusal as refusal:
            return web.json_response(refusal.as_json(), status=refusal.code)
        path = request.match_info["path"]
        content = next((content for held, content in bot.files.values() if held["file_path"] == path), None)
        if content is None:
            return web.json_response(NOT_FOUND.as_json(), status=404)
        return web.Response(body=content)

    async def deliver(self, bot: FakeBot, *, out_of_order: bool = False) -> list[int]:
        """Knock at the webhook once with everything that waits, at most ``max_connections`` at a time.

        Gives the statuses; what was not answered with 2xx waits on, as it does at Telegram's.
        """
        waiting = bot.pending[: bot.webhook["max_connections"]]
        async with ClientSession() as session:
            told = reversed(waiting) if out_of_order else waiting
            return list(await asyncio.gather(*(self._knock(session, bot, update) for update in told)))

    async def _knock(self, session: ClientSession, bot: FakeBot, update: Json) -> int:
        secret = bot.webhook["secret_token"]
        headers = {SECRET_HEADER: secret} if secret else {}
        try:
            async with session.post(bot.webhook["url"], json=update, headers=headers) as answer:
                if 200 <= answer.status < 300:
                    bot.confirm([update["update_id"]])
                return answer.status
        except ClientError:
            return 0

    def _bot(self, token: str) -> FakeBot:
        if not token.partition(":")[0].isdigit() or ":" not in token:
            raise NOT_FOUND
        if token not in self.bots:
            raise UNAUTHORIZED
        return self.bots[token]


async def _arguments(request: web.Request) -> tuple[Parameters, Uploads]:
    """From the address, a form, a multipart form or JSON: Telegram takes all of them."""
    given: Parameters = dict(request.query)
    uploads: Uploads = {}
    if request.content_type == "application/json" and request.can_read_body:
        for name, value in (await request.json()).items():
            given[name] = value if isinstance(value, str) else json.dumps(value)
        return given, uploads
    for name, part in (await request.post()).items():
        if isinstance(part, web.FileField):
            uploads[name] = (part.filename, part.file.read())
        else:
            given[name] = str(part)
    return given, uploads


def _cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def fake_telegram(*bots: FakeBot) -> AsyncIterator[FakeTelegram]:
    """Listens on a port of its own while the context lasts."""
    telegram = FakeTelegram({bot.token: bot for bot in bots})
    app = web.Application(client_max_size=200 * 2**20)
    app.router.add_route("*", "/bot{token}/{method}", telegram.call)
    app.router.add_get("/file/bot{token}/{path:.+}", telegram.give_file)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    telegram.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield telegram
    finally:
        await runner.cleanup()
