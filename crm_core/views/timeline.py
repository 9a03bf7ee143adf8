"""Everything between a client and us on one line: what is planned, then what has been, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from crm_core.domain.errors import NotFound
from crm_core.domain.viewer import Viewer
from crm_core.store.clients import find_survivor, may_see_client
from crm_core.store.database import Reader, Record
from crm_core.views.callbacks import Callback, load_callbacks
from crm_core.views.conversations import Conversation, as_conversations
from crm_core.views.interactions import Interaction, load_interactions
from crm_core.views.model import WireModel
from crm_core.views.paging import DEFAULT_LIMIT, CursorInvalid, Page, decode_cursor, encode_cursor
from crm_core.views.trips import Trip, load_trips


class TimelineEntry(WireModel):
    """One of the three is there, as ``kind`` says; ``planned``: a promise still owed or a trip to come."""

    kind: Literal["interaction", "callback", "trip"]
    at: datetime
    planned: bool
    interaction: Conversation | Interaction | None = None
    callback: Callback | None = None
    trip: Trip | None = None


# A promise stands where it is due, later where it was closed. By the indexes on client_id.
_LIST = """
SELECT entry.kind, entry.id, entry.at, entry.planned
FROM (
    SELECT 'interaction' AS kind, call.id, call.started_at AS at, false AS planned
    FROM interactions call
    WHERE call.client_id = $1 AND call.merged_into IS NULL AND call.direction <> 'internal'
    UNION ALL
    SELECT 'callback', callback.id, COALESCE(callback.closed_at, callback.due_at), callback.closed_at IS NULL
    FROM callbacks callback
    WHERE callback.client_id = $1
    UNION ALL
    SELECT 'trip', trip.id, start.at, start.at > now()
    FROM trips trip,
        LATERAL (SELECT trip.starts_on::timestamp AT TIME ZONE COALESCE(trip.timezone, 'UTC') AS at) AS start
    WHERE trip.client_id = $1
) AS entry
WHERE $2::boolean IS NULL OR (entry.planned, entry.at, entry.id) < ($2, $3, $4)
ORDER BY entry.planned DESC, entry.at DESC, entry.id DESC
LIMIT $5
"""


async def get_timeline(
    db: Reader, client_id: UUID, viewer: Viewer, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[TimelineEntry]:
    """A page of a client's timeline.

    Raises:
        NotFound: there is no such client, or none whose card the viewer may open.
        CursorInvalid: the cursor is of another list.
    """
    survivor = await find_survivor(db, client_id)
    if survivor is None or not await may_see_client(db, viewer, survivor):
        raise NotFound
    planned, at, after = _place(cursor) if cursor else (None, None, None)
    rows = await db.fetch(_LIST, survivor, planned, at, after, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page[TimelineEntry](items=await _entries(db, rows[:limit]), next=_cursor(last) if last else None)


async def _entries(db: Reader, rows: list[Record]) -> list[TimelineEntry]:
    interactions = await as_conversations(db, await load_interactions(db, _of(rows, "interaction")))
    callbacks = await load_callbacks(db, _of(rows, "callback"))
    trips = await load_trips(db, _of(rows, "trip"))
    return [
        TimelineEntry(
            kind=row["kind"],
            at=row["at"],
            planned=row["planned"],
            interaction=interactions.get(row["id"]),
            callback=callbacks.get(row["id"]),
            trip=trips.get(row["id"]),
        )
        for row in rows
    ]


def _of(rows: list[Record], kind: str) -> list[UUID]:
    return [row["id"] for row in rows if row["kind"] == kind]


def _cursor(row: Record) -> str:
    return encode_cursor("planned" if row["planned"] else "past", row["at"].isoformat(), str(row["id"]))


def _place(cursor: str) -> tuple[bool, datetime, UUID]:
    when, at, after = decode_cursor(cursor, 3)
    try:
        moment = datetime.fromisoformat(at)
        if when not in {"planned", "past"} or moment.tzinfo is None:
            raise CursorInvalid
        return when == "planned", moment, UUID(after)
    except ValueError as error:
        raise CursorInvalid from error
