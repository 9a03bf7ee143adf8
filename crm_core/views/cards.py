"""The card: what a manager must know before they say hello, promises first.

It is read while a telephone rings, for as many calls as ring, in a handful of
round trips however many there are. When several people share the number the
card names nobody: it offers them to choose from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from crm_core.domain.errors import NotFound
from crm_core.domain.viewer import Viewer
from crm_core.store.clients import clients_by_phones, find_survivor, may_see_client
from crm_core.store.database import Reader, Record, to_json
from crm_core.views.callbacks import Callback, load_owed_to
from crm_core.views.clients import Client, load_clients
from crm_core.views.interactions import Interaction, load_interactions
from crm_core.views.model import WireModel
from crm_core.views.trips import TODAY_THERE, TRIP, Trip

RECENT = 5
_MOST_TRIPS = 10
_MOST_DEALS = 10
_MOST_RELATIVES = 20

Key = TypeVar("Key")


class Relative(WireModel):
    """Somebody who travels with the client; ``client_id`` when they are a client as well."""

    id: UUID
    client_id: UUID | None
    name: str
    relation: str
    birth_date: date | None
    note: str | None


class Money(WireModel):
    """``amount`` is decimal text, as money is never a float."""

    amount: str
    currency: str


class Deal(WireModel):
    """A sale on its way."""

    id: UUID
    title: str
    stage: str
    amount: Money | None
    next_step: str | None
    due_on: date | None


class Card(WireModel):
    """Everything the screen pop carries; ``client`` is null when nobody knows who it is."""

    client: Client | None
    candidates: list[Client]
    callbacks: list[Callback]
    family: list[Relative]
    trips: list[Trip]
    deals: list[Deal]
    recent: list[Interaction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose card is asked for: a client, or whoever is behind an address."""

    client_id: UUID | None
    address: str | None
    now: UUID | None = None  # the interaction that is happening: it is not a recent one


# By client_relations_client_id_idx, client_relations' like for trips and deals.
_FAMILY = f"""
    ARRAY(
        SELECT jsonb_build_object(
            'id', relative.id, 'client_id', relative.related_client_id, 'name', relative.name,
            'relation', relative.relation, 'birth_date', relative.birth_date, 'note', relative.note)
        FROM client_relations relative
        WHERE relative.client_id = asked.client_id
        ORDER BY relative.birth_date NULLS LAST, relative.name
        LIMIT {_MOST_RELATIVES}
    )
"""  # noqa: S608

# The trip of these days first, then those to come, then the last ones.
_TRIPS = f"""
    ARRAY(
        SELECT {TRIP}
        FROM trips trip
        WHERE trip.client_id = asked.client_id
        ORDER BY trip.ends_on < {TODAY_THERE}, abs({TODAY_THERE} - trip.starts_on)
        LIMIT {_MOST_TRIPS}
    )
"""  # noqa: S608

_DEALS = f"""
    ARRAY(
        SELECT jsonb_build_object(
            'id', deal.id, 'title', deal.title, 'stage', deal.stage, 'next_step', deal.next_step,
            'due_on', deal.due_on,
            'amount', CASE WHEN deal.amount IS NOT NULL THEN
                jsonb_build_object('amount', deal.amount::text, 'currency', deal.currency) END)
        FROM deals deal
        WHERE deal.client_id = asked.client_id AND deal.closed_at IS NULL
        ORDER BY deal.due_on NULLS LAST, deal.id DESC
        LIMIT {_MOST_DEALS}
    )
"""  # noqa: S608

