"""Trips: where a client is, has been and will be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from crm_core.store.database import Reader
from crm_core.views.model import WireModel


class Trip(WireModel):
    """``state`` is by the calendar of the place the trip goes to."""

    id: UUID
    title: str
    destination: str
    hotel: str | None
    starts_on: date
    ends_on: date
    state: Literal["planned", "current", "past"]
    adults: int
    children: int
    timezone: str | None
    return_flight_at: datetime | None
    transfer_ordered: bool | None
    note: str | None


#: The day it is there, for ``FROM trips trip``.
TODAY_THERE = "(now() AT TIME ZONE COALESCE(trip.timezone, 'UTC'))::date"

#: The whole read model as jsonb, for ``FROM trips trip``.
TRIP = f"""
    jsonb_build_object(
        'id', trip.id, 'title', trip.title, 'destination', trip.destination, 'hotel', trip.hotel,
        'starts_on', trip.starts_on, 'ends_on', trip.ends_on,
        'state', CASE WHEN {TODAY_THERE} < trip.starts_on THEN 'planned'
                      WHEN {TODAY_THERE} <= trip.ends_on THEN 'current' ELSE 'past' END,
        'adults', trip.adults, 'children', trip.children, 'timezone', trip.timezone,
        'return_flight_at', trip.return_flight_at, 'transfer_ordered', trip.transfer_ordered, 'note', trip.note)
"""

# By primary key.
_LOAD = f"SELECT {TRIP} AS trip FROM trips trip WHERE trip.id = ANY($1::uuid[])"  # noqa: S608


async def load_trips(db: Reader, ids: Iterable[UUID]) -> dict[UUID, Trip]:
    wanted = list(set(ids))
    rows = await db.fetch(_LOAD, wanted) if wanted else []
    trips = [Trip.model_validate(row["trip"]) for row in rows]
    return {trip.id: trip for trip in trips}
