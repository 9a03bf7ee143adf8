"""The interaction log: reading it, saying who it was and how it ended."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from crm_core.actions import due_times, identity, interactions
from crm_core.actions.callbacks import ClientRequired
from crm_core.actions.due_times import ClientZoneUnknown, DueIn
from crm_core.actions.identity import ClientChoice
from crm_core.domain.callbacks import PromisedCallback
from crm_core.domain.errors import ClientBlocked, DispositionRequiresCallback, DispositionUnknown, NotYourInteraction
from crm_core.domain.local_time import LocalTimeDoubled, LocalTimeMissing
from crm_core.inputs import InputModel, Moment, Prose, Sentence, Word
from crm_core.store.database import Reader, Transaction
from crm_core.views.interactions import WRITTEN, Interaction, InteractionFilters, get_interaction, list_interactions
from crm_core.views.paging import CursorInvalid, Page
from gateway.http.inputs import Paging
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("interactions")


class InteractionQuery(InteractionFilters, Paging):
    """What to narrow the list to, and which page; ``from ≤ started_at < to``."""

    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None


class NextContact(DueIn):
    """When the client was promised to hear from us."""

    subject: Sentence | None = None
    via: Literal["call", "email", "telegram", "webchat", "meeting"] = "call"


class Verdict(InputModel):
    """The agent's verdict; some codes require the next contact."""

    code: Word
    note: Prose | None = None
    callback: NextContact | None = None


@routes.add(
    "GET",
    "/interactions",
    permission=Permission.SIGNED_IN,
    summary="List interactions",
    snapshot=True,
    refusals=[CursorInvalid],
)
async def list_all(request: Request, reader: Reader, query: InteractionQuery) -> Page[Interaction]:
    """Newest first, those the caller may see."""
    return await list_interactions(reader, request.viewer, query, limit=query.limit, cursor=query.cursor)


@routes.add(
    "GET", "/interactions/{interaction_id}", permission=Permission.SIGNED_IN, summary="One interaction", snapshot=True
)
async def get_one(request: Request, reader: Reader, interaction_id: UUID) -> Interaction:
    """With its legs, recordings and messages; one that was folded into another answers with the survivor."""
    return await get_interaction(reader, interaction_id, request.viewer)


@routes.add(
    "PUT",
    "/interactions/{interaction_id}/disposition",
    permission=Permission.SIGNED_IN,
    summary="Say how it ended",
    refusals=[
        NotYourInteraction,
        DispositionUnknown,
        DispositionRequiresCallback,
        ClientRequired,
        ClientBlocked,
        ClientZoneUnknown,
        LocalTimeMissing,
        LocalTimeDoubled,
    ],
)
async def set_disposition(request: Request, tx: Transaction, interaction_id: UUID, body: Verdict) -> Interaction:
    """Ends wrap-up; during the talk it is kept. Sent again it edits, and its callback is replaced."""
    seen = await get_interaction(tx, interaction_id, request.viewer)
    await interactions.set_disposition(
        tx,
        seen.id,
        request.viewer,
        code=body.code,
        note=body.note,
        callback=await _promised(request, tx, body.callback, seen.client_id) if body.callback else None,
    )
    return await get_interaction(tx, seen.id, request.viewer)


async def _promised(request: Request, tx: Transaction, given: NextContact, client_id: UUID | None) -> PromisedCallback:
    company = request.services.settings.timezone
    due_at = await due_times.due_moment(tx, given, by=request.viewer, client_id=client_id, company=company)
    return PromisedCallback(due_at=due_at, subject=given.subject, via=given.via)


@routes.add(
    "PUT",
    "/interactions/{interaction_id}/client",
    permission=Permission.SIGNED_IN,
    summary="Say who it was",
)
async def set_client(request: Request, tx: Transaction, interaction_id: UUID, body: ClientChoice) -> Interaction:
    """One of several people behind a number, or a card just made for an unknown one."""
    seen = await get_interaction(tx, interaction_id, request.viewer)
    if seen.channel in WRITTEN:
        await identity.attach(tx, request.viewer, seen.id, body.client_id)
    else:
        await interactions.attach_client(tx, seen.id, body.client_id, request.viewer)
    return await get_interaction(tx, seen.id, request.viewer)
