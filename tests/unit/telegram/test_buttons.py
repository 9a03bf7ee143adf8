"""A button says what was offered in that chat, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telegram import phrases
from channels.telegram.buttons import ButtonSeal, PromiseButton, Verb

PROMISE = UUID("0190a0b0-0000-7000-8000-000000000001")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ALMATY = ZoneInfo("Asia/Almaty")
SEAL = ButtonSeal("42:AAtoken")
CONFIRM = PromiseButton(verb=Verb.CONFIRM, callback_id=PROMISE, moment=NOW)


@settings(max_examples=40)
@given(
    st.sampled_from(Verb),
    st.uuids(),
    st.integers(0, 100_000_000),
    st.integers(-(2**63), 2**63 - 1),
)
def test_what_is_offered_comes_back_and_fits(verb: Verb, promise: UUID, minutes: int, chat: int) -> None:
    offered = PromiseButton(
        verb=verb, callback_id=promise, moment=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    )

    data = SEAL.data(offered, chat_id=chat)

    assert len(data.encode()) <= 64
    assert SEAL.read(data, chat_id=chat) == offered


def test_a_button_of_another_chat_or_bot_is_none() -> None:
    data = SEAL.data(CONFIRM, chat_id=7001)

    assert SEAL.read(data, chat_id=7002) is None
    assert ButtonSeal("43:AAother").read(data, chat_id=7001) is None


@settings(max_examples=40)
@given(st.integers(0, 49), st.integers(1, 63))
def test_an_altered_button_is_none(place: int, by: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    data = SEAL.data(CONFIRM, chat_id=7001)
    other = alphabet[(alphabet.index(data[place]) + by) % 64]

    read = SEAL.read(data[:place] + other + data[place + 1 :], chat_id=7001)

    # The last letter carries bits that mean nothing.
    assert read is None or (place == 49 and read == CONFIRM)


@settings(max_examples=40)
@given(st.text())
def test_whatever_an_app_sends_is_read(data: str) -> None:
    assert SEAL.read(data, chat_id=7001) is None


@pytest.mark.parametrize(
    ("language", "labels"), [("ru", ["Подходит", "Другое время"]), ("en", ["It suits me", "Another time"])]
)
def test_a_promise_is_confirmed_or_moved_in_the_clients_language(language: phrases.Language, labels: list[str]) -> None:
    [row] = phrases.promise_buttons(SEAL, chat_id=7001, callback_id=PROMISE, due_at=NOW, language=language)

    assert [button.label for button in row] == labels
    assert [read.verb for button in row if (read := SEAL.read(button.data, chat_id=7001))] == [
        Verb.CONFIRM,
        Verb.ASK_FOR_OTHERS,
    ]


def test_free_moments_stand_on_the_companys_clock() -> None:
    moments = [NOW + timedelta(hours=2), NOW + timedelta(days=1)]

    rows = phrases.moment_buttons(
        SEAL, chat_id=7001, callback_id=PROMISE, moments=moments, zone=ALMATY, now=NOW, language="ru"
    )

    assert [button.label for [button] in rows] == ["19:00", "22 ноября 17:00"]
    assert [SEAL.read(button.data, chat_id=7001).moment for [button] in rows] == moments
    assert phrases.promise(moments[0], ALMATY, now=NOW).ru == "Мы напишем вам: 19:00. Подходит?"


@pytest.mark.parametrize(
    ("told", "language"), [("kk", "ru"), ("ru-RU", "ru"), ("en-GB", "en"), ("de", "en"), (None, "ru")]
)
def test_who_is_written_to_in_which_language(told: str | None, language: str) -> None:
    assert phrases.language_of(told, default="ru") == language


def test_a_language_is_named_in_either_one() -> None:
    assert [phrases.language_named(word) for word in (" EN", "Русский", "kk", "")] == ["en", "ru", None, None]
