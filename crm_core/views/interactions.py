"""The interaction log as others read it: the contract's interaction, whole.

Lists are scoped by who asks; what one may not see is not found. Delivery to
sockets reads by id without a scope, because the action chose the rooms.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from crm_core.domain.calls import Direction
from crm_core.domain.errors import NotFound
from crm_core.domain.ids import first_id
from crm_core.domain.recordings import PLAYABLE, RecordingState
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import WrittenChannel
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.store.ids import AMONG_FIRST, as_ids
from crm_core.store.interactions import FROM_INTERACTIONS, narrow_to_scope
from crm_core.views.messages import Message, messages_of
from crm_core.views.model import WireModel
from crm_core.views.paging import DEFAULT_LIMIT, CursorInvalid, Page, decode_cursor, encode_cursor
from crm_core.views.paths import PathStop, path_of

#: Channels whose interactions are conversations.
WRITTEN = frozenset(WrittenChannel)

Channel = Literal["call", "email", "telegram", "webchat", "webform", "meeting"]


class Disposition(WireModel):
    """The agent's verdict."""

    code: str
    resultative: bool
    note: str | None
    by: UUID | None
    at: datetime


class Recording(WireModel):
    """``available`` is false until the whole file was found where the settings say; ``state`` says why.

    In a ``consultation`` colleagues talk while the client waits: only supervisors and ``agent_ids`` hear it.
    """

    id: UUID
    started_at: datetime
    duration_s: float | None
    available: bool
    state: RecordingState
    playable: bool  # by a browser
    consultation: bool
    agent_ids: list[UUID]


class Leg(WireModel):
    """One phone of ours as part of a call."""

    id: UUID
    agent_id: UUID | None
    agent_name: str | None
    interface: str
    role: str
    offered_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    result: str | None
    talk_s: float | None
    hold_s: float | None


class Interaction(WireModel):
    """One exchange with a client on any channel, from the first sign to the disposition."""

    id: UUID
    channel: str
    direction: str
    state: str
    outcome: str | None
    external_id: str
    pbx: str | None
    queue: str | None
    queues: list[str]
    client_id: UUID | None
    client_name: str | None
    caller_name: str | None
    client_address: str | None
    our_address: str | None
    agent_id: UUID | None
    agent_name: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    wait_s: float | None
    talk_s: float | None
    hold_s: float | None
    wrap_up_s: float | None
    wrap_up_until: datetime | None
    ended_by: str | None
    hangup_cause: int | None
    disposition: Disposition | None
    contact_number: int | None
    recordings: list[Recording]
    legs: list[Leg]
    path: list[PathStop]
    messages: list[Message]
    merged_into: UUID | None
    complete: bool
    version: int


class InteractionFilters(BaseModel):
    """What the list can be narrowed to; all of them together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Channel | None = None
    direction: Literal["inbound", "outbound", "internal"] | None = None
    external_id: Annotated[str, Field(max_length=998)] | None = None
    client_id: UUID | None = None
    agent_id: UUID | None = None
    queue: Annotated[str, Field(max_length=200)] | None = None
    outcome: (
        Literal["answered", "voicemail", "short_abandoned", "abandoned", "busy", "no_answer", "failed", "unanswered"]
        | None
    ) = None
    disposition: Annotated[str, Field(max_length=100)] | None = None
    from_: Annotated[AwareDatetime | None, Field(alias="from")] = None
    to: AwareDatetime | None = None
    pbx: Annotated[str, Field(max_length=200)] | None = None
    complete: bool | None = None


# A call by its own key, a conversation by that of any message in it, or by its own.
# By interactions_external_id_idx and messages_external_id_idx.
_HOLDS_EXTERNAL_ID = """call.id IN (
    SELECT one.id FROM interactions one WHERE one.external_id = {}
    UNION ALL
    SELECT message.interaction_id FROM messages message WHERE message.external_id = {})"""

_PLAYABLE = ", ".join(f"'{encoding}'" for encoding in sorted(PLAYABLE))

# A file without a sound in it is no recording.
# What the person wrote down: unfinished words while they may still finish them. By primary key of drafts.
_NOTE = """COALESCE(
    CASE WHEN call.disposition_by = leg.agent_id THEN call.disposition_note END,
    (SELECT NULLIF(draft.body->>'note', '')
     FROM drafts draft
     WHERE draft.user_id = leg.agent_id AND draft.subject = 'interaction:' || call.id))"""

_COLUMNS = f"""
    call.id, call.channel, call.direction, call.state, call.outcome, call.external_id, call.pbx, call.queue,
    call.queues, call.client_id, client.name AS client_name, call.caller_name, call.client_address,
    call.our_address, call.agent_id, agent.name AS agent_name, call.started_at, call.answered_at, call.ended_at,
    call.wait_s, call.talk_s, call.hold_s, call.wrap_up_s, call.wrap_up_until, call.ended_by, call.hangup_cause,
    call.disposition_code, call.disposition_resultative, call.disposition_note, call.disposition_by,
    call.disposition_at, call.contact_number, call.merged_into, call.complete, call.version, call.stays,
    (SELECT jsonb_agg(jsonb_build_object(
                'id', leg.id, 'agent_id', leg.agent_id, 'agent_name', person.name, 'interface', leg.interface,
                'role', leg.role, 'offered_at', leg.offered_at, 'answered_at', leg.answered_at,
                'ended_at', leg.ended_at, 'result', leg.result, 'talk_s', leg.talk_s, 'hold_s', leg.hold_s,
                'uniqueid', leg.uniqueid, 'had', leg.had, 'note', {_NOTE})
            ORDER BY leg.offered_at, leg.id)
     FROM legs leg
     LEFT JOIN users person ON person.id = leg.agent_id
     WHERE leg.interaction_id = call.id) AS legs,
    (SELECT jsonb_agg(jsonb_build_object(
                'id', recording.id, 'started_at', recording.started_at, 'duration_s', recording.duration_s,
                'available', recording.state = 'available', 'state', recording.state,
                'playable', coalesce(recording.encoding, 'pcm') IN ({_PLAYABLE}),
                'consultation', recording.consultation IS NOT NULL,
                'agent_ids', (SELECT coalesce(jsonb_agg(DISTINCT part.agent_id), '[]')
                              FROM legs part
                              WHERE part.interaction_id = call.id AND part.agent_id IS NOT NULL
                                  AND part.uniqueid = ANY(recording.consultation)))
                ORDER BY recording.started_at, recording.id)
     FROM recordings recording
     WHERE recording.interaction_id = call.id AND recording.state <> 'empty') AS recordings
