"""Who hears of something that concerns certain people: they, their supervisors, and the floor."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from crm_core.domain.events import FLOOR, Room, agent_room, team_room
from crm_core.store.database import Reader

_FIND_TEAMS = """
SELECT DISTINCT team_id
FROM users
WHERE id = ANY($1::uuid[]) AND team_id IS NOT NULL
"""


async def audience(db: Reader, people: Iterable[UUID | None]) -> tuple[Room, ...]:
    """The rooms for what concerns ``people``; nobody's things are the floor's."""
    concerned = {person for person in people if person is not None}
    teams = await db.fetch(_FIND_TEAMS, list(concerned)) if concerned else []
    return (FLOOR, *map(agent_room, concerned), *(team_room(row["team_id"]) for row in teams))
