"""How a promise came to its present owner, read from its history."""

from __future__ import annotations

from uuid import UUID

from crm_core.domain.callbacks import HistoryReason
from crm_core.domain.handovers import HandOver
from crm_core.store.database import Reader, Transaction

#: For ``FROM callback_history moved``: who owed it before; by callback_history_callback_id_idx.
OWNER_BEFORE = """
LEFT JOIN LATERAL (
    SELECT earlier.agent_id
    FROM callback_history earlier
    WHERE earlier.callback_id = moved.callback_id AND (earlier.from_at, earlier.id) < (moved.from_at, moved.id)
    ORDER BY earlier.from_at DESC, earlier.id DESC
    LIMIT 1
) AS before ON true
"""

# By callback_history_callback_id_idx and absences_user_id_from_at_idx.
_LAST = f"""
SELECT moved.id AS history_id, moved.reason, moved.from_at AS at, moved.by, moved.agent_id AS to_agent_id,
       before.agent_id AS from_agent_id, person.name AS from_name, COALESCE(person.enabled, false) AS from_works,
       absence.id IS NOT NULL AS from_absent, absence.to_at AS from_absent_until
FROM callback_history moved
{OWNER_BEFORE}
LEFT JOIN users person ON person.id = before.agent_id
LEFT JOIN LATERAL (
    SELECT away.id, away.to_at
    FROM absences away
    WHERE away.user_id = person.id AND away.from_at <= now() AND (away.to_at IS NULL OR away.to_at > now())
    ORDER BY away.to_at DESC NULLS FIRST
    LIMIT 1
) AS absence ON true
WHERE moved.callback_id = $1
ORDER BY moved.from_at DESC, moved.id DESC
LIMIT 1
"""  # noqa: S608  (a join of our own)


# The move that was taken back, and the one that took it back.
_FORGET_MOVES = """
UPDATE callbacks
SET moves = GREATEST(moves - 2, 0)
WHERE id = $1
"""


async def last_handover(db: Reader, callback_id: UUID) -> HandOver | None:
    """How it came to whoever has it, or had it last; None: its story has no owner at all."""
    row = await db.fetchrow(_LAST, callback_id)
    return HandOver(**{**dict(row), "reason": HistoryReason(row["reason"])}) if row else None


async def forget_moves(tx: Transaction, callback_id: UUID) -> None:
    """A move that was taken back has not moved it: neither counts among those it may make."""
    await tx.execute(_FORGET_MOVES, callback_id)
