"""Leads: finding, writing down, accepting, following, giving on and giving back."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from crm_core.actions import lead_undo, leads
from crm_core.actions.callbacks import AgentUnknown
from crm_core.actions.lead_undo import LeadReopenIn
from crm_core.actions.leads import LeadIn, LeadMoveIn, LeadPatch, LeadReleaseIn
from crm_core.domain.contact_points import ContactPointRejected
from crm_core.domain.errors import NotFound, VersionConflict
from crm_core.domain.handovers import UndoTooLate
from crm_core.domain.leads import (
    LeadClosed,
    LeadNobody,
    LeadNotAccepted,
    LeadStageRejected,
    LeadTaken,
    LostReasonRequired,
    SourceUnknown,
)
from crm_core.store.database import Reader, Transaction
from crm_core.views.leads import Lead, LeadFilters, LeadStory, get_lead, list_leads, load_left, load_story
from crm_core.views.paging import CursorInvalid, Page
from gateway.http.inputs import Nothing, Paging
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("leads")


class LeadQuery(LeadFilters, Paging):
    """What to narrow the list to, and which page."""


@routes.add(
    "GET", "/leads", permission=Permission.SIGNED_IN, summary="List leads", snapshot=True, refusals=[CursorInvalid]
)
async def find_leads(request: Request, reader: Reader, query: LeadQuery) -> Page[Lead]:
    """Newest first: the caller's own and their clients', and those of their team that are nobody's."""
    return await list_leads(reader, request.viewer, query, limit=query.limit, cursor=query.cursor)


@routes.add(
    "POST",
    "/leads",
    permission=Permission.SIGNED_IN,
    summary="Write a lead down",
    status=201,
    refusals=[AgentUnknown, ContactPointRejected, LeadNobody, NotFound, SourceUnknown],
)
async def add_lead(request: Request, tx: Transaction, body: LeadIn) -> LeadStory:
    """Without ``owner_id`` it is given out. The same person from the same source within a day joins the open lead."""
    lead_id = await leads.create(tx, request.viewer, body, country=request.services.settings.country)
    return await load_left(tx, lead_id, request.viewer)


@routes.add("GET", "/leads/{lead_id}", permission=Permission.SIGNED_IN, summary="One lead", snapshot=True)
async def get_one_lead(request: Request, reader: Reader, lead_id: UUID) -> LeadStory:
    """With everybody who has had it, and why."""
    return await get_lead(reader, lead_id, request.viewer)


@routes.add(
    "PATCH",
    "/leads/{lead_id}",
    permission=Permission.SIGNED_IN,
    summary="Correct a lead, or say how far it has come",
    refusals=[LeadClosed, LeadNotAccepted, LeadStageRejected, LostReasonRequired, VersionConflict],
)
async def patch_lead(request: Request, tx: Transaction, lead_id: UUID, body: LeadPatch) -> LeadStory:
    """``won`` and ``lost`` close it; ``lost`` needs a ``lost_reason``."""
    await leads.edit(tx, lead_id, request.viewer, body)
    return await load_story(tx, lead_id)


@routes.add(
    "POST",
    "/leads/{lead_id}/accept",
    permission=Permission.SIGNED_IN,
    summary="It is mine",
    refusals=[LeadClosed, LeadTaken],
)
async def accept_lead(request: Request, tx: Transaction, lead_id: UUID, body: Nothing) -> LeadStory:
    """By whoever it was given to; while it is nobody's, by the first of its team."""
    await leads.accept(tx, lead_id, request.viewer)
    return await load_story(tx, lead_id)


@routes.add(
    "POST",
    "/leads/{lead_id}/move",
    permission=Permission.SIGNED_IN,
    summary="Give a lead to a colleague",
    refusals=[AgentUnknown, LeadClosed],
)
async def move_lead(request: Request, tx: Transaction, lead_id: UUID, body: LeadMoveIn) -> LeadStory:
    """One's own, or as a supervisor; the colleague has to accept it."""
    await leads.move(tx, lead_id, request.viewer, agent_id=body.agent_id, reason=body.reason)
    return await load_story(tx, lead_id)


@routes.add(
    "POST",
    "/leads/{lead_id}/release",
    permission=Permission.SIGNED_IN,
    summary="Give a lead back",
    refusals=[LeadClosed],
)
async def release_lead(request: Request, tx: Transaction, lead_id: UUID, body: LeadReleaseIn) -> LeadStory:
    """Somebody else is found for it."""
    await leads.release(tx, lead_id, request.viewer, reason=body.reason)
    return await load_story(tx, lead_id)


@routes.add(
    "POST",
    "/leads/{lead_id}/accept/undo",
    permission=Permission.SIGNED_IN,
    summary="It is not mine after all",
    refusals=[LeadClosed, UndoTooLate],
)
async def undo_accept(request: Request, tx: Transaction, lead_id: UUID, body: Nothing) -> LeadStory:
    """For ten minutes: it waits to be accepted as before, or is nobody's when they had taken it."""
    await lead_undo.take_acceptance_back(tx, lead_id, request.viewer)
    return await load_story(tx, lead_id)


@routes.add("POST", "/leads/{lead_id}/reopen", permission=Permission.SIGNED_IN, summary="Open a closed lead again")
async def reopen_lead(request: Request, tx: Transaction, lead_id: UUID, body: LeadReopenIn) -> LeadStory:
    """One's own, or as a supervisor; said within ten minutes, what was called off with it is owed again."""
    await lead_undo.reopen(tx, lead_id, request.viewer, body)
    return await load_story(tx, lead_id)
