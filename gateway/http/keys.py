"""Idempotency-Key: a request that is sent again under the key its sender chose happens once."""

from __future__ import annotations

import hashlib
import re
from typing import Final
from uuid import UUID

from aiohttp import web

from crm_core.actions import idempotency
from crm_core.domain.errors import InputRejected

KEY_HEADER: Final = "Idempotency-Key"
KEY_PATTERN: Final = "^[!-~]{1,200}$"


class KeyMalformed(InputRejected):
    """An Idempotency-Key is 1 to 200 visible ASCII characters."""

    code = "idempotency_key_malformed"


def keyed_request(raw: web.Request, body: bytes, *, user_id: UUID) -> idempotency.Request | None:
    """What is to happen once; None: its sender chose no key. ``user_id``: whose keys are looked among.

    Raises:
        KeyMalformed: that is no key.
    """
    key = raw.headers.get(KEY_HEADER)
    if key is None:
        return None
    if not re.fullmatch(KEY_PATTERN, key):
        raise KeyMalformed
    digest = hashlib.sha256(f"{raw.method} {raw.path_qs}\n".encode() + body).digest()
    return idempotency.Request(user_id=user_id, key=key, digest=digest)
