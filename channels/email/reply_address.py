"""The address at which a conversation is answered: ours with a signed token behind a plus.

It finds the conversation when a mail program drops the threading headers. The
token names it and is signed, so that nobody can make one up; it is letters and
digits of one case, because mail servers do not keep cases apart.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from channels.email.headers import Address

_MARK = "r-"
_ID_LETTERS = 26  # of 16 bytes
_SIGNATURE_BYTES = 10
_SIGNATURE_LETTERS = 16
#: RFC 5321: of what stands before the @.
_LONGEST_LOCAL_PART = 64


def reply_address(mailbox: str, conversation: UUID, secret: bytes) -> str | None:
    """None where the mailbox has no room for a token: its name is too long, or has a plus already."""
    name, _, host = mailbox.rpartition("@")
    local = f"{name}+{_MARK}{_letters(conversation.bytes)}{_signature(mailbox, conversation, secret)}"
    return f"{local}@{host}" if "+" not in name and len(local.encode()) <= _LONGEST_LOCAL_PART else None


def conversation_meant(addresses: Iterable[Address], mailbox: str, secret: bytes) -> UUID | None:
    """The conversation that one of the addresses names with our signature."""
    name, _, host = mailbox.lower().rpartition("@")
    for address in addresses:
        local, _, at = address.key.rpartition("@")
        ours, plus, token = local.partition("+")
        if (ours, at) != (name, host) or not plus or not token.startswith(_MARK):
            continue
        token = token.removeprefix(_MARK)
        conversation = _id(token[:_ID_LETTERS])
        if conversation is None or not token.isascii():
            continue
        if hmac.compare_digest(token[_ID_LETTERS:], _signature(mailbox, conversation, secret)):
            return conversation
    return None


def _signature(mailbox: str, conversation: UUID, secret: bytes) -> str:
    told = b"reply-address\0" + mailbox.lower().encode() + b"\0" + conversation.bytes
    return _letters(hmac.digest(secret, told, sha256)[:_SIGNATURE_BYTES])


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _id(letters: str) -> UUID | None:
    try:
        return UUID(bytes=base64.b32decode(letters.upper() + "=" * (-len(letters) % 8)))
    except (binascii.Error, ValueError):
        return None
