"""Conversations of a day as the server tells them; used by shots.py."""

from __future__ import annotations

from typing import Any

from fixtures import AIGERIM, ALIYA, GULNARA, ME, OLGA, Json, ago, ahead, interaction

NAMES = {ME: "Динара Абенова", ALIYA: "Алия Нурланова"}


def conversation(number: int, channel: str, minutes: float, line: str, **fields: Any) -> Json:
    """One in which something was said so many minutes ago."""
    agent = fields.get("agent_id", ME)
    return {
        **interaction(900 + number, channel=channel, direction="inbound", state="active"),
        "id": f"0190f00d-{number:04d}-7000-8000-{number:012d}",
        "client_id": None,
        "client_name": None,
        "client_address": "700100",
        "caller_name": None,
        "agent_id": agent,
        "agent_name": NAMES.get(agent or ""),
        "inbox_state": "open",
        "source": "main",
        "subject": None,
        "snoozed_until": None,
        "participants": [],
        "follows": None,
        "refers_to": None,
        "unread": 0,
        "waiting_since": ago(minutes=minutes),
        "answer_due_at": None,
        "answer_late": False,
        "nobody_since": None,
        "trip_id": None,
        "trip_title": None,
        "deal_id": None,
        "deal_title": None,
        "tag": None,
        "urgent": False,
        "group": None,
        "unreachable_at": None,
        "history": [],
        "visit": None,
        "last_at": ago(minutes=minutes),
        "last_excerpt": line,
        "last_direction": "inbound",
        "messages": [],
        "version": 3,
        **fields,
    }


def said(number: int, minutes: float, text: str, **fields: Any) -> Json:
    """A message of the client's, unless told otherwise."""
    author = fields.get("author_id")
    return {
        "id": f"0190beef-{number:04d}-7000-8000-{number:012d}",
        "interaction_id": OPEN["id"],
        "external_id": str(number),
        "kind": "message",
        "direction": "outbound" if author else "inbound",
        "state": "sent" if author else "received",
        "author_id": author,
        "author_name": NAMES.get(author or ""),
        "from": "700100",
        "from_name": "Гульнара",
        "to": [],
        "cc": [],
        "reply_to": [],
        "subject": None,
        "text": text,
        "own_text": text,
        "html": None,
        "attachments": [],
        "answers": None,
        "automatic": False,
        "at": ago(minutes=minutes),
        "sent_at": None,
        "delivered_at": None,
        "read_at": None,
        "opened_at": None,
        "edited_at": None,
        "deleted_at": None,
        "marks": None,
        "trouble_code": None,
        "trouble": None,
        "bounces": [],
        "version": 1,
        **fields,
    }


def of(person: Json) -> Json:
    return {"client_id": person["id"], "client_name": person["name"]}


OPEN = conversation(
    1,
    "telegram",
    5,
    "А страховка покрывает дайвинг?",
    unread=2,
    answer_due_at=ahead(minutes=4.4),
    subject="Мальдивы, 14–23 ноября",
    **of(AIGERIM),
)
LATE = conversation(
    2,
    "email",
    16,
    "Бронь 48812: новое время",
    unread=1,
    caller_name="Отель «Акка Бей»",
    answer_due_at=ago(minutes=1.2),
    answer_late=True,
)
VISITOR = conversation(
    3, "webchat", 19, "Сколько стоит неделя на Бали?", unread=1, answer_due_at=ahead(minutes=10.5), client_address=None
)
MAIL = conversation(
    4,
    "email",
    49,
    "Есть ли утренние рейсы на 27 декабря?",
    inbox_state="waiting",
    waiting_since=None,
    subject="Re: Новый год",
    client_address="olga@mail.kz",
    **of(OLGA),
)
LONG_LINE = conversation(
    5,
    "telegram",
    67,
    "Анна: во сколько нас заберут в отель, и можно ли попросить машину побольше, чемоданов шесть",
    caller_name="Константинопольская-Преображенская Александра Владиславовна",
    answer_due_at=ahead(minutes=52),
)
ANSWERED = conversation(
    6, "telegram", 220, "Фото паспорта отправила", inbox_state="waiting", waiting_since=None, **of(GULNARA)
)
CONVERSATIONS = [OPEN, LATE, VISITOR, MAIL, LONG_LINE, ANSWERED]

FILE = {"id": "f1", "name": "Договор 2217, скан.pdf", "type": "application/pdf", "size": 1_258_291, "inline_id": None}
SAID = [
    said(
        1,
        1440,
        "Динара, здравствуйте! Договор посмотрела, всё в порядке. Подписанный скан во вложении.",
        attachments=[FILE],
    ),
    said(
        2,
        1428,
        "Айгерим, скан получила, спасибо! Предоплата пришла, бронь подтверждена. Ваучеры пришлю 10 ноября.",
        author_id=ME,
        state="read",
    ),
    said(3, 402, "Ваучеры готовит Алия, пришлёт вечером.", author_id=ALIYA, kind="note", direction="internal"),
    said(4, 6, "Динара, добрый вечер! Мы с мужем хотим понырять, у него сертификат, у меня нет"),
    said(5, 5, "А страховка покрывает дайвинг? И ещё: можно ли взять пробное погружение в отеле или лучше в городе?"),
    said(6, 3, "Сейчас уточню", author_id=ME, state="failed", trouble="Forbidden: bot was blocked by the user"),
    said(7, 0.03, "Базовый полис дайвинг не покрывает.", author_id=ME, state="pending"),
]
QUOTED = "Добрый день!\nЕсть ли утренние рейсы на 27 декабря?\n\n> Ольга, посмотрите, пожалуйста, подборку.\n> Динара"
LETTERS = [
    {
        **said(11, 60, "Ольга, посмотрите, пожалуйста, подборку.", author_id=ME, state="delivered"),
        "interaction_id": MAIL["id"],
    },
    {
        **said(12, 49, QUOTED, subject="Re: Новый год", html="<p>x</p>", from_name="Ольга Ким"),
        "own_text": "Добрый день!\nЕсть ли утренние рейсы на 27 декабря?",
        "interaction_id": MAIL["id"],
        "from": "olga@mail.kz",
        "attachments": [FILE],
    },
    {
        **said(13, 48, "Меня нет в офисе до 3 ноября.", automatic=True, subject="Автоответ"),
        "interaction_id": MAIL["id"],
    },
]


def found(message: Json, *pieces: tuple[str, bool]) -> Json:
    return {
        **{
            name: message[name] for name in ("interaction_id", "direction", "author_name", "from_name", "subject", "at")
        },
        "message_id": message["id"],
        "channel": "telegram",
        "client_id": None,
        "client_name": AIGERIM["name"],
        "agent_id": ME,
        "passages": [{"text": text, "hit": hit} for text, hit in pieces],
    }


FOUND = [
    found(
        SAID[4],
        ("А ", False),
        ("страховка", True),
        (" покрывает ", False),
        ("дайвинг", True),
        ("? И ещё: можно ли", False),
    ),
    found(SAID[6], ("Базовый полис ", False), ("дайвинг", True), (" не покрывает.", False)),
]


def pages(items: list[Json] | None = None) -> Json:
    """The list, and each with what was said in it."""
    listed = CONVERSATIONS if items is None else items
    texts = {OPEN["id"]: SAID, MAIL["id"]: LETTERS}
    return {
        "/conversations": {"items": listed, "next": None},
        "/messages": {"items": FOUND, "next": None},
        **{f"/conversations/{one['id']}": {**one, "messages": texts.get(one["id"], [])} for one in listed},
    }
