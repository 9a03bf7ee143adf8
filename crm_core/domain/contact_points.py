"""The one spelling under which an address is stored, so that the same address is the same."""

from __future__ import annotations

import re
from enum import StrEnum

from crm_core.domain.errors import InputRejected
from crm_core.domain.phones import normalise


class ContactPointKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    TELEGRAM = "telegram"
    WEBCHAT = "webchat"


class ContactPointRejected(InputRejected):
    """This is not an address at which anybody could be reached."""

    code = "contact_point_rejected"


# Deliverability is not ours to judge: something, one @, something with a dot or a bare host.
_EMAIL = re.compile(r"[^@\s<>\",;:()\[\]\\]{1,64}@[^@\s<>\",;:()\[\]\\/]{1,255}")
_TELEGRAM_LINK = re.compile(r"(?:https?://)?t\.me/", re.IGNORECASE)
_TELEGRAM = re.compile(r"[0-9]{1,20}|[a-z][a-z0-9_]{2,31}")
_WEBCHAT = re.compile(r"[\x21-\x7e]{1,200}")


def address(kind: ContactPointKind, typed: str, country: str) -> str:
    """E.164, lower-case mail address, Telegram id or name without @, web chat visitor's id.

    Raises:
        ContactPointRejected: it is none.
    """
    found: str | None
    match kind:
        case ContactPointKind.PHONE:
            found = normalise(typed, country)
        case ContactPointKind.EMAIL:
            found = _matching(_EMAIL, typed.strip().lower())
        case ContactPointKind.TELEGRAM:
            found = _matching(_TELEGRAM, _TELEGRAM_LINK.sub("", typed.strip(), count=1).removeprefix("@").lower())
        case ContactPointKind.WEBCHAT:
            found = _matching(_WEBCHAT, typed.strip())
    if found is None:
        raise ContactPointRejected(kind=kind, typed=typed)
    return found


def _matching(pattern: re.Pattern[str], text: str) -> str | None:
    return text if pattern.fullmatch(text) else None
