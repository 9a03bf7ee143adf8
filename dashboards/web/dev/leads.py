"""Leads of a day as the server tells them; used by shots.py."""

from __future__ import annotations

from typing import Any

from fixtures import AIGERIM, ALIYA, ME, RUSLAN, Json, ago, ahead

TITLES = {
    "WEB_FORM": {"ru": "Форма на сайте", "en": "Web form"},
    "PHONE": {"ru": "Телефон", "en": "Telephone"},
    "TELEGRAM": {"ru": "Telegram", "en": "Telegram"},
    "RECOMMENDATION": {"ru": "По рекомендации", "en": "Recommendation"},
}
NAMES = {ME: "Динара Абенова", RUSLAN: "Руслан Каримов", ALIYA: "Алия Нурланова"}


def lead(number: int, source: str, minutes: float, **fields: Any) -> Json:
    """Left so many minutes ago by somebody who is nobody's client yet."""
    owner = fields.get("owner_id")
    return {
        "id": f"0190dddd-{number:04d}-7000-8000-{number:012d}",
        "client_id": None,
        "client_name": None,
        "candidates": [],
        "name": None,
        "address": f"+77015550{number:03d}",
        "email": None,
        "source": source,
        "source_titles": TITLES[source],
        "campaign": {},
        "subject": None,
        "note": None,
        "language": "ru",
        "destination": None,
        "skills": [],
        "stage": "new",
        "team_id": "0190eeee-0000-7000-8000-000000000001",
        "team_name": "Продажи",
        "owner_id": None,
        "owner_name": NAMES.get(owner or ""),
        "interaction_id": None,
        "repeats": 0,
        "given_at": ago(minutes=minutes) if owner else None,
        "accept_by": None,
        "accepted_at": None,
        "call_at": None,
        "moves": 0,
        "nobody_since": None,
        "lost_reason": None,
        "closed_at": None,
        "created_by": None,
        "created_at": ago(minutes=minutes),
        "version": 2,
        **fields,
    }


MINE = lead(
    1,
    "WEB_FORM",
    2,
    name="Жансая Оразбаева",
    email="zhansaya@mail.kz",
    destination="Хайнань",
    note="Хайнань в мае, двое взрослых и ребёнок 6 лет.\nОтель с подогреваемым бассейном.",
    owner_id=ME,
    accept_by=ahead(minutes=3.2),
    call_at=ahead(minutes=12),
    campaign={"utm_source": "instagram", "page": "https://tours.example/hainan"},
)
FREE = lead(2, "TELEGRAM", 26, name="Данияр", note="Сколько стоит Дубай на ноябрь?", nobody_since=ago(minutes=26))
THEIRS = lead(
    3, "WEB_FORM", 4, name="Марина", destination="Вьетнам", owner_id=RUSLAN, accept_by=ahead(minutes=0.8), repeats=2
)
KNOWN = lead(
    4,
    "PHONE",
    190,
    client_id=AIGERIM["id"],
    client_name=AIGERIM["name"],
    subject="Новый год на Шри-Ланке",
    owner_id=ME,
    accepted_at=ago(minutes=188),
    stage="offer",
)
LONG_NAME = lead(
    5,
    "RECOMMENDATION",
    300,
    name="Константинопольская-Преображенская Александра Владиславовна с двумя детьми и мамой",
    owner_id=ALIYA,
    accepted_at=ago(minutes=290),
    stage="in_work",
)
LOST = {**KNOWN, "stage": "lost", "lost_reason": "Купили у соседей", "closed_at": ago(minutes=5)}
LEADS = [MINE, FREE, THEIRS, KNOWN, LONG_NAME]

_HISTORY = [
    {
        "id": "h1",
        "agent_id": None,
        "agent_name": None,
        "from": ago(minutes=9),
        "to": ago(minutes=9),
        "reason": "created",
        "explanation": "Came by themselves: Web form.",
        "words": {"ru": "Пришёл сам: Форма на сайте.", "en": "Came by themselves: Web form."},
        "record": None,
        "by": None,
        "by_name": None,
    },
    {
        "id": "h2",
        "agent_id": RUSLAN,
        "agent_name": "Руслан Каримов",
        "from": ago(minutes=9),
        "to": ago(minutes=2),
        "reason": "given",
        "explanation": "",
        "words": {
            "ru": "В 17:38 лид отдан (Руслан Каримов): на линии, 41 клиент из 60, свободнее других; принять до 17:43.",
            "en": "At 17:38 the lead was given (Руслан Каримов): available, 41 of 60 clients, the least loaded; "
            "to be accepted by 17:43.",
        },
        "record": None,
        "by": None,
        "by_name": None,
    },
    {
        "id": "h3",
        "agent_id": ME,
        "agent_name": "Динара Абенова",
        "from": ago(minutes=2),
        "to": None,
        "reason": "not_accepted",
        "explanation": "",
        "words": {
            "ru": "В 17:45 лид перешёл (Руслан Каримов → Динара Абенова): не принят до 17:43; Динара Абенова: "
            "на линии, 47 клиентов из 60, свободнее других; принять до 17:50.",
            "en": "At 17:45 the lead went on (Руслан Каримов → Динара Абенова): not accepted by 17:43; Динара Абенова: "
            "available, 47 of 60 clients, the least loaded; to be accepted by 17:50.",
        },
        "record": {
            "sentence": {"ru": "", "en": ""},
            "candidates": [
                {
                    "agent_id": ME,
                    "name": "Динара Абенова",
                    "reason": "chosen",
                    "words": {
                        "ru": "на линии, 47 клиентов из 60, свободнее других",
                        "en": "available, 47 of 60 clients",
                    },
                },
                {
                    "agent_id": RUSLAN,
                    "name": "Руслан Каримов",
                    "reason": "had_it",
                    "words": {"ru": "было здесь", "en": "had it"},
                },
                {
                    "agent_id": ALIYA,
                    "name": "Алия Нурланова",
                    "reason": "paused",
                    "words": {"ru": "на паузе 39 минут", "en": "paused for 39 minutes"},
                },
            ],
        },
        "by": None,
        "by_name": None,
    },
]


def pages(leads: list[Json]) -> Json:
    """The list, and each lead with a story."""
    stories = {f"/leads/{one['id']}": {**one, "history": _HISTORY} for one in leads}
    return {"/leads": {"items": leads, "next": None}, **stories}


def accepted() -> Json:
    """What the server says when the first is accepted."""
    mine = {**MINE, "accepted_at": ago(minutes=0), "accept_by": None, "stage": "in_work", "version": 3}
    return {f"/leads/{MINE['id']}/accept": {**mine, "history": _HISTORY}}


def sources() -> Json:
    """The catalogue; the first has a form."""
    items = [
        {
            "code": code,
            "labels": labels,
            "site_key": "vN4kq0c1T9wXb2m7Zr8Ls3Ae" if code == "WEB_FORM" else None,
            "team_id": "0190eeee-0000-7000-8000-000000000001" if code == "WEB_FORM" else None,
            "team_name": "Продажи" if code == "WEB_FORM" else None,
            "skills": ["Хайнань"] if code == "WEB_FORM" else [],
            "accept_within_s": 300 if code == "WEB_FORM" else None,
            "max_moves": 5,
            "position": position,
            "enabled": True,
        }
        for position, (code, labels) in enumerate(TITLES.items(), start=1)
    ]
    return {"/lead-sources": {"items": items, "next": None, "version": 3}}
