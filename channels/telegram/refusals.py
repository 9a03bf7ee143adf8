"""How Telegram fails us, in three kinds that are treated differently.

``TelegramRefused``: this will never be done; a person, or another address, must help.
``TelegramBusy``: it was not done; it may be asked again after a while.
``TelegramUnavailable``: no answer; whether it was done is known only when the
connection was never made.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from crm_core.domain.errors import PeerRefused, PeerUnavailable


class Reason(StrEnum):
    """Why Telegram will not do it."""

    NOT_US = "not_us"  # the token is wrong or revoked: nothing works for this bot
    CONFLICT = "conflict"  # another program polls with this token, or a webhook is set
    BLOCKED = "blocked"  # the person has blocked the bot, or never began to talk with it
    DEACTIVATED = "deactivated"  # the account is no more
    PUT_OUT = "put_out"  # of the group
    NO_RIGHTS = "no_rights"  # in the group, and may not write there
    NO_CHAT = "no_chat"  # there is none, or the bot has never seen it
    MOVED = "moved"  # the group has another id now
    TOO_LONG = "too_long"
    TOO_BIG = "too_big"
    EMPTY = "empty"
    NOT_MODIFIED = "not_modified"  # the message already says so
    TOO_OLD = "too_old"  # a pressed button waited too long for its answer
    GONE = "gone"  # the message, or the file, is no more
    OTHER = "other"


class TelegramRefused(PeerRefused):
    """Telegram refuses this."""

    code = "telegram_refused"

    def __init__(self, words: str, *, reason: Reason, moved_to: int | None = None) -> None:
        super().__init__(words, reason=reason)
        self.reason = reason
        self.moved_to = moved_to


class TelegramBusy(PeerUnavailable):
    """Telegram wants fewer requests."""

    code = "telegram_busy"

    def __init__(self, words: str, *, retry_after: timedelta) -> None:
        super().__init__(words, retry_after=retry_after)
        self.wait = retry_after


class TelegramUnavailable(PeerUnavailable):
    """Telegram does not answer."""

    code = "telegram_unavailable"

    def __init__(self, words: str, *, may_be_done: bool) -> None:
        super().__init__(words)
        self.may_be_done = may_be_done


def reason_of_forbidden(words: str) -> Reason:
    """403: the words are all that tells them apart."""
    return _found(words, _FORBIDDEN, Reason.BLOCKED)


def reason_of_bad_request(words: str) -> Reason:
    """400: as above."""
    return _found(words, _BAD_REQUEST, Reason.OTHER)


def _found(words: str, table: tuple[tuple[str, Reason], ...], otherwise: Reason) -> Reason:
    lowered = words.lower()
    return next((reason for part, reason in table if part in lowered), otherwise)


_FORBIDDEN = (
    ("deactivated", Reason.DEACTIVATED),
    ("kicked", Reason.PUT_OUT),
    ("not a member", Reason.PUT_OUT),
    ("rights", Reason.NO_RIGHTS),
)

_BAD_REQUEST = (
    ("chat not found", Reason.NO_CHAT),
    ("too long", Reason.TOO_LONG),
    ("too big", Reason.TOO_BIG),
    ("text is empty", Reason.EMPTY),
    ("must be non-empty", Reason.EMPTY),
    ("not modified", Reason.NOT_MODIFIED),
    ("query is too old", Reason.TOO_OLD),
    ("not enough rights", Reason.NO_RIGHTS),
    ("have no rights", Reason.NO_RIGHTS),
    ("message to edit not found", Reason.GONE),
    ("message to be replied not found", Reason.GONE),
    ("wrong file_id", Reason.GONE),
)
