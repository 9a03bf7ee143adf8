"""Why we do not hear with aiogram's ears: each reason shown on plain aiogram, beside what we do instead.

When a release mends one of them, its test fails and the reason can be dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import ClientDecodeError
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler

from channels.telegram.outgoing import Outgoing, Sent, Text
from channels.telegram.sender import Sender
from tests.bot_api.bot import FakeBot
from tests.bot_api.messages import AIGUL, message, private_chat
from tests.bot_api.server import fake_telegram
from tests.telegram.room import Log, bot_at_telegram, listening
from tests.waiting import eventually


@asynccontextmanager
async def plain(fake: FakeBot) -> AsyncIterator[Bot]:
    async with fake_telegram(fake) as telegram:
        bot = Bot(fake.token, session=AiohttpSession(api=TelegramAPIServer.from_base(telegram.url)))
        async with bot:
            yield bot


async def test_its_polling_acknowledges_what_is_still_being_handled() -> None:
    fake, stored = FakeBot(), asyncio.Event()
    said = fake.hears("message", message(1, text="…"))
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def store(_: Message) -> None:
        await stored.wait()

    async with plain(fake) as bot:
        polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False))
        await eventually(lambda: _is_confirmed(fake, said))
        lost_by_a_crash = not stored.is_set()
        stored.set()
        await dispatcher.stop_polling()
        await polling

    assert lost_by_a_crash


async def test_one_odd_update_takes_its_batch_with_it_and_ours_only_itself() -> None:
    fake, log = FakeBot(), Log()
    said = fake.hears("message", message(1, text="хочу на море"))
    fake.put_raw({"update_id": said + 1, "message": message(2, text="…") | {"date": "today"}})
    async with plain(fake) as bot:
        with pytest.raises(ClientDecodeError):
            await bot.get_updates()
    async with bot_at_telegram(fake) as (_, api), listening(api, log):
        await eventually(lambda: _is_confirmed(fake, said + 1))

    assert log.ids == [said, said + 1]


async def test_its_webhook_believes_anybody_when_no_secret_is_set() -> None:
    async with plain(FakeBot()) as bot:
        assert SimpleRequestHandler(Dispatcher(), bot).verify_secret("anything", bot)


async def test_an_odd_answer_makes_a_sent_message_look_unsent_and_to_us_it_is_sent() -> None:
    fake = FakeBot()
    fake.knows(private_chat(AIGUL) | {"first_name": 7})
    async with plain(fake) as bot:
        with pytest.raises(ClientDecodeError):
            await bot.send_message(AIGUL["id"], "один")
    async with bot_at_telegram(fake) as (_, api):
        fate = await Sender("main", api).send(Outgoing(chat_id=AIGUL["id"], content=Text(text="два")))

    assert isinstance(fate, Sent)
    assert [sent.message["text"] for sent in fake.sent] == ["один", "два"]


async def _is_confirmed(fake: FakeBot, update_id: int) -> bool:
    return update_id in fake.confirmed
