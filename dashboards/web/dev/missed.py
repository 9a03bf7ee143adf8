"""A day on which callers were missed, as the server tells it; used by shots.py."""

from __future__ import annotations

from typing import Any

from fixtures import AIGERIM, ALIYA, BAUYRZHAN, GULNARA, LONG, ME, OLGA, YERZHAN, Json, ago, ahead, callback

_WHY = {
    "ru": "Пропущенный звонок, попыток: 3, последняя в 17:44, очередь «Продажи», ожидание 0:41. "
    "Перезваниваете вы: это ваш клиент.",
    "en": "Missed call, tries: 3, the last 17:44, queue Sales, waited 0:41. "
    "Yours because you are the client's manager.",
}
_WHY_QUEUE = {
    "ru": "Пропущенный звонок в 17:29, очередь «Горячая линия», ожидание 1:12. "
    "Перезванивает очередь «Горячая линия»: кто первым возьмёт.",
    "en": "Missed call 17:29, queue Hotline, waited 1:12. "
    "Open to everybody of the queue Hotline: the first to take it calls.",
}


def _tries(number: int, count: int, minutes: float) -> list[Json]:
    return [
        {
            "interaction_id": f"0190cccc-{number:04d}-7000-8000-{index:012d}",
            "at": ago(minutes=minutes + index * 5),
            "queue": "sales",
            "outcome": "abandoned",
            "wait_s": 41.0,
        }
        for index in range(count)
    ]


def promise(number: int, person: Json, due_at: str, why: Json, **fields: Any) -> Json:
    given = {"why": why, "tries": _tries(number, 1, 5), "agent_name": "Динара Абенова", **fields}
    return {**callback(number, person, due_at, ""), "subject": None, **given}


OWN = promise(901, AIGERIM, ahead(minutes=11), _WHY, tries=_tries(901, 3, 3))
OF_QUEUE = promise(
    902,
    AIGERIM,
    ago(minutes=3),
    _WHY_QUEUE,
    client_id=None,
    client_name=None,
    address="+77770001122",
    agent_id=None,
    agent_name=None,
    queue="hotline",
    attempts=[{"interaction_id": "x", "at": ago(minutes=4), "agent_id": ME, "outcome": "no_answer"}],
)
OF_COLLEAGUE = promise(903, LONG, ahead(minutes=2), _WHY, agent_id=ALIYA, agent_name="Алия Нурланова", state="claimed")


def row(number: int, person: Json | None, minutes: float, **fields: Any) -> Json:
    tries = _tries(number, fields.get("attempts", 1), minutes)
    return {
        "client_address": person["contact_points"][0]["value"] if person else "+77770001122",
        "client_id": person["id"] if person else None,
        "client_name": person["name"] if person else None,
        "candidates": [],
        "queue": "sales",
        "outcome": "abandoned",
        "kinds": ["abandoned"],
        "attempts": 1,
        "first_at": tries[-1]["at"],
        "last_at": tries[0]["at"],
        "since": tries[-1]["at"],
        "wait_s": 41.0,
        "longest_wait_s": 41.0,
        "interaction_id": tries[0]["interaction_id"],
        "state": "open",
        "reached_how": None,
        "reached_in": None,
        "reached_at": None,
        "reached_after_s": None,
        "reached_by": None,
        "reached_by_name": None,
        "tries": tries,
        "callback": None,
        **fields,
    }


ROWS = [
    row(2, None, 18, queue="hotline", longest_wait_s=72.0, callback=OF_QUEUE),
    row(1, AIGERIM, 3, attempts=3, callback=OWN),
    row(3, LONG, 9, outcome="busy", kinds=["busy"], callback=OF_COLLEAGUE),
    row(
        4,
        None,
        7,
        client_address="+77011234567",
        candidates=[{"id": person["id"], "name": person["name"]} for person in (AIGERIM, YERZHAN)],
        outcome="voicemail",
        kinds=["voicemail"],
    ),
    row(5, None, 2, client_address=None, outcome="short_abandoned", kinds=["short_abandoned"], longest_wait_s=3.0),
]
SETTLED = [
    row(
        6,
        OLGA,
        190,
        attempts=2,
        state="reached",
        reached_how="called_back",
        reached_at=ago(minutes=171),
        reached_after_s=1440.0,
        reached_by=ME,
        reached_by_name="Динара Абенова",
    ),
    row(
        7,
        BAUYRZHAN,
        220,
        state="reached",
        reached_how="called_again",
        reached_at=ago(minutes=214),
        reached_after_s=372.0,
        reached_by=ALIYA,
        reached_by_name="Алия Нурланова",
    ),
    row(8, GULNARA, 250, state="done"),
]


def pages(rows: list[Json]) -> Json:
    """The answer of ``/abandoned`` with its figures."""
    states = [one["state"] for one in rows]
    values: dict[str, float | None] = {
        "callers": len(rows),
        "longest_open_s": 1080.0 if "open" in states else None,
        "median_reached_s": 906.0 if "reached" in states else None,
        "called_again": sum(one["reached_how"] == "called_again" for one in rows),
        "called_back": sum(one["reached_how"] == "called_back" for one in rows),
        **{state: states.count(state) for state in ("open", "reached", "done")},
        **{
            kind: sum(kind in one["kinds"] for one in rows)
            for kind in ("abandoned", "short_abandoned", "no_answer", "busy", "voicemail")
        },
    }
    figures = [
        {"name": name, "value": value, "formula": name, "sample": len(rows), "fresh_at": ago()}
        for name, value in values.items()
    ]
    return {"/abandoned": {"items": rows, "next": None, "figures": figures}}
