"""Teams with their rules, and what belongs to them."""

from __future__ import annotations

from uuid import UUID

from crm_core.domain.distribution import Strategy
from crm_core.domain.errors import NotFound
from crm_core.store.database import Reader
from crm_core.views.model import WireModel
from crm_core.views.paging import Page

_SELECT = """
SELECT team.id, team.name, team.calendar_id, calendar.name AS calendar, team.strategy, team.load_cap,
       team.load_warning, team.hourly_cap, team.long_pause_s, team.accept_within_s, team.version,
       (SELECT count(*) FROM users person WHERE person.team_id = team.id AND person.enabled) AS people,
       ARRAY(
           SELECT person.name
           FROM users person
           WHERE person.team_id = team.id AND person.enabled AND person.role = 'supervisor'
           ORDER BY person.name
       ) AS supervisors,
       ARRAY(SELECT queue.name FROM queues queue WHERE queue.team_id = team.id ORDER BY queue.name) AS queues
FROM teams team
LEFT JOIN calendars calendar ON calendar.id = team.calendar_id
"""

_LIST = f"{_SELECT} ORDER BY lower(team.name)"

_GET = f"{_SELECT} WHERE team.id = $1"


class TeamRules(WireModel):
    """How a team works; without a calendar it is always open. ``people`` are those who work here now."""

    id: UUID
    name: str
    calendar_id: UUID | None
    calendar: str | None
    strategy: Strategy
    load_cap: int
    load_warning: int
    hourly_cap: int
    long_pause_s: int
    accept_within_s: int
    version: int
    people: int
    supervisors: list[str]
    queues: list[str]


async def list_teams(db: Reader) -> Page[TeamRules]:
    """By name, all on one page."""
    return Page[TeamRules](items=[TeamRules.model_validate(dict(row)) for row in await db.fetch(_LIST)], next=None)


async def get_team(db: Reader, team_id: UUID) -> TeamRules:
    """One of them.

    Raises:
        NotFound: there is none.
    """
    row = await db.fetchrow(_GET, team_id)
    if row is None:
        raise NotFound
    return TeamRules.model_validate(dict(row))
