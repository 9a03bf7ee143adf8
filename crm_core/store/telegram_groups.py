"""Groups a bot is in: which trip each is bound to, and where it has gone when Telegram gave it another id."""

from __future__ import annotations

from crm_core.store.database import Transaction

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

_BE_IN = """
INSERT INTO telegram_groups (source, chat_id, title, gone_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (source, chat_id) DO UPDATE
SET title = excluded.title, gone_at = excluded.gone_at
"""


async def move(tx: Transaction, source: str, before: int, after: int) -> None:
    """The same people under another id: their conversations and their trip go along. Told twice, it has moved once."""
    await tx.execute(_MOVE, source, before, after)
    await tx.execute(_FORGET, source, before)
    await tx.execute(_MOVE_THREADS, source, str(before), str(after))


async def be_in(tx: Transaction, source: str, chat_id: int, *, title: str, is_in: bool) -> None:
    """The bot was taken into the group, or put out of it."""
    await tx.execute(_BE_IN, source, chat_id, title, None if is_in else tx.now)
