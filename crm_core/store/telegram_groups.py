"""Groups a bot is in: which trip each is bound to, and where it has gone when Telegram gave it another id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_core.store.database import Reader, Transaction

# A group keeps its trip wherever it goes; what the new id was known by already is the younger truth.
_MOVE = """
INSERT INTO telegram_groups (source, chat_id, title, trip_id, bound_at)
SELECT source, $3, title, trip_id, bound_at
FROM telegram_groups
WHERE source = $1 AND chat_id = $2
ON CONFLICT (source, chat_id) DO UPDATE
SET trip_id = COALESCE(telegram_groups.trip_id, excluded.trip_id),
    bound_at = COALESCE(telegram_groups.bound_at, excluded.bound_at)
"""

_FORGET = """
DELETE FROM telegram_groups
WHERE source = $1 AND chat_id = $2
"""

# By conversations_thread_key: where the new chat has a conversation of the same asker already, that one goes on.
_MOVE_THREADS = """
UPDATE conversations old
SET thread = moved.thread
FROM (
    SELECT interaction_id, $3::text || substr(thread, length($2::text) + 1) AS thread
    FROM conversations
    WHERE channel = 'telegram' AND source = $1 AND (thread = $2 OR starts_with(thread, $2 || ':'))
) moved
WHERE old.interaction_id = moved.interaction_id AND (old.inbox_state = 'closed' OR NOT EXISTS (
    SELECT 1
    FROM conversations newer
    WHERE newer.channel = 'telegram' AND newer.source = $1 AND newer.thread = moved.thread
        AND newer.inbox_state <> 'closed'))
"""

_BIND = """
UPDATE telegram_groups
SET trip_id = $2, bound_at = CASE WHEN $2::uuid IS NOT NULL THEN $3::timestamptz END
WHERE chat_id = $1
RETURNING source
"""

_SEEN = """
INSERT INTO telegram_groups (source, chat_id, title)
VALUES ($1, $2, $3)
ON CONFLICT (source, chat_id) DO UPDATE
SET title = excluded.title, gone_at = NULL
WHERE telegram_groups.title <> excluded.title OR telegram_groups.gone_at IS NOT NULL
"""

_ABOUT_TRIP = """
UPDATE conversations conversation
SET trip_id = bound.trip_id
FROM telegram_groups bound
WHERE bound.source = $1 AND bound.chat_id = $2 AND bound.trip_id IS NOT NULL
    AND conversation.interaction_id = $3 AND conversation.trip_id IS NULL
"""

_BE_IN = """
INSERT INTO telegram_groups (source, chat_id, title, gone_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (source, chat_id) DO UPDATE
SET title = excluded.title, gone_at = excluded.gone_at
"""

_PUT_CODE = """
INSERT INTO telegram_trip_codes (code, trip_id, made_by, expires_at)
VALUES ($1, $2, $3, $4)
"""

# By telegram_trip_codes_expires_at_idx. One that was used is known for as long as it would have lived.
_FORGET_OLD_CODES = """
DELETE FROM telegram_trip_codes
WHERE expires_at < $1
"""

# By primary key.
_HOLD_CODE = """
SELECT code, trip_id, made_by, used_in, used_at IS NULL AND expires_at > $2 AS is_fresh
FROM telegram_trip_codes
WHERE code = $1
FOR NO KEY UPDATE
"""

_USE_CODE = """
UPDATE telegram_trip_codes
SET used_at = $3, used_in = $2
WHERE code = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCode:
    """``is_fresh``: it has not been used and is not too old."""

    code: str
    trip_id: UUID
    made_by: UUID
    used_in: str | None
    is_fresh: bool


async def title_of_trip(db: Reader, trip_id: UUID) -> str | None:
    """None: there is no such trip."""
    title: str | None = await db.fetchval("SELECT title FROM trips WHERE id = $1", trip_id)
    return title


async def bind(tx: Transaction, chat_id: int, trip_id: UUID | None) -> bool:
    """False: no bot of ours is known to be in it."""
    return bool(await tx.fetch(_BIND, chat_id, trip_id, tx.now))


async def asked_in(tx: Transaction, source: str, chat_id: int, title: str, interaction_id: UUID) -> None:
    """Somebody asks in that group: it is about the group's trip, if it has one and the question has none yet."""
    await tx.execute(_SEEN, source, chat_id, title)
    await tx.execute(_ABOUT_TRIP, source, chat_id, interaction_id)


async def move(tx: Transaction, source: str, before: int, after: int) -> None:
    """The same people under another id: their conversations and their trip go along. Told twice, it has moved once."""
    await tx.execute(_MOVE, source, before, after)
    await tx.execute(_FORGET, source, before)
    await tx.execute(_MOVE_THREADS, source, str(before), str(after))


async def be_in(tx: Transaction, source: str, chat_id: int, *, title: str, is_in: bool) -> None:
    """The bot was taken into the group, or put out of it."""
    await tx.execute(_BE_IN, source, chat_id, title, None if is_in else tx.now)


async def put_code(tx: Transaction, code: str, trip_id: UUID, *, by: UUID, expires_at: datetime) -> None:
    await tx.execute(_PUT_CODE, code, trip_id, by, expires_at)


async def forget_old_codes(tx: Transaction) -> None:
    await tx.execute(_FORGET_OLD_CODES, tx.now)


async def hold_code(tx: Transaction, code: str) -> HeldCode | None:
    """Nobody else uses it meanwhile."""
    row = await tx.fetchrow(_HOLD_CODE, code, tx.now)
    return None if row is None else HeldCode(**row)


async def use_code(tx: Transaction, code: str, *, used_in: str) -> None:
    await tx.execute(_USE_CODE, code, used_in, tx.now)
