"""Absences: one's own, and those of the people one supervises."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from crm_core.actions import absences
from crm_core.actions.absences import AbsenceIn, AbsenceOver, AbsenceOverlaps, AbsencePatch, AbsenceRejected
from crm_core.actions.callbacks import AgentUnknown
from crm_core.actions.holdings import HeirAbsent, SamePerson
from crm_core.actions.sharing import NobodyElse
from crm_core.domain.errors import CallbackAlreadyClaimed, NotFound
from crm_core.domain.leads import LeadClosed
from crm_core.inputs import InputModel, Moment
from crm_core.store.database import Reader, Transaction
from crm_core.views.absences import Absence, AbsencePreview, get_absence, list_absences, preview_absence
from crm_core.views.paging import CursorInvalid, Page
from gateway.http.inputs import Paging
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("absences")


class AbsenceQuery(Paging):
    """Those that touch the time from ``from``, before ``to``."""

    user_id: UUID | None = None
    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None


class PreviewQuery(InputModel):
    """Without ``to_at`` nobody knows yet; without ``user_id`` one's own."""

    user_id: UUID | None = None
    from_at: Moment
    to_at: Moment | None = None


@routes.add(
    "GET",
    "/absences",
    permission=Permission.SIGNED_IN,
    summary="List absences",
    refusals=[CursorInvalid],
)
async def get_absences(request: Request, reader: Reader, query: AbsenceQuery) -> Page[Absence]:
    """The latest to begin first; an agent sees their own, a supervisor their team's."""
    return await list_absences(
        reader,
        request.viewer,
        user_id=query.user_id,
        since=query.from_,
        until=query.to,
        limit=query.limit,
        cursor=query.cursor,
    )


@routes.add(
    "GET",
    "/absences/preview",
    permission=Permission.SIGNED_IN,
    summary="What an absence would leave waiting",
    refusals=[NotFound],
)
async def get_absence_preview(request: Request, reader: Reader, query: PreviewQuery) -> AbsencePreview:
    """Promises due before its end, open leads, and trips of their clients meanwhile; with how many there are."""
    return await preview_absence(
        reader,
        request.viewer,
        user_id=query.user_id or request.user_id,
        from_at=query.from_at,
        to_at=query.to_at,
        zone=request.services.settings.timezone,
    )


@routes.add(
    "POST",
    "/absences",
    permission=Permission.SIGNED_IN,
    summary="Write an absence down",
    status=201,
    refusals=[
        NotFound,
        AbsenceRejected,
        AbsenceOverlaps,
        AgentUnknown,
        HeirAbsent,
        SamePerson,
        NobodyElse,
        CallbackAlreadyClaimed,
        LeadClosed,
    ],
)
async def add_absence(request: Request, tx: Transaction, body: AbsenceIn) -> Absence:
    """The absent are given nothing; what they hold moves only by policy, or at once with ``hand_over``."""
    zone = request.services.settings.timezone
    return await get_absence(tx, await absences.create(tx, request.viewer, body, zone=zone))


@routes.add(
    "PATCH",
    "/absences/{absence_id}",
    permission=Permission.SIGNED_IN,
    summary="Change an absence",
    refusals=[AbsenceOver, AbsenceRejected, AbsenceOverlaps],
)
async def change_absence(request: Request, tx: Transaction, absence_id: UUID, body: AbsencePatch) -> Absence:
    await absences.change(tx, request.viewer, absence_id, body)
    return await get_absence(tx, absence_id)


@routes.add(
    "DELETE",
    "/absences/{absence_id}",
    permission=Permission.SIGNED_IN,
    summary="They are back",
    refusals=[AbsenceOver],
)
async def end_absence(request: Request, tx: Transaction, absence_id: UUID) -> None:
    """It ends now; one that has not begun is forgotten."""
    await absences.end(tx, request.viewer, absence_id)
