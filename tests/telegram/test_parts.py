"""A message that Telegram takes only in several goes out in order, each part once, and says how far it came."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from channels.speaking import Never
from channels.telegram.calls import Call
from channels.telegram.saying import TelegramSpeech
from channels.telegram.sender import Sender
from crm_core.domain.written import MessageState, Trouble
from crm_core.store.database import Database
from tests.bot_api.bot import Breakage, FakeBot, Refusal
from tests.bot_api.messages import message
from tests.people import add_agent
from tests.telegram.office import Office, living_room
from tests.unit.telegram.sayings import pdf, saying

LONG = "Программа тура.\n\n" + "Утром пляж, вечером рынок. " * 60
FILES = {"1.pdf": "application/pdf", "2.pdf": "application/pdf"}


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with living_room(FakeBot(), database) as office:
        yield office


async def asked(office: Office) -> tuple[UUID, UUID]:
    """A client waits, and somebody is there to answer."""
    irina = await add_agent(office.database, "irina", extension=None)
    office.bot.hears("message", message(1, text="Расскажите о туре"))
    return (await office.has("Расскажите о туре")).id, irina


async def test_long_words_go_before_the_files_and_the_next_message_after_all_of_them(office: Office) -> None:
    conversation, irina = await asked(office)

    await office.answer(conversation, irina, LONG, files=FILES)
    await office.answer(conversation, irina, "Всё видно?")
    await office.reaches(conversation, MessageState.SENT)

    assert [one.method for one in office.bot.sent] == ["sendMessage", "sendMediaGroup", "sendMediaGroup", "sendMessage"]
    assert [one.message.get("text") for one in office.bot.sent] == [LONG.strip(), None, None, "Всё видно?"]
    [_, long, _] = (await office.conversations())[0].messages
    assert long.state is MessageState.SENT
    assert long.external_id.endswith(f":{office.bot.sent[0].message['message_id']}")


@pytest.mark.parametrize(
    ("breakage", "state", "why"),
    [
        (Breakage.CUT_AFTER, MessageState.UNCERTAIN, Trouble.NO_ANSWER),
        (Refusal(403, "Forbidden: bot was blocked by the user"), MessageState.FAILED, Trouble.PARTLY),
    ],
)
async def test_when_a_later_part_does_not_get_through_the_earlier_ones_are_not_said_again(
    office: Office, breakage: Refusal | Breakage, state: MessageState, why: Trouble
) -> None:
    conversation, irina = await asked(office)
    office.bot.broken["sendmediagroup"].append(breakage)

    await office.answer(conversation, irina, LONG, files=FILES)
    await office.reaches(conversation, state)

    assert [one.method for one in office.bot.sent].count("sendMessage") == 1
    assert (await office.conversations())[0].messages[-1].trouble_code is why


class _Silence:
    """Whoever asks it anything has spoken too early."""

    async def ask(self, method: Call, *, longer: timedelta = timedelta()) -> Any:
        raise AssertionError(method)


async def test_what_would_be_refused_in_the_end_is_not_begun(database: Database) -> None:
    speech = TelegramSpeech("main", Sender("main", _Silence()), database)

    fate = await speech.say(saying(LONG, pdf("1.pdf"), pdf("2.pdf", b"")))

    assert isinstance(fate, Never)
    assert fate.why is Trouble.EMPTY
