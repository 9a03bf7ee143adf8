"""Rules for late promises: two as shipped, one of a team, and what one of them would have done."""

from __future__ import annotations

from fixtures import ALIYA, ME, RUSLAN, Json, ago


def policy(name: str, ru: str, en: str, **change: object) -> Json:
    return {
        "name": name,
        "warn_before_s": 600,
        "grace_s": 600,
        "action": "move",
        "takeover_after_s": None,
        "max_moves": 2,
        "cooldown_s": 86400,
        "working_time": False,
        "team": None,
        "service_class": None,
        "lead_state": None,
        "attempts": None,
        "retry_after_s": None,
        "enabled": True,
        "version": 1,
        "sentence": {"ru": ru, "en": en},
        "created_at": ago(minutes=60 * 24 * 20),
        "by": None,
        "by_name": None,
    } | change


STRICT = policy(
    "strict-10m",
    "Обещание: за 10 минут до срока напомнить; при опоздании на 10 минут само перейдёт к тому, кто может позвонить; "
    "не больше 2 раз; назад не вернётся 24 часа. Считаем все часы, и ночью, и в выходные.",
    "Promises: remind 10 minutes before; move when 10 minutes late to whoever can call; at most 2 times; "
    "not back to the same person for 24 hours. Count all hours, nights and weekends too.",
)
SOFT = policy(
    "soft-72h",
    "Обещание: за 10 минут до срока напомнить; через 72 часа после срока руководитель может забрать без согласия. "
    "Считаем все часы, и ночью, и в выходные.",
    "Promises: remind 10 minutes before; the supervisor may take it without consent when 72 hours late. "
    "Count all hours, nights and weekends too.",
    action="unlock",
    grace_s=259200,
    takeover_after_s=259200,
    max_moves=0,
    cooldown_s=0,
)
VIP = policy(
    "vip-3m",
    "Выключено. Обещание клиентам класса A в команде «Продажи»: при опоздании на 3 минуты само перейдёт к тому, "
    "кто может позвонить; не больше 3 раз. Считаем рабочие часы.",
    "Off. Promises to class A clients in team “Продажи”: move when 3 minutes late to whoever can call; "
    "at most 3 times. Count working hours.",
    grace_s=180,
    warn_before_s=None,
    max_moves=3,
    cooldown_s=0,
    working_time=True,
    team="Продажи",
    service_class="A",
    enabled=False,
    version=4,
    created_at=ago(minutes=200),
    by=RUSLAN,
    by_name="Руслан Каримов",
)
WARNING = {
    "code": "nobody_else",
    "field": "team",
    "words": {
        "ru": "В команде «Продажи» один человек: передать обещание будет некому, узнает руководитель.",
        "en": "There is one person in team “Продажи”: nobody else could get the promise, the supervisor is told.",
    },
}


def would_move(number: int, client: str, to_name: str | None) -> Json:
    return {
        "callback_id": f"promise-{number}",
        "client_id": f"client-{number}",
        "client_name": client,
        "due_at": ago(minutes=3000 + number * 700),
        "at": ago(minutes=2990 + number * 700),
        "late_s": 600.0 + number * 60,
        "from_agent_id": ME,
        "from_name": "Динара Абенова",
        "to_agent_id": ALIYA if to_name else None,
        "to_name": to_name,
    }


REPLAY = {
    "concerned": 1240,
    "overdue": 39,
    "moved": 37,
    "nobody": 2,
    "moves": [
        would_move(1, "Сулейменова Айгерим", "Алия Нурланова"),
        would_move(2, "Ержан Тулегенов", "Руслан Каримов"),
        would_move(3, "ТОО «Дала Тур Сервис Казахстан»", None),
    ],
    "truncated": False,
    "given": [
        {"agent_id": ALIYA, "name": "Алия Нурланова", "count": 9},
        {"agent_id": RUSLAN, "name": "Руслан Каримов", "count": 7},
        {"agent_id": ME, "name": "Динара Абенова", "count": 4},
    ],
    "taken": [],
    "known_from": ago(minutes=60 * 24 * 12),
}


def pages(*warnings: Json) -> Json:
    """The settings' tab, and what the editor asks."""
    told: Json = {
        "/callback-policies": {"items": [SOFT, STRICT, VIP], "next": None},
        "/callback-policies/vip-3m/versions": {"items": [VIP, {**VIP, "version": 3}], "next": None},
        "/teams": {"items": [{"name": "Горячая линия"}, {"name": "Продажи"}], "next": None},
    }
    for rule in (STRICT, SOFT, VIP, {**STRICT, "name": "new-rule"}):
        path = f"/callback-policies/{rule['name']}"
        told[f"{path}/preview"] = {"sentence": rule["sentence"], "warnings": list(warnings)}
        told[f"{path}/replay"] = REPLAY
    return told
