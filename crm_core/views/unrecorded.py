"""Answered, yet no recording: where a recorder does not do what everybody relies on.

Asked of PBXs whose recordings the settings tell where to find; a call counts
when its client was talked to, and after a time in which its file may still be
on its way. A group is who answered, and where; ``since`` is the first call of
the unbroken row of those that were not recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from crm_core.domain.ids import first_id
from crm_core.domain.viewer import Viewer
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader
from crm_core.store.interactions import narrow_to_scope
from crm_core.views.model import WireModel
from crm_core.views.paging import Page, decode_id, encode_cursor

#: A file may be written, mixed and copied for so long after its call.
GRACE = timedelta(minutes=10)
#: Shorter talks are left out: a recorder may need a moment to begin.
SHORTEST_TALK_S = 3.0

# The best that became of a call's recordings in which the client is heard; null: the PBX named none.
# By recordings_interaction_id_name_key.
_BEST = """
    LEFT JOIN LATERAL (
        SELECT one.state
        FROM recordings one
        WHERE one.interaction_id = call.id AND one.consultation IS NULL
        ORDER BY array_position(ARRAY['available', 'awaited', 'gone', 'missing', 'empty'], one.state)
        LIMIT 1
    ) AS best ON true
"""

_FROM = f"""
    FROM interactions call
    LEFT JOIN clients client ON client.id = call.client_id
    LEFT JOIN users agent ON agent.id = call.agent_id
    {_BEST}
"""

_LIST = """
SELECT call.id AS interaction_id, call.started_at, call.ended_at, call.direction, call.pbx, call.queue,
       call.agent_id, agent.name AS agent_name, call.client_id, client.name AS client_name, call.talk_s,
       coalesce(best.state, 'not_named') AS reason
{source}
{where}
ORDER BY call.id DESC
LIMIT {limit}
"""

_GROUPS = """
WITH asked AS (
    SELECT call.pbx, call.queue, call.agent_id, agent.name AS agent_name, call.started_at,
           best.state IS NOT DISTINCT FROM 'available' AS recorded
    {source}
    {where}
), counted AS (
    SELECT pbx, queue, agent_id, agent_name, count(*) AS answered,
           count(*) FILTER (WHERE NOT recorded) AS unrecorded,
           max(started_at) FILTER (WHERE recorded) AS last_recorded_at
    FROM asked
    GROUP BY pbx, queue, agent_id, agent_name
)
SELECT counted.pbx, counted.queue, counted.agent_id, counted.agent_name, counted.answered, counted.unrecorded,
       counted.last_recorded_at, unbroken.since
FROM counted
CROSS JOIN LATERAL (
    SELECT min(asked.started_at) AS since
    FROM asked
    WHERE asked.pbx = counted.pbx
      AND asked.queue IS NOT DISTINCT FROM counted.queue
      AND asked.agent_id IS NOT DISTINCT FROM counted.agent_id
      AND asked.started_at > coalesce(counted.last_recorded_at, '-infinity')
) AS unbroken
WHERE counted.unrecorded > 0
ORDER BY unbroken.since IS NULL, counted.unrecorded DESC, counted.pbx, counted.queue, counted.agent_name
LIMIT 200
"""


class Unrecorded(WireModel):
    """A call that was answered and cannot be heard; ``reason`` ``not_named``: the PBX spoke of no recording."""

    interaction_id: UUID
    started_at: datetime
    ended_at: datetime
    direction: str
    pbx: str
    queue: str | None
    agent_id: UUID | None
    agent_name: str | None
    client_id: UUID | None
    client_name: str | None
    talk_s: float | None
    reason: Literal["not_named", "awaited", "missing", "empty", "gone"]


class UnrecordedGroup(WireModel):
    """``since`` is null when the last call was recorded again."""

    pbx: str
    queue: str | None
    agent_id: UUID | None
    agent_name: str | None
    answered: int
    unrecorded: int
    last_recorded_at: datetime | None
    since: datetime | None


async def list_unrecorded(
    db: Reader,
    viewer: Viewer,
    *,
    pbxs: Sequence[str],
    since: datetime,
    until: datetime,
    limit: int,
    cursor: str | None,
) -> Page[Unrecorded]:
    """Newest first, of ``since ≤ started_at < until``."""
    conditions = _answered(viewer, pbxs, since, until)
    conditions.parts.append("best.state IS DISTINCT FROM 'available'")
    if cursor is not None:
        conditions.add("call.id < {}", decode_id(cursor))
    statement = _LIST.format(source=_FROM, where=conditions.where, limit=conditions.value(limit + 1))
    rows = await db.fetch(statement, *conditions.args)
    items = [Unrecorded.model_validate(dict(row)) for row in rows[:limit]]
    more = encode_cursor(str(items[-1].interaction_id)) if len(rows) > limit else None
    return Page[Unrecorded](items=items, next=more)


async def group_unrecorded(
    db: Reader, viewer: Viewer, *, pbxs: Sequence[str], since: datetime, until: datetime
) -> list[UnrecordedGroup]:
    """Who answers without being recorded, and since when: those who still do so first."""
    conditions = _answered(viewer, pbxs, since, until)
    rows = await db.fetch(_GROUPS.format(source=_FROM, where=conditions.where), *conditions.args)
    return [UnrecordedGroup.model_validate(dict(row)) for row in rows]


def _answered(viewer: Viewer, pbxs: Sequence[str], since: datetime, until: datetime) -> Conditions:
    conditions = Conditions()
    conditions.parts.append("call.channel = 'call' AND call.direction <> 'internal' AND call.merged_into IS NULL")
    conditions.parts.append("call.outcome = 'answered'")
    conditions.add("call.pbx = ANY({}::text[])", list(pbxs))
    conditions.add("call.talk_s >= {}", SHORTEST_TALK_S)
    conditions.add("call.ended_at < now() - {}::interval", GRACE)
    conditions.add("call.id >= {}", first_id(since))  # an id is never younger than its call: prunes partitions
    conditions.add("call.started_at >= {}", since)
    conditions.add("call.started_at < {}", until)
    narrow_to_scope(conditions, viewer)
    return conditions
