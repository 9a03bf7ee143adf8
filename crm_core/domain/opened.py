"""The picture in a mail of ours that tells of its opening, and the address that nobody can guess.

Its address names the message and is signed with the secret of the mailbox, so
that it is the same at every try, needs no row of its own, and cannot be made up
from ids that others know. What it proves is little: a mail server may load it
before anybody reads, and most mail programs never do.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import Final
from uuid import UUID

#: Under the public address.
PICTURES: Final = "/mail/opened"

_ID_LETTERS: Final = 32
_TOKEN: Final = re.compile(r"[0-9a-f]{96}")
_ADDRESS: Final = re.compile(rf"{PICTURES}/[0-9a-f]{{96}}\.gif$")


def picture_path(message: UUID, secret: UUID) -> str:
    """Where the picture of this message lies; ``secret``: of the mailbox it is sent from."""
    return f"{PICTURES}/{_token(message, secret)}.gif"


def message_named(token: str) -> UUID | None:
    """Whose it says to be; None: it cannot be one of ours."""
    return UUID(hex=token[:_ID_LETTERS]) if _TOKEN.fullmatch(token) else None


def is_token_of(token: str, message: UUID, secret: UUID) -> bool:
    """Did we make it."""
    return hmac.compare_digest(token, _token(message, secret))


def is_picture(address: str) -> bool:
    """Of a picture in what others quote: it is ours, also where their mail server loads it through an address of its
    own."""
    return _ADDRESS.search(address) is not None


def _token(message: UUID, secret: UUID) -> str:
    return message.hex + hmac.digest(secret.bytes, b"opened\0" + message.bytes, sha256).hex()
