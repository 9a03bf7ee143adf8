"""Tokens of the forms we serve: when the form was served, signed, and good for being left once.

They tell a person from a machine by time alone, so nobody is asked to prove
anything and no script is needed. Doubt is not certainty: who was too quick, or
left the page open for days, may be a person, and what they wrote is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from crm_core.domain.words import Words, span_in_words

#: Nobody reads a form and writes their number in less.
QUICKEST: Final = timedelta(seconds=3)
#: A page that was open for longer was served to somebody else, as likely as not.
LONGEST: Final = timedelta(days=1)

_TOKEN = re.compile(r"(\d{1,16})\.([0-9a-f]{32})\.([0-9a-f]{64})")


class Trap(StrEnum):
    """Why a form is thrown away."""

    HONEYPOT = "honeypot"  # a field that people do not see was filled in
    FORGED = "forged"  # its token is none of ours
    REPLAYED = "replayed"  # it was left already


class Doubt(StrEnum):
    """Why a form is kept apart."""

    HASTY = "hasty"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormToken:
    """A form as it was served."""

    served_at: datetime
    nonce: UUID

    def signed(self, secret: UUID) -> str:
        return f"{self._said}.{_signature(self._said, secret)}"

    @property
    def _said(self) -> str:
        return f"{round(self.served_at.timestamp() * 1000)}.{self.nonce.hex}"

    def doubt(self, now: datetime) -> Doubt | None:
        """Was it filled in as people do."""
        taken = now - self.served_at
        if taken < QUICKEST:
            return Doubt.HASTY
        return Doubt.STALE if taken > LONGEST else None


def read_token(text: str, secret: UUID) -> FormToken | None:
    """The form that was served with this token; None: it is none of ours."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        return None
    served_ms, nonce, signature = match.groups()
    if not hmac.compare_digest(signature, _signature(f"{served_ms}.{nonce}", secret)):
        return None
    return FormToken(served_at=datetime.fromtimestamp(int(served_ms) / 1000, UTC), nonce=UUID(hex=nonce))


def doubt_in_words(doubt: Doubt, token: FormToken, now: datetime) -> Words:
    """For the history of a lead that was kept apart."""
    taken = span_in_words(max(now - token.served_at, timedelta(seconds=1)))
    if doubt is Doubt.HASTY:
        return Words(
            ru=f"Форма заполнена за {taken.ru}, быстрее человека: похоже на спам.",
            en=f"The form was filled in within {taken.en}, quicker than people are: it looks like spam.",
        )
    return Words(
        ru=f"Форма пролежала открытой {taken.ru}: похоже на спам.",
        en=f"The form was open for {taken.en}: it looks like spam.",
    )


def _signature(said: str, secret: UUID) -> str:
    return hmac.new(secret.bytes, said.encode(), hashlib.sha256).hexdigest()
