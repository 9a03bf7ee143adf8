"""Groups our bots are in: seen, and bound to a trip."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from crm_core.actions import telegram_groups as groups
from crm_core.actions.telegram_groups import GroupIn, TripUnknown
from crm_core.domain.errors import NotFound
from crm_core.store.database import Reader, Transaction
from crm_core.views.telegram_groups import TelegramGroups, list_groups
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("conversations")

#: As Telegram numbers groups: people are above zero.
GroupId = Annotated[int, Field(lt=0)]


@routes.add("GET", "/telegram/groups", permission=Permission.SUPERVISOR, summary="Groups our bots are in")
async def get_telegram_groups(request: Request, reader: Reader) -> TelegramGroups:
    return TelegramGroups(items=await list_groups(reader))


@routes.add(
    "PUT",
    "/telegram/groups/{chat_id}",
    permission=Permission.SUPERVISOR,
    summary="Bind a group to a trip",
    refusals=[NotFound, TripUnknown],
)
async def bind_telegram_group(request: Request, tx: Transaction, chat_id: GroupId, body: GroupIn) -> None:
    """Questions asked there are about that trip from now on; ``trip_id: null`` unbinds it."""
    await groups.bind(tx, request.viewer, chat_id, body)
