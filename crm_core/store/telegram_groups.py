"""Groups a bot is in: which trip each is bound to, and where it has gone when Telegram gave it another id."""

from __future__ import annotations

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


async def is_trip(db: Reader, trip_id: UUID) -> bool:
    found: bool = await db.fetchval("SELECT EXISTS (SELECT 1 FROM trips WHERE id = $1)", trip_id)
    return found


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
