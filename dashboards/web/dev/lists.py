"""Lists and cards for the pages beside the desk: a log of calls, clients, one client's past, the settings."""

from __future__ import annotations

import io
import math
import wave
from typing import Any

from fixtures import (
    AIGERIM,
    ALIYA,
    BAUYRZHAN,
    CARD,
    DALA,
    GULNARA,
    LATE_PROMISE,
    LONG,
    ME,
    NATALIA,
    OLGA,
    RUSLAN,
    YERZHAN,
    Json,
    agent,
    ago,
    callback,
    interaction,
    of,
    stop,
)

PEOPLE = (AIGERIM, BAUYRZHAN, YERZHAN, NATALIA, OLGA, DALA, GULNARA, LONG)
NAMES = {ME: "Динара Абенова", RUSLAN: "Руслан Каримов", ALIYA: "Алия Нурланова"}
CODES = ("OFFER_SENT", "CALLBACK_PROMISED", "THINKING", "INFO_GIVEN", "SALE", None)
MISSED = ("abandoned", "no_answer", "short_abandoned", "voicemail", "busy")


def recording(name: str, *, minutes: float, lasts_s: float = 332.0, found: bool = True, **change: object) -> Json:
    """A recording that began so many minutes ago."""
    return {
        "id": name,
        "started_at": ago(minutes=minutes),
        "duration_s": lasts_s if found else None,
        "available": found,
        "state": "available" if found else "awaited",
        "playable": True,
        "consultation": False,
        "agent_ids": [],
    } | change


def leg(number: int, agent_id: str, after_s: float, began: float, **fields: Any) -> Json:
    return {
        "id": f"leg-{number}-{after_s}",
        "agent_id": agent_id,
        "agent_name": NAMES[agent_id],
        "interface": "PJSIP/1001",
        "role": "queue",
        "offered_at": ago(minutes=began, seconds=-after_s),
        "answered_at": None,
        "ended_at": None,
        "result": None,
        **fields,
    }


def logged(number: int) -> Json:
    """One of the calls of the last days, every seventh of somebody nobody knows, every fourth in vain."""
    began = 20 + number * 23
    person = {"client_address": f"+7777300{number:04d}"} if number % 7 == 3 else of(PEOPLE[number % len(PEOPLE)])
    outbound = number % 5 == 4
    fields: Json = {
        **person,
        "direction": "outbound" if outbound else "inbound",
        "queue": None if outbound else ("sales" if number % 2 else "hotline"),
        "started_at": ago(minutes=began),
        "wait_s": 6.0 + number % 40,
        "ended_at": ago(minutes=began - 6),
        "legs": [
            leg(number, RUSLAN, 4, began, ended_at=ago(minutes=began, seconds=-19), result="no_answer"),
            leg(
                number,
                ME,
                21,
                began,
                answered_at=ago(minutes=began, seconds=-27),
                ended_at=ago(minutes=began - 6),
                result="answered",
            ),
        ],
    }
    if number % 4 == 1:
        fields |= {"outcome": "no_answer" if outbound else MISSED[number % len(MISSED)], "legs": fields["legs"][:1]}
    else:
        agent_id = (ME, RUSLAN, ALIYA)[number % 3]
        code = CODES[number % len(CODES)]
        fields |= {
            "agent_id": agent_id,
            "agent_name": NAMES[agent_id],
            "answered_at": ago(minutes=began, seconds=-27),
            "talk_s": 40.0 + number * 37 % 900,
            "hold_s": 14.0 if number % 3 == 0 else 0,
            "wrap_up_s": 21.0,
            "ended_by": "client",
            "contact_number": 1 + number % 6,
            "recordings": [recording(f"r{number}", minutes=began, found=number % 6 != 2)],
            "disposition": code
            and {
                "code": code,
                "resultative": code in {"OFFER_SENT", "SALE"},
                "note": "Просит вид на море, готова доплатить. Перезвонить, когда ответит отель."
                if number % 2 == 0
                else None,
                "by": agent_id,
                "at": ago(minutes=began - 7),
            },
        }
    # As the server's: a later call has a greater id.
    return {**interaction(9000 - number, **fields), "complete": number % 11 != 6}


LOG = [logged(number) for number in range(200)]

