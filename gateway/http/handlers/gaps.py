"""The ledger of what was not heard."""

from __future__ import annotations

from typing import Final

from crm_core.store.database import Reader
from crm_core.views.gaps import Gap, list_gaps
from crm_core.views.paging import CursorInvalid, Page
from gateway.http.inputs import Paging
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("gaps")


@routes.add(
    "GET",
    "/gaps",
    permission=Permission.SUPERVISOR,
    summary="List times in which something was not heard",
    refusals=[CursorInvalid],
)
async def get_gaps(request: Request, reader: Reader, query: Paging) -> Page[Gap]:
    """Figures over them are not complete."""
    return await list_gaps(reader, limit=query.limit, cursor=query.cursor)
