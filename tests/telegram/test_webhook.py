"""Telegram knocks with each update: only with the secret, as often as it takes, in any order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from aiohttp import web

from channels.telegram.values import Parked
from channels.telegram.webhook import SECRET_HEADER, Answer, Webhook
from tests.bot_api.bot import FakeBot
from tests.bot_api.messages import message
from tests.telegram.room import Log, bot_at_telegram, listening
from tests.waiting import eventually

SECRET = "s3cret-of_the-door"


@contextmanager
def door(log: Log) -> Iterator[Webhook]:
    webhook = Webhook("main", secret=SECRET)
    with webhook.opened(log.store, username="perezvon_test_bot"):
        yield webhook


def bringing(body: bytes) -> Callable[[], Awaitable[bytes]]:
    async def read_body() -> bytes:
        return body

    return read_body


_STATUSES = {Answer.STORED: 200, Answer.UNKNOWN_CALLER: 403, Answer.TRY_AGAIN: 503}


@asynccontextmanager
async def on_the_web(log: Log) -> AsyncIterator[str]:
    """As a gateway puts it there."""

    async def knock(request: web.Request) -> web.Response:
        answer = await webhook.receive(request.read, secret=request.headers.get(SECRET_HEADER))
        return web.Response(status=_STATUSES[answer])

    app = web.Application()
    app.router.add_post("/hooks/telegram/main", knock)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        with door(log) as webhook:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/telegram/main"
    finally:
        await runner.cleanup()


async def test_updates_in_any_order_and_some_twice_are_stored_once() -> None:
    bot, log = FakeBot(), Log()
    async with bot_at_telegram(bot) as (telegram, api), on_the_web(log) as url:
        said = [bot.hears("message", message(number, text="…")) for number in range(1, 6)]
        await api.listen_by_webhook(url, secret=SECRET)
        log.faults = [ConnectionResetError("database")]
        first = await telegram.deliver(bot, out_of_order=True)
        waiting = [update["update_id"] for update in bot.pending]
        second = await telegram.deliver(bot)

    assert sorted(first) == [200, 200, 200, 200, 503]
    assert (len(waiting), second, bot.pending) == (1, [200], [])
    assert sorted(log.ids) == said


async def test_polling_takes_over_what_a_webhook_left() -> None:
    bot, log = FakeBot(), Log()
    async with bot_at_telegram(bot) as (_, api), on_the_web(log) as url:
        await api.listen_by_webhook(url, secret=SECRET)
        said = bot.hears("message", message(1, text="…"))
        async with listening(api, log):
            await eventually(lambda: _is_confirmed(bot, said))

    assert log.ids == [said]


@pytest.mark.parametrize("secret", [None, "", "s3cret", SECRET + "x", SECRET.upper(), "пароль", "\udcff"])
async def test_without_the_secret_nobody_is_heard_and_nothing_is_read(secret: str | None) -> None:
    log = Log()

    async def read_body() -> bytes:
        raise AssertionError("a stranger's body is read")

    with door(log) as webhook:
        answer = await webhook.receive(read_body, secret=secret)

    assert answer is Answer.UNKNOWN_CALLER
    assert log.told == []


async def test_whoever_knocks_before_the_door_is_open_knocks_again() -> None:
    webhook = Webhook("main", secret=SECRET)

    answer = await webhook.receive(bringing(b"{}"), secret=SECRET)

    assert answer is Answer.TRY_AGAIN


def test_a_door_without_a_secret_is_not_made() -> None:
    with pytest.raises(ValueError, match="believe anybody"):
        Webhook("main", secret="")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"update_id": ' + b"9" * 5000 + b"}", b'{"update_id": "1"}', b"null"],
    ids=["nothing", "half", "no UTF-8", "too deep", "too large a number", "no number", "null"],
)
async def test_what_is_no_update_is_parked_whole_and_answered_so_that_it_does_not_come_back(body: bytes) -> None:
    log = Log()

    with door(log) as webhook:
        answer = await webhook.receive(bringing(body), secret=SECRET)

    [parked] = log.rows.values()
    assert answer is Answer.STORED
    assert isinstance(parked.meaning, Parked)
    assert parked.raw_bytes


async def _is_confirmed(bot: FakeBot, update_id: int) -> bool:
    return update_id in bot.confirmed
