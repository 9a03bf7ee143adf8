"""What a bot says by itself, in the languages of the screens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from channels.telegram.buttons import ButtonSeal, PromiseButton, Verb
from channels.telegram.outgoing import Button, Rows
from channels.telegram.values import CommandName
from crm_core.domain.words import Words, moment_in_words

Language = Literal["ru", "en"]

#: Whose apps speak these is better served in Russian than in English.
_READ_RUSSIAN: Final = frozenset({"ru", "kk", "ky", "uz", "tg", "be", "uk", "hy", "az"})
_NAMES: Final[dict[str, Language]] = {
    "ru": "ru",
    "рус": "ru",
    "русский": "ru",
    "russian": "ru",
    "en": "en",
    "eng": "en",
    "english": "en",
    "английский": "en",
}

GREETING: Final = Words(
    ru="Здравствуйте! Напишите, что вас интересует: ответит менеджер. "
    "/call – попросить перезвонить, /hotline – срочно, если вы в поездке.",
    en="Hello! Write what you are interested in and a manager will answer. "
    "/call asks for a call back, /hotline is for urgent matters during your trip.",
)
HOTLINE: Final = Words(
    ru="Горячая линия слушает. Напишите, где вы и что случилось; можно прислать геопозицию.",
    en="The hotline is listening. Write where you are and what has happened; you can send your location.",
)
NUMBER_ASKED: Final = Words(
    ru="По какому номеру перезвонить? Нажмите кнопку или напишите номер.",
    en="Which number shall we call? Press the button or write the number.",
)
SHARE_NUMBER: Final = Words(ru="Отправить мой номер", en="Send my number")
CALL_ASKED: Final = Words(ru="Спасибо, перезвоним.", en="Thank you, we will call you back.")
CALL_ASKED_IN_VAIN: Final = Words(
    ru="Сейчас мы не можем обещать звонок. Напишите нам здесь.",
    en="We cannot promise a call now. Write to us here.",
)
NOT_OWN_NUMBER: Final = Words(
    ru="Это номер другого человека. Нажмите кнопку, чтобы отправить свой, или напишите номер.",
    en="This is somebody else's number. Press the button to send your own, or write a number.",
)
LANGUAGE_SET: Final = Words(ru="Будем писать по-русски.", en="We will write in English.")
LANGUAGE_ASKED: Final = Words(ru="Напишите /language ru или /language en.", en="Write /language ru or /language en.")
FILE_TOO_BIG: Final = Words(
    ru="Этот файл больше 20 МБ, Telegram не отдаёт такие ботам. Пришлите его частями или по почте.",
    en="This file is larger than 20 MB, and Telegram does not give such to bots. Send it in parts or by e-mail.",
)
CONFIRM: Final = Words(ru="Подходит", en="It suits me")
ANOTHER_TIME: Final = Words(ru="Другое время", en="Another time")
CONFIRMED: Final = Words(ru="Спасибо, договорились.", en="Thank you, it is agreed.")
WHEN_INSTEAD: Final = Words(ru="Когда вам удобнее?", en="What time suits you better?")
NO_LONGER_SO: Final = Words(
    ru="Эта договорённость уже изменилась. Напишите нам, и мы всё уточним.",
    en="This arrangement has changed in the meantime. Write to us and we will sort it out.",
)

TRIP_CODE_NEEDED: Final = Words(
    ru="Напишите /trip и код. Код поездки показывает сотруднику экран «Группы Telegram» в настройках.",
    en="Write /trip and the code. Our people find the code of a trip on the screen “Telegram groups” of the settings.",
)
TRIP_CODE_WORTHLESS: Final = Words(
    ru="Этот код не подходит: он уже использован или устарел. Попросите у нашего сотрудника новый.",
    en="This code does not work: it has been used or is too old. Ask one of our people for a new one.",
)

#: Shown by Telegram beside the field of writing.
COMMANDS: Final[dict[CommandName, Words]] = {
    CommandName.CALL: Words(ru="Перезвоните мне", en="Call me back"),
    CommandName.HOTLINE: Words(ru="Срочно: я в поездке", en="Urgent: I am on my trip"),
    CommandName.LANGUAGE: Words(ru="Язык", en="Language"),
}


def hotline(phone: str | None) -> Words:
    """What is answered to whoever calls for it."""
    if phone is None:
        return HOTLINE
    return Words(ru=f"{HOTLINE.ru} Телефон: {phone}.", en=f"{HOTLINE.en} Telephone: {phone}.")


def group_bound(trip: str) -> Words:
    """What a group is told when it has been bound to a trip."""
    return Words(
        ru=f"Теперь эта группа о поездке «{trip}». Вопрос менеджеру: /ask и сам вопрос.",
        en=f"This group is now about the trip “{trip}”. To ask a manager: /ask and your question.",
    )


def call_promised(due_at: datetime, zone: ZoneInfo, *, now: datetime) -> Words:
    """When they are called; what is late already is not told as if it were to come."""
    if due_at <= now:
        return CALL_ASKED
    when = moment_in_words(due_at, zone, now=now)
    return Words(ru=f"Спасибо, перезвоним: {when.ru}.", en=f"Thank you, we will call you: {when.en}.")


def say(words: Words, language: Language) -> str:
    return words.ru if language == "ru" else words.en


def language_of(told: str | None, *, default: Language) -> Language:
    """Of somebody whose app speaks ``told``: "kk", "en-GB"; the company's when the app does not tell."""
    if not told:
        return default
    return "ru" if told.partition("-")[0].lower() in _READ_RUSSIAN else "en"


def language_named(argument: str) -> Language | None:
    """The one that ``/language`` names."""
    return _NAMES.get(argument.strip().lower())


def command_menu(language: Language) -> dict[str, str]:
    return {name.value: say(words, language) for name, words in COMMANDS.items()}


def promise(due_at: datetime, zone: ZoneInfo, *, now: datetime) -> Words:
    """That we write to them then, asked to be confirmed."""
    when = moment_in_words(due_at, zone, now=now)
    return Words(ru=f"Мы напишем вам: {when.ru}. Подходит?", en=f"We will write to you: {when.en}. Does it suit you?")


def moved(due_at: datetime, zone: ZoneInfo, *, now: datetime) -> Words:
    when = moment_in_words(due_at, zone, now=now)
    return Words(ru=f"Перенесли: {when.ru}.", en=f"Moved: {when.en}.")


def promise_buttons(seal: ButtonSeal, *, chat_id: int, callback_id: UUID, due_at: datetime, language: Language) -> Rows:
    """To confirm, or to ask for another time."""
    choices = ((Verb.CONFIRM, CONFIRM), (Verb.ASK_FOR_OTHERS, ANOTHER_TIME))
    buttons = ((PromiseButton(verb=verb, callback_id=callback_id, moment=due_at), label) for verb, label in choices)
    return (
        tuple(Button(label=say(label, language), data=seal.data(button, chat_id=chat_id)) for button, label in buttons),
    )


def moment_buttons(
    seal: ButtonSeal,
    *,
    chat_id: int,
    callback_id: UUID,
    moments: Sequence[datetime],
    zone: ZoneInfo,
    now: datetime,
    language: Language,
) -> Rows:
    """The moments that are free, one below the other."""
    rows = []
    for moment in moments:
        button = PromiseButton(verb=Verb.MOVE, callback_id=callback_id, moment=moment)
        label = say(moment_in_words(moment, zone, now=now), language)
        rows.append((Button(label=label, data=seal.data(button, chat_id=chat_id)),))
    return tuple(rows)
