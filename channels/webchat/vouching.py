"""Reading the word a site gives for its own user: a JWT under the site's secret, of one kind and no other.

The algorithm is ours to name, not the token's: whoever could choose it could
choose none. Whatever is wrong with a token, its bearer is simply not vouched for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from crm_core.domain.webchat import Vouched, clean

LONGEST: Final = 4_096
LONGEST_LIFE: Final = timedelta(hours=24)
#: So far clocks may be apart.
LEEWAY: Final = timedelta(minutes=1)
_LONGEST_SUBJECT: Final = 200
_LONGEST_WORD: Final = 300


def read_identity(token: str, secret: str, *, now: datetime) -> Vouched | None:
    """Whom the site vouches for at this moment."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > LONGEST or not token.isascii():
        return None
    head, body, signature = parts
    expected = hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(_bytes(signature) or b"", expected):
        return None
    header, claims = _object(head), _object(body)
    if header is None or claims is None or header.get("alg") != "HS256" or "crit" in header:
        return None
    return _vouched(claims, now)


def _vouched(claims: Mapping[str, object], now: datetime) -> Vouched | None:
    subject, until, since = claims.get("sub"), _moment(claims.get("exp")), claims.get("nbf")
    if not isinstance(subject, str) or clean(subject, _LONGEST_SUBJECT) != subject or until is None:
        return None
    if not now < until <= now + LONGEST_LIFE + LEEWAY:
        return None
    if since is not None and ((begins := _moment(since)) is None or begins > now + LEEWAY):
        return None
    return Vouched(
        subject=subject,
        until=until,
        name=clean(claims.get("name"), _LONGEST_WORD),
        email=clean(claims.get("email"), _LONGEST_WORD),
        phone=clean(claims.get("phone"), _LONGEST_WORD),
    )


def _moment(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _object(part: str) -> Mapping[str, object] | None:
    try:
        found = orjson.loads(_bytes(part) or b"")
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _bytes(part: str) -> bytes | None:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
