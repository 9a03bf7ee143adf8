"""What belongs to a client's card beside the client: who travels with them, where to, and what they may buy."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.store.database import Transaction

_ADD_RELATION = """
INSERT INTO client_relations (id, client_id, related_client_id, name, relation, birth_date, note)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

_ADD_TRIP = """
INSERT INTO trips (id, client_id, title, destination, hotel, starts_on, ends_on, adults, children, timezone,
                   return_flight_at, transfer_ordered, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""

_ADD_DEAL = """
INSERT INTO deals (id, client_id, owner_id, title, stage, amount, currency, next_step, due_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def add_relation(
    tx: Transaction,
    client_id: UUID,
    *,
    name: str,
    relation: str,
    birth_date: date | None = None,
    note: str | None = None,
    related_client_id: UUID | None = None,
) -> UUID:
    """Somebody of the family, or a companion; ``related_client_id`` when they are a client as well."""
    relation_id = new_id(tx.now)
    await tx.execute(_ADD_RELATION, relation_id, client_id, related_client_id, name, relation, birth_date, note)
    return relation_id


async def add_trip(
    tx: Transaction,
    client_id: UUID,
    *,
    title: str,
    destination: str,
    hotel: str | None,
    starts_on: date,
    ends_on: date,
    adults: int = 1,
    children: int = 0,
    timezone: str | None = None,
    return_flight_at: datetime | None = None,
    transfer_ordered: bool | None = None,
    note: str | None = None,
) -> UUID:
    """A journey, past or to come; ``timezone`` is the place's own."""
    trip_id = new_id(tx.now)
    await tx.execute(
        _ADD_TRIP,
        trip_id,
        client_id,
        title,
        destination,
        hotel,
        starts_on,
        ends_on,
        adults,
        children,
        timezone,
        return_flight_at,
        transfer_ordered,
        note,
    )
    return trip_id


async def add_deal(
    tx: Transaction,
    client_id: UUID,
    *,
    owner_id: UUID | None,
    title: str,
    stage: str,
    amount: Decimal | None = None,
    currency: str | None = None,
    next_step: str | None = None,
    due_on: date | None = None,
) -> UUID:
    """What the client may buy, and the next step towards it."""
    deal_id = new_id(tx.now)
    await tx.execute(_ADD_DEAL, deal_id, client_id, owner_id, title, stage, amount, currency, next_step, due_on)
    return deal_id
