"""Promises: making, claiming, keeping, moving, taking over and cancelling them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from crm_core.actions import callbacks, due_times, handovers, reopening
from crm_core.actions.callbacks import (
    AgentUnknown,
    CallbackCancelIn,
    CallbackIn,
    CallbackKeepIn,
    CallbackMoveIn,
    ContactUnknown,
    PromiseIn,
)
from crm_core.actions.due_times import ClientZoneUnknown, DueIn, MaybeDueIn
from crm_core.domain.errors import CallbackAlreadyClaimed, CallbackClosed, ClientBlocked, NotFound, TakeOverTooEarly
from crm_core.domain.local_time import LocalTimeDoubled, LocalTimeMissing
from crm_core.domain.reopening import CallbackOpen, NewTimeRequired
from crm_core.store.database import Reader, Transaction
from crm_core.views.callbacks import Callback, CallbackFilters, get_callback, list_callbacks, load_callbacks
from crm_core.views.paging import CursorInvalid, Page
from gateway.http.inputs import Nothing, Paging
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("callbacks")


class TimedPromiseIn(PromiseIn, DueIn):
    """A promise to make; without ``agent_id`` the caller owes it."""


class ReopenIn(MaybeDueIn):
    """For when it is promised now; without a time it is as it was."""


class CallbackQuery(CallbackFilters, Paging):
    """What to narrow the list to, and which page; ``due_from ≤ due_at < due_to``."""


@routes.add(
    "GET",
    "/callbacks",
    permission=Permission.SIGNED_IN,
    summary="List promises",
    snapshot=True,
    refusals=[CursorInvalid],
)
async def find_callbacks(request: Request, reader: Reader, query: CallbackQuery) -> Page[Callback]:
    """Newest first, those the caller may see; ``history`` lists every owner with the reason."""
    return await list_callbacks(reader, request.viewer, query, limit=query.limit, cursor=query.cursor)


@routes.add(
    "POST",
    "/callbacks",
    permission=Permission.SIGNED_IN,
    summary="Promise a contact",
    status=201,
    refusals=[AgentUnknown, NotFound, ClientBlocked, ClientZoneUnknown, LocalTimeMissing, LocalTimeDoubled],
)
async def add_callback(request: Request, tx: Transaction, body: TimedPromiseIn) -> Callback:
    """Without ``agent_id`` the caller owes it."""
    company = request.services.settings.timezone
    due_at = await due_times.due_moment(tx, body, by=request.viewer, client_id=body.client_id, company=company)
    given = CallbackIn(due_at=due_at, **body.model_dump(exclude={"due_at", "due_local"}))
    return await _shown(tx, await callbacks.create(tx, request.viewer, given))


@routes.add("GET", "/callbacks/{callback_id}", permission=Permission.SIGNED_IN, summary="One promise", snapshot=True)
async def get_one_callback(request: Request, reader: Reader, callback_id: UUID) -> Callback:
    return await get_callback(reader, callback_id, request.viewer)


@routes.add(
    "POST",
    "/callbacks/{callback_id}/claim",
    permission=Permission.SIGNED_IN,
    summary="I am calling now",
    refusals=[CallbackAlreadyClaimed, CallbackClosed],
)
async def claim_callback(request: Request, tx: Transaction, callback_id: UUID, body: Nothing) -> Callback:
    """A lease; while a call with the client is up it goes on, and when it lapses the clock never stopped."""
    await callbacks.claim(tx, callback_id, request.viewer)
    return await _shown(tx, callback_id)


@routes.add(
    "POST",
    "/callbacks/{callback_id}/keep",
    permission=Permission.SIGNED_IN,
    summary="It is kept",
    refusals=[CallbackAlreadyClaimed, CallbackClosed, ContactUnknown],
)
async def keep_callback(request: Request, tx: Transaction, callback_id: UUID, body: CallbackKeepIn) -> Callback:
    await callbacks.keep(tx, callback_id, request.viewer, interaction_id=body.interaction_id)
    return await _shown(tx, callback_id)


@routes.add(
    "POST",
    "/callbacks/{callback_id}/move",
    permission=Permission.SIGNED_IN,
    summary="Give it to a colleague",
    refusals=[CallbackAlreadyClaimed, CallbackClosed, AgentUnknown],
)
async def move_callback(request: Request, tx: Transaction, callback_id: UUID, body: CallbackMoveIn) -> Callback:
    await callbacks.move(tx, callback_id, request.viewer, agent_id=body.agent_id, reason=body.reason)
    return await _shown(tx, callback_id)


@routes.add(
    "POST",
    "/callbacks/{callback_id}/take-over",
    permission=Permission.SUPERVISOR,
    summary="Take a tail, without consent",
    refusals=[CallbackAlreadyClaimed, CallbackClosed, TakeOverTooEarly],
)
async def take_over_callback(request: Request, tx: Transaction, callback_id: UUID, body: Nothing) -> Callback:
    """The supervisor's right after ``takeover_at``."""
    await handovers.take_over(tx, callback_id, request.viewer)
    return await _shown(tx, callback_id)


@routes.add(
    "POST",
    "/callbacks/{callback_id}/cancel",
    permission=Permission.SIGNED_IN,
    summary="Nobody needs to keep it",
    refusals=[CallbackAlreadyClaimed, CallbackClosed],
)
async def cancel_callback(request: Request, tx: Transaction, callback_id: UUID, body: CallbackCancelIn) -> Callback:
    await callbacks.cancel(tx, callback_id, request.viewer, reason=body.reason)
    return await _shown(tx, callback_id)


@routes.add(
    "POST",
    "/callbacks/{callback_id}/reopen",
    permission=Permission.SIGNED_IN,
    summary="It is owed after all",
    refusals=[
        CallbackOpen,
        NewTimeRequired,
        AgentUnknown,
        ClientBlocked,
        ClientZoneUnknown,
        LocalTimeMissing,
        LocalTimeDoubled,
    ],
)
async def reopen_callback(request: Request, tx: Transaction, callback_id: UUID, body: ReopenIn) -> Callback:
    """Kept or cancelled by mistake: without a time for ten minutes, as it was; with one at any time, made anew."""
    due_at = None
    if body.due_at is not None or body.due_local is not None:
        client_id = (await get_callback(tx, callback_id, request.viewer)).client_id
        company = request.services.settings.timezone
        due_at = await due_times.due_moment(tx, body, by=request.viewer, client_id=client_id, company=company)
    await reopening.reopen(tx, callback_id, request.viewer, due_at=due_at)
    return await _shown(tx, callback_id)


async def _shown(db: Reader, callback_id: UUID) -> Callback:
    # Without a scope: whoever gave a promise away is still told what became of it.
    return (await load_callbacks(db, [callback_id]))[callback_id]
