"""Clients: finding, writing down, correcting and merging them, and all that is known of one."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crm_core.actions import clients
from crm_core.actions.clients import (
    ClientIn,
    ClientMergeIn,
    ClientPatch,
    MergedFurther,
    NotMerged,
    OwnerUnknown,
    SameClient,
)
from crm_core.domain.errors import ClientBlocked, VersionConflict
from crm_core.store.database import Reader, Transaction
from crm_core.views.cards import Card, get_card
from crm_core.views.client_merges import ClientMerges, list_merges
from crm_core.views.clients import Client, get_client, list_clients, load_clients, search_clients
from crm_core.views.paging import CursorInvalid, Page
from crm_core.views.suggestions import MergePreview, Suggestions, preview_merge, suggest_for_client
from crm_core.views.timeline import TimelineEntry, get_timeline
from gateway.http.inputs import Nothing, Paging
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("clients")


class ClientQuery(Paging):
    """``q``: part of a name (typos forgiven), digits of a number, or the beginning of a mail address."""

    q: Annotated[str, Field(max_length=200)] | None = None


class MergeQuery(BaseModel):
    """Who would become part of the client in the path."""

    model_config = ConfigDict(extra="forbid")

    other_id: UUID


@routes.add(
    "GET",
    "/clients",
    permission=Permission.SIGNED_IN,
    summary="Find clients",
    snapshot=True,
    refusals=[CursorInvalid],
)
async def find_clients(request: Request, reader: Reader, query: ClientQuery) -> Page[Client]:
    """Best first with ``q``, otherwise the caller's own, newest first."""
    if query.q is None or not query.q.strip():
        return await list_clients(reader, request.viewer, limit=query.limit, cursor=query.cursor)
    return await search_clients(reader, request.viewer, query.q, limit=query.limit, cursor=query.cursor)


@routes.add(
    "POST",
    "/clients",
    permission=Permission.SIGNED_IN,
    summary="Add a client",
    status=201,
    refusals=[OwnerUnknown],
)
async def add_client(request: Request, tx: Transaction, body: ClientIn) -> Client:
    """A number is kept as it was typed and as E.164; one value may belong to several clients."""
    client_id = await clients.create(tx, body, country=request.services.settings.country)
    return (await load_clients(tx, [client_id]))[client_id]


@routes.add("GET", "/clients/{client_id}", permission=Permission.SIGNED_IN, summary="One client", snapshot=True)
async def get_one_client(request: Request, reader: Reader, client_id: UUID) -> Client:
    """An id that was merged into another answers with the survivor."""
    return await get_client(reader, client_id, request.viewer)


@routes.add(
    "PATCH",
    "/clients/{client_id}",
    permission=Permission.SIGNED_IN,
    summary="Correct a client",
    refusals=[VersionConflict, OwnerUnknown],
)
async def edit_client(request: Request, tx: Transaction, client_id: UUID, body: ClientPatch) -> Client:
    """What is left out stays, null clears; with ``version`` it is refused when somebody was faster."""
    country = request.services.settings.country
    edited = await clients.edit(tx, client_id, request.viewer, body, country=country)
    return (await load_clients(tx, [edited]))[edited]


@routes.add(
    "POST",
    "/clients/{client_id}/merge",
    permission=Permission.SIGNED_IN,
    summary="Merge another card into this one",
    refusals=[SameClient, ClientBlocked],
)
async def merge_clients(request: Request, tx: Transaction, client_id: UUID, body: ClientMergeIn) -> Client:
    survivor = await clients.merge(tx, client_id, request.viewer, other_id=body.other_id)
    return (await load_clients(tx, [survivor]))[survivor]


@routes.add(
    "GET",
    "/clients/{client_id}/merge-preview",
    permission=Permission.SIGNED_IN,
    summary="What a merge would do",
)
async def show_merge(request: Request, reader: Reader, client_id: UUID, query: MergeQuery) -> MergePreview:
    """Of ``other_id`` into this one; nothing is changed."""
    return await preview_merge(reader, request.viewer, client_id, query.other_id)


@routes.add(
    "GET",
    "/clients/{client_id}/suggestions",
    permission=Permission.SIGNED_IN,
    summary="Cards that may be this very person",
)
async def show_suggestions(request: Request, reader: Reader, client_id: UUID) -> Suggestions:
    """By an address or a name they share; a family, and those that somebody has told apart, are left out."""
    return await suggest_for_client(reader, request.viewer, client_id)


@routes.add(
    "POST",
    "/clients/{client_id}/keep-apart",
    permission=Permission.SIGNED_IN,
    summary="Say that two clients are two people",
    status=204,
    refusals=[SameClient],
)
async def keep_clients_apart(request: Request, tx: Transaction, client_id: UUID, body: ClientMergeIn) -> None:
    """They are not suggested to be one any more."""
    await clients.keep_apart(tx, client_id, request.viewer, other_id=body.other_id)


@routes.add(
    "GET",
    "/clients/{client_id}/merges",
    permission=Permission.SIGNED_IN,
    summary="Cards that are part of this one",
)
async def show_merges(request: Request, reader: Reader, client_id: UUID) -> ClientMerges:
    """With what would come apart, if each was undone."""
    return await list_merges(reader, request.viewer, client_id)


@routes.add(
    "POST",
    "/clients/{client_id}/unmerge",
    permission=Permission.SIGNED_IN,
    summary="Undo the last merge",
    refusals=[NotMerged, MergedFurther],
)
async def unmerge_clients(request: Request, tx: Transaction, client_id: UUID, body: Nothing) -> Client:
    parted = await clients.unmerge(tx, client_id, request.viewer)
    return (await load_clients(tx, [parted]))[parted]


@routes.add(
    "GET",
    "/clients/{client_id}/timeline",
    permission=Permission.SIGNED_IN,
    summary="All that happened, and is planned",
    snapshot=True,
    refusals=[CursorInvalid],
)
async def get_client_timeline(request: Request, reader: Reader, client_id: UUID, query: Paging) -> Page[TimelineEntry]:
    """All channels, newest first."""
    return await get_timeline(reader, client_id, request.viewer, limit=query.limit, cursor=query.cursor)


@routes.add(
    "GET",
    "/clients/{client_id}/card",
    permission=Permission.SIGNED_IN,
    summary="What the screen pop carries",
    snapshot=True,
)
async def get_client_card(request: Request, reader: Reader, client_id: UUID) -> Card:
    return await get_card(reader, client_id, request.viewer)
