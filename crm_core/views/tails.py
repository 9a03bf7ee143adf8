"""Tails: how many there are, how long they are, and whose; the figure by which a team knows itself.

A manager reads their own before anybody else's. Lengths are from the deadline
to now, in seconds; the definition travels with the answer, because half of all
quarrels about a figure are about what it counts.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from crm_core.domain.tails import tail_in_words
from crm_core.domain.viewer import Viewer
from crm_core.inputs import InputModel
from crm_core.store.callbacks import FROM_CALLBACKS, narrow_to_scope
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.store.tails import IS_TAIL
from crm_core.views.callbacks import OF_TEAM, Callback, Explanation, load_callbacks
from crm_core.views.model import WireModel
from crm_core.views.paging import CursorInvalid, decode_cursor, encode_cursor


class TailSum(WireModel):
    """How many, and how long they are together, at most, and in the middle; null over nothing."""

    count: int
    total_s: float
    longest_s: float | None
    median_s: float | None


class TailsOfOne(TailSum):
    """Of one person; without ``agent_id`` of the queue that owes them."""

    agent_id: UUID | None
    agent_name: str | None
    queue: str | None
    team_id: UUID | None


class TailsOfTeam(TailSum):
    """Of everybody in a team and its queues; null: of whoever is in none."""

    team_id: UUID | None
    team_name: str | None


class Tails(WireModel):
    """``people`` and ``teams`` are over all of them, ``items`` a page: one's own first, then the longest."""

    definition: Explanation
    fresh_at: datetime
    total: TailSum
    people: list[TailsOfOne]
    teams: list[TailsOfTeam]
    items: list[Callback]
    next: str | None


class TailFilters(InputModel):
    """Whose: a person's, or a team's with its queues."""

    agent_id: UUID | None = None
    team_id: UUID | None = None


# The owed ones by callbacks_load_idx. One pass gives every person, every team and the whole.
_SUMS = """
SELECT GROUPING(tail.agent_id, tail.queue) = 0 AS of_one, GROUPING(tail.team_id) = 0 AS of_team,
       tail.agent_id, tail.agent_name, tail.queue, tail.team_id, tail.team_name,
       count(*) AS count, COALESCE(sum(tail.late_s), 0) AS total_s, max(tail.late_s) AS longest_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY tail.late_s) AS median_s
FROM (
    SELECT callback.agent_id, agent.name AS agent_name, team.id AS team_id, team.name AS team_name,
           CASE WHEN callback.agent_id IS NULL THEN callback.queue END AS queue,
           extract(epoch FROM now() - callback.due_at)::float8 AS late_s
    {tables}
    LEFT JOIN queues queue ON callback.agent_id IS NULL AND queue.name = callback.queue
    LEFT JOIN teams team ON team.id = COALESCE(agent.team_id, queue.team_id)
    {where}
) AS tail
GROUP BY GROUPING SETS (
    (tail.agent_id, tail.agent_name, tail.queue, tail.team_id, tail.team_name), (tail.team_id, tail.team_name), ()
)
ORDER BY tail.agent_id IS DISTINCT FROM {me}, total_s DESC, tail.agent_name, tail.queue, tail.team_name
"""

_ROWS = """
SELECT callback.id, callback.due_at, (callback.agent_id IS DISTINCT FROM {me})::int AS rank
{tables}
{where}
ORDER BY rank, callback.due_at, callback.id
LIMIT {limit}
"""

_KEY = "((callback.agent_id IS DISTINCT FROM {me})::int, callback.due_at, callback.id)"


async def list_tails(db: Reader, viewer: Viewer, filters: TailFilters, *, limit: int, cursor: str | None) -> Tails:
    """Those the viewer may see.

    Raises:
        CursorInvalid: the cursor is of another list.
    """
    sums = await db.fetch(*_statement(_SUMS, viewer, filters))
    rows = await db.fetch(*_statement(_ROWS, viewer, filters, limit=limit, cursor=cursor))
    items = await load_callbacks(db, [row["id"] for row in rows[:limit]])
    last = rows[limit - 1] if len(rows) > limit else None
    return Tails(
        definition=Explanation(**tail_in_words().as_json()),
        fresh_at=await db.fetchval("SELECT now()"),
        total=next(
            TailSum.model_validate(_fields(row, _SUM)) for row in sums if not row["of_one"] and not row["of_team"]
        ),
        people=[TailsOfOne.model_validate(_fields(row, _SUM + _ONE)) for row in sums if row["of_one"]],
        teams=[
            TailsOfTeam.model_validate(_fields(row, _SUM + _TEAM))
            for row in sums
            if row["of_team"] and not row["of_one"]
        ],
        items=[items[row["id"]] for row in rows[:limit]],
        next=encode_cursor(str(last["rank"]), last["due_at"].isoformat(), str(last["id"])) if last else None,
    )


_SUM = tuple(TailSum.model_fields)
_ONE = ("agent_id", "agent_name", "queue", "team_id")
_TEAM = ("team_id", "team_name")


def _statement(
    template: str,
    viewer: Viewer,
    filters: TailFilters,
    *,
    limit: int | None = None,
    cursor: str | None = None,
) -> tuple[str, *tuple[object, ...]]:
    conditions = Conditions()
    conditions.parts.append(IS_TAIL)
    conditions.add_known("callback.agent_id = {}", filters.agent_id)
    conditions.add_known(OF_TEAM, filters.team_id)
    narrow_to_scope(conditions, viewer)
    me = f"{conditions.value(viewer.user_id)}::uuid"
    if cursor is not None:
        key = ", ".join(conditions.value(part) for part in _decode(cursor))
        conditions.parts.append(f"{_KEY.format(me=me)} > ({key})")
    where = conditions.where
    parts = {"tables": FROM_CALLBACKS, "where": where, "me": me}
    if limit is not None:
        parts["limit"] = conditions.value(limit + 1)
    return (template.format(**parts), *conditions.args)


def _decode(cursor: str) -> tuple[int, datetime, UUID]:
    rank, due_at, last = decode_cursor(cursor, 3)
    try:
        return int(rank), datetime.fromisoformat(due_at), UUID(last)
    except ValueError as error:
        raise CursorInvalid from error


def _fields(row: Record, names: tuple[str, ...]) -> dict[str, object]:
    return {name: row[name] for name in names}
