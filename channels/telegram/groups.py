"""What is said to us in a group: a question that names the bot or answers it, ``/ask``, or a leading question mark.

Everything else is between the people of the group. It is neither answered nor stored; ``/trip``
and a code, which only we can have made, says what the group is about.
"""

from __future__ import annotations

import re
from typing import Final

from channels.telegram.values import ChatKind, MessageHeard
from crm_core.domain.trip_codes import read_code

_ASK: Final = re.compile(r"/ask(?:@(?P<addressee>[A-Za-z0-9_]{1,64}))?(?!\w)", re.IGNORECASE)
#: A link that adds the bot to a group has Telegram say /start there.
_CODE: Final = re.compile(
    r"/(?P<verb>trip|start)(?:@(?P<addressee>[A-Za-z0-9_]{1,64}))?(?:\s+(?P<code>[A-Za-z0-9-]{1,32}))?\s*",
    re.IGNORECASE,
)


def trip_code(said: MessageHeard, *, username: str) -> str | None:
    """What stands after ``/trip`` in a group, nothing perhaps; None: nobody says what the group is about."""
    if said.chat.kind not in (ChatKind.GROUP, ChatKind.SUPERGROUP) or said.edited_at is not None or said.is_forwarded:
        return None
    told = _CODE.fullmatch(said.text)
    if told is None or (told["addressee"] or username).lower() != username.lower():
        return None
    if told["verb"].lower() == "start" and (told["code"] is None or read_code(told["code"]) is None):
        return None
    return told["code"] or ""


def is_for_us(said: MessageHeard, *, username: str) -> bool:
    """Whether the bot of that ``username`` is meant; in a private chat it always is."""
    match said.chat.kind:
        case ChatKind.PRIVATE:
            return True
        case ChatKind.CHANNEL:
            return False
        case ChatKind.GROUP | ChatKind.SUPERGROUP:
            return said.answers_us or said.text.startswith("?") or _names(said.text, username)


def _names(text: str, username: str) -> bool:
    asked = _ASK.match(text)
    if asked is not None:
        return asked["addressee"] is None or asked["addressee"].lower() == username.lower()
    return re.search(rf"(?<!\w)@{re.escape(username)}(?!\w)", text, re.IGNORECASE) is not None
