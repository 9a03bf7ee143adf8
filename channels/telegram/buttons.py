"""What stands behind the buttons of a promised call: signed, so that nobody can press what was not offered to them.

Telegram gives 64 bytes and brings back whatever an app sends. Ours are a verb, the
promise, a moment and a seal over these and the chat: a button that was copied into
another chat, or altered, is none. The key comes from the bot's token, so a new token
makes old buttons void.
"""

from __future__ import annotations

import binascii
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from hashlib import sha256
from uuid import UUID

#: Verb, promise, minutes since 1970; beginning with the version of this form.
_FORM = struct.Struct(">BB16sI")
_VERSION = 1
_SEAL_BYTES = 16
_CHAT = struct.Struct(">q")


class Verb(IntEnum):
    """What the client says with it."""

    CONFIRM = 1  # "I am waiting": for the call at that moment
    ASK_FOR_OTHERS = 2  # "another time": instead of that moment
    MOVE = 3  # "then": at that moment


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseButton:
    """One button; of the first two verbs ``moment`` is what the promise was due at when it was offered."""

    verb: Verb
    callback_id: UUID
    moment: datetime  # whole minutes


class ButtonSeal:
    """One bot's seal."""

    def __init__(self, token: str) -> None:
        self._key = hmac.digest(token.encode(), b"perezvon: buttons of promised calls", sha256)

    def data(self, button: PromiseButton, *, chat_id: int) -> str:
        """For Telegram; the same button always looks the same."""
        minutes = int(button.moment.timestamp()) // 60
        form = _FORM.pack(_VERSION, button.verb, button.callback_id.bytes, minutes)
        return urlsafe_b64encode(form + self._seal(form, chat_id)).decode().rstrip("=")

    def read(self, data: str, *, chat_id: int) -> PromiseButton | None:
        """What was pressed in that chat; None when we have not offered it there."""
        try:
            whole = urlsafe_b64decode(data.encode("ascii") + b"==")
        except (UnicodeEncodeError, binascii.Error):
            return None
        form, seal = whole[: _FORM.size], whole[_FORM.size :]
        if len(form) != _FORM.size or not hmac.compare_digest(seal, self._seal(form, chat_id)):
            return None
        version, verb, callback_id, minutes = _FORM.unpack(form)
        if version != _VERSION:
            return None
        return PromiseButton(
            verb=Verb(verb), callback_id=UUID(bytes=callback_id), moment=datetime.fromtimestamp(minutes * 60, UTC)
        )

    def _seal(self, form: bytes, chat_id: int) -> bytes:
        return hmac.digest(self._key, form + _CHAT.pack(chat_id), sha256)[:_SEAL_BYTES]
