"""Who a number belongs to, who a merged client became, and who may open whose card."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from crm_core.domain.contact_points import ContactPointKind
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Reader, Transaction, to_json

# By contact_points_kind_value_idx. A merge takes the numbers along, so those of merged clients are only copies.
_FIND_BY_PHONES = """
SELECT point.value, point.client_id
FROM contact_points point
JOIN clients client ON client.id = point.client_id AND client.merged_into IS NULL
WHERE point.kind = 'phone' AND point.value = ANY($1::text[])
ORDER BY point.client_id
"""

# By contact_points_kind_value_idx, each by itself: PostgreSQL expects many more of them.
_FIND_BY_ADDRESSES = """
SELECT asked.kind, asked.value, found.client_id
FROM jsonb_to_recordset($1::jsonb) AS asked (kind text, value text)
CROSS JOIN LATERAL (
    SELECT point.client_id
    FROM contact_points point
    JOIN clients client ON client.id = point.client_id AND client.merged_into IS NULL
    WHERE point.kind = asked.kind AND point.value = asked.value
    OFFSET 0
) AS found
ORDER BY found.client_id
"""

_FIND_SURVIVOR = """
WITH RECURSIVE chain (id, merged_into) AS (
    SELECT id, merged_into FROM clients WHERE id = $1
    UNION ALL
    SELECT client.id, client.merged_into
    FROM chain
    JOIN clients client ON client.id = chain.merged_into
)
SELECT id
FROM chain
WHERE merged_into IS NULL
"""

# A block holds the client until it has taken their promises back: one made meanwhile would be forgotten.
_FIND_BLOCK = """
SELECT CASE WHEN blocked_at IS NOT NULL THEN COALESCE(blocked_reason, '') END
FROM clients
WHERE id = $1
FOR SHARE
"""

# The rule of whose card may be opened, in one place: $2 is the person who asks, $3 the team they supervise.
# One's own clients, those nobody owns, those one owes a promise, those one has had contact with,
# and whoever may be calling now: every client behind the number that rings.
_FIND_VISIBLE = """
SELECT client.id
FROM clients client
LEFT JOIN users owner ON owner.id = client.owner_id
WHERE client.id = ANY($1::uuid[]) AND (
    client.owner_id IS NULL
    OR owner.id = $2
    OR owner.team_id = $3
    OR EXISTS (
        SELECT 1
        FROM callbacks callback
        JOIN users agent ON agent.id = callback.agent_id
        WHERE callback.client_id = client.id AND (agent.id = $2 OR agent.team_id = $3)
    )
    OR EXISTS (
        SELECT 1
        FROM interactions call
        JOIN users agent ON agent.id = call.agent_id
        WHERE call.client_id = client.id AND (agent.id = $2 OR agent.team_id = $3)
    )
    OR EXISTS (
        SELECT 1
        FROM interactions call
        JOIN legs leg ON leg.interaction_id = call.id
        JOIN users agent ON agent.id = leg.agent_id
        WHERE call.client_id = client.id AND (agent.id = $2 OR agent.team_id = $3)
            AND (leg.answered_at IS NOT NULL OR leg.ended_at IS NULL)
    )
    OR EXISTS (
        SELECT 1
        FROM legs leg
        JOIN users agent ON agent.id = leg.agent_id
        JOIN interactions call ON call.id = leg.interaction_id
        JOIN contact_points point ON point.value = call.client_address AND point.client_id = client.id
        WHERE leg.ended_at IS NULL AND (agent.id = $2 OR agent.team_id = $3)
    )
)
"""


async def clients_by_phones(db: Reader, numbers: Iterable[str]) -> dict[str, list[UUID]]:
    """For each E.164 number that is known: the clients it belongs to, the oldest first."""
    rows = await db.fetch(_FIND_BY_PHONES, list(numbers))
    people: dict[str, list[UUID]] = {}
    for row in rows:
        people.setdefault(row["value"], []).append(row["client_id"])
    return people


async def clients_by_addresses(
    db: Reader, asked: Iterable[tuple[ContactPointKind, str]]
) -> dict[tuple[ContactPointKind, str], list[UUID]]:
    """For each address that is known: the clients it belongs to, the oldest first."""
    wanted = [{"kind": kind, "value": value} for kind, value in asked]
    rows = await db.fetch(_FIND_BY_ADDRESSES, to_json(wanted)) if wanted else []
    people: dict[tuple[ContactPointKind, str], list[UUID]] = {}
    for row in rows:
        people.setdefault((ContactPointKind(row["kind"]), row["value"]), []).append(row["client_id"])
    return people


async def find_survivor(db: Reader, client_id: UUID) -> UUID | None:
    """The client, or whom it was merged into; None when there never was one."""
    survivor: UUID | None = await db.fetchval(_FIND_SURVIVOR, client_id)
    return survivor


async def find_block(tx: Transaction, client_id: UUID) -> str | None:
    """Why this client is blocked; None when they are not. Whoever changes that now is waited for."""
    reason: str | None = await tx.fetchval(_FIND_BLOCK, client_id)
    return reason


async def visible_clients(db: Reader, viewer: Viewer, ids: Iterable[UUID]) -> set[UUID]:
    """Those of ``ids`` whose whole card the viewer may open; anybody may be found, by a name or a number."""
    wanted = list(ids)
    if viewer.sees_everything:
        return set(wanted)
    team = viewer.team_id if viewer.supervises else None
    return {row["id"] for row in await db.fetch(_FIND_VISIBLE, wanted, viewer.user_id, team)}


async def may_see_client(db: Reader, viewer: Viewer, client_id: UUID) -> bool:
    return client_id in await visible_clients(db, viewer, [client_id])
