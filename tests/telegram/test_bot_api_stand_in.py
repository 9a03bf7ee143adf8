"""The stand-in of Telegram is as strict as Telegram: what it lets through, Telegram lets through."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession, FormData, ServerDisconnectedError

from tests.bot_api.bot import Breakage, FakeBot, Pace
from tests.bot_api.messages import AIGUL, NOON, TRIP_GROUP, Json, message, pressed, private_chat
from tests.bot_api.server import FakeTelegram, fake_telegram
from tests.waiting import eventually


@dataclass
class Caller:
    """A client of the Bot API that knows nothing of Perezvon."""

    telegram: FakeTelegram
    bot: FakeBot
    session: ClientSession

    async def __call__(self, method: str, *, token: str | None = None, **given: Any) -> Json:
        url = f"{self.telegram.url}/bot{token or self.bot.token}/{method}"
        async with self.session.post(url, json=given) as answer:
            told: Json = await answer.json()
            assert answer.status == told.get("error_code", 200)
            return told

    async def refused(self, method: str, **given: Any) -> str:
        told = await self(method, **given)
        assert not told["ok"], told
        return f"{told['error_code']} {told['description']}"


@pytest.fixture
async def call() -> AsyncIterator[Caller]:
    bot = FakeBot()
    async with fake_telegram(bot) as telegram, ClientSession() as session:
        bot.knows(private_chat(AIGUL))
        bot.knows(TRIP_GROUP)
        yield Caller(telegram, bot, session)


async def test_a_wrong_token_and_an_unknown_method_are_refused(call: Caller) -> None:
    assert (await call("getMe"))["result"]["is_bot"] is True
    assert await call.refused("getMe", token="42:AAanother") == "401 Unauthorized"
    assert await call.refused("getMe", token="no-token") == "404 Not Found"
    assert await call.refused("getNothing") == "404 Not Found: method not found"


async def test_an_update_is_given_again_until_a_later_offset_confirms_it(call: Caller) -> None:
    first, second, third = (call.bot.hears("message", message(n, text="…")) for n in (1, 2, 3))

    assert await _ids(call) == await _ids(call) == [first, second, third]
    assert await _ids(call, limit=2) == [first, second]
    assert await _ids(call, offset=second) == [second, third]
    assert await _ids(call, offset=first) == [second, third]
    assert call.bot.confirmed == [first]
    assert await _ids(call, offset=-1) == [third]
    assert await _ids(call, offset=third + 1) == []


async def test_what_nobody_fetched_for_a_day_is_forgotten(call: Caller) -> None:
    call.bot.hears("message", message(1, text="old"))
    call.bot.skew_s = 24 * 3600 + 1
    fresh = call.bot.hears("message", message(2, text="new"))

    assert await _ids(call) == [fresh]


async def test_a_long_poll_ends_with_the_first_news_and_is_ended_by_another_poller(call: Caller) -> None:
    waiting = asyncio.create_task(call("getUpdates", timeout=30))
    await eventually(lambda: _is_polled(call.bot))
    other = asyncio.create_task(call("getUpdates", timeout=30))
    refused = await waiting
    await eventually(lambda: _is_polled(call.bot))
    heard = call.bot.hears("message", message(1, text="…"))

    assert refused["error_code"] == 409
    assert "other getUpdates request" in refused["description"]
    assert [update["update_id"] for update in (await other)["result"]] == [heard]


async def test_polling_and_a_webhook_exclude_each_other(call: Caller) -> None:
    waiting = asyncio.create_task(call("getUpdates", timeout=30))
    await eventually(lambda: _is_polled(call.bot))
    assert (await call("setWebhook", url="https://crm.example/hooks/telegram/main"))["ok"]

    assert (await waiting)["description"] == "Conflict: terminated by setWebhook request"
    assert "while webhook is active" in await call.refused("getUpdates")
    assert (await call("getWebhookInfo"))["result"]["url"] == "https://crm.example/hooks/telegram/main"
    assert (await call("deleteWebhook"))["ok"]
    assert await _ids(call) == []


async def test_a_webhook_needs_https_and_a_plain_secret(call: Caller) -> None:
    assert "HTTPS" in await call.refused("setWebhook", url="http://crm.example/")
    assert "unallowed characters" in await call.refused("setWebhook", url="https://crm.example/", secret_token="a b")


async def test_some_kinds_are_told_only_when_asked_for(call: Caller) -> None:
    assert call.bot.hears("chat_member", {"chat": TRIP_GROUP}) == 0
    await call("getUpdates", allowed_updates=["chat_member"])
    assert call.bot.hears("chat_member", {"chat": TRIP_GROUP}) > 0
    assert call.bot.hears("message", message(1, text="…")) == 0


async def test_texts_have_a_length_and_their_tags_an_end(call: Caller) -> None:
    to = AIGUL["id"]
    assert (await call("sendMessage", chat_id=to, text="😀" * 2048))["ok"]
    assert await call.refused("sendMessage", chat_id=to, text="😀" * 2049) == "400 Bad Request: message is too long"
    assert await call.refused("sendMessage", chat_id=to, text=" ") == "400 Bad Request: message text is empty"
    tags = await call.refused("sendMessage", chat_id=to, text="<b>bold", parse_mode="HTML")
    assert tags == "400 Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\""
    assert "Unsupported start tag" in await call.refused("sendMessage", chat_id=to, text="<p>", parse_mode="HTML")


async def test_who_cannot_be_written_to_is_told_apart(call: Caller) -> None:
    call.bot.blocked_by(AIGUL)
    call.bot.upgraded(TRIP_GROUP, -1_004_001)

    assert await call.refused("sendMessage", chat_id=1, text="…") == "400 Bad Request: chat not found"
    blocked = await call.refused("sendMessage", chat_id=AIGUL["id"], text="…")
    assert blocked == "403 Forbidden: bot was blocked by the user"
    moved = await call("sendMessage", chat_id=TRIP_GROUP["id"], text="…")
    assert (moved["error_code"], moved["parameters"]) == (400, {"migrate_to_chat_id": -1_004_001})
    assert (await call("sendMessage", chat_id=-1_004_001, text="…"))["ok"]


async def test_an_edit_must_change_something(call: Caller) -> None:
    sent = (await call("sendMessage", chat_id=AIGUL["id"], text="one"))["result"]
    there = {"chat_id": AIGUL["id"], "message_id": sent["message_id"]}

    assert "message is not modified" in await call.refused("editMessageText", **there, text="one")
    assert (await call("editMessageText", **there, text="two"))["result"]["text"] == "two"
    assert "message to edit not found" in await call.refused("editMessageText", chat_id=AIGUL["id"], text="x")


async def test_a_button_has_little_room_and_little_time(call: Caller) -> None:
    def keyboard(data: str) -> Json:
        return {"inline_keyboard": [[{"text": "OK", "callback_data": data}]]}

    to = AIGUL["id"]
    assert "BUTTON_DATA_INVALID" in await call.refused(
        "sendMessage", chat_id=to, text="…", reply_markup=keyboard("x" * 65)
    )
    assert (await call("sendMessage", chat_id=to, text="…", reply_markup=keyboard("x" * 64)))["ok"]
    call.bot.hears("callback_query", pressed("x", query_id="1"))
    call.bot.hears("callback_query", pressed("x", query_id="2"))
    assert (await call("answerCallbackQuery", callback_query_id="1"))["ok"]
    assert "query is too old" in await call.refused("answerCallbackQuery", callback_query_id="1")
    call.bot.skew_s = 3600
    assert "query is too old" in await call.refused("answerCallbackQuery", callback_query_id="2")


async def test_files_have_their_sizes(call: Caller) -> None:
    call.bot.upload_limit, call.bot.photo_limit = 100, 10
    small, big = call.bot.holds_file("a.pdf", b"%PDF"), call.bot.holds_file("b.mov", b"", size=20 * 2**20 + 1)
    path = (await call("getFile", file_id=small["file_id"]))["result"]["file_path"]

    async with call.session.get(f"{call.telegram.url}/file/bot{call.bot.token}/{path}") as answer:
        assert await answer.read() == b"%PDF"
    assert await call.refused("getFile", file_id=big["file_id"]) == "400 Bad Request: file is too big"
    assert (await _upload(call, "document", b"x" * 100))["ok"]
    assert (await _upload(call, "document", b"x" * 101))["error_code"] == 413
    assert "too big for a photo" in (await _upload(call, "photo", b"x" * 11))["description"]
    assert "non-empty" in (await _upload(call, "document", b""))["description"]


@pytest.mark.parametrize(("count", "kinds"), [(1, ["photo"]), (11, ["photo"]), (2, ["photo", "document"])])
async def test_albums_are_of_two_to_ten_that_go_together(call: Caller, count: int, kinds: list[str]) -> None:
    held = call.bot.holds_file("a", b"a")["file_id"]
    items = [{"type": kinds[n % len(kinds)], "media": held} for n in range(count)]

    assert (await call.refused("sendMediaGroup", chat_id=AIGUL["id"], media=items)).startswith("400")
    whole = await call("sendMediaGroup", chat_id=AIGUL["id"], media=items[:1] * 10)
    assert len(whole["result"]) == 10
    assert len({one["media_group_id"] for one in whole["result"]}) == 1


async def test_too_many_messages_are_told_to_wait(call: Caller) -> None:
    call.bot.pace = Pace(all_count=25)
    person, group = {"chat_id": AIGUL["id"], "text": "…"}, {"chat_id": TRIP_GROUP["id"], "text": "…"}

    assert (await call("sendMessage", **person))["ok"]
    again = await call("sendMessage", **person)
    in_group = [(await call("sendMessage", **group))["ok"] for _ in range(20)]
    twenty_first = await call("sendMessage", **group)

    assert (again["error_code"], again["parameters"]) == (429, {"retry_after": 1})
    assert all(in_group)
    assert twenty_first["parameters"]["retry_after"] >= 58


async def test_a_webhook_is_knocked_at_with_its_secret_until_it_says_yes(call: Caller) -> None:
    update = call.bot.hears("message", message(1, text="…", at=NOON))
    await call("setWebhook", url="http://127.0.0.1:1/nobody", secret_token="s3cret")

    assert await call.telegram.deliver(call.bot) == [0]
    assert [one["update_id"] for one in call.bot.pending] == [update]


async def test_the_network_breaks_where_a_test_says(call: Caller) -> None:
    call.bot.broken["sendmessage"].extend([Breakage.CUT_BEFORE, Breakage.CUT_AFTER])
    for _ in range(2):
        with pytest.raises(ServerDisconnectedError):
            await call("sendMessage", chat_id=AIGUL["id"], text="…")

    assert len(call.bot.sent) == 1


async def _ids(call: Caller, **given: int) -> list[int]:
    return [update["update_id"] for update in (await call("getUpdates", **given))["result"]]


async def _is_polled(bot: FakeBot) -> bool:
    return bot.is_polled


async def _upload(call: Caller, kind: str, content: bytes) -> Json:
    form = FormData({"chat_id": str(AIGUL["id"]), kind: "attach://part"})
    form.add_field("part", content, filename="file.bin")
    url = f"{call.telegram.url}/bot{call.bot.token}/send{kind.title()}"
    async with call.session.post(url, data=form) as answer:
        told: Json = json.loads(await answer.text())
        return told
