"""Whose desk is open, agreed between nodes that do not know each other.

Each node confirms, every few seconds, the people whose sockets it holds. Who
has not been confirmed by anybody for the length of the grace is away, whichever
node notices it first. So a reload, a change of node or a restart is no absence.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from crm_core.actions.agents import record_presence
from crm_core.store.database import Transaction

# All of them are locked in id order, also those who only now come, so that nobody who locks several people
# (another node, the recorder of calls) ever waits for us in a ring.
_CONFIRM = """
WITH theirs AS MATERIALIZED (
    SELECT user_id, present
    FROM agent_states
    WHERE user_id = ANY($1::uuid[])
    ORDER BY user_id
    FOR NO KEY UPDATE
)
UPDATE agent_states
SET last_seen_at = clock_timestamp()
FROM theirs
WHERE agent_states.user_id = theirs.user_id AND theirs.present
RETURNING agent_states.user_id
"""

_FIND_UNCONFIRMED = """
SELECT user_id
FROM agent_states
WHERE present AND (last_seen_at IS NULL OR last_seen_at < clock_timestamp() - $1::interval)
ORDER BY user_id
FOR NO KEY UPDATE SKIP LOCKED
"""


async def confirm_presence(tx: Transaction, people: Collection[UUID]) -> None:
    """These people's desks are open at this moment."""
    confirmed = {row["user_id"] for row in await tx.fetch(_CONFIRM, list(people))}
    for user_id in sorted(set(people) - confirmed):
        await record_presence(tx, user_id, True)


async def record_absences(tx: Transaction, grace: timedelta) -> None:
    """Whoever has not been confirmed for the length of ``grace`` has left."""
    for row in await tx.fetch(_FIND_UNCONFIRMED, grace):
        await record_presence(tx, row["user_id"], False)
