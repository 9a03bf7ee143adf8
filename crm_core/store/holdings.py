"""What one person holds: promises and leads that are open, and clients of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_core.store.database import Reader

# By callbacks_load_idx; the most pressing first.
_PROMISES = """
SELECT id
FROM callbacks
WHERE agent_id = $1 AND state IN ('open', 'claimed') AND ($2::timestamptz IS NULL OR due_at < $2)
ORDER BY due_at, id
"""

# By leads_load_idx; the oldest first.
_LEADS = """
SELECT id
FROM leads
WHERE owner_id = $1 AND closed_at IS NULL
ORDER BY created_at, id
"""

# By clients_owner_id_idx. A merged client is only a memory of its survivor.
_COUNT_CLIENTS = """
SELECT count(*)
FROM clients
WHERE owner_id = $1 AND merged_into IS NULL
"""


def active_clients(limit: str = "ALL") -> str:
    """For ``FROM users person``: how many people somebody looks after now, each once.

    Those to whom they have promised something, leads, and who wait for their answer. ``limit``: count no further
    than that. By callbacks_load_idx and leads_load_idx, in whose order the distinct ones are found without reading
    all, and by interactions_live_idx.
    """
    return f"""
(
    SELECT count(*)
    FROM (
        SELECT client_id::text AS who
        FROM (SELECT DISTINCT owed.client_id
              FROM callbacks owed
              WHERE owed.agent_id = person.id AND owed.state IN ('open', 'claimed')
              LIMIT {limit}) AS promised
        WHERE client_id IS NOT NULL
        UNION
        SELECT address
        FROM (SELECT DISTINCT owed.client_id, owed.address
              FROM callbacks owed
              WHERE owed.agent_id = person.id AND owed.state IN ('open', 'claimed') AND owed.client_id IS NULL
              LIMIT {limit}) AS strangers
        UNION
        SELECT COALESCE(client_id::text, address)
        FROM (SELECT lead.client_id, lead.address
              FROM leads lead
              WHERE lead.owner_id = person.id AND lead.closed_at IS NULL
              LIMIT {limit}) AS wishes
        UNION
        SELECT COALESCE(client_id::text, address)
        FROM (SELECT call.client_id, call.client_address AS address
              FROM interactions call
              JOIN conversations conversation ON conversation.interaction_id = call.id
              WHERE call.agent_id = person.id AND call.state <> 'closed' AND conversation.inbox_state = 'open'
              LIMIT {limit}) AS writing
    ) AS held
)
"""  # noqa: S608  (a number, or the place of one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What somebody else must get before a person may go."""

    promises: tuple[UUID, ...] = ()
    leads: tuple[UUID, ...] = ()
    clients: int = 0

    def __bool__(self) -> bool:
        return bool(self.promises or self.leads or self.clients)


async def find_holdings(db: Reader, user_id: UUID) -> Holdings:
    """Everything that is theirs."""
    work = await find_work(db, user_id, due_before=None)
    clients = await db.fetchval(_COUNT_CLIENTS, user_id)
    return Holdings(promises=work.promises, leads=work.leads, clients=clients)


async def find_work(db: Reader, user_id: UUID, *, due_before: datetime | None) -> Holdings:
    """What waits for them: promises due before that moment (None: whenever), and open leads."""
    promises = await db.fetch(_PROMISES, user_id, due_before)
    leads = await db.fetch(_LEADS, user_id)
    return Holdings(promises=tuple(row["id"] for row in promises), leads=tuple(row["id"] for row in leads))
