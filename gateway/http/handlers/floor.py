"""The floor: who was not heard, what was not heard, and the figures of today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from crm_core.inputs import Moment
from crm_core.store.database import Reader
from crm_core.views.abandoned import AbandonedFilters, AbandonedPage, list_abandoned
from crm_core.views.gaps import Gap, GapFilters, list_gaps
from crm_core.views.links import PbxLinks, list_links
from crm_core.views.paging import CursorInvalid, Page
from crm_core.views.wallboard import Wallboard, get_wallboard
from gateway.http.inputs import Paging
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("floor")

#: How far back a list of abandoned calls goes when it is not said.
_LATELY: Final = timedelta(hours=24)


class Period(Paging):
    """``from ≤ started_at < to``; without them the last 24 hours."""

    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None


class AbandonedQuery(AbandonedFilters, Period):
    """What to narrow the list to, and which page of it."""


@routes.add(
    "GET",
    "/abandoned",
    permission=Permission.SIGNED_IN,
    summary="List callers nobody heard",
    snapshot=True,
    refusals=[CursorInvalid],
)
async def get_abandoned(request: Request, reader: Reader, query: AbandonedQuery) -> AbandonedPage:
    """One row a caller, with what became of them; ``order=waiting``: the open first, the longest waiting before all."""
    now = datetime.now(UTC)
    return await list_abandoned(
        reader,
        request.viewer,
        query,
        since=(query.from_ or now - _LATELY).astimezone(UTC),
        until=query.to or now + _LATELY,
        limit=query.limit,
        cursor=query.cursor,
    )


@routes.add("GET", "/links", permission=Permission.SIGNED_IN, summary="Whether each PBX is heard")
async def get_links(request: Request, reader: Reader) -> PbxLinks:
    """Of one that is not ``up`` no call pops on a desk; ``heard_at`` says since when."""
    return PbxLinks(items=await list_links(reader, [pbx.name for pbx in request.services.settings.pbx]))


class GapQuery(GapFilters, Paging):
    """What to narrow the ledger to, and which page of it."""


@routes.add("GET", "/wallboard", permission=Permission.SUPERVISOR, summary="The figures of today", snapshot=True)
async def get_floor(request: Request, reader: Reader) -> Wallboard:
    """Every figure with its formula's name, its sample and its freshness."""
    return await get_wallboard(reader, request.viewer, timezone=request.services.settings.timezone.key)


@routes.add(
    "GET",
    "/gaps",
    permission=Permission.SUPERVISOR,
    summary="List times in which something was not heard",
    refusals=[CursorInvalid],
)
async def get_gaps(request: Request, reader: Reader, query: GapQuery) -> Page[Gap]:
    """With how many of their calls were repaired, and from which books; figures over the others are not complete."""
    return await list_gaps(reader, query, limit=query.limit, cursor=query.cursor)
