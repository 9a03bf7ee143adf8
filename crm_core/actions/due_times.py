"""The time of a promise as a person types it: what a clock will show, and whose clock.

The moment is worked out once, here, where the zones of the client, of the
manager and of the company are known; what is stored is the moment. A time that
the clocks skip on that day, or show twice, is asked about and never guessed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import model_validator

from crm_core.domain.errors import InputRejected, NotFound
from crm_core.domain.local_time import local_moment
from crm_core.domain.viewer import Viewer
from crm_core.inputs import InputModel, Moment, TimezoneName, WallClock
from crm_core.store.calendars import calendar_of_agent
from crm_core.store.clients import find_survivor, may_see_client
from crm_core.store.database import Reader

# By primary key.
_FIND_ZONE = """
SELECT timezone
FROM clients
WHERE id = $1
"""


class ClientZoneUnknown(InputRejected):
    """Nobody has written down where this client lives; say the time by your own clock, or set their time zone first."""

    code = "client_zone_unknown"


class LocalTime(InputModel):
    """A time by somebody's clock: the client's, one's own, or that of a place.

    ``second`` answers the question of an hour that the clock shows twice: its second turn, or its first.
    """

    time: WallClock
    zone: Literal["client", "own"] | TimezoneName = "own"
    second: bool | None = None


class MaybeDueIn(InputModel):
    """When the client is to hear from us: a moment with its offset, a time by somebody's clock, or nothing said."""

    due_at: Moment | None = None
    due_local: LocalTime | None = None

    @model_validator(mode="after")
    def _is_said_once(self) -> Self:
        if self.due_at is not None and self.due_local is not None:
            raise ValueError("either due_at or due_local, not both")
        return self


class DueIn(MaybeDueIn):
    """When the client is to hear from us: a moment with its offset, or a time by somebody's clock."""

    @model_validator(mode="after")
    def _is_said(self) -> Self:
        if self.due_at is None and self.due_local is None:
            raise ValueError("either due_at or due_local is needed")
        return self


async def due_moment(
    db: Reader, given: MaybeDueIn, *, by: Viewer, client_id: UUID | None, company: ZoneInfo
) -> datetime:
    """The moment that ``by`` means; ``company`` is the zone of whoever has no hours of their own.

    Raises:
        NotFound: it was said by the clock of a client ``by`` may not see.
        ClientZoneUnknown: nobody knows what the client's clock shows.
        LocalTimeMissing, LocalTimeDoubled: the clock never shows this on that day, or shows it twice.
    """
    if given.due_local is None:
        assert given.due_at is not None
        return given.due_at
    local = given.due_local
    zone = await _zone(db, local.zone, by=by, client_id=client_id, company=company)
    return local_moment(local.time, zone, second=local.second)


async def zone_of_agent(db: Reader, user_id: UUID, company: ZoneInfo) -> ZoneInfo:
    """By what clock this person lives: that of their working hours, else the company's."""
    calendar = await calendar_of_agent(db, user_id)
    return calendar.zone if calendar else company


async def _zone(db: Reader, name: str, *, by: Viewer, client_id: UUID | None, company: ZoneInfo) -> ZoneInfo:
    match name:
        case "own":
            return await zone_of_agent(db, by.user_id, company)
        case "client":
            return await _zone_of_client(db, by, client_id)
        case _:
            return ZoneInfo(name)


async def _zone_of_client(db: Reader, by: Viewer, client_id: UUID | None) -> ZoneInfo:
    if client_id is None:
        raise ClientZoneUnknown
    survivor = await find_survivor(db, client_id)
    if survivor is None or not await may_see_client(db, by, survivor):
        raise NotFound("There is no such client.")
    zone: str | None = await db.fetchval(_FIND_ZONE, survivor)
    if zone is None:
        raise ClientZoneUnknown
    return ZoneInfo(zone)
