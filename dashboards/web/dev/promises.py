"""Made-up promises for looking at pages: what will become of them, one that has moved away, a client nobody calls."""

from __future__ import annotations

import fixtures as day
from fixtures import Json, ago, ahead, callback

AIGUL = "0190dddd-0000-7000-8000-000000000009"
WHY = {
    "ru": "Опоздало на 10 минут по правилу strict-10m; Динара А. 26 мин в разговоре, Айгуль С. на линии и знает Хайнань.",
    "en": "10 minutes late by the rule strict-10m; Dinara A. has talked for 26 min, Aigul S. is available and knows Hainan.",
}


def _owner(agent_id: str, name: str, since: str, until: str | None, reason: str, words: Json | None = None) -> Json:
    explanation = words["en"] if words else ""
    return {
        "id": f"h-{reason}",
        "agent_id": agent_id,
        "agent_name": name,
        "from": since,
        "to": until,
        "reason": reason,
        "explanation": explanation,
        "words": words,
        "by": None,
    }


#: Everything that can be going to happen to a promise by itself.
FATES = [
    callback(21, day.DALA, ago(minutes=74), "Счёт на корпоратив", escalate_at=ago(minutes=64), moves=2),
    callback(
        22, day.OLGA, ago(minutes=31), "Подборка по Анталье", escalate_at=ago(minutes=21), nobody_since=ago(minutes=21)
    ),
    callback(23, day.BAUYRZHAN, ago(minutes=9), "Цена на Шарджу без визы", escalate_at=ahead(minutes=1)),
    callback(24, day.NATALIA, ago(minutes=6), "Раннее заселение", escalate_at=ahead(minutes=34), forgiven_s=1800.0),
    callback(25, day.YERZHAN, ago(minutes=4), "Созвон по Вьетнаму", state="claimed", escalate_at=ahead(minutes=6)),
    callback(26, day.AIGERIM, ago(minutes=2), "Номер с видом на море", takeover_at=ahead(days=3)),
    *day.PROMISES[2:],
]

MOVED = callback(
    27,
    day.AIGERIM,
    ago(minutes=12),
    "Ответ отеля: номер с видом на море",
    agent_id=AIGUL,
    agent_name="Айгуль Сатпаева",
    moves=1,
    version=2,
    history=[
        _owner(day.ME, "Динара Абенова", ago(hours=3), ago(minutes=2), "promised"),
        _owner(AIGUL, "Айгуль Сатпаева", ago(minutes=2), None, "late", WHY),
    ],
)

BLOCKED = {**day.AIGERIM, "blocked_at": ago(days=3), "blocked_reason": "Просит больше не звонить: обратился к юристу"}


def card_pages(client: Json, callbacks: list[Json]) -> Json:
    """The card of one client with what they are promised."""
    address = f"/clients/{client['id']}"
    nothing = {"items": [], "next": None}
    return {
        address: client,
        f"{address}/card": {**day.CARD, "client": client, "callbacks": callbacks},
        f"{address}/timeline": nothing,
    }


def heard(name: str, promise: Json, **fields: str) -> tuple[str, Json]:
    """An event about a promise, as the socket tells it."""
    return name, {"seq": 101, "version": promise["version"], "at": ago(), "callback": promise, **fields}