"""  # noqa: S608  (words of our own enum)

# By primary key.
_LOAD = f"SELECT {_COLUMNS} {FROM_INTERACTIONS} WHERE call.id = {AMONG_FIRST}"

# A consultation may have been folded into one that was folded itself. By primary key.
_SURVIVOR = """
WITH RECURSIVE trail AS (
    SELECT id, merged_into
    FROM interactions
    WHERE id = $1
    UNION
    SELECT next.id, next.merged_into
    FROM trail
    JOIN interactions next ON next.id = trail.merged_into
)
SELECT id FROM trail WHERE merged_into IS NULL
"""


async def load_interactions(db: Reader, ids: Iterable[UUID]) -> dict[UUID, Interaction]:
    """Interactions by id, without a scope: for delivery to rooms an action has chosen."""
    wanted = set(ids)
    rows = await db.fetch(_LOAD, as_ids(wanted)) if wanted else []
    return {row["id"]: _interaction(row) for row in rows}


async def get_interaction(db: Reader, interaction_id: UUID, viewer: Viewer) -> Interaction:
    """One interaction; an id that was folded into another answers with the survivor.

    Raises:
        NotFound: there is none, or none the viewer may see.
    """
    survivor = await db.fetchval(_SURVIVOR, interaction_id)
    conditions = Conditions()
    conditions.add("call.id = {}", survivor or interaction_id)
    narrow_to_scope(conditions, viewer)
    row = await db.fetchrow(f"SELECT {_COLUMNS} {FROM_INTERACTIONS} {conditions.where}", *conditions.args)
    if row is None:
        raise NotFound
    interaction = _interaction(row)
    if interaction.channel in WRITTEN:
        return interaction.model_copy(update={"messages": await messages_of(db, interaction.id)})
    return interaction


async def list_interactions(
    db: Reader,
    viewer: Viewer,
    filters: InteractionFilters,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Interaction]:
    """Newest first, by id, which is the moment first heard; those folded into another are left out."""
    conditions = _narrowed(filters)
    narrow_to_scope(conditions, viewer)
    if cursor is not None:
        conditions.add("call.id < {}", _after(cursor))
    rows = await db.fetch(
        f"SELECT {_COLUMNS} {FROM_INTERACTIONS} {conditions.where}"
        f" ORDER BY call.id DESC LIMIT {conditions.value(limit + 1)}",
        *conditions.args,
    )
    items = [_interaction(row) for row in rows[:limit]]
    more = encode_cursor(str(items[-1].id)) if len(rows) > limit else None
    return Page[Interaction](items=items, next=more)


def _narrowed(filters: InteractionFilters) -> Conditions:
    conditions = Conditions()
    conditions.parts.append("call.merged_into IS NULL")
    for template, value in (
        ("call.channel = {}", filters.channel),
        ("call.direction = {}", filters.direction),
        (_HOLDS_EXTERNAL_ID, filters.external_id),
        ("call.client_id = {}", filters.client_id),
        ("call.agent_id = {}", filters.agent_id),
        ("{} = ANY(call.queues)", filters.queue),
        ("call.outcome = {}", filters.outcome),
        ("call.disposition_code = {}", filters.disposition),
        ("call.started_at >= {}", filters.from_),
        ("call.started_at < {}", filters.to),
        ("call.pbx = {}", filters.pbx),
        ("call.complete = {}", filters.complete),
    ):
        conditions.add_known(template, value)
    if filters.from_ is not None:
        # An id is never younger than its interaction's start: this bound prunes partitions.
        conditions.add("call.id >= {}", first_id(filters.from_.astimezone(UTC)))
    return conditions


def _after(cursor: str) -> UUID:
    try:
        return UUID(decode_cursor(cursor, 1)[0])
    except ValueError as error:
        raise CursorInvalid from error


def _interaction(row: Record) -> Interaction:
    values = dict(row)
    verdict = {name: values.pop(f"disposition_{name}") for name in ("code", "resultative", "note", "by", "at")}
    values["disposition"] = verdict if verdict["code"] is not None else None
    legs, stays = values["legs"] or [], values.pop("stays")
    values["path"] = path_of(legs, stays) if values["direction"] != Direction.INTERNAL else []
    values["legs"] = [{name: leg[name] for name in Leg.model_fields} for leg in legs]
    values["recordings"] = values["recordings"] or []
    values["messages"] = []
    return Interaction.model_validate(values)
