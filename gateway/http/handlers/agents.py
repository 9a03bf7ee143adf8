"""Colleagues and what they are doing, and the caller's own desk."""

from __future__ import annotations

from typing import Final, Literal

from crm_core.actions import agents
from crm_core.domain.errors import PauseReasonRequired
from crm_core.domain.people import AgentState
from crm_core.inputs import InputModel, Word
from crm_core.store.database import Reader, Transaction
from crm_core.views.agents import Agent, list_agents, load_agents
from crm_core.views.desk import Desk, get_desk
from crm_core.views.paging import Page
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("agents")


class StateIn(InputModel):
    """What one chooses to be; a pause needs a reason of the list."""

    state: Literal[AgentState.AVAILABLE, AgentState.PAUSED, AgentState.OFFLINE]
    reason: Word | None = None


@routes.add("GET", "/agents", permission=Permission.SIGNED_IN, summary="List colleagues", snapshot=True)
async def get_agents(request: Request, reader: Reader) -> Page[Agent]:
    """By name; whoever belongs to a team sees that team."""
    return await list_agents(reader, request.viewer)


@routes.add(
    "PUT",
    "/agents/me/state",
    permission=Permission.SIGNED_IN,
    summary="Say what I am doing",
    refusals=[PauseReasonRequired],
)
async def set_my_state(request: Request, tx: Transaction, body: StateIn) -> Agent:
    """The queues of the PBX follow."""
    await agents.set_state(tx, request.user_id, body.state, body.reason)
    return (await load_agents(tx, [request.user_id]))[request.user_id]


@routes.add("GET", "/desk", permission=Permission.SIGNED_IN, summary="My whole desk", snapshot=True)
async def get_my_desk(request: Request, reader: Reader) -> Desk:
    """What rings, what is talked, what is to be closed, and today's figures."""
    return await get_desk(reader, request.viewer, timezone=request.services.settings.timezone.key)
