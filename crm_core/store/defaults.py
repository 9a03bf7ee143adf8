"""The lists a new company starts with; after that they are the company's own.

Dispositions follow the tour company's practice (``research``: resultative is a
step towards a sale or a problem solved); "thinks" cannot be saved without a
next contact. Pause reasons carry the length after which a supervisor is shown them.
"""

from __future__ import annotations

from crm_core.store.database import Transaction, to_json

#: code, ru, en, resultative, contact made, asks for a callback
DISPOSITIONS: tuple[tuple[str, str, str, bool, bool, str], ...] = (
    ("HOTLINE_HELP", "Вопрос решён", "Issue solved", True, True, "none"),
    ("CALLBACK_PROMISED", "Обещан перезвон", "Callback promised", False, True, "required"),
    ("INFO_GIVEN", "Дали сведения", "Information given", False, True, "optional"),
    ("OFFER_SENT", "Выслали подборку", "Offer sent", True, True, "optional"),
    ("THINKING", "Думает", "Thinking", False, True, "required"),
    ("REFUSED", "Отказ", "Refused", False, True, "optional"),
    ("WRONG_NUMBER", "Ошиблись номером", "Wrong number", False, False, "none"),
    ("SALE", "Продажа", "Sale", True, True, "optional"),
    ("MEETING_SET", "Назначена встреча", "Meeting set", True, True, "optional"),
    ("COMPLAINT", "Жалоба", "Complaint", False, True, "optional"),
    ("FEEDBACK_TAKEN", "Отзыв получен", "Feedback taken", True, True, "optional"),
    ("TRANSFERRED", "Передан коллеге", "Transferred", False, False, "none"),
    ("ESCALATED", "Передан руководителю", "Escalated", False, False, "none"),
    ("VOICEMAIL", "Автоответчик", "Voicemail", False, False, "optional"),
    ("NO_ANSWER", "Не ответил", "No answer", False, False, "optional"),
    ("BUSY", "Занято", "Busy", False, False, "optional"),
    ("WRONG_DEPARTMENT", "Не наш отдел", "Wrong department", False, False, "none"),
    ("SPAM", "Спам", "Spam", False, False, "none"),
    ("DROPPED", "Связь оборвалась", "Call dropped", False, False, "optional"),
    ("DO_NOT_CALL", "Просит не звонить", "Do not call", False, True, "none"),
    ("AUTO_TIMEOUT", "Не указан вовремя", "Not set in time", False, False, "none"),
)

#: code, ru, en, threshold in minutes, productive
PAUSE_REASONS: tuple[tuple[str, str, str, int | None, bool], ...] = (
    ("BREAK", "Перерыв", "Break", 15, False),
    ("LUNCH", "Обед", "Lunch", 60, False),
    ("BACK_OFFICE", "Документы", "Paperwork", None, True),
    ("MEETING", "Совещание", "Meeting", None, True),
    ("MEETING_CLIENT", "Встреча с клиентом", "Client meeting", None, True),
    ("TRAINING", "Обучение", "Training", None, True),
    ("COACHING", "Разбор звонков", "Coaching", None, True),
    ("OUTBOUND", "Обзвон", "Outbound calls", None, True),
    ("TECH_ISSUE", "Неполадки", "Technical issue", 15, False),
    ("PERSONAL", "Личное", "Personal", 15, False),
    ("OTHER", "Другое", "Other", 15, False),
)

#: A promise is moved by the first, and may be taken over by the supervisor under the second.
POLICIES: tuple[tuple[str, dict[str, object]], ...] = (
    (
        "strict-10m",
        {
            "warn_before_s": 600,
            "grace_s": 600,
            "action": "move",
            "takeover_after_s": None,
            "max_moves": 2,
            "cooldown_s": 86400,
            "working_time": False,
        },
    ),
    (
        "soft-72h",
        {
            "warn_before_s": 600,
            "grace_s": 259200,
            "action": "unlock",
            "takeover_after_s": 259200,
            "max_moves": 0,
            "cooldown_s": 0,
            "working_time": False,
        },
    ),
)


#: code, ru, en. Each company makes the site keys of its forms itself.
LEAD_SOURCES: tuple[tuple[str, str, str], ...] = (
    ("WEB_FORM", "Форма на сайте", "Web form"),
    ("PHONE", "Телефон", "Telephone"),
    ("EMAIL", "Почта", "E-mail"),
    ("TELEGRAM", "Telegram", "Telegram"),
    ("WEBCHAT", "Чат на сайте", "Web chat"),
    ("WALK_IN", "Пришли в офис", "Walk-in"),
    ("RECOMMENDATION", "По рекомендации", "Recommendation"),
)


async def seed_defaults(tx: Transaction) -> None:
    """Put the shipped lists into a database that has none yet; a list a person has edited is left alone."""
    if await _first_time(tx, "dispositions"):
        await tx.executemany(
            """INSERT INTO dispositions (code, labels, resultative, contact_made, callback, position)
               VALUES ($1, $2, $3, $4, $5, $6)""",
            [
                (code, to_json({"ru": ru, "en": en}), resultative, made, callback, position)
                for position, (code, ru, en, resultative, made, callback) in enumerate(DISPOSITIONS, start=1)
            ],
        )
    if await _first_time(tx, "pause_reasons"):
        await tx.executemany(
            """INSERT INTO pause_reasons (code, labels, threshold_s, productive, position)
               VALUES ($1, $2, $3, $4, $5)""",
            [
                (code, to_json({"ru": ru, "en": en}), minutes and minutes * 60, productive, position)
                for position, (code, ru, en, minutes, productive) in enumerate(PAUSE_REASONS, start=1)
            ],
        )
    if await _first_time(tx, "callback_policies"):
        await tx.executemany(
            "INSERT INTO callback_policies (name, version, rule) VALUES ($1, 1, $2)",
            [(name, to_json(rule)) for name, rule in POLICIES],
        )
    if await _first_time(tx, "lead_sources"):
        await tx.executemany(
            "INSERT INTO lead_sources (code, titles, position) VALUES ($1, $2, $3)",
            [
                (code, to_json({"ru": ru, "en": en}), position)
                for position, (code, ru, en) in enumerate(LEAD_SOURCES, start=1)
            ],
        )
    await _first_time(tx, "queues")


async def _first_time(tx: Transaction, name: str) -> bool:
    tag = await tx.execute("INSERT INTO catalogue_versions (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
    return tag.endswith(" 1")
