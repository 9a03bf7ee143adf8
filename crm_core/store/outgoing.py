"""What is still to be sent, and to whom it was given to send.

A row is taken under a lease and a fence. Before the first byte leaves, its
sender says so in a transaction of its own (``begin``): whoever dies before that
left nothing behind, and the next sender takes the row; whoever dies after it
may have sent the message, so nobody sends it again: it is uncertain. One that
leaves in parts is taken and begun once for each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.store.database import Transaction, to_json

#: Woken when there is something to send.
TO_SEND = "to_send"

#: How long a sender has for one message, from taking it to telling what became of it.
LEASE = timedelta(minutes=5)

_PUT = """
INSERT INTO outgoing (message_id, interaction_id, channel, source, next_at, extras)
VALUES ($1, $2, $3, $4, $5, $6)
"""

# By outgoing_next_at_idx. What was written later waits until what was written before it has left or failed.
_TAKE = """
WITH due AS (
    SELECT waiting.message_id
    FROM outgoing waiting
    WHERE waiting.channel = $1 AND waiting.source = $2 AND waiting.next_at <= clock_timestamp()
        AND waiting.begun_at IS NULL
        AND (waiting.taken_until IS NULL OR waiting.taken_until <= clock_timestamp())
        AND NOT EXISTS (
            SELECT 1
            FROM outgoing earlier
            WHERE earlier.interaction_id = waiting.interaction_id AND earlier.message_id < waiting.message_id)
    ORDER BY waiting.next_at
    LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE outgoing
SET fence = outgoing.fence + 1, taken_until = clock_timestamp() + $4::interval, attempts = outgoing.attempts + 1
FROM due
WHERE outgoing.message_id = due.message_id
RETURNING outgoing.message_id, outgoing.interaction_id, outgoing.fence, outgoing.attempts
"""

_BEGIN = """
UPDATE outgoing
SET begun_at = clock_timestamp()
WHERE message_id = $1 AND fence = $2 AND taken_until > clock_timestamp() AND begun_at IS NULL
RETURNING message_id
"""

_PUT_OFF = """
UPDATE outgoing
SET next_at = clock_timestamp() + $3::interval, taken_until = NULL, begun_at = NULL
WHERE message_id = $1 AND fence = $2
RETURNING message_id
"""

# Told twice, it counts once: what is counted has begun.
_GO_ON = """
UPDATE outgoing
SET parts_said = parts_said + 1, attempts = 0, next_at = clock_timestamp(), taken_until = NULL, begun_at = NULL
WHERE message_id = $1 AND fence = $2 AND begun_at IS NOT NULL
RETURNING parts_said
"""

_DONE = """
DELETE FROM outgoing
WHERE message_id = $1
"""

# What nobody has begun to send may be taken back.
_WITHDRAW = """
DELETE FROM outgoing
WHERE message_id = $1 AND begun_at IS NULL AND parts_said = 0
    AND (taken_until IS NULL OR taken_until <= clock_timestamp())
RETURNING message_id
"""

_ABANDONED = """
DELETE FROM outgoing
WHERE message_id IN (
    SELECT message_id
    FROM outgoing
    WHERE channel = $1 AND source = $2 AND begun_at IS NOT NULL AND taken_until <= clock_timestamp()
    FOR UPDATE SKIP LOCKED)
RETURNING message_id
"""

_NEXT_AT = """
SELECT min(next_at)
FROM outgoing
WHERE channel = $1 AND source = $2 AND begun_at IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A message that is ours to send; ``attempts`` counts this one."""

    message_id: UUID
    interaction_id: UUID
    fence: int
    attempts: int


async def put(
    tx: Transaction,
    message_id: UUID,
    interaction_id: UUID,
    *,
    channel: str,
    source: str,
    next_at: datetime,
    extras: Mapping[str, object] | None = None,
) -> None:
    told = None if extras is None else to_json(extras)
    await tx.execute(_PUT, message_id, interaction_id, channel, source, next_at, told)
    tx.wake(TO_SEND)


async def take(tx: Transaction, channel: str, source: str, *, limit: int, lease: timedelta = LEASE) -> list[Taken]:
    """Messages whose time has come, at most one a conversation; nobody else is given them while the lease lasts."""
    return [Taken(**row) for row in await tx.fetch(_TAKE, channel, source, limit, lease)]


async def begin(tx: Transaction, taken: Taken) -> bool:
    """From here on its bytes may leave. False: the lease is over, or it was withdrawn; send nothing."""
    return await tx.fetchval(_BEGIN, taken.message_id, taken.fence) is not None


async def put_off(tx: Transaction, taken: Taken, after: timedelta) -> bool:
    """It has certainly not left; it is tried again ``after`` that. False: it is somebody else's by now."""
    return await tx.fetchval(_PUT_OFF, taken.message_id, taken.fence, after) is not None


async def go_on(tx: Transaction, taken: Taken) -> bool:
    """One of its parts has left; the next may be taken at once. False: it is counted already."""
    counted = await tx.fetchval(_GO_ON, taken.message_id, taken.fence) is not None
    tx.wake(TO_SEND)
    return counted


async def done(tx: Transaction, message_id: UUID) -> None:
    """Nothing is left to be sent."""
    await tx.execute(_DONE, message_id)


async def withdraw(tx: Transaction, message_id: UUID) -> bool:
    """It will not be sent; False: it is leaving, or has left."""
    return await tx.fetchval(_WITHDRAW, message_id) is not None


async def abandoned(tx: Transaction, channel: str, source: str) -> list[UUID]:
    """Messages whose sender began and was never heard of again; they are nobody's to send any more."""
    return [row["message_id"] for row in await tx.fetch(_ABANDONED, channel, source)]


async def next_at(tx: Transaction, channel: str, source: str) -> datetime | None:
    """When there is something to send next."""
    moment: datetime | None = await tx.fetchval(_NEXT_AT, channel, source)
    return moment
