"""Ids are UUIDv7: they sort by the moment they name, and the moment tells the partition.

PostgreSQL 15 cannot make them, and an import needs the historic moment, so they are made here.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import NewType
from uuid import UUID

InteractionId = NewType("InteractionId", UUID)
LegId = NewType("LegId", UUID)
RecordingId = NewType("RecordingId", UUID)
ClientId = NewType("ClientId", UUID)
AgentId = NewType("AgentId", UUID)
CallbackId = NewType("CallbackId", UUID)
TeamId = NewType("TeamId", UUID)

_VERSION = 7 << 76
_VARIANT = 0b10 << 62


def new_id(at: datetime) -> UUID:
    """A fresh UUIDv7 (RFC 9562, method 3) for something that happened at ``at`` (aware), to the microsecond."""
    fraction = at.microsecond % 1000 * 4096 // 1000
    return UUID(int=_milliseconds(at) << 80 | _VERSION | fraction << 64 | _VARIANT | secrets.randbits(62))


def first_id(at: datetime) -> UUID:
    """The smallest UUIDv7 of the moment ``at``: the lower bound of ids, and of partitions, from then on."""
    return UUID(int=_milliseconds(at) << 80 | _VERSION | _VARIANT)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000) & ((1 << 48) - 1)


def as_our_id(text: str) -> UUID | None:
    """The UUIDv7 that ``text`` is, as we give ids to others; None for anybody else's id."""
    if len(text) != 36:  # most are Asterisk's, "1790000000.12"
        return None
    try:
        identifier = UUID(text)
    except ValueError:
        return None
    return identifier if identifier.version == 7 else None


def moment_of(identifier: UUID) -> datetime:
    """The moment that a UUIDv7 names, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)
