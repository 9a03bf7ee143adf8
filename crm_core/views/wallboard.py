"""The floor in figures: each with its formula's name, what it was counted over, and how fresh it is.

A figure over nothing is null, never zero: nobody was served well or badly yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from crm_core.domain.ids import first_id
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Reader, Record
from crm_core.views.gaps import GapMark, gaps_over
from crm_core.views.model import WireModel

_DAY_START = "SELECT date_trunc('day', now() AT TIME ZONE $1) AT TIME ZONE $1"

# By primary key from the beginning of the day; the live ones among them by interactions_live_idx.
_QUEUES = """
SELECT queue.name,
       count(*) FILTER (WHERE call.state IN ('offered', 'queued')) AS waiting,
       extract(epoch FROM now() - min(call.started_at) FILTER (WHERE call.state IN ('offered', 'queued')))::float8
           AS longest_wait_s,
       count(*) FILTER (WHERE call.answered_at IS NOT NULL) AS answered,
       count(*) FILTER (WHERE call.answered_at IS NOT NULL AND call.wait_s <= queue.service_level_s)
           AS answered_in_time,
       count(*) FILTER (WHERE call.outcome = 'abandoned') AS abandoned,
       count(*) FILTER (WHERE call.outcome = 'short_abandoned') AS short_abandoned,
       avg(call.wait_s) FILTER (WHERE call.answered_at IS NOT NULL) AS average_wait_s
FROM queues queue
LEFT JOIN interactions call ON queue.name = call.queue
    AND call.id >= $1
    AND call.channel = 'call'
    AND call.direction = 'inbound'
    AND call.merged_into IS NULL
WHERE $2::uuid IS NULL OR queue.team_id = $2
GROUP BY queue.name
ORDER BY queue.name
"""

_AGENTS = """
SELECT COALESCE(state.state, 'offline') AS state, count(*) AS people
FROM users person
LEFT JOIN agent_states state ON state.user_id = person.id
WHERE person.enabled AND person.role = 'agent' AND ($1::uuid IS NULL OR person.team_id = $1)
GROUP BY 1
ORDER BY 1
"""

_PROMISES = """
SELECT count(*) AS owed, count(*) FILTER (WHERE callback.due_at < now()) AS late
FROM callbacks callback
LEFT JOIN users person ON person.id = callback.agent_id
LEFT JOIN queues queue ON callback.agent_id IS NULL AND queue.name = callback.queue
WHERE callback.state IN ('open', 'claimed') AND ($1::uuid IS NULL OR $1 IN (person.team_id, queue.team_id))
"""


class Figure(WireModel):
    """``sample`` is how many things ``value`` was made of; ``queue`` is null for the whole floor."""

    name: str
    queue: str | None
    value: float | None
    formula: str
    sample: int
    fresh_at: datetime


class AgentsInState(WireModel):
    """How many agents do the same."""

    state: str
    people: int


class Wallboard(WireModel):
    """Today, in the company's zone, from ``since``; not complete where ``gaps`` touch it."""

    since: datetime
    gaps: list[GapMark]
    figures: list[Figure]
    agents: list[AgentsInState]


async def get_wallboard(db: Reader, viewer: Viewer, *, timezone: str) -> Wallboard:
    """The floor, or the part of it that belongs to a supervisor's team."""
    team = None if viewer.sees_everything else viewer.team_id
    since: datetime = await db.fetchval(_DAY_START, timezone)
    now: datetime = await db.fetchval("SELECT now()")
    queues = await db.fetch(_QUEUES, first_id(since), team)
    figures = [figure for row in queues for figure in _of_queue(row, now)]
    figures += await _promises(db, team, now)
    agents = [AgentsInState(**dict(row)) for row in await db.fetch(_AGENTS, team)]
    return Wallboard(since=since, gaps=await gaps_over(db, since, now), figures=figures, agents=agents)


def _of_queue(row: Record, now: datetime) -> Iterator[Figure]:
    reached = row["answered"] + row["abandoned"]
    for name, value, formula, sample in (
        ("waiting", row["waiting"], "calls_not_yet_answered", row["waiting"]),
        ("longest_wait_s", row["longest_wait_s"], "now_minus_first_sign_of_the_oldest_waiting", row["waiting"]),
        ("answered", row["answered"], "answered_by_a_person_today", row["answered"]),
        ("abandoned", row["abandoned"], "left_after_the_short_limit_today", row["abandoned"]),
        ("short_abandoned", row["short_abandoned"], "left_within_the_short_limit_today", row["short_abandoned"]),
        ("average_wait_s", row["average_wait_s"], "mean_wait_of_answered_today", row["answered"]),
        (
            "service_level",
            row["answered_in_time"] / reached if reached else None,
            "answered_in_time_of_answered_and_abandoned_today",
            reached,
        ),
    ):
        yield Figure(name=name, queue=row["name"], value=value, formula=formula, sample=sample, fresh_at=now)


async def _promises(db: Reader, team: UUID | None, now: datetime) -> list[Figure]:
    row = await db.fetchrow(_PROMISES, team)
    assert row is not None
    return [
        Figure(name=name, queue=None, value=value, formula=formula, sample=row["owed"], fresh_at=now)
        for name, value, formula in (
            ("promises_owed", row["owed"], "promises_not_yet_kept"),
            ("promises_late", row["late"], "promises_not_yet_kept_past_due"),
        )
    ]
