"""A supervisor's evening board of promises, as the server tells it; used by shots.py."""

from __future__ import annotations

from typing import Any

from fixtures import (
    AIGERIM,
    ALIYA,
    BAUYRZHAN,
    DALA,
    GULNARA,
    LONG,
    ME,
    NATALIA,
    OLGA,
    RUSLAN,
    Json,
    ago,
    ahead,
    callback,
)

TIMUR = "0190aaaa-0000-7000-8000-000000000004"
MARIA = "0190aaaa-0000-7000-8000-000000000005"
ASKHAT = "0190aaaa-0000-7000-8000-000000000006"
SVETLANA = "0190aaaa-0000-7000-8000-000000000007"
NAMES = {
    ME: "Динара Абенова",
    RUSLAN: "Руслан Каримов",
    ALIYA: "Алия Нурланова",
    TIMUR: "Тимур Садыков",
    MARIA: "Мария Ли",
    ASKHAT: "Асхат Болатов",
    SVETLANA: "Светлана Гор",
}
STATES = {
    ME: ("talking", 4.2, None),
    RUSLAN: ("talking", 28, None),
    ALIYA: ("available", 2.2, None),
    TIMUR: ("paused", 41, "LUNCH"),
    MARIA: ("wrap_up", 0.85, None),
    ASKHAT: ("available", 9.5, None),
    SVETLANA: ("offline", 17, None),
}
TAIL = {
    "ru": "Хвост: обещание не выполнено, и руководитель уже может забрать его без согласия; если правило об этом молчит, то через 72 часа после срока.",
    "en": "A tail: a promise that is not kept, and that the supervisor may already take without consent; where no rule says when, 72 hours after its deadline.",
}
RULES = [
    {
        "name": "strict-10m",
        "version": 4,
        "action": "move",
        "words": {
            "ru": "Обещание клиентам класса A: за 10 минут до срока напомнить; при опоздании на 10 минут само перейдёт к тому, кто может позвонить; не больше 2 раз. Считаем рабочие часы.",
            "en": "Promises to class A clients: remind 10 minutes before; move when 10 minutes late to whoever can call; at most 2 times. Count working hours.",
        },
    },
    {
        "name": "soft-72h",
        "version": 1,
        "action": "unlock",
        "words": {
            "ru": "Обещание: через 72 часа после срока руководитель может забрать без согласия. Считаем все часы, и ночью, и в выходные.",
            "en": "Promises: the supervisor may take it without consent when 72 hours late. Count all hours, nights and weekends too.",
        },
    },
]


def pill(number: int, person: Json, minutes: float, subject: str, **fields: Any) -> Json:
    due = {"due_at": ahead(minutes=minutes), "escalate_at": ahead(minutes=minutes + 10)}
    return {
        "id": f"0190bbbb-0000-7000-8000-{number:012d}",
        "client_id": person["id"],
        "client_name": person["name"],
        "address": None,
        "subject": subject,
        "state": "open",
        "takeover_at": None,
        "claimed_by": None,
        "claimed_until": None,
        "policy": "strict-10m",
        "moves": 0,
        "nobody_since": None,
        "tail": False,
        "version": 1,
        **due,
        **fields,
    }


def move(number: int, person: Json, minutes: float, whose: str, to: str, **fields: Any) -> Json:
    return {
        "id": f"0190dddd-0000-7000-8000-{number:012d}",
        "callback_id": f"0190bbbb-0000-7000-8000-{number:012d}",
        "at": ago(minutes=minutes),
        "reason": "late",
        "explanation": "It moved.",
        "words": {
            "ru": f"В 17:45 обещание перешло ({NAMES[whose]} → {NAMES[to]}): срок был 17:35, опоздание на 10 минут, правило «strict-10m»; {NAMES[to]}: на линии, 47 клиентов из 60, знает клиента, свободнее других.",
            "en": f"At 17:45 the promise moved ({NAMES[whose]} → {NAMES[to]}): it was due at 17:35 and is 10 minutes late, rule “strict-10m”; {NAMES[to]}: available, 47 of 60 clients, knows the client, the least loaded.",
        },
        "by": None,
        "by_name": None,
        "from_agent_id": whose,
        "from_agent_name": NAMES[whose],
        "to_agent_id": to,
        "to_agent_name": NAMES[to],
        "queue": None,
        "client_id": person["id"],
        "client_name": person["name"],
        "address": None,
        "subject": "Ответ отеля: номер с видом на море",
        "state": "open",
        "due_at": ago(minutes=minutes + 10),
        "closed_at": None,
        "late_s": 600.0,
        "policy": "strict-10m",
        "undone_at": None,
        **fields,
    }