PAST_TRIP = {
    **CARD["trips"][0],
    "id": "t2",
    "title": "Анталья, Кемер",
    "destination": "Анталья, Кемер",
    "hotel": "«Акка Бей» 5*",
    "starts_on": "2025-06-02",
    "ends_on": "2025-06-12",
    "state": "past",
    "timezone": "Europe/Istanbul",
    "return_flight_at": None,
    "transfer_ordered": None,
}
KEPT = callback(
    31,
    AIGERIM,
    ago(days=2, hours=1),
    "Прислать страховку",
    state="kept",
    closed_at=ago(days=2),
    late_s=3600.0,
    late_by="agent",
)


def entry(kind: str, at: str, thing: Json, planned: bool = False) -> Json:
    return {"kind": kind, "at": at, "planned": planned, kind: thing}


def timeline(more: int = 0) -> list[Json]:
    recent = [
        {
            **CARD["recent"][0],
            "recordings": [recording("r90", minutes=76, lasts_s=372.0)],
            "contact_number": 5,
        },
        *CARD["recent"][1:],
    ]
    older = [
        interaction(
            60 - number,
            **of(AIGERIM),
            started_at=ago(days=20 + number * 5),
            talk_s=120.0,
            agent_id=ME,
            agent_name=NAMES[ME],
        )
        for number in range(more)
    ]
    return [
        entry("callback", LATE_PROMISE["due_at"], LATE_PROMISE, planned=True),
        entry("callback", CARD["callbacks"][1]["due_at"], CARD["callbacks"][1], planned=True),
        *[entry("interaction", call["started_at"], call) for call in recent[:1]],
        entry("callback", KEPT["closed_at"], KEPT),
        *[entry("interaction", call["started_at"], call) for call in recent[1:]],
        entry("trip", "2026-10-25T16:00:00+00:00", CARD["trips"][0]),
        *[entry("interaction", call["started_at"], call) for call in older],
        entry("trip", "2025-06-01T21:00:00+00:00", PAST_TRIP),
    ]


def account(number: int, login: str, name: str, role: str, **fields: Any) -> Json:
    return {
        "id": f"0190aaaa-0000-7000-8000-{number:012d}",
        "login": login,
        "name": name,
        "role": role,
        "extension": str(1000 + number),
        "team": {"id": "team", "name": "Продажи"},
        "locale": "ru",
        "theme": None,
        "queues": ["sales"],
        "enabled": True,
        "version": 1,
        **fields,
    }


ACCOUNTS = [
    account(1, "dinara", "Динара Абенова", "agent", queues=["sales", "hotline"]),
    account(2, "ruslan", "Руслан Каримов", "agent"),
    account(3, "aliya", "Алия Нурланова", "agent"),
    account(4, "zhanar", "Жанар Исина", "supervisor"),
    account(5, "admin", "Администратор", "admin", extension=None, team=None, queues=[]),
    account(6, "petr", "Пётр Константинопольский-Преображенский", "agent", enabled=False, extension=None),
]
COLLEAGUES = [
    {**agent(), "id": person["id"], "name": person["name"], "login": person["login"], "role": person["role"]}
    for person in ACCOUNTS[:4]
]
FOUND = [
    *PEOPLE,
    {
        **YERZHAN,
        "id": "0190cccc-0000-7000-8000-000000000099",
        "name": "Ержанова Алуа",
        "restricted": True,
        "contact_points": [],
        "owner_id": RUSLAN,
        "owner_name": NAMES[RUSLAN],
    },
]

QUEUES = [
    {
        "name": name,
        "title": {"ru": russian, "en": english},
        "wrap_up_limit_s": 120,
        "short_abandon_s": 5.0,
        "service_level_s": 20,
        "missed_callback": True,
        "missed_callback_short": False,
        "missed_callback_due_s": 900,
        "team_id": None,
        "members": [ME],
    }
    for name, russian, english in (("sales", "Продажи", "Sales"), ("hotline", "Горячая линия", "Hotline"))
]


