"""Who rang and was not heard, and whether they have been since.

One row a number, however often it tried. Answered later, it is settled: they
called again, or we called back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from crm_core.domain.ids import first_id
from crm_core.domain.viewer import Viewer
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader
from crm_core.views.model import WireModel
from crm_core.views.paging import Page, decode_id, encode_cursor

# Calls of the queues an agent serves, and those that rang at their phone.
_MINE = """(
    EXISTS (SELECT 1 FROM queue_members mine WHERE mine.user_id = {} AND mine.queue = ANY(call.queues))
    OR EXISTS (SELECT 1 FROM legs leg WHERE leg.interaction_id = call.id AND leg.agent_id = {})
)"""

# Calls of the team's queues, and those that rang at its people's phones.
_OUR_TEAMS = """(
    EXISTS (SELECT 1 FROM queues ours WHERE ours.team_id = {} AND ours.name = ANY(call.queues))
    OR EXISTS (
        SELECT 1 FROM legs leg JOIN users person ON person.id = leg.agent_id
        WHERE leg.interaction_id = call.id AND person.team_id = {}
    )
)"""

_LOST = """
SELECT call.client_address, count(*) AS attempts, min(call.started_at) AS first_at,
       (array_agg(call.id ORDER BY call.id DESC))[1] AS last_id
FROM interactions call
{where}
GROUP BY call.client_address
"""

# What settles it is found by interactions_client_address_id_idx.
_LIST = """
SELECT lost.client_address, lost.attempts, lost.first_at, last.started_at AS last_at, last.id AS interaction_id,
       last.queue, last.wait_s, last.client_id, client.name AS client_name,
       CASE settled.direction WHEN 'inbound' THEN 'called_again' WHEN 'outbound' THEN 'called_back'
            ELSE 'waiting' END AS state,
       settled.started_at AS settled_at
FROM ({lost}) AS lost
JOIN interactions last ON last.id = lost.last_id
LEFT JOIN clients client ON client.id = last.client_id
LEFT JOIN LATERAL (
    SELECT later.direction, later.started_at
    FROM interactions later
    WHERE later.client_address = lost.client_address
      AND later.id > lost.last_id
      AND later.answered_at IS NOT NULL
      AND later.direction IN ('inbound', 'outbound')
    ORDER BY later.id
    LIMIT 1
) AS settled ON true
WHERE {before}::uuid IS NULL OR last.id < {before}
ORDER BY last.id DESC
LIMIT {limit}
"""


class Abandoned(WireModel):
    """One number that gave up; ``interaction_id`` is its last attempt."""

    client_address: str
    client_id: UUID | None
    client_name: str | None
    queue: str | None
    attempts: int
    first_at: datetime
    last_at: datetime
    wait_s: float | None
    interaction_id: UUID
    state: Literal["waiting", "called_again", "called_back"]
    settled_at: datetime | None


async def list_abandoned(
    db: Reader, viewer: Viewer, *, since: datetime, until: datetime, limit: int, cursor: str | None
) -> Page[Abandoned]:
    """Those of ``since ≤ started_at < until``, the latest attempt first."""
    conditions = Conditions()
    conditions.parts.append("call.channel = 'call' AND call.direction = 'inbound' AND call.merged_into IS NULL")
    conditions.parts.append("call.outcome IN ('abandoned', 'short_abandoned') AND call.client_address IS NOT NULL")
    conditions.add("call.id >= {}", first_id(since))  # an id is never younger than its call: prunes partitions
    conditions.add("call.started_at >= {}", since)
    conditions.add("call.started_at < {}", until)
    if not viewer.sees_everything:
        if viewer.supervises:
            conditions.add(_OUR_TEAMS, viewer.team_id)
        else:
            conditions.add(_MINE, viewer.user_id)
    statement = _LIST.format(
        lost=_LOST.format(where=conditions.where),
        before=conditions.value(decode_id(cursor) if cursor else None),
        limit=conditions.value(limit + 1),
    )
    rows = await db.fetch(statement, *conditions.args)
    items = [Abandoned.model_validate(dict(row)) for row in rows[:limit]]
    more = encode_cursor(str(items[-1].interaction_id)) if len(rows) > limit else None
    return Page[Abandoned](items=items, next=more)