MOVED = [
    move(801, AIGERIM, 2, RUSLAN, ME),
    move(
        802,
        BAUYRZHAN,
        155,
        SVETLANA,
        RUSLAN,
        due_at=ahead(minutes=13),
        reason="moved",
        explanation="ушла раньше",
        words=None,
        late_s=None,
    ),
    move(803, LONG, 344, MARIA, TIMUR, state="kept", closed_at=ago(minutes=320)),
    move(804, OLGA, 380, ALIYA, MARIA, undone_at=ago(minutes=372)),
]


def lane(whose: str, *pills: Json, gone: tuple[Json, ...] = (), earlier: int = 0) -> Json:
    state, minutes, reason = STATES[whose]
    agent = {
        "id": whose,
        "login": whose[-2:],
        "name": NAMES[whose],
        "role": "agent",
        "extension": "1001",
        "team_id": "team",
        "state": state,
        "reason": reason,
        "since": ago(minutes=minutes),
        "present": state != "offline",
        "interaction_id": None,
        "version": 1,
    }
    late = sum(1 for one in pills if one["due_at"] < ago(minutes=0))
    counts = {"owed": len(pills) + earlier, "late": late + earlier, "tails": 0, "earlier": earlier}
    return {"agent": agent, "queue": None, **counts, "promises": list(pills), "gone": list(gone)}


LANES = [
    {
        "agent": None,
        "queue": "hotline",
        "owed": 1,
        "late": 0,
        "tails": 0,
        "earlier": 0,
        "promises": [pill(840, GULNARA, 6, "", client_id=None, client_name=None, address="+77770001122")],
        "gone": [],
    },
    lane(ALIYA, pill(811, OLGA, 22, "Дубай"), pill(812, GULNARA, 75, "паспорт")),
    lane(ASKHAT, pill(813, NATALIA, 40, "документы")),
    lane(
        ME,
        pill(801, AIGERIM, -12, "номер с видом на море"),
        pill(814, BAUYRZHAN, -9, "виза"),
        *(pill(815 + n, NATALIA, 13 + n * 6, "подборка") for n in range(3)),
    ),
    lane(MARIA, pill(820, OLGA, 30, "Шри-Ланка"), pill(821, LONG, 80, "страховка")),
    lane(RUSLAN, pill(822, BAUYRZHAN, 13, "виза"), gone=(MOVED[0],)),
    lane(SVETLANA, pill(823, DALA, -2, "договор", nobody_since=ago(minutes=1)), earlier=1),
    lane(TIMUR, pill(824, GULNARA, -6, "Корея"), pill(825, OLGA, 60, "Корея"), earlier=1),
]


def tail(number: int, person: Json, days: float, whose: str, subject: str) -> Json:
    return callback(
        number, person, ago(days=days), subject, agent_id=whose, agent_name=NAMES[whose], takeover_at=ago(days=days - 3)
    )


TAILS = [tail(831, LONG, 6.2, TIMUR, "варианты на Фукуок"), tail(832, DALA, 4.1, SVETLANA, "возврат за тур")]


def _figure(name: str, value: float | None, sample: int, path: str | None = None) -> Json:
    rows = {"path": path, "query": {}} if path else None
    return {
        "name": name,
        "queue": None,
        "value": value,
        "formula": name,
        "sample": sample,
        "fresh_at": ago(seconds=1),
        "rows": rows,
    }


def _sum(tails: list[Json], **of: Any) -> Json:
    return {
        "count": len(tails),
        "total_s": 86_400.0 * 10,
        "longest_s": 86_400 * 6.2 if tails else None,
        "median_s": 86_400 * 5.1 if tails else None,
        **of,
    }


