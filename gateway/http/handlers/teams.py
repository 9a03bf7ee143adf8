"""Teams and their rules: everybody reads them, administrators write them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from crm_core.actions import teams
from crm_core.actions.teams import CalendarUnknown, TeamIn, TeamNameTaken, TeamNotEmpty, TeamPatch, WarningAboveCap
from crm_core.domain.errors import VersionConflict
from crm_core.store.database import Reader, Transaction
from crm_core.views.paging import Page
from crm_core.views.teams import TeamRules, get_team, list_teams
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("teams")


@routes.add("GET", "/teams", permission=Permission.SIGNED_IN, summary="List teams and their rules")
async def get_teams(request: Request, reader: Reader) -> Page[TeamRules]:
    """By name: their hours, how their promises and leads are given out, and how much one person holds."""
    return await list_teams(reader)


@routes.add(
    "POST",
    "/teams",
    permission=Permission.ADMIN,
    summary="Add a team",
    status=201,
    refusals=[TeamNameTaken, CalendarUnknown, WarningAboveCap],
)
async def add_team(request: Request, tx: Transaction, body: TeamIn) -> TeamRules:
    return await get_team(tx, await teams.create(tx, body, by=request.user_id))


@routes.add(
    "PATCH",
    "/teams/{team_id}",
    permission=Permission.ADMIN,
    summary="Change a team's rules",
    refusals=[VersionConflict, TeamNameTaken, CalendarUnknown, WarningAboveCap],
)
async def change_team(request: Request, tx: Transaction, team_id: UUID, body: TeamPatch) -> TeamRules:
    """A new name goes into the policies that name the team."""
    await teams.change(tx, team_id, body, by=request.user_id)
    return await get_team(tx, team_id)


@routes.add(
    "DELETE",
    "/teams/{team_id}",
    permission=Permission.ADMIN,
    summary="Dissolve a team",
    refusals=[TeamNotEmpty],
)
async def dissolve_team(request: Request, tx: Transaction, team_id: UUID) -> None:
    """Refused, with what they are, while people, queues, sources, leads or policies belong to it."""
    await teams.dissolve(tx, team_id, by=request.user_id)
