"""A believable day at the desk, as the server would tell it. Only for looking at pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]

NOW = datetime(2026, 10, 30, 12, 47, 6, tzinfo=UTC)  # 17:47 in Almaty
ME = "0190aaaa-0000-7000-8000-000000000001"
RUSLAN = "0190aaaa-0000-7000-8000-000000000002"
ALIYA = "0190aaaa-0000-7000-8000-000000000003"


def ago(**parts: float) -> str:
    return (NOW - timedelta(**parts)).isoformat()


def ahead(**parts: float) -> str:
    return (NOW + timedelta(**parts)).isoformat()


def client(number: int, name: str, phone: str, **fields: Any) -> Json:
    return {
        "id": f"0190cccc-0000-7000-8000-{number:012d}",
        "name": name,
        "language": "ru",
        "service_class": "B",
        "hint": None,
        "owner_id": ME,
        "owner_name": "Динара Абенова",
        "since": "2023-04-02",
        "timezone": None,
        "birthday": None,
        "note": None,
        "contact_points": [
            {"id": f"p{number}", "kind": "phone", "value": phone, "typed": phone, "label": None, "verified": True}
        ],
        "version": 1,
        **fields,
    }


AIGERIM = client(
    1,
    "Айгерим Сулейменова",
    "+77011234567",
    service_class="A",
    since="2021-05-14",
    owner_id=RUSLAN,
    owner_name="Руслан Каримов",
    hint="Сначала решение, потом объяснения. Доплаты называть сразу.",
    timezone="Asia/Shanghai",
)
BAUYRZHAN = client(2, "Бауыржан Ержанов", "+77051112233")
YERZHAN = client(3, "Ержан и Сауле Тлеубаевы", "+77017778899")
NATALIA = client(4, "Наталья Лис", "+79161234567")
OLGA = client(5, "Ольга и Марат Ким", "+77055551802")
DALA = client(6, "ТОО «Алтын Дала»", "+77272334455", service_class="A")
GULNARA = client(7, "Гульнара Ахметова", "+77021110022")
LONG = client(
    8, "Анна-Мария Константинопольская-Преображенская и Александр Вильгельмович Шнайдер-Мюллер", "+77770001122"
)


def interaction(number: int, **fields: Any) -> Json:
    started = fields.pop("started_at", ago(minutes=30))
    return {
        "id": f"0190eeee-0000-7000-8000-{number:012d}",
        "channel": "call",
        "direction": "inbound",
        "state": "closed",
        "outcome": "answered",
        "external_id": f"1790000000.{number}",
        "pbx": "main",
        "queue": "hotline",
        "queues": ["hotline"],
        "client_id": None,
        "client_name": None,
        "client_address": None,
        "caller_name": None,
        "our_address": "+77272000000",
        "agent_id": None,
        "agent_name": None,
        "started_at": started,
        "answered_at": None,
        "ended_at": None,
        "wait_s": None,
        "talk_s": None,
        "hold_s": None,
        "wrap_up_s": None,
        "ended_by": None,
        "hangup_cause": None,
        "disposition": None,
        "contact_number": None,
        "recordings": [],
        "legs": [],
        "path": [],
        "merged_into": None,
        "complete": True,
        "version": 1,
        **fields,
    }


def of(person: Json) -> Json:
    return {
        "client_id": person["id"],
        "client_name": person["name"],
        "client_address": person["contact_points"][0]["value"],
    }


def callback(number: int, person: Json, due_at: str, subject: str, **fields: Any) -> Json:
    return {
        "id": f"0190bbbb-0000-7000-8000-{number:012d}",
        "client_id": person["id"],
        "client_name": person["name"],
        "client_timezone": person["timezone"],
        "address": None,
        "lead_id": None,
        "subject": subject,
        "via": "call",
        "state": "open",
        "agent_id": ME,
        "agent_name": "Динара Абенова",
        "queue": None,
        "due_at": due_at,
        "escalate_at": None,
        "forgiven_s": 0.0,
        "takeover_at": None,
        "claimed_by": None,
        "claimed_until": None,
        "nobody_since": None,
        "promised_in": None,
        "promised_at": ago(hours=3),
        "kept_in": None,
        "late_s": None,
        "late_by": None,
        "policy": "strict-10m",
        "policies": ["strict-10m"],
        "moves": 0,
        "why": None,
        "tries": [],
        "attempts": [],
        "history": [
            {
                "agent_id": ME,
                "agent_name": "Динара Абенова",
                "from": ago(hours=3),
                "to": None,
                "reason": "promised",
                "explanation": "",
                "by": None,
            }
        ],
        "version": 1,
        **fields,
    }


PROMISES = [
    callback(1, BAUYRZHAN, ago(minutes=9), "Цена на Шарджу без визы", escalate_at=ahead(minutes=1)),
    callback(2, YERZHAN, ahead(minutes=13), "Созвон по Вьетнаму: Нячанг или Фукуок"),
    callback(3, NATALIA, ahead(minutes=28), "Подтвердил ли отель раннее заселение"),
    callback(4, OLGA, ahead(minutes=43), "Отправить подборку по Анталье на Новый год", via="email"),
    callback(5, DALA, ahead(hours=15, minutes=43), "Счёт на корпоратив в Боровом, 24 человека", via="email"),
    callback(6, AIGERIM, ahead(hours=16, minutes=13), "Подтвердить номер с видом на море, трансфер на 4 ноября"),
]

LATE_PROMISE = callback(
    7,
    AIGERIM,
    ago(minutes=12),
    "Ответ отеля: номер с видом на море",
    moves=1,
    history=[
        {
            "agent_id": RUSLAN,
            "agent_name": "Руслан Каримов",
            "from": ago(minutes=72),
            "to": ago(minutes=2),
            "reason": "promised",
            "explanation": "",
            "by": None,
        },
        {
            "agent_id": ME,
            "agent_name": "Динара Абенова",
            "from": ago(minutes=2),
            "to": None,
            "reason": "late",
            "explanation": "Руслан К. 26 мин в разговоре; вы на линии и знаете Хайнань.",
            "by": None,
        },
    ],
)

CARD: Json = {
    "client": AIGERIM,
    "candidates": [],
    "callbacks": [LATE_PROMISE, callback(8, AIGERIM, ahead(days=6), "Спросить о поездке")],
    "family": [
        {"id": "f1", "client_id": None, "name": "Ерлан", "relation": "муж", "birth_date": "1986-02-01", "note": None},
        {"id": "f2", "client_id": None, "name": "Амина", "relation": "дочь", "birth_date": "2018-03-11", "note": None},
        {
            "id": "f3",
            "client_id": None,
            "name": "Алихан",
            "relation": "сын",
            "birth_date": "2023-06-20",
            "note": "аллергия на орехи",
        },
    ],
    "trips": [
        {
            "id": "t1",
            "title": "Хайнань, Санья",
            "destination": "Хайнань, Санья",
            "hotel": "«Жемчужная бухта» 5*",
            "starts_on": "2026-10-26",
            "ends_on": "2026-11-04",
            "state": "current",
            "adults": 2,
            "children": 2,
            "timezone": "Asia/Shanghai",
            "return_flight_at": "2026-11-03T20:10:00+00:00",
            "transfer_ordered": False,
            "note": None,
        }
    ],
    "deals": [
        {
            "id": "d1",
            "title": "Новый год в Дубае",
            "stage": "подбор",
            "amount": {"amount": "3200000.00", "currency": "KZT"},
            "next_step": "ждёт двух вариантов",
            "due_on": "2026-11-03",
        }
    ],
    "recent": [
        interaction(
            90,
            **of(AIGERIM),
            started_at=ago(minutes=76),
            talk_s=372,
            agent_id=RUSLAN,
            agent_name="Руслан Каримов",
            disposition={
                "code": "CALLBACK_PROMISED",
                "resultative": False,
                "note": "Просит вид на море.",
                "by": RUSLAN,
                "at": ago(minutes=70),
            },
        ),
        interaction(91, **of(AIGERIM), channel="telegram", started_at=ago(days=3), outcome="answered"),
        interaction(92, **of(AIGERIM), channel="email", direction="outbound", started_at=ago(days=6)),
    ],
}
EMPTY_CARD: Json = {
    "client": None,
    "candidates": [],
    "callbacks": [],
    "family": [],
    "trips": [],
    "deals": [],
    "recent": [],
}


def leg(identity: str, agent: str, offered_at: str, answered_at: str | None = None) -> Json:
    return {
        "id": identity,
        "agent_id": agent,
        "interface": "PJSIP/1001",
        "role": "queue",
        "offered_at": offered_at,
        "answered_at": answered_at,
        "ended_at": None,
        "result": "answered" if answered_at else None,
    }


RINGING = interaction(
    1, **of(AIGERIM), state="offered", outcome=None, started_at=ago(seconds=9), legs=[leg("leg-1", ME, ago(seconds=6))]
)


def stop(kind: str, name: str, since: int, until: int | None = None, **fields: Any) -> Json:
    """One who had the client, between so many seconds ago."""
    to = None if until is None else ago(seconds=until)
    lasted = None if until is None else float(since - until)
    start = {"kind": kind, "name": name, "agent_id": None, "queue": name if kind == "queue" else None, "note": None}
    return {**start, "from": ago(seconds=since), "to": to, "duration_s": lasted, **fields}


PASSED_ON = {
    **RINGING,
    "started_at": ago(seconds=132),
    "answered_at": ago(seconds=112),
    "state": "active",
    "agent_id": RUSLAN,
    "agent_name": "Руслан Каримов",
    "path": [
        stop("queue", "sales", 132, 112),
        stop("agent", "Руслан Каримов", 112, 32, agent_id=RUSLAN, note="Хочет перенести вылет на 4 ноября, двое детей"),
        stop("queue", "hotline", 32, 17),
        stop("agent", "Алия Сапарова", 17, 6, agent_id=ALIYA),
    ],
}
UNKNOWN = interaction(
    2,
    state="offered",
    outcome=None,
    client_address="+77773003014",
    caller_name="SAULE A",
    started_at=ago(seconds=8),
    legs=[leg("leg-2", ME, ago(seconds=5))],
)
ANONYMOUS = interaction(
    3, state="offered", outcome=None, started_at=ago(seconds=8), legs=[leg("leg-3", ME, ago(seconds=5))]
)
TALKING = interaction(
    1,
    **of(AIGERIM),
    state="active",
    outcome=None,
    agent_id=ME,
    agent_name="Динара Абенова",
    started_at=ago(seconds=262),
    answered_at=ago(seconds=252),
    contact_number=6,
    legs=[leg("leg-1", ME, ago(seconds=258), ago(seconds=252))],
    version=3,
)
WRAP_UP = {
    **TALKING,
    "state": "wrap_up",
    "outcome": "answered",
    "answered_at": ago(seconds=383),
    "ended_at": ago(seconds=18),
    "talk_s": 365,
    "ended_by": "client",
    "recordings": [
        {
            "id": "r1",
            "started_at": ago(seconds=383),
            "duration_s": 365,
            "available": True,
            "state": "available",
            "playable": True,
            "consultation": False,
            "agent_ids": [],
        }
    ],
    "version": 5,
}
DIALLING = interaction(
    4,
    **of(BAUYRZHAN),
    direction="outbound",
    state="offered",
    outcome=None,
    agent_id=ME,
    queue=None,
    queues=[],
    started_at=ago(seconds=4),
    version=1,
)

DISPOSITIONS = [
    ("HOTLINE_HELP", "Вопрос решён", "Solved", True, "none"),
    ("CALLBACK_PROMISED", "Обещан перезвон", "Callback promised", False, "required"),
    ("INFO_GIVEN", "Дали сведения", "Information given", False, "optional"),
    ("OFFER_SENT", "Отправили предложение", "Offer sent", True, "optional"),
    ("THINKING", "Думает", "Thinking it over", False, "required"),
    ("REFUSED", "Отказ", "Refused", False, "optional"),
    ("WRONG_NUMBER", "Ошиблись номером", "Wrong number", False, "none"),
    ("SALE", "Продажа", "Sale", True, "none"),
    ("COMPLAINT", "Жалоба", "Complaint", False, "optional"),
    ("MEETING_SET", "Назначена встреча", "Meeting set", True, "optional"),
    ("SPAM", "Спам", "Spam", False, "none"),
    ("DROPPED", "Связь прервалась", "Cut off", False, "optional"),
]
PAUSES = [
    ("BREAK", "Перерыв", "Break", 900, False),
    ("LUNCH", "Обед", "Lunch", 3600, False),
    ("MEETING", "Планёрка", "Meeting", None, True),
    ("TRAINING", "Обучение", "Training", None, True),
    ("BACK_OFFICE", "Документы", "Paperwork", None, True),
    ("TECH_ISSUE", "Неполадка", "Technical issue", None, False),
    ("PERSONAL", "Личное", "Personal", 600, False),
]

TODAY = {
    "answered": 17,
    "missed": 3,
    "talk_s": 4165,
    "average_talk_s": 245,
    "promises_open": 6,
    "promises_late": 1,
    "hours": [
        {"hour": hour, "answered": answered}
        for hour, answered in zip(range(9, 18), (1, 3, 2, 1, 0, 2, 4, 2, 2), strict=True)
    ],
}


def agent(state: str = "available", since: str | None = None, reason: str | None = None) -> Json:
    return {
        "id": ME,
        "name": "Динара Абенова",
        "login": "dinara",
        "extension": "1001",
        "role": "agent",
        "state": state,
        "reason": reason,
        "since": since or ago(minutes=12),
        "present": True,
        "version": 1,
    }


def desk(**fields: Any) -> Json:
    return {"agent": agent(), "offers": [], "active": [], "wrap_up": [], "today": TODAY, **fields}


def offer(call: Json, card: Json) -> Json:
    return {"interaction": call, "card": card, "agent_id": ME, "leg_id": call["legs"][0]["id"]}


LOG = [
    interaction(20, **of(GULNARA), outcome="abandoned", started_at=ago(minutes=35), wait_s=48, queue="sales"),
    interaction(21, **of(NATALIA), outcome="abandoned", started_at=ago(minutes=49), wait_s=31),
    interaction(22, client_address="+77773003014", outcome="no_answer", started_at=ago(minutes=67), wait_s=22),
    interaction(
        23,
        **of(OLGA),
        started_at=ago(minutes=95),
        answered_at=ago(minutes=95),
        talk_s=460,
        agent_id=ME,
        agent_name="Динара Абенова",
        disposition={"code": "OFFER_SENT", "resultative": True, "note": None, "by": ME, "at": ago(minutes=80)},
    ),
    interaction(
        24,
        **of(AIGERIM),
        started_at=ago(minutes=140),
        answered_at=ago(minutes=140),
        talk_s=372,
        agent_id=ME,
        agent_name="Динара Абенова",
        disposition={"code": "CALLBACK_PROMISED", "resultative": False, "note": None, "by": ME, "at": ago(minutes=130)},
    ),
]


def responses(desk_state: Json, *, role: str = "agent", promises: list[Json] | None = None) -> Json:
    """Path below /api/v1 → body. A longer path wins."""
    user = {
        "id": ME,
        "login": "dinara",
        "name": "Динара Абенова",
        "role": role,
        "extension": "1001",
        "locale": None,
        "team": {"id": "team", "name": "Продажи"},
    }
    return {
        "/meta": {
            "version": "0.1.0",
            "locale": "ru",
            "timezone": "Asia/Almaty",
            "country": "KZ",
            "demo": True,
            "demo_logins": [
                {"login": "dinara", "password": "demo", "name": "Динара Абенова", "role": "agent"},
                {"login": "ruslan", "password": "demo", "name": "Руслан Каримов", "role": "agent"},
                {"login": "zhanar", "password": "demo", "name": "Жанар Исина", "role": "supervisor"},
            ],
        },
        "/session": {"user": user, "csrf_token": "token"},
        "/desk": desk_state,
        "/dispositions": {
            "items": [
                {
                    "code": code,
                    "labels": {"ru": russian, "en": english},
                    "resultative": resultative,
                    "contact_made": True,
                    "callback": wants,
                    "position": position,
                    "enabled": True,
                }
                for position, (code, russian, english, resultative, wants) in enumerate(DISPOSITIONS)
            ],
            "version": 1,
        },
        "/pause-reasons": {
            "items": [
                {
                    "code": code,
                    "labels": {"ru": russian, "en": english},
                    "threshold_s": threshold,
                    "productive": productive,
                    "position": position,
                    "enabled": True,
                }
                for position, (code, russian, english, threshold, productive) in enumerate(PAUSES)
            ],
            "version": 1,
        },
        "/queues": {
            "items": [
                {
                    "name": name,
                    "title": {"ru": russian, "en": english},
                    "wrap_up_limit_s": limit,
                    "short_abandon_s": 5,
                    "team_id": None,
                }
                for name, russian, english, limit in (
                    ("sales", "Продажи", "Sales", 120),
                    ("hotline", "Горячая линия", "Hotline", 120),
                )
            ],
            "teams": [],
        },
        "/leads": {"items": [], "next": None},
        "/lead-sources": {"items": [], "next": None, "version": 1},
        "/callbacks": {"items": PROMISES if promises is None else promises, "next": None},
        "/interactions": {"items": LOG, "next": None},
        "/clients": {"items": [AIGERIM, OLGA, DALA], "next": None},
        f"/clients/{AIGERIM['id']}": AIGERIM,
        f"/clients/{AIGERIM['id']}/card": CARD,
        f"/clients/{AIGERIM['id']}/timeline": {
            "items": [
                {"kind": "callback", "at": ahead(days=6), "planned": True, "callback": CARD["callbacks"][1]},
                *[
                    {"kind": "interaction", "at": item["started_at"], "planned": False, "interaction": item}
                    for item in CARD["recent"]
                ],
            ],
            "next": None,
        },
        "/agents": {"items": [agent()], "next": None},
    }