CANDIDATES = [
    (
        ME,
        "chosen",
        "на линии, 47 клиентов из 60, знает клиента, свободнее других",
        "available, 47 of 60 clients, knows the client, the least loaded",
    ),
    (ALIYA, "more_loaded", "56 клиентов из 60, у выбранного меньше", "56 of 60 clients, the chosen one has fewer"),
    (ASKHAT, "no_skill", "не ведёт: Хайнань", "does not know: Хайнань"),
    (RUSLAN, "had_it", "было здесь", "had it"),
    (SVETLANA, "offline", "не на связи", "not online"),
    (TIMUR, "paused", "на паузе 39 минут", "paused for 39 minutes"),
    (MARIA, "hourly_cap", "уже 10 передач за час", "10 transfers within the hour already"),
]
EXPLAINED = {
    **MOVED[0],
    "clocks": {
        "promised_at": ago(minutes=72),
        "due_at": ago(minutes=12),
        "grace_from": ago(minutes=12),
        "warned_at": ago(minutes=22),
        "escalate_at": ago(minutes=2),
        "at": ago(minutes=2),
        "late_s": 600.0,
        "late_by": "agent",
        "forgiven_s": 0.0,
        "gaps": [],
    },
    "rule": {"name": "strict-10m", "version": 4, "made_at": ago(days=28), "words": RULES[0]["words"]},
    "strategy": "best_fit",
    "candidates": [
        {"agent_id": one, "name": NAMES[one], "reason": reason, "words": {"ru": ru, "en": en}}
        for one, reason, ru, en in CANDIDATES
    ],
    "near_cap": False,
    "try_again_at": None,
    "undo": {"allowed": True, "code": None},
}
HISTORY = [
    {
        "id": "0190dddd-0000-7000-8000-000000000800",
        "agent_id": RUSLAN,
        "agent_name": NAMES[RUSLAN],
        "from": ago(minutes=72),
        "to": ago(minutes=2),
        "reason": "promised",
        "explanation": "",
        "words": None,
        "by": None,
    },
    {
        "id": MOVED[0]["id"],
        "agent_id": ME,
        "agent_name": NAMES[ME],
        "from": ago(minutes=2),
        "to": None,
        "reason": "late",
        "explanation": "",
        "words": MOVED[0]["words"],
        "by": None,
    },
]
OPENED = callback(
    801,
    AIGERIM,
    ago(minutes=12),
    "Ответ отеля: номер с видом на море",
    history=HISTORY,
    escalate_at=ahead(minutes=8),
    moves=1,
)
STUCK = callback(
    823,
    DALA,
    ago(minutes=14),
    "договор",
    agent_id=SVETLANA,
    agent_name=NAMES[SVETLANA],
    nobody_since=ago(minutes=1, seconds=7),
)


def pages(lanes: list[Json] = LANES, moved: list[Json] = MOVED, tails: list[Json] = TAILS, stuck: bool = False) -> Json:
    """What the board asks for: path below /api/v1 → answer."""
    late = sum(one["late"] for one in lanes)
    board = {
        "at": ago(seconds=1),
        "from": ago(minutes=62, seconds=6),
        "to": ahead(minutes=177, seconds=54),
        "since": ago(hours=17, minutes=47, seconds=6),
        "next_move_at": ahead(minutes=1) if late else None,
        "gaps": [],
        "figures": [
            _figure("due_next_hour", 7 if late else 0, 18, "/callbacks"),
            _figure("due_next_hour_in_a_call", 2 if late else 0, 5),
            _figure("late_now", late, 18, "/callbacks"),
            _figure("late_longest_s", 86_400 * 6.2 if late else None, late),
            _figure("moved_today", len(moved), 86, "/promises/moves"),
            _figure("undone_today", 1 if moved else 0, len(moved), "/promises/moves"),
            _figure("tails", len(tails), 18, "/tails"),
            _figure("stuck", int(stuck), 18, "/callbacks"),
        ],
        "tail": TAIL,
        "rules": RULES,
        "lanes": lanes,
        "cut": False,
    }
    people = [_sum(tails[:1], agent_id=TIMUR, agent_name=NAMES[TIMUR], queue=None, team_id="team")] if tails else []
    people += (
        [_sum(tails[1:], agent_id=SVETLANA, agent_name=NAMES[SVETLANA], queue=None, team_id="team")] if tails else []
    )
    return {
        "/promises/board": board,
        "/promises/moves": {"items": moved, "from": board["since"], "to": board["at"], "cut": False},
        "/tails": {
            "definition": TAIL,
            "fresh_at": ago(seconds=1),
            "total": _sum(tails),
            "people": people,
            "teams": [],
            "items": tails,
            "next": None,
        },
        f"/callbacks/{OPENED['id']}": OPENED,
        f"/callbacks/{OPENED['id']}/history/{MOVED[0]['id']}": EXPLAINED,
        "/callbacks/take-over": {
            "items": [
                {"id": TAILS[0]["id"], "result": "would_take", "code": None, "fields": {}, "callback": None},
                {
                    "id": TAILS[1]["id"],
                    "result": "refused",
                    "code": "callback_already_claimed",
                    "fields": {},
                    "callback": None,
                },
            ]
        },
        **({"/callbacks": {"items": [STUCK], "next": None}} if stuck else {}),
    }
