"""Who asks: the person behind a request or a socket, and how far they may see.

An agent sees their own things and those of their clients, a supervisor their
team's (all of them when the supervisor belongs to no team), admins and owners everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from crm_core.domain.events import FLOOR, STAFF, Room, agent_room, team_room
from crm_core.domain.people import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A signed-in person, as far as rights are concerned."""

    user_id: UUID
    role: Role
    team_id: UUID | None

    @property
    def sees_everything(self) -> bool:
        return self.role in {Role.ADMIN, Role.OWNER} or (self.role is Role.SUPERVISOR and self.team_id is None)

    @property
    def supervises(self) -> bool:
        return self.role is not Role.AGENT

    def may_answer_for(self, user_id: UUID, team_id: UUID | None) -> bool:
        """Whether what concerns this person of that team is theirs to arrange: oneself, and whom one supervises."""
        return user_id == self.user_id or self.sees_everything or (self.supervises and team_id == self.team_id)

    @property
    def rooms(self) -> tuple[Room, ...]:
        """The rooms whose events this person hears."""
        rooms = [STAFF, agent_room(self.user_id)]
        if self.sees_everything:
            rooms.append(FLOOR)
        elif self.supervises and self.team_id is not None:
            rooms.append(team_room(self.team_id))
        return tuple(rooms)
