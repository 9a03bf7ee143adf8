"""Visitors of a site: who they can prove to be, and what is known of how they came.

Whoever comes first is given an identity at random, signed by us, and nothing is
asked. A site may vouch for its own users; then the visitor is whoever the site
says, on every device, and what was said under that name is shown to nobody else.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from crm_core.domain.strangers_words import one_line
from crm_core.domain.written import MessageState

_TOKEN: Final = re.compile(r"([0-9a-f]{32})\.(\d{1,12})\.([0-9a-f]{64})")

_LONGEST_ADDRESS: Final = 2_000
_LONGEST_WORDS: Final = 300
#: Names of campaign tags that are worth keeping.
_TAG: Final = re.compile(r"utm_[a-z]{1,20}|gclid|yclid|fbclid|roistat|from")
_MOST_TAGS: Final = 12

#: How far one of ours has come when its visitor may see it.
SHOWN: Final = frozenset({MessageState.SENT, MessageState.DELIVERED, MessageState.READ})


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorToken:
    """Who a visitor is, as we have signed it; ``until`` None: an anonymous one, for good."""

    visitor_id: UUID
    until: datetime | None = None

    def signed(self, secret: UUID) -> str:
        seconds = 0 if self.until is None else int(self.until.timestamp())
        said = f"{self.visitor_id.hex}.{seconds}"
        return f"{said}.{_signature(said, secret)}"


def read_token(text: str, secret: UUID, *, now: datetime) -> VisitorToken | None:
    """What we signed; None: it is none of ours, or no longer."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        return None
    visitor, seconds, signature = match.groups()
    if not hmac.compare_digest(signature, _signature(f"{visitor}.{seconds}", secret)):
        return None
    until = datetime.fromtimestamp(int(seconds), UTC) if int(seconds) else None
    if until is not None and until <= now:
        return None
    return VisitorToken(visitor_id=UUID(hex=visitor), until=until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Somebody a site knows, as it says under its secret."""

    subject: str
    until: datetime
    name: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where a visitor writes from, and what brought them: a stranger's words, cut to a bearable length."""

    page: str | None = None
    title: str | None = None
    referrer: str | None = None
    language: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def read_visit(told: object) -> Visit:
    """What of it can be meant; a page that says nonsense of itself may still be written from."""
    if not isinstance(told, Mapping):
        return Visit()
    tags = told.get("tags")
    return Visit(
        page=_web_address(told.get("page")),
        title=clean(told.get("title"), _LONGEST_WORDS),
        referrer=_web_address(told.get("referrer")),
        language=_language(told.get("language")),
        tags=_tags(tags) if isinstance(tags, Mapping) else {},
    )


def clean(told: object, longest: int) -> str | None:
    """One line of a stranger's words; None when nothing is left."""
    return one_line(told, longest) or None if isinstance(told, str) else None


def _web_address(told: object) -> str | None:
    """Nothing but a page of the web: whoever presses it later must not run a script."""
    address = clean(told, _LONGEST_ADDRESS)
    return address if address is not None and re.match(r"https?://", address, re.IGNORECASE) else None


def _language(told: object) -> str | None:
    return told if isinstance(told, str) and re.fullmatch(r"[a-z]{2,3}", told) else None


def _tags(told: Mapping[object, object]) -> dict[str, str]:
    kept = {
        name: words
        for name, value in told.items()
        if isinstance(name, str) and _TAG.fullmatch(name) and (words := clean(value, _LONGEST_WORDS))
    }
    return dict(sorted(kept.items())[:_MOST_TAGS])


def _signature(said: str, secret: UUID) -> str:
    return hmac.new(secret.bytes, said.encode(), hashlib.sha256).hexdigest()
