"""People who have begun to talk with a bot: what their app speaks, what they chose, whether they shut us out.

Rows are written in the order of their ids, so that two who hear at once never wait for each other in a ring.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from crm_core.store.database import Reader, Transaction, to_json

# Who has changed nothing is not written anew. Who writes has not blocked us.
_MEET = """
INSERT INTO telegram_people (source, user_id, app_language)
SELECT $1, (asked.key)::bigint, asked.value
FROM jsonb_each_text($2::jsonb) AS asked
ORDER BY 2
ON CONFLICT (source, user_id) DO UPDATE
SET app_language = excluded.app_language, blocked_at = NULL
WHERE telegram_people.app_language IS DISTINCT FROM excluded.app_language OR telegram_people.blocked_at IS NOT NULL
RETURNING user_id
"""

_CHOOSE_LANGUAGE = """
INSERT INTO telegram_people (source, user_id, language)
VALUES ($1, $2, $3)
ON CONFLICT (source, user_id) DO UPDATE
SET language = excluded.language
"""

_BLOCK = """
INSERT INTO telegram_people (source, user_id, blocked_at)
VALUES ($1, $2, $3)
ON CONFLICT (source, user_id) DO UPDATE
SET blocked_at = COALESCE(telegram_people.blocked_at, excluded.blocked_at)
"""

# By contact_points_kind_value_idx.
_MARK_POINTS = """
UPDATE contact_points
SET unreachable_at = $2
WHERE kind = 'telegram' AND value = ANY($1::text[]) AND (unreachable_at IS NULL) <> ($2::timestamptz IS NULL)
"""

# By primary keys.
_SPEAKS = """
SELECT COALESCE(
    (SELECT language FROM telegram_people WHERE source = $1 AND user_id = $2),
    (SELECT language FROM clients WHERE id = $3),
    (SELECT app_language FROM telegram_people WHERE source = $1 AND user_id = $2))
"""

_LISTENS = """
SELECT EXISTS (SELECT 1 FROM telegram_people WHERE source = $1 AND user_id = $2 AND blocked_at IS NULL)
"""


async def meet(tx: Transaction, source: str, people: Mapping[int, str | None]) -> None:
    """These write to the bot; by account, with what their app speaks."""
    if not people:
        return
    rows = await tx.fetch(_MEET, source, to_json({str(person): spoken for person, spoken in people.items()}))
    if rows:
        await tx.execute(_MARK_POINTS, [str(row["user_id"]) for row in rows], None)


async def block(tx: Transaction, source: str, user_id: int) -> None:
    """The bot may not write to them any more."""
    await tx.execute(_BLOCK, source, user_id, tx.now)
    await tx.execute(_MARK_POINTS, [str(user_id)], tx.now)


async def choose_language(tx: Transaction, source: str, user_id: int, language: str) -> None:
    await tx.execute(_CHOOSE_LANGUAGE, source, user_id, language)


async def language_of(db: Reader, source: str, user_id: int, client_id: UUID | None) -> str | None:
    """As they chose, else as their card says, else as their app speaks."""
    language: str | None = await db.fetchval(_SPEAKS, source, user_id, client_id)
    return language


async def listens(db: Reader, source: str, user_id: int) -> bool:
    """They have begun to talk with this bot, and have not blocked it."""
    told: bool = await db.fetchval(_LISTENS, source, user_id)
    return told