def pages(calls: list[Json] | None = None, more: int = 0) -> Json:
    """Path below /api/v1 → body, as ``fixtures.responses`` has them."""
    log = LOG if calls is None else calls
    card = {**AIGERIM, "note": "День рождения отмечает в Стамбуле."}
    return {
        "/interactions": {"items": log[:50], "next": "2" if len(log) > 50 else None},
        **{f"/interactions/{call['id']}": call for call in log},
        "/agents": {"items": COLLEAGUES, "next": None},
        "/clients": {"items": FOUND, "next": None},
        f"/clients/{AIGERIM['id']}": card,
        f"/clients/{AIGERIM['id']}/card": {**CARD, "client": card, "trips": [*CARD["trips"], PAST_TRIP]},
        f"/clients/{AIGERIM['id']}/timeline": {"items": timeline(more), "next": None},
        f"/clients/{LONG['id']}": LONG,
        f"/clients/{LONG['id']}/card": {
            **CARD,
            "client": LONG,
            "callbacks": [],
            "family": [],
            "trips": [],
            "deals": [],
            "recent": [],
        },
        f"/clients/{LONG['id']}/timeline": {"items": [], "next": None},
        "/users": {"items": ACCOUNTS, "next": None},
        "/queues": {"items": QUEUES, "next": None, "version": 1, "teams": []},
    }


def in_pieces() -> Json:
    """A call that was handed on: two pieces, a consultation, one that never came and one no browser plays."""
    began = 60
    legs = [
        {**LOG[0]["legs"][0], "id": f"piece-{who}", "agent_id": who, "agent_name": NAMES[who], "role": role,
         "answered_at": ago(minutes=began - at), "ended_at": ago(minutes=began - at - 4), "result": "answered"}
        for who, role, at in ((ME, "queue", 1), (RUSLAN, "transfer_attended", 5))
    ]  # fmt: skip
    return {
        **LOG[0],
        "legs": legs,
        "path": [
            stop("queue", "sales", 3600, 3588),
            stop("agent", NAMES[ME], 3588, 3508, agent_id=ME),
            stop("queue", "hotline", 3508, 3493),
            stop("agent", NAMES[RUSLAN], 3493, 3251, agent_id=RUSLAN, note="Просит счёт на компанию"),
            stop("parking", "701", 3251, 3231),
            stop("outside", "+77017778899", 3231, 3200),
        ],
        "recordings": [
            recording("p1", minutes=began - 1, lasts_s=238.0),
            recording("p2", minutes=began - 5, lasts_s=241.0),
            recording("p3", minutes=began - 4, lasts_s=21.0, consultation=True, agent_ids=[ME, RUSLAN]),
            recording("p4", minutes=began - 4, consultation=True, agent_ids=[RUSLAN, ALIYA]),
            recording("p5", minutes=began - 6, found=False, state="missing"),
            recording("p6", minutes=began - 7, lasts_s=9.0, playable=False),
        ],
    }


def unrecorded() -> Json:
    """What those who lead see of answered calls that cannot be heard."""
    rows = [
        {"interaction_id": LOG[n]["id"], "started_at": ago(minutes=90 + n * 70), "ended_at": ago(minutes=88 + n * 70),
         "direction": "inbound", "pbx": "main", "queue": "sales", "agent_id": RUSLAN, "agent_name": NAMES[RUSLAN],
         "client_id": None, "client_name": None, "talk_s": 74.0 + n * 41, "reason": reason}
        for n, reason in enumerate(("awaited", "not_named", "not_named", "missing", "empty", "gone"))
    ]  # fmt: skip
    groups = [
        {"pbx": "main", "queue": "sales", "agent_id": RUSLAN, "agent_name": NAMES[RUSLAN], "answered": 41,
         "unrecorded": 6, "last_recorded_at": ago(minutes=600), "since": ago(minutes=440)},
        {"pbx": "main", "queue": None, "agent_id": None, "agent_name": None, "answered": 12, "unrecorded": 12,
         "last_recorded_at": None, "since": ago(minutes=4000)},
        {"pbx": "main", "queue": "sales", "agent_id": ALIYA, "agent_name": NAMES[ALIYA], "answered": 80,
         "unrecorded": 1, "last_recorded_at": ago(minutes=9), "since": None},
    ]  # fmt: skip
    return {
        "/recordings/unrecorded": {"items": rows, "next": None},
        "/recordings/unrecorded/groups": {"expected": True, "items": groups},
    }


