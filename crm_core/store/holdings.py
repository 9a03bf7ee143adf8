"""What one person holds: promises and leads that are open, and clients of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_core.store.database import Reader

#: For ``FROM users person``: how many people somebody looks after now, as clients or as leads, each once.
#: By callbacks_load_idx and leads_load_idx.
ACTIVE_CLIENTS = """
(
    SELECT count(*)
    FROM (
        SELECT COALESCE(owed.client_id::text, owed.address)
        FROM callbacks owed
        WHERE owed.agent_id = person.id AND owed.state IN ('open', 'claimed')
        UNION
        SELECT COALESCE(lead.client_id::text, lead.address)
        FROM leads lead
        WHERE lead.owner_id = person.id AND lead.closed_at IS NULL
    ) AS held
)
"""

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
