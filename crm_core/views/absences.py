"""Who is away when, and what an absence would leave waiting."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import Literal
from uuid import UUID

from crm_core.domain.errors import NotFound
from crm_core.domain.viewer import Viewer
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader
from crm_core.views.model import WireModel
from crm_core.views.paging import CursorInvalid, Page, decode_cursor, encode_cursor

#: So many rows are shown of what waits; the counts are whole.
SHOWN = 100

_SELECT = """
SELECT absence.id, absence.user_id, person.name AS user_name, absence.kind, absence.from_at, absence.to_at,
       absence.note, absence.by, writer.name AS by_name, absence.created_at,
       CASE WHEN absence.from_at > now() THEN 'planned'
            WHEN absence.to_at <= now() THEN 'over' ELSE 'current' END AS state
FROM absences absence
JOIN users person ON person.id = absence.user_id
LEFT JOIN users writer ON writer.id = absence.by
"""

_PERSON = """
SELECT team_id
FROM users
WHERE id = $1
"""

# By callbacks_load_idx.
_PROMISES = """
SELECT callback.id, callback.client_id, client.name AS client_name, callback.subject, callback.due_at
FROM callbacks callback
LEFT JOIN clients client ON client.id = callback.client_id
WHERE callback.agent_id = $1 AND callback.state IN ('open', 'claimed')
    AND ($2::timestamptz IS NULL OR callback.due_at < $2)
ORDER BY callback.due_at, callback.id
"""

# By leads_load_idx.
_LEADS = """
SELECT lead.id, lead.client_id, COALESCE(client.name, lead.name) AS name, lead.subject, lead.stage
FROM leads lead
LEFT JOIN clients client ON client.id = lead.client_id
WHERE lead.owner_id = $1 AND lead.closed_at IS NULL
ORDER BY lead.created_at, lead.id
"""

# By clients_owner_id_idx and trips_client_id_idx.
_TRIPS = """
SELECT trip.id, trip.client_id, client.name AS client_name, trip.title, trip.destination, trip.starts_on, trip.ends_on
FROM clients client
JOIN trips trip ON trip.client_id = client.id
WHERE client.owner_id = $1 AND client.merged_into IS NULL
    AND trip.ends_on >= $2 AND ($3::date IS NULL OR trip.starts_on <= $3)
ORDER BY trip.starts_on, trip.id
"""


class Absence(WireModel):
    """``to_at`` null: nobody knows yet; ``by``: who wrote it down; ``state``: planned, current or over."""

    id: UUID
    user_id: UUID
    user_name: str
    kind: str
    from_at: datetime
    to_at: datetime | None
    note: str | None
    by: UUID | None
    by_name: str | None
    created_at: datetime
    state: Literal["planned", "current", "over"]


class AbsentPromise(WireModel):
    """A promise that comes due before the end of the absence."""

    id: UUID
    client_id: UUID | None
    client_name: str | None
    subject: str | None
    due_at: datetime


class AbsentLead(WireModel):
    """A lead that is open."""

    id: UUID
    client_id: UUID | None
    name: str | None
    subject: str | None
    stage: str


class AbsentTrip(WireModel):
    """A client of theirs travels meanwhile."""

    id: UUID
    client_id: UUID
    client_name: str
    title: str
    destination: str
    starts_on: date
    ends_on: date


class AbsencePreview(WireModel):
    """What would wait; of each the first hundred, and how many there are."""

    promises: list[AbsentPromise]
    promises_count: int
    leads: list[AbsentLead]
    leads_count: int
    trips: list[AbsentTrip]
    trips_count: int


async def get_absence(db: Reader, absence_id: UUID) -> Absence:
    """One, for whoever has just written it."""
    row = await db.fetchrow(f"{_SELECT} WHERE absence.id = $1", absence_id)
    if row is None:
        raise NotFound
    return Absence.model_validate(dict(row))


async def list_absences(
    db: Reader,
    viewer: Viewer,
    *,
    user_id: UUID | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    cursor: str | None,
) -> Page[Absence]:
    """Those that touch the time from ``since``, before ``until``; the latest to begin first.

    An agent sees their own, a supervisor their team's.
    """
    conditions = Conditions()
    if not viewer.sees_everything:
        scope = f"absence.user_id = {conditions.value(viewer.user_id)}"
        if viewer.supervises:
            scope = f"({scope} OR person.team_id = {conditions.value(viewer.team_id)})"
        conditions.parts.append(scope)
    conditions.add_known("absence.user_id = {}", user_id)
    conditions.add_known("COALESCE(absence.to_at, 'infinity') > {}", since)
    conditions.add_known("absence.from_at < {}", until)
    if cursor is not None:
        began_at, last_id = _place(cursor)
        place = f"({conditions.value(began_at)}, {conditions.value(last_id)})"
        conditions.parts.append(f"(absence.from_at, absence.id) < {place}")
    sql = f"{_SELECT} {conditions.where} ORDER BY absence.from_at DESC, absence.id DESC LIMIT {limit + 1}"
    rows = await db.fetch(sql, *conditions.args)
    items = [Absence.model_validate(dict(row)) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items=items, next=encode_cursor(items[-1].from_at.isoformat(), str(items[-1].id)) if more else None)


async def preview_absence(
    db: Reader, viewer: Viewer, *, user_id: UUID, from_at: datetime, to_at: datetime | None, zone: tzinfo
) -> AbsencePreview:
    """What would wait for somebody who is away; ``zone`` says which days those are.

    Raises:
        NotFound: there is no such person, or none of theirs.
    """
    person = await db.fetchrow(_PERSON, user_id)
    if person is None or not viewer.may_answer_for(user_id, person["team_id"]):
        raise NotFound
    first_day = from_at.astimezone(zone).date()
    last_day = to_at.astimezone(zone).date() if to_at is not None else None
    promises = await db.fetch(_PROMISES, user_id, to_at)
    leads = await db.fetch(_LEADS, user_id)
    trips = await db.fetch(_TRIPS, user_id, first_day, last_day)
    return AbsencePreview(
        promises=[AbsentPromise.model_validate(dict(row)) for row in promises[:SHOWN]],
        promises_count=len(promises),
        leads=[AbsentLead.model_validate(dict(row)) for row in leads[:SHOWN]],
        leads_count=len(leads),
        trips=[AbsentTrip.model_validate(dict(row)) for row in trips[:SHOWN]],
        trips_count=len(trips),
    )


def _place(cursor: str) -> tuple[datetime, UUID]:
    began_at, last_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(began_at), UUID(last_id)
    except ValueError as error:
        raise CursorInvalid from error