def sound(seconds: int = 8) -> bytes:
    """A WAV that swells and fades, to see a recording drawn and played."""
    rate = 8000
    with io.BytesIO() as file:
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(rate)
            out.writeframes(
                b"".join(
                    int(9000 * math.sin(n / 9) * abs(math.sin(n / 3000) * math.sin(n / 1100))).to_bytes(
                        2, "little", signed=True
                    )
                    for n in range(rate * seconds)
                )
            )
        return file.getvalue()


def gaps() -> Json:
    """The ledger of what was not heard: one of each state."""
    ends = (
        ("open", "link_lost", 2.0, None, 0, 0, [], None),
        ("repairing", "half_open", 30.0, 28.0, 12, 9, ["cel", "cdr", "queue_log"], None),
        ("repaired", "process_down", 300.0, 292.0, 50, 50, ["cdr", "queue_log"], None),
        ("partly", "pbx_restarted", 1500.0, 1490.0, 50, 49, ["cel", "cdr"], None),
        (
            "unrepaired",
            "link_lost",
            4400.0,
            4100.0,
            7,
            0,
            ["queue_log"],
            "Master.csv cannot be read: Permission denied",
        ),
    )
    items = [
        {
            "id": f"gap-{state}",
            "source": "main",
            "from": ago(minutes=began),
            "to": None if ended is None else ago(minutes=ended),
            "cause": "the other side closed the connection",
            "kind": kind,
            "state": state,
            "affected": affected,
            "repaired": repaired,
            "sources": sources,
            "trouble": trouble,
        }
        for state, kind, began, ended, affected, repaired, sources, trouble in ends
    ]
    return {"/gaps": {"items": items, "next": None}}


def telephony() -> Json:
    """A PBX with something to mend, and the files that connect one."""

    def finding(severity: str, subject: str, says: str, advice: str | None = None, *lines: str) -> Json:
        change = {"file": "manager.conf", "lines": list(lines)} if lines else None
        told = {"code": "x", "subject": f"pbx main {subject}", "severity": severity, "says": says}
        return told | {"advice": advice, "change": change, "interaction_id": None}

    manager = """[general]
enabled = yes
timestampevents = yes

[perezvon]
secret = a-long-enough-secret
deny = 0.0.0.0/0.0.0.0
permit = 10.0.0.5/255.255.255.255
read = system,call,agent,cdr,user,dialplan
write = call,agent,originate,reporting
eventfilter(action(include),name(Newchannel)) =
eventfilter(action(include),name(VarSet),header(Variable),method(exact)) = MIXMONITOR_FILENAME
"""
    return {
        "/pbx": {
            "items": [{"name": "main", "host": "10.0.0.7", "port": 5038, "state": "up", "dials_clients": True}],
            "own_extension": "1001",
        },
        "/pbx/main/check": {
            "pbx": "main",
            "at": ago(),
            "findings": [
                finding("fine", "", "10.0.0.7:5038 знает нашего пользователя perezvon"),
                finding("fine", "version", "Asterisk 22.10; умеет отбирать события по заголовкам"),
                finding(
                    "fault",
                    "rights",
                    "нашему пользователю можно писать system, command: кто узнает пароль, владеет АТС",
                    "Перезвону это никогда не нужно. Оставьте в [perezvon] только то, что здесь, затем `manager reload`.",
                    "[perezvon]",
                    "write = call,agent,originate,reporting",
                ),
                finding(
                    "fault",
                    "timestampevents",
                    "выключено: в событиях нет времени, и опоздавшее событие сдвигает звонок",
                    "Включите, затем `manager reload`.",
                    "[general]",
                    "timestampevents = yes",
                ),
                finding(
                    "advice",
                    "queue members",
                    "PJSIP/1007, PJSIP/1012 — ничьи: звонки на них ничьи",
                    "Дайте внутренний номер человеку в «Настройки → Люди» или уберите участника из очереди.",
                ),
                finding("fine", "clock", "совпадают с нашими"),
                finding("fine", "recordings", "/var/spool/asterisk/monitor"),
                finding("fine", "spool", "пуст"),
            ],
        },
        "/pbx/configuration": {
            "files": [
                {"name": name, "place": f"/etc/asterisk/{name}", "text": manager}
                for name in ("manager.conf", "queues.conf", "extensions.conf")
            ]
        },
    }
