"""Trips: where a client is, has been and will be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from crm_core.inputs import InputModel, Line
from crm_core.store.conditions import Conditions
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


class FoundTrip(WireModel):
    """A trip, with whoever ordered it."""

    id: UUID
    title: str
    destination: str
    starts_on: date
    ends_on: date
    client_name: str


class TripFilters(InputModel):
    """``q``: words of the title, the destination, the hotel, the client's name, or a day: ``03.12``."""

    q: Line | None = None


class FoundTrips(WireModel):
    """Those that begin next come first."""

    items: list[FoundTrip]


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


#: More are no choice.
_MOST_FOUND = 30

# By trips_ends_on_idx: what is over for two weeks is talked about no more. ё and е are one letter to who searches.
_SEARCH = """
SELECT trip.id, trip.title, trip.destination, trip.starts_on, trip.ends_on, client.name AS client_name
FROM trips trip
JOIN clients client ON client.id = trip.client_id
CROSS JOIN LATERAL (
    SELECT replace(lower(concat_ws(' ', trip.title, trip.destination, trip.hotel, client.name,
                                   to_char(trip.starts_on, 'DD.MM.YYYY'), to_char(trip.ends_on, 'DD.MM.YYYY'))),
                   'ё', 'е') AS told
) words
"""


async def find_trips(db: Reader, filters: TripFilters) -> FoundTrips:
    """Trips to come, going on or just over that have all the words."""
    conditions = Conditions()
    conditions.parts.append("trip.ends_on >= current_date - 14")
    for word in (filters.q or "").lower().replace("ё", "е").split():
        conditions.add("strpos(words.told, {}) > 0", word)
    rows = await db.fetch(
        f"{_SEARCH} {conditions.where} ORDER BY trip.starts_on, trip.title, trip.id"
        f" LIMIT {conditions.value(_MOST_FOUND)}",
        *conditions.args,
    )
    return FoundTrips(items=[FoundTrip.model_validate(dict(row)) for row in rows])
