"""What is said to us in a group: a question that names the bot or answers it, ``/ask``, or a leading question mark.

Everything else is between the people of the group. It is neither answered nor stored.
"""

from __future__ import annotations

import re
from typing import Final

from channels.telegram.values import ChatKind, MessageHeard

_ASK: Final = re.compile(r"/ask(?:@(?P<addressee>[A-Za-z0-9_]{1,64}))?(?!\w)", re.IGNORECASE)


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
