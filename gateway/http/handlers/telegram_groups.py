"""Groups our bots are in: seen, and bound to a trip that is looked for by words."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from crm_core.actions import telegram_groups as groups
from crm_core.actions.telegram_groups import GroupIn, TripCodeIn, TripUnknown
from crm_core.domain.errors import NotFound
from crm_core.store.database import Reader, Transaction
from crm_core.views.telegram_groups import TelegramGroups, TripCode, telegram_groups
from crm_core.views.trips import FoundTrips, TripFilters, find_trips
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("conversations")

#: As Telegram numbers groups: people are above zero.
GroupId = Annotated[int, Field(ge=-(2**63), lt=0)]


@routes.add("GET", "/telegram/groups", permission=Permission.SUPERVISOR, summary="Groups our bots are in")
async def get_telegram_groups(request: Request, reader: Reader) -> TelegramGroups:
    return await telegram_groups(reader, [bot.name for bot in request.services.settings.telegram])


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


@routes.add(
    "POST",
    "/telegram/trip-codes",
    permission=Permission.SUPERVISOR,
    summary="Make a code that binds a group to a trip",
    status=201,
    refusals=[TripUnknown],
)
async def make_trip_code(request: Request, tx: Transaction, body: TripCodeIn) -> TripCode:
    """``/trip CODE``, typed in a group with a bot of ours, binds that group; once, within a day."""
    code, expires_at = await groups.make_code(tx, request.viewer, body)
    return TripCode(code=code, expires_at=expires_at)


@routes.add("GET", "/trips", permission=Permission.SUPERVISOR, summary="Find trips")
async def get_trips(request: Request, reader: Reader, query: TripFilters) -> FoundTrips:
    """Of all clients, those that are to come, going on or just over."""
    return await find_trips(reader, query)
