"""Teams, hours, people and absences, for looking at their pages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from fixtures import ALIYA, ME, RUSLAN, Json, ago, ahead
from lists import ACCOUNTS

SALES, SUPPORT = "0190ffff-0000-7000-8000-000000000001", "0190ffff-0000-7000-8000-000000000002"
OFFICE, NIGHT = "0190ffff-0000-7000-8000-000000000011", "0190ffff-0000-7000-8000-000000000012"
DAY = [{"opens": "09:00", "closes": "13:00"}, {"opens": "14:00", "closes": "18:30"}]
SHORT = [{"opens": "10:00", "closes": "15:00"}]
HOLIDAYS = ("2026-10-26", "2026-12-16")
OWN = {"2026-12-31": [], "2026-11-14": SHORT}


def calendar(identity: str, name: str, week: list[list[Json]], **fields: Any) -> Json:
    return {
        "id": identity,
        "name": name,
        "zone": "Asia/Almaty",
        "country": None,
        "week": week,
        "days": {},
        "version": 1,
        "teams": [],
        "people": 0,
        **fields,
    }


CALENDARS = [
    calendar(OFFICE, "Офис", [DAY] * 5 + [SHORT, []], country="KZ", days=OWN, teams=["Продажи"], people=2),
    calendar(NIGHT, "Горячая линия", [[{"opens": "00:00", "closes": "00:00"}]] * 7),
]


def team(identity: str, name: str, **fields: Any) -> Json:
    return {
        "id": identity,
        "name": name,
        "calendar_id": None,
        "calendar": None,
        "strategy": "team",
        "load_cap": 60,
        "load_warning": 50,
        "hourly_cap": 10,
        "long_pause_s": 600,
        "accept_within_s": 300,
        "version": 1,
        "people": 3,
        "supervisors": [],
        "queues": [],
        **fields,
    }


TEAMS = [
    team(SALES, "Продажи", calendar_id=OFFICE, calendar="Офис", supervisors=["Жанар Исабекова"], people=6),
    team(SUPPORT, "Поддержка в поездке", strategy="best_fit", hourly_cap=21, long_pause_s=1800, people=0),
]


def person(identity: str, login: str, name: str, **fields: Any) -> Json:
    load = {"active_clients": 38, "promises": 9, "late": 1, "leads": 4, "clients": 212, "cap": 60, "warning": 50}
    return {
        "id": identity,
        "login": login,
        "name": name,
        "role": "agent",
        "team_id": SALES,
        "team": "Продажи",
        "skills": [],
        "languages": [],
        "takes_work": True,
        "enabled": True,
        "calendar_id": None,
        "calendar": "Офис",
        "state": "available",
        "absence": None,
        **fields,
        "load": load | fields.get("load", {}),
    }


PEOPLE = [
    person(ALIYA, "aliya", "Алия Нурланова", skills=["анталья", "визы"], languages=["kk", "ru"],
           load={"active_clients": 52}),
    person(ME, "dinara", "Динара Абенова", skills=["хайнань", "вьетнам", "круизы", "визы"], languages=["ru", "en"]),
    person("z", "zhanar", "Жанар Исабекова", role="supervisor", takes_work=False, load={"active_clients": 0}),
    person(RUSLAN, "ruslan", "Руслан Каримов", skills=["хайнань"], load={"active_clients": 60},
           absence={"kind": "sick", "until": ahead(days=3)}),
    person("long", "konstantinopolskaya", "Анна-Мария Константинопольская-Преображенская", team=None, team_id=None,
           calendar=None, load={"cap": None, "warning": None, "active_clients": 3}),
    person("old", "old", "Сергей Ли", enabled=False, load={"active_clients": 0}),
]  # fmt: skip


def absence(identity: str, who: Json, kind: str, from_at: str, to_at: str | None, state: str, **fields: Any) -> Json:
    return {
        "id": identity,
        "user_id": who["id"],
        "user_name": who["name"],
        "kind": kind,
        "from_at": from_at,
        "to_at": to_at,
        "note": None,
        "by": who["id"],
        "by_name": who["name"],
        "created_at": ago(days=2),
        "state": state,
        **fields,
    }


ABSENCES = [
    absence("a1", PEOPLE[0], "vacation", ahead(days=9), ahead(days=23), "planned", note="Заменяет Динара"),
    absence("a2", PEOPLE[3], "sick", ago(days=2), None, "current", by="z", by_name="Жанар Исабекова"),
    absence("a3", PEOPLE[1], "training", ago(days=20), ago(days=18), "over"),
]

PREVIEW = {
    "promises": [
        {"id": f"p{hours}", "client_id": None, "client_name": name, "subject": subject, "due_at": ahead(hours=hours)}
        for hours, name, subject in (
            (2, "Бауыржан Ержанов", "Цена на Шарджу без визы"),
            (20, "Ержан и Сауле Тлеубаевы", "Созвон по Вьетнаму: Нячанг или Фукуок"),
            (44, "ТОО «Алтын Дала»", "Счёт на корпоратив в Боровом"),
        )
    ],
    "promises_count": 9,
    "leads": [{"id": "l1", "client_id": None, "name": "Мадина", "subject": "Мальдивы в марте", "stage": "new"}],
    "leads_count": 1,
    "trips": [
        {"id": "t1", "client_id": "c", "client_name": "Айгерим Сулейменова", "title": "Хайнань",
         "destination": "Хайнань, Санья", "starts_on": "2026-10-26", "ends_on": "2026-11-04"}
    ],
    "trips_count": 1,
}  # fmt: skip


def _days() -> list[Json]:
    days = [date(2026, 10, 1) + timedelta(days=offset) for offset in range(130)]
    return [
        {
            "day": day.isoformat(),
            "hours": [],
            "rule": "holiday" if day.isoformat() in HOLIDAYS else "own" if day.isoformat() in OWN else "week",
        }
        for day in days
    ]


SHARES: Json = {
    "items": [
        {"agent_id": PEOPLE[1]["id"], "agent_name": PEOPLE[1]["name"], "stuck": False}
        | {"promises": 4, "leads": 1, "clients": 61},
        {"agent_id": PEOPLE[0]["id"], "agent_name": PEOPLE[0]["name"], "stuck": False}
        | {"promises": 3, "leads": 0, "clients": 60},
        {"agent_id": PEOPLE[2]["id"], "agent_name": PEOPLE[2]["name"], "stuck": True}
        | {"promises": 2, "leads": 0, "clients": 2},
    ]
}


def pages() -> Json:
    """Path below /api/v1 → body."""
    more = {"calendar_id": None, "skills": ["хайнань", "визы"], "languages": ["ru", "en"], "takes_work": True}
    return {
        "/users": {"items": [{**account, **more} for account in ACCOUNTS], "next": None},
        "/people": {"items": PEOPLE, "next": None},
        "/skills": {
            "skills": [{"word": word, "people": 1} for word in ("визы", "круизы", "хайнань")],
            "languages": [{"word": word, "people": 1} for word in ("en", "kk", "ru")],
        },
        "/teams": {"items": TEAMS, "next": None},
        "/calendars": {"items": CALENDARS, "next": None},
        f"/calendars/{OFFICE}/days": {"items": _days()},
        "/absences": {"items": ABSENCES, "next": None},
        "/absences/preview": PREVIEW,
        **{f"/users/{one['id']}/shares": SHARES for one in PEOPLE},
    }
