"""What goes over the wire when something has happened: whole small things, never deltas.

The outbox says what happened to which thing; here the thing is read, as it is
at this moment. So a late delivery tells the truth of today, also after an
erasure, and an event whose thing is gone is not told at all. One batch of rows
costs one query a kind of thing, whatever its size.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from crm_core.domain.events import Room
from crm_core.store.database import Reader
from crm_core.store.outbox import OutboxRow
from crm_core.views.agents import load_agents
from crm_core.views.callbacks import load_callbacks
from crm_core.views.cards import Card, cards_for
from crm_core.views.conversations import as_conversations
from crm_core.views.interactions import Interaction, load_interactions
from crm_core.views.leads import load_leads
from crm_core.views.messages import load_messages
from crm_core.views.model import WireModel
from crm_core.views.wire_events import SERVER_EVENTS, WireEvent

_Found = Mapping[UUID, WireModel]

#: A thing that an event carries → where the outbox says which one it is.
_SAID_AS: Final[Mapping[str, str]] = {
    "interaction": "interaction_id",
    "card": "interaction_id",
    "message": "message_id",
    "callback": "callback_id",
    "agent": "agent_id",
    "lead": "lead_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event as it can be told now."""

    seq: int
    name: str
    rooms: tuple[Room, ...]
    payload: WireEvent


async def load_events(db: Reader, rows: Sequence[OutboxRow]) -> list[Told]:
    """The rows as they can be told now, in their order, without those whose thing is gone."""
    things = await _load_things(db, rows)
    told = ((row, _payload(row, things)) for row in rows)
    return [
        Told(seq=row.seq, name=row.type, rooms=row.rooms, payload=payload)
        for row, payload in told
        if payload is not None
    ]


def _payload(row: OutboxRow, things: Mapping[str, _Found]) -> WireEvent | None:
    """What the row says and the things that it is about; None: one of them does not exist any more."""
    event = _event(row)
    carried = {name: things[name].get(_id(row, name)) for name in _carried(event)}
    if None in carried.values():
        return None
    version = getattr(carried[event.versioned], "version", None) if event.versioned else row.body["version"]
    said = {name: row.body[name] for name in event.model_fields if name in row.body}
    return event.model_validate({**said, **carried, "seq": row.seq, "version": version, "at": row.at})


async def _load_things(db: Reader, rows: Sequence[OutboxRow]) -> dict[str, _Found]:
    wanted: dict[str, set[UUID]] = {name: set() for name in _SAID_AS}
    for row in rows:
        for name in _carried(_event(row)):
            wanted[name].add(_id(row, name))
    interactions = await as_conversations(db, await load_interactions(db, wanted["interaction"]))
    found: dict[str, _Found] = {"interaction": interactions, "card": await _cards(db, wanted["card"], interactions)}
    for name, load in _LOADERS.items():
        found[name] = await load(db, wanted[name]) if wanted[name] else {}
    return found


async def _cards(db: Reader, wanted: Iterable[UUID], interactions: Mapping[UUID, Interaction]) -> dict[UUID, Card]:
    """By interaction."""
    calls = [interactions[one] for one in wanted if one in interactions]
    return await cards_for(db, calls) if calls else {}


_LOADERS: Final[Mapping[str, Callable[[Reader, Iterable[UUID]], Awaitable[_Found]]]] = {
    "message": load_messages,
    "callback": load_callbacks,
    "agent": load_agents,
    "lead": load_leads,
}


def _event(row: OutboxRow) -> type[WireEvent]:
    event = SERVER_EVENTS[row.type]
    assert issubclass(event, WireEvent)
    return event


def _carried(event: type[WireEvent]) -> list[str]:
    return [name for name in event.model_fields if name in _SAID_AS]


def _id(row: OutboxRow, name: str) -> UUID:
    return UUID(str(row.body[_SAID_AS[name]]))
