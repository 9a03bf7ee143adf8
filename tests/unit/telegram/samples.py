"""One update of each kind that clients and Telegram itself bring about."""

from __future__ import annotations

from typing import Final

from tests.bot_api.messages import (
    AIGUL,
    BORIS,
    NOON,
    TRIP_GROUP,
    Json,
    command,
    file_of,
    membership,
    message,
    pressed,
    private_chat,
)

_PHOTO = [file_of("s", 100, width=90, height=60), file_of("l", 9000, width=900, height=600)]
_BOLD = [
    {"type": "bold", "offset": 0, "length": 6},
    {"type": "text_link", "offset": 7, "length": 3, "url": "https://e.kz/"},
]
_ORIGIN = {"type": "user", "sender_user": BORIS, "date": NOON}

_TOLD: Final[tuple[tuple[str, Json], ...]] = (
    ("message", message(1, text="Добрый день! Есть туры на Хайнань 3 декабря? Нас двое взрослых и ребёнок 7 лет.")),
    ("message", message(2, text="Здравс тур 😀", entities=_BOLD)),
    ("message", message(3, **command("/start spring_sale"))),
    ("message", message(4, photo=_PHOTO, caption="паспорт", media_group_id="77")),
    ("message", message(5, document=file_of("d", 5000, file_name="договор.pdf", mime_type="application/pdf"))),
    ("message", message(6, voice=file_of("v", 5000, duration=7, mime_type="audio/ogg"))),
    ("message", message(7, video_note=file_of("n", 5000, duration=7, length=240))),
    ("message", message(8, location={"latitude": 43.24, "longitude": 76.9, "live_period": 900})),
    ("message", message(9, contact={"phone_number": "77010000001", "first_name": "Айгүл", "user_id": AIGUL["id"]})),
    ("message", message(10, text="Да", reply_to_message=message(9, text="Перезвонить?"))),
    ("message", message(11, text="Смотрите", forward_origin=_ORIGIN)),
    ("message", message(12, by=BORIS, chat=TRIP_GROUP, text="Где автобус?")),
    ("message", message(13, chat=TRIP_GROUP, migrate_to_chat_id=-1_004_001)),
    ("message", message(14, chat=TRIP_GROUP, new_chat_title="Хайнань")),
    ("edited_message", message(1, text="Добрый день! 4 декабря", edit_date=NOON + 60)),
    ("callback_query", pressed("AQEAAA")),
    ("my_chat_member", membership(private_chat(AIGUL), "member", "kicked")),
    ("business_message", message(15, text="Здравствуйте", business_connection_id="b1")),
    (
        "business_connection",
        {
            "id": "b1",
            "user": BORIS,
            "user_chat_id": 7002,
            "date": NOON,
            "rights": {"can_reply": True},
            "is_enabled": True,
        },
    ),
    (
        "deleted_business_messages",
        {"business_connection_id": "b1", "chat": private_chat(AIGUL), "message_ids": [15]},
    ),
)

SAMPLES: Final[tuple[Json, ...]] = tuple(
    {"update_id": 900_000_000 + number, kind: payload} for number, (kind, payload) in enumerate(_TOLD)
)
