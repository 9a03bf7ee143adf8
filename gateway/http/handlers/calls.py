"""Asking the PBX for something: to place a call, to stop ringing, to hang up."""

from __future__ import annotations

from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import Field, model_validator

from crm_core.actions import dialling
from crm_core.domain.errors import (
    CallbackClosed,
    CallbackMoved,
    CallNotLive,
    CallNotRinging,
    ClientBlocked,
    NoExtension,
    NoOutboundContext,
    NotFound,
    NumberNotDiallable,
    PbxUnavailable,
)
from crm_core.inputs import InputModel
from crm_core.store.database import Transaction
from crm_core.views.clients import get_client
from crm_core.views.interactions import get_interaction
from crm_core.views.model import WireModel
from gateway.http.inputs import Nothing
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("calls")


class CallIn(InputModel):
    """Whom to call: a client, by their first number or by ``number``; or a number alone.

    ``callback_id`` is the promise this call is to keep: it is claimed with it, and when it is somebody else's
    by now nothing is dialled, unless ``anyway``.
    """

    client_id: UUID | None = None
    number: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    callback_id: UUID | None = None
    anyway: bool = False

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.client_id is None and self.number is None:
            raise ValueError("client_id or number is needed")
        return self


class CallAsked(WireModel):
    """The interaction this is about; its changes come as events."""

    interaction_id: UUID


@routes.add(
    "POST",
    "/calls",
    permission=Permission.SIGNED_IN,
    summary="Click to call",
    status=202,
    refusals=[
        NoExtension,
        NoOutboundContext,
        NotFound,
        NumberNotDiallable,
        PbxUnavailable,
        CallbackMoved,
        CallbackClosed,
        ClientBlocked,
    ],
)
async def place_call(request: Request, tx: Transaction, body: CallIn) -> CallAsked:
    """Rings the caller's own phone first, then the client."""
    client_id = body.client_id and (await get_client(tx, body.client_id, request.viewer)).id
    settings = request.services.settings
    interaction_id = await dialling.place_call(
        tx,
        request.viewer,
        client_id=client_id,
        number=body.number,
        country=settings.country,
        dialling=[pbx.name for pbx in settings.pbx if pbx.outbound_context is not None],
        callback_id=body.callback_id,
        anyway=body.anyway,
    )
    return CallAsked(interaction_id=interaction_id)


@routes.add(
    "POST",
    "/calls/{interaction_id}/decline",
    permission=Permission.SIGNED_IN,
    summary="Stop ringing my phone",
    status=202,
    refusals=[CallNotRinging],
)
async def decline_call(request: Request, tx: Transaction, interaction_id: UUID, body: Nothing) -> CallAsked:
    """The queue offers the call to the next."""
    seen = await get_interaction(tx, interaction_id, request.viewer)
    await dialling.decline(tx, seen.id, request.viewer)
    return CallAsked(interaction_id=seen.id)


@routes.add(
    "POST",
    "/calls/{interaction_id}/hangup",
    permission=Permission.SIGNED_IN,
    summary="End the call",
    status=202,
    refusals=[CallNotLive],
)
async def hang_up_call(request: Request, tx: Transaction, interaction_id: UUID, body: Nothing) -> CallAsked:
    seen = await get_interaction(tx, interaction_id, request.viewer)
    await dialling.hang_up(tx, seen.id, request.viewer)
    return CallAsked(interaction_id=seen.id)
