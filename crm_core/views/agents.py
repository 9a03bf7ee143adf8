"""Who works here and what they are doing, as a colleague or a supervisor sees it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from crm_core.domain.viewer import Viewer
from crm_core.store.database import Reader
from crm_core.store.ids import AMONG_FIRST, as_ids
from crm_core.views.model import WireModel
from crm_core.views.paging import Page


class Agent(WireModel):
    """A person and their state; ``since`` is when the state began."""

    id: UUID
    login: str
    name: str
    role: str
    extension: str | None
    team_id: UUID | None
    state: str
    reason: str | None
    since: datetime | None
    present: bool
    interaction_id: UUID | None
    version: int


_SELECT = """
SELECT person.id, person.login, person.name, person.role, person.team_id,
       (SELECT device.extension FROM devices device
        WHERE device.user_id = person.id ORDER BY device.position LIMIT 1) AS extension,
       COALESCE(state.state, 'offline') AS state,
       CASE WHEN state.state = 'paused' THEN state.reason END AS reason,
       state.since, COALESCE(state.present, false) AS present,
       state.phone_interaction_id AS interaction_id, COALESCE(state.version, 0) AS version
FROM users person
LEFT JOIN agent_states state ON state.user_id = person.id
"""

_LOAD = f"{_SELECT} WHERE person.id = {AMONG_FIRST}"

# Colleagues see each other's names and states: whom to hand a call to is everybody's question.
_LIST = f"{_SELECT} WHERE person.enabled AND ($1::uuid IS NULL OR person.team_id = $1) ORDER BY lower(person.name)"


async def load_agents(db: Reader, ids: Iterable[UUID]) -> dict[UUID, Agent]:
    rows = await db.fetch(_LOAD, as_ids(set(ids)))
    return {row["id"]: Agent.model_validate(dict(row)) for row in rows}


async def list_agents(db: Reader, viewer: Viewer) -> Page[Agent]:
    """Everybody who may work, by name; an agent or a team's supervisor sees their team."""
    team = None if viewer.sees_everything else viewer.team_id
    rows = await db.fetch(_LIST, team)
    return Page[Agent](items=[Agent.model_validate(dict(row)) for row in rows], next=None)


async def staff(db: Reader) -> list[Agent]:
    """Everybody who may work, by name, whoever asks: for the machinery, not for a screen."""
    return [Agent.model_validate(dict(row)) for row in await db.fetch(_LIST, None)]
