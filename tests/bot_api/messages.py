"""Updates as Telegram writes them: what a test says is put into the JSON of the Bot API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

#: 21 November 2026, 12:00 UTC.
NOON = 1_795_262_400
AIGUL: Json = {"id": 7001, "is_bot": False, "first_name": "Айгүл", "last_name": "Нұрланова", "language_code": "kk"}
BORIS: Json = {"id": 7002, "is_bot": False, "first_name": "Boris", "username": "boris_k", "language_code": "ru"}
TRIP_GROUP: Json = {"id": -4001, "type": "group", "title": "Хайнань, 3–14 декабря"}


def private_chat(person: Mapping[str, Any]) -> Json:
    """Everybody's chat with a bot has their own id."""
    return {"id": person["id"], "type": "private", "first_name": person["first_name"]}


def message(message_id: int = 1, *, by: Json = AIGUL, chat: Json | None = None, at: int = NOON, **content: Any) -> Json:
    return {"message_id": message_id, "from": by, "chat": chat or private_chat(by), "date": at} | content


def command(text: str) -> Json:
    """A text that begins with a command, as Telegram marks it."""
    length = len(text.split()[0])
    return {"text": text, "entities": [{"type": "bot_command", "offset": 0, "length": length}]}


def pressed(data: str, *, by: Json = AIGUL, query_id: str = "4001", on: Json | None = None) -> Json:
    """A button under a message of the bot's is pressed."""
    under = on if on is not None else message(1, by=by, text="…")
    return {"id": query_id, "from": by, "message": under, "chat_instance": "-5551", "data": data}


def membership(chat: Json, was: str, now: str, *, by: Json = AIGUL, at: int = NOON) -> Json:
    """``my_chat_member``: what has become of the bot itself in a chat."""
    bot = {"id": 42, "is_bot": True, "first_name": "Bot"}
    until = {"until_date": 0}
    return {
        "chat": chat,
        "from": by,
        "date": at,
        "old_chat_member": {"user": bot, "status": was} | (until if was == "kicked" else {}),
        "new_chat_member": {"user": bot, "status": now} | (until if now == "kicked" else {}),
    }


def file_of(name: str, size: int, **more: Any) -> Json:
    return {"file_id": f"id-{name}", "file_unique_id": f"u-{name}", "file_size": size} | more