# By interactions_client_id_id_idx; a stranger's by interactions_client_address_id_idx.
_RECENT = f"""
    CASE WHEN asked.client_id IS NOT NULL THEN ARRAY(
        SELECT call.id
        FROM interactions call
        WHERE call.client_id = asked.client_id AND call.id IS DISTINCT FROM asked.now
            AND call.merged_into IS NULL AND call.direction <> 'internal'
        ORDER BY call.id DESC
        LIMIT {RECENT}
    ) ELSE ARRAY(
        SELECT call.id
        FROM interactions call
        WHERE call.client_address = asked.address AND call.id IS DISTINCT FROM asked.now
            AND call.merged_into IS NULL AND call.direction <> 'internal'
        ORDER BY call.id DESC
        LIMIT {RECENT}
    ) END
"""  # noqa: S608

# One jsonb and not arrays: of a jsonb the planner guesses the same length whatever is in it, so it keeps one
# plan; arrays it would count and plan anew at each ring, which over many partitions costs more than the rest.
_LOAD = f"""
SELECT {_FAMILY} AS family, {_TRIPS} AS trips, {_DEALS} AS deals, {_RECENT} AS recent
FROM jsonb_to_recordset($1::jsonb) AS asked (place int, client_id uuid, address text, now uuid)
ORDER BY asked.place
"""  # noqa: S608


async def cards_for(db: Reader, interactions: Iterable[Interaction]) -> dict[UUID, Card]:
    """The cards of these interactions, by interaction."""
    return await load_cards(
        db,
        {one.id: Caller(client_id=one.client_id, address=one.client_address, now=one.id) for one in interactions},
    )


async def card_of(db: Reader, *, client_id: UUID | None, address: str | None = None) -> Card:
    """The card of one client, or of whoever has this address; empty for a stranger. Without a scope."""
    return (await load_cards(db, {None: Caller(client_id=client_id, address=address)}))[None]


async def get_card(db: Reader, client_id: UUID, viewer: Viewer) -> Card:
    """The card of one client; an id that was merged into another answers with the survivor.

    Raises:
        NotFound: there is none, or none whose card the viewer may open.
    """
    survivor = await find_survivor(db, client_id)
    if survivor is None or not await may_see_client(db, viewer, survivor):
        raise NotFound
    return await card_of(db, client_id=survivor)


async def load_cards(db: Reader, callers: Mapping[Key, Caller]) -> dict[Key, Card]:
    """One card for each caller, under the same keys."""
    if not callers:
        return {}
    people = await _people(db, callers)
    clients = await load_clients(db, {one for group in people.values() for one in group})
    known = {key: group[0] if len(group) == 1 else None for key, group in people.items()}
    owed = await load_owed_to(db, {one for one in known.values() if one is not None})
    rows = dict(zip(callers, await _load(db, callers, known), strict=True))
    recent = await load_interactions(db, {one for row in rows.values() for one in row["recent"]})
    return {
        key: Card(
            client=clients.get(one) if one is not None else None,
            candidates=[clients[other] for other in people[key] if other in clients] if one is None else [],
            callbacks=owed.get(one, []) if one is not None else [],
            family=[Relative.model_validate(relative) for relative in rows[key]["family"]],
            trips=[Trip.model_validate(trip) for trip in rows[key]["trips"]],
            deals=[Deal.model_validate(deal) for deal in rows[key]["deals"]],
            recent=[recent[call] for call in rows[key]["recent"] if call in recent],
        )
        for key, one in known.items()
    }


async def _people(db: Reader, callers: Mapping[Key, Caller]) -> dict[Key, list[UUID]]:
    """Who each caller may be: the client, when it is known, else everybody behind the address."""
    strange = {caller.address for caller in callers.values() if caller.client_id is None and caller.address}
    behind = await clients_by_phones(db, strange) if strange else {}
    return {
        key: [caller.client_id] if caller.client_id is not None else behind.get(caller.address or "", [])
        for key, caller in callers.items()
    }


async def _load(db: Reader, callers: Mapping[Key, Caller], known: Mapping[Key, UUID | None]) -> list[Record]:
    asked = [
        {"place": place, "client_id": known[key], "address": caller.address, "now": caller.now}
        for place, (key, caller) in enumerate(callers.items())
    ]
    return await db.fetch(_LOAD, to_json(asked))
