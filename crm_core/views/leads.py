"""Leads as others read them: who has them, by when they are to be accepted, and how they came there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from crm_core.domain import search
from crm_core.domain.errors import NotFound
from crm_core.domain.leads import LeadReason, LeadStage
from crm_core.domain.phones import searched_digits
from crm_core.domain.viewer import Viewer
from crm_core.inputs import InputModel, Moment, Word
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.store.ids import AMONG_FIRST, as_ids
from crm_core.store.leads import FROM_LEADS, narrow_to_scope
from crm_core.views.callbacks import Explanation
from crm_core.views.model import WireModel
from crm_core.views.paging import DEFAULT_LIMIT, Page, decode_id, encode_cursor


class LeadCandidate(WireModel):
    """Somebody the lead may be: a client who is reached at its address."""

    id: UUID
    name: str


class Lead(WireModel):
    """Somebody who may become a client.

    Without ``owner_id`` it waits for somebody, since ``nobody_since`` because nobody was eligible; without
    ``accepted_at`` its owner has until ``accept_by``. Without ``client_id`` it is nobody's client yet;
    ``candidates`` are the clients at its address when there are several. ``repeats``: how often it was left
    again. ``call_at``: when a call is promised for it.
    """

    id: UUID
    client_id: UUID | None
    client_name: str | None
    candidates: list[LeadCandidate]
    name: str | None
    address: str | None
    email: str | None
    source: str
    source_titles: Explanation
    campaign: dict[str, str]
    subject: str | None
    note: str | None
    language: str | None
    destination: str | None
    skills: list[str]
    stage: LeadStage
    team_id: UUID | None
    team_name: str | None
    owner_id: UUID | None
    owner_name: str | None
    interaction_id: UUID | None
    repeats: int
    given_at: datetime | None
    accept_by: datetime | None
    accepted_at: datetime | None
    call_at: datetime | None
    moves: int
    nobody_since: datetime | None
    lost_reason: str | None
    closed_at: datetime | None
    created_by: UUID | None
    created_at: datetime
    version: int


class LeadOwner(WireModel):
    """One person's time with the lead, or nobody's; ``words`` is null for a person's own words.

    ``record``: everything it was decided by, when the engine decided.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    id: UUID
    agent_id: UUID | None
    agent_name: str | None
    from_: Annotated[datetime, Field(alias="from")]
    to: datetime | None
    reason: LeadReason
    explanation: str
    words: Explanation | None
    record: dict[str, Any] | None
    by: UUID | None
    by_name: str | None


class LeadStory(Lead):
    """One lead with everybody who has had it, the oldest first."""

    history: list[LeadOwner]


class LeadFilters(InputModel):
    """What the list can be narrowed to; all of them together. ``from ≤ created_at < to``.

    ``q``: part of a name, digits of a number, part of a mail address; ``open``: neither won nor lost.
    """

    stage: LeadStage | None = None
    open: bool | None = None
    owner_id: UUID | None = None
    source: Word | None = None
    unassigned: bool | None = None
    client_id: UUID | None = None
    q: Annotated[str, Field(max_length=200)] | None = None
    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None


# Who has it has had it since; by lead_history_lead_id_idx.
_GIVEN_AT = """
    (SELECT history.from_at
     FROM lead_history history
     WHERE history.lead_id = lead.id AND history.to_at IS NULL AND history.agent_id = lead.owner_id
     LIMIT 1)
"""

# By callbacks_lead_id_idx.
_CALL_AT = """
    (SELECT min(promise.due_at)
     FROM callbacks promise
     WHERE promise.lead_id = lead.id AND promise.state IN ('open', 'claimed'))
"""

# By contact_points_kind_value_idx.
_CANDIDATES = """
    CASE WHEN lead.client_id IS NULL THEN
        (SELECT jsonb_agg(DISTINCT jsonb_build_object('id', known.id, 'name', known.name))
         FROM contact_points point
         JOIN clients known ON known.id = point.client_id AND known.merged_into IS NULL
         WHERE point.kind IN ('phone', 'email') AND point.value IN (lead.address, lead.email)) END
"""

_COLUMNS = f"""
SELECT lead.id, lead.client_id, client.name AS client_name, {_CANDIDATES} AS candidates,
       lead.name, lead.address, lead.email, lead.source, source.titles AS source_titles, lead.campaign, lead.subject,
       lead.note, lead.language, lead.destination, lead.skills, lead.stage, lead.team_id, team.name AS team_name,
       lead.owner_id, owner.name AS owner_name, lead.interaction_id, lead.repeats, {_GIVEN_AT} AS given_at,
       lead.accept_by, lead.accepted_at, {_CALL_AT} AS call_at, lead.moves, lead.nobody_since, lead.lost_reason,
       lead.closed_at, lead.created_by, lead.created_at, lead.version
{FROM_LEADS}
LEFT JOIN teams team ON team.id = lead.team_id
LEFT JOIN lead_sources source ON source.code = lead.source
"""

