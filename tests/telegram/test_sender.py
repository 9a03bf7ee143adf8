"""One message is one call at most, and its fate is told as it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import pytest

from channels.telegram.api import TelegramApi
from channels.telegram.outgoing import (
    Album,
    Button,
    Edit,
    Failed,
    Outgoing,
    RetryLater,
    Sent,
    Text,
    Uncertain,
    Upload,
)
from channels.telegram.pacing import Pacing, Rate
from channels.telegram.phrases import command_menu
from channels.telegram.refusals import Reason, TelegramRefused
from channels.telegram.sender import Sender
from channels.telegram.values import FileKind
from config.sections import TelegramSettings
from tests.bot_api.bot import Breakage, FakeBot
from tests.bot_api.messages import AIGUL, BORIS, TRIP_GROUP, message, pressed, private_chat
from tests.bot_api.refusals import Refusal, too_many_requests
from tests.bot_api.server import fake_telegram
from tests.telegram.room import bot_at_telegram, settings

HELLO = Outgoing(chat_id=AIGUL["id"], content=Text(text="Здравствуйте, Айгүл 👋"))
UNLIMITED = Rate(count=10_000, seconds=1)


@dataclass
class Scene:
    bot: FakeBot
    api: TelegramApi
    sender: Sender


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    bot = FakeBot()
    async with bot_at_telegram(bot) as (_, api):
        for chat in (private_chat(AIGUL), private_chat(BORIS), TRIP_GROUP):
            bot.knows(chat)
        sender = Sender("main", api, pacing=Pacing(chat=UNLIMITED, group=UNLIMITED, overall=UNLIMITED))
        yield Scene(bot, api, sender)


async def test_a_sent_message_has_the_number_telegram_gave_it(scene: Scene) -> None:
    scene.bot.hears("message", message(5, text="Есть кто?"))
    fate = await scene.sender.send(replace(HELLO, reply_to=5))

    [sent] = scene.bot.sent
    assert fate == Sent(chat_id=AIGUL["id"], message_ids=(sent.message["message_id"],))
    assert (sent.message["text"], sent.message["reply_to_message"]["message_id"]) == ("Здравствуйте, Айгүл 👋", 5)


async def test_an_answer_to_a_deleted_message_is_said_all_the_same(scene: Scene) -> None:
    assert isinstance(await scene.sender.send(replace(HELLO, reply_to=404)), Sent)


@pytest.mark.parametrize(
    ("closed", "reason"),
    [
        ("bot was blocked by the user", Reason.BLOCKED),
        ("user is deactivated", Reason.DEACTIVATED),
        ("bot was kicked from the supergroup chat", Reason.PUT_OUT),
        ("bot is not a member of the channel chat", Reason.PUT_OUT),
        ("bot can't initiate conversation with a user", Reason.BLOCKED),
        ("not enough rights to send text messages to the chat", Reason.NO_RIGHTS),
    ],
)
async def test_who_cannot_be_reached_is_told_apart(scene: Scene, closed: str, reason: Reason) -> None:
    scene.bot.chat(AIGUL["id"]).closed = Refusal(403, f"Forbidden: {closed}")

    fate = await scene.sender.send(HELLO)

    assert isinstance(fate, Failed)
    assert fate.reason is reason


async def test_a_chat_nobody_knows_and_a_group_that_moved(scene: Scene) -> None:
    scene.bot.upgraded(TRIP_GROUP, -1_004_001)

    unknown = await scene.sender.send(replace(HELLO, chat_id=1))
    moved = await scene.sender.send(replace(HELLO, chat_id=TRIP_GROUP["id"]))

    assert isinstance(unknown, Failed)
    assert isinstance(moved, Failed)
    assert unknown.reason is Reason.NO_CHAT
    assert (moved.reason, moved.moved_to) == (Reason.MOVED, -1_004_001)
    assert isinstance(await scene.sender.send(replace(HELLO, chat_id=-1_004_001)), Sent)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (Text(text="😀" * 2049), Reason.TOO_LONG),
        (Text(text=" \n"), Reason.EMPTY),
        (Album(uploads=()), Reason.OTHER),
        (Upload(kind=FileKind.PHOTO, name="a", data=bytes(10 * 2**20 + 1)), Reason.TOO_BIG),
        (Upload(kind=FileKind.FILE, name="a", data=bytes(50 * 2**20 + 1)), Reason.TOO_BIG),
        (Upload(kind=FileKind.FILE, name="a", data=b"a", caption="x" * 1025), Reason.TOO_LONG),
    ],
)
async def test_what_telegram_would_refuse_is_not_even_said(
    scene: Scene, content: Text | Album | Upload, reason: Reason
) -> None:
    fate = await scene.sender.send(replace(HELLO, content=content))

    assert isinstance(fate, Failed)
    assert fate.reason is reason
    assert scene.bot.calls == []


async def test_files_go_as_what_they_are_and_no_name_breaks_out_of_its_header(scene: Scene) -> None:
    names = {FileKind.PHOTO: "пляж.jpg", FileKind.VOICE: "a.ogg", FileKind.FILE: 'a"\r\nX-Evil: 1\r\n\r\n.pdf'}

    fates = [
        await scene.sender.send(replace(HELLO, content=Upload(kind=kind, name=name, data=b"%PDF-1.7", caption="вот")))
        for kind, name in names.items()
    ]

    assert all(isinstance(fate, Sent) for fate in fates)
    assert [sent.method for sent in scene.bot.sent] == ["sendPhoto", "sendVoice", "sendDocument"]
    assert [content for _, content in scene.bot.files.values()] == [b"%PDF-1.7"] * 3
    assert scene.bot.sent[2].message["document"]["file_name"] == "aX-Evil: 1.pdf"
    assert all(sent.message["caption"] == "вот" for sent in scene.bot.sent)


async def test_an_album_is_one_call_and_as_many_messages(scene: Scene) -> None:
    photos = tuple(Upload(kind=FileKind.PHOTO, name=name, data=name.encode()) for name in ("1.jpg", "2.jpg"))

    fate = await scene.sender.send(replace(HELLO, content=Album(uploads=photos)))

    assert isinstance(fate, Sent)
    assert scene.bot.calls == ["sendmediagroup"]
    assert fate.external_ids == tuple(f"7001:{sent.message['message_id']}" for sent in scene.bot.sent)
    assert len(fate.message_ids) == 2


@pytest.mark.parametrize(
    ("trouble", "fate", "said"),
    [
        (Breakage.CUT_AFTER, Uncertain, 1),
        (Breakage.CUT_BEFORE, Uncertain, 0),
        (Refusal(502, "Bad Gateway"), Uncertain, 0),
        (Refusal(401, "Unauthorized"), RetryLater, 0),
    ],
)
async def test_an_unknown_fate_is_told_as_unknown_and_nothing_is_said_twice(
    scene: Scene, trouble: Refusal | Breakage, fate: type, said: int
) -> None:
    scene.bot.broken["sendmessage"].append(trouble)

    assert isinstance(await scene.sender.send(HELLO), fate)
    assert len(scene.bot.calls) == 1
    assert len(scene.bot.sent) == said


async def test_a_telegram_that_never_answers_leaves_it_uncertain() -> None:
    bot = FakeBot()
    bot.broken["sendmessage"].append(Breakage.SILENCE)
    async with (
        fake_telegram(bot) as telegram,
        TelegramApi(settings(telegram, bot), answer_within=timedelta(seconds=1)) as api,
    ):
        assert isinstance(await Sender("main", api).send(HELLO), Uncertain)


async def test_when_nobody_is_there_it_may_be_said_later() -> None:
    async with fake_telegram(FakeBot()) as telegram:
        gone = settings(telegram, FakeBot())
    async with TelegramApi(gone) as api:
        assert isinstance(await Sender("main", api).send(HELLO), RetryLater)


async def test_when_telegram_wants_quiet_that_chat_is_quiet_and_the_others_are_not(scene: Scene) -> None:
    scene.bot.broken["sendmessage"].append(too_many_requests(35))

    told = await scene.sender.send(HELLO)
    again = await scene.sender.send(HELLO)
    other = await scene.sender.send(replace(HELLO, chat_id=BORIS["id"]))

    assert told == RetryLater(after=timedelta(seconds=35), words="Telegram wants a pause of 35 s")
    assert isinstance(again, RetryLater)
    assert isinstance(other, Sent)
    assert len(scene.bot.calls) == 2


class Noted(Pacing):
    """Remembers when each message went out, by the clock it was paced with."""

    def __init__(self, chat: Rate, overall: Rate) -> None:
        super().__init__(chat=chat, overall=overall)
        self.said: list[tuple[int, float]] = []

    def note(self, chat_id: int, now: float, *, count: int = 1) -> None:
        super().note(chat_id, now, count=count)
        self.said.append((chat_id, now))


async def test_many_messages_at_once_keep_telegrams_pace_and_their_order() -> None:
    bot, pacing = FakeBot(), Noted(chat=Rate(count=1, seconds=0.05), overall=Rate(count=5, seconds=0.1))
    people = [AIGUL | {"id": 7001 + number} for number in range(8)]
    async with bot_at_telegram(bot) as (_, api):
        sender = Sender("main", api, pacing=pacing)
        for person in people:
            bot.knows(private_chat(person))
        fates = await asyncio.gather(
            *(
                sender.send(Outgoing(chat_id=person["id"], content=Text(text=str(number))))
                for number in range(3)
                for person in people
            )
        )

    assert all(isinstance(fate, Sent) for fate in fates)
    times = [at for _, at in pacing.said]
    assert all(later - earlier > 0.1 - 1e-6 for earlier, later in zip(times, times[5:], strict=False))
    for person in people:
        here = [at for chat, at in pacing.said if chat == person["id"]]
        assert all(later - earlier > 0.05 - 1e-6 for earlier, later in pairwise(here))
        heard = [sent.message["text"] for sent in bot.sent if sent.message["chat"]["id"] == person["id"]]
        assert heard == ["0", "1", "2"]


async def test_buttons_come_back_and_are_answered(scene: Scene) -> None:
    button = Button(label="Жду звонка", data="x" * 64)
    await scene.sender.send(replace(HELLO, buttons=((button,),)))
    [sent] = scene.bot.sent
    scene.bot.hears("callback_query", pressed("x" * 64, query_id="77", on=sent.message))

    assert sent.message["reply_markup"]["inline_keyboard"] == [[{"text": "Жду звонка", "callback_data": "x" * 64}]]
    assert await scene.sender.answer_button("77", "Ждём вас")
    assert scene.bot.answered == [{"callback_query_id": "77", "text": "Ждём вас"}]
    assert not await scene.sender.answer_button("77")


async def test_an_edit_that_changes_nothing_is_done(scene: Scene) -> None:
    fate = await scene.sender.send(HELLO)
    assert isinstance(fate, Sent)
    edit = Edit(chat_id=AIGUL["id"], message_id=fate.message_ids[0], text="Исправлено")

    first, again = await scene.sender.edit(edit), await scene.sender.edit(edit)
    gone = await scene.sender.edit(replace(edit, message_id=1))

    assert first == again == fate
    assert scene.bot.sent[0].message["text"] == "Исправлено"
    assert isinstance(gone, Failed)
    assert gone.reason is Reason.GONE


async def test_a_person_is_asked_for_their_own_number(scene: Scene) -> None:
    await scene.sender.send(replace(HELLO, asks_number="Поделиться номером"))

    keyboard = json.loads(scene.bot.sent[0].parameters["reply_markup"])["keyboard"]
    assert keyboard == [[{"text": "Поделиться номером", "request_contact": True}]]


async def test_a_clients_file_is_fetched_unless_it_is_too_big_for_bots(scene: Scene) -> None:
    small = scene.bot.holds_file("паспорт.jpg", b"\xff\xd8" * 50_000)
    big = scene.bot.holds_file("b.mov", b"", size=20 * 2**20 + 1)

    async with scene.api.open_file(small["file_id"]) as pieces:
        content = b"".join([piece async for piece in pieces])

    assert content == b"\xff\xd8" * 50_000
    for file_id, reason in ((big["file_id"], Reason.TOO_BIG), ("unknown", Reason.GONE)):
        with pytest.raises(TelegramRefused) as refusal:
            async with scene.api.open_file(file_id):
                pass
        assert refusal.value.reason is reason


async def test_the_bot_says_who_it_is_and_what_it_can_be_asked(scene: Scene) -> None:
    me = await scene.api.me()
    for language in ("ru", "en"):
        await scene.api.name_commands(command_menu(language), language=language)

    assert (me.id, me.username, me.hears_groups) == (42, "perezvon_test_bot", False)
    assert scene.bot.calls == ["getme", "setmycommands", "setmycommands"]


def test_a_token_that_is_none_is_said_at_once() -> None:
    with pytest.raises(TelegramRefused):
        TelegramApi(TelegramSettings(name="main", token="not a token", queue="sales"))