# By primary key.
_LOAD = f"{_COLUMNS} WHERE lead.id = {AMONG_FIRST}"

# By lead_history_lead_id_idx.
_HISTORY = """
SELECT history.id, history.agent_id, person.name AS agent_name, history.from_at AS "from", history.to_at AS "to",
       history.reason, history.explanation, history.words, history.record, history.by, author.name AS by_name
FROM lead_history history
LEFT JOIN users person ON person.id = history.agent_id
LEFT JOIN users author ON author.id = history.by
WHERE history.lead_id = $1
ORDER BY history.from_at, history.id
"""


async def load_leads(db: Reader, ids: Iterable[UUID]) -> dict[UUID, Lead]:
    """Leads by id, without a scope: for delivery to rooms an action has chosen."""
    wanted = set(ids)
    rows = await db.fetch(_LOAD, as_ids(wanted)) if wanted else []
    return {row["id"]: _lead(row) for row in rows}


async def load_story(db: Reader, lead_id: UUID) -> LeadStory:
    """One lead without a scope: for whoever has just done something to it."""
    return await _story(db, (await db.fetch(_LOAD, as_ids([lead_id])))[0])


async def load_left(db: Reader, lead_id: UUID, viewer: Viewer) -> LeadStory:
    """For whoever has just left it: of a colleague's lead that it joined only whose it is, not what is in it."""
    try:
        return await get_lead(db, lead_id, viewer)
    except NotFound:
        story = await load_story(db, lead_id)
        hidden: dict[str, object] = {
            "history": [],
            "campaign": {},
            "note": None,
            "subject": None,
            "email": None,
            "candidates": [],
        }
        return story.model_copy(update=hidden)


async def get_lead(db: Reader, lead_id: UUID, viewer: Viewer) -> LeadStory:
    """One lead with its history.

    Raises:
        NotFound: there is none, or none the viewer may see.
    """
    conditions = Conditions()
    conditions.add("lead.id = {}", lead_id)
    narrow_to_scope(conditions, viewer)
    row = await db.fetchrow(f"{_COLUMNS} {conditions.where}", *conditions.args)
    if row is None:
        raise NotFound
    return await _story(db, row)


async def list_leads(
    db: Reader,
    viewer: Viewer,
    filters: LeadFilters,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Lead]:
    """The newest first."""
    conditions = Conditions()
    conditions.add_known("lead.stage = {}", filters.stage)
    conditions.add_known("(lead.closed_at IS NULL) = {}", filters.open)
    conditions.add_known("lead.owner_id = {}", filters.owner_id)
    conditions.add_known("lead.source = {}", filters.source)
    conditions.add_known("(lead.owner_id IS NULL) = {}", filters.unassigned)
    conditions.add_known("lead.client_id = {}", filters.client_id)
    conditions.add_known("lead.created_at >= {}", filters.from_)
    conditions.add_known("lead.created_at < {}", filters.to)
    conditions.add_known("lead.id < {}", decode_id(cursor) if cursor else None)
    if filters.q and filters.q.strip():
        _search(conditions, filters.q.strip())
    narrow_to_scope(conditions, viewer)
    rows = await db.fetch(
        f"{_COLUMNS} {conditions.where} ORDER BY lead.id DESC LIMIT {conditions.value(limit + 1)}",
        *conditions.args,
    )
    items = [_lead(row) for row in rows[:limit]]
    return Page[Lead](items=items, next=encode_cursor(str(items[-1].id)) if len(rows) > limit else None)


def _search(conditions: Conditions, query: str) -> None:
    digits = searched_digits(query)
    if digits is not None:
        conditions.add("lead.address LIKE '%' || {} || '%'", digits)
        return
    # Signs that are no part of a name leave nothing between the %: that would be every name.
    conditions.add(
        "(key_of_name({}) <> '%%' AND (lead.name_key LIKE key_of_name({}) OR client.name_key LIKE key_of_name({}))"
        " OR lead.address ILIKE {} OR lead.email ILIKE {})",
        search.like_fragment(query),
    )


async def _story(db: Reader, row: Record) -> LeadStory:
    history = [LeadOwner.model_validate(dict(one)) for one in await db.fetch(_HISTORY, row["id"])]
    return LeadStory(**_lead(row).model_dump(), history=history)


def _lead(row: Record) -> Lead:
    values = dict(row)
    values["candidates"] = sorted(values["candidates"] or [], key=lambda known: (known["name"], known["id"]))
    # A source is only ever switched off; a lead written by an import may name one that never was.
    values["source_titles"] = values["source_titles"] or {"ru": values["source"], "en": values["source"]}
    return Lead.model_validate(values)
