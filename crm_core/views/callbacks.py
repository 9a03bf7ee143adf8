"""Promises as others read them: who owes what to whom by when, and how it came to them.

How late a promise is, is a question to this moment while it is owed, and a
fact once it is kept or cancelled.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from crm_core.domain.errors import NotFound
from crm_core.domain.viewer import Viewer
from crm_core.inputs import InputModel, Moment
from crm_core.store.callbacks import FROM_CALLBACKS, STATE_NOW, narrow_to_scope
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.views.model import WireModel
from crm_core.views.paging import DEFAULT_LIMIT, Page, decode_id, encode_cursor

State = Literal["open", "claimed", "kept", "cancelled"]


class Explanation(WireModel):
    """One sentence in each language of the screens."""

    ru: str
    en: str


class CallbackOwner(WireModel):
    """One agent's time with the promise, or its queue's; ``to`` is null while they owe it.

    ``words`` are the system's in each language; null: ``explanation`` is what a person wrote.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    id: UUID
    agent_id: UUID | None
    agent_name: str | None
    from_: Annotated[datetime, Field(alias="from")]
    to: datetime | None
    reason: str
    explanation: str
    words: Explanation | None
    by: UUID | None


class CallbackTry(WireModel):
    """A call in which the caller was not heard."""

    interaction_id: UUID
    at: datetime
    queue: str | None
    outcome: str | None
    wait_s: float | None


class CallbackAttempt(WireModel):
    """A call of ours that the client did not answer."""

    interaction_id: UUID
    at: datetime
    agent_id: UUID | None
    outcome: str | None


class Callback(WireModel):
    """A promise to contact a client by a moment.

    ``state`` is that of this moment: a claim that has lapsed is open. ``late_s`` counts on while it is owed.
    Without ``client_id`` the caller at ``address`` is nobody's client yet; without ``agent_id`` it belongs to
    whoever of ``queue`` claims it first. ``grace_from`` is when its present owner begins to be late; ``nobody_since``:
    it should have moved, and nobody was eligible, ``stuck`` says why; ``unlocked_at``: when the supervisor's right
    to take it began. ``why`` is the rule that made it, in words; ``tries`` the missed calls
    it stands for, ``attempts`` our calls since that were not answered: both the newest first.
    ``confirmed_at``: when the client said that it suits.
    """

    id: UUID
    client_id: UUID | None
    client_name: str | None
    client_timezone: str | None
    address: str | None
    lead_id: UUID | None
    subject: str | None
    via: str
    state: State
    agent_id: UUID | None
    agent_name: str | None
    queue: str | None
    due_at: datetime
    grace_from: datetime | None
    warn_at: datetime | None
    warned_at: datetime | None
    notify_at: datetime | None
    escalate_at: datetime | None
    forgiven_s: float
    takeover_at: datetime | None
    unlocked_at: datetime | None
    nobody_since: datetime | None
    stuck: Explanation | None
    claimed_by: UUID | None
    claimed_at: datetime | None
    claimed_until: datetime | None
    promised_in: UUID | None
    promised_at: datetime
    kept_in: UUID | None
    confirmed_at: datetime | None
    closed_at: datetime | None
    cancel_reason: str | None
    late_s: float | None
    late_by: str | None
    policy: str | None
    policies: list[str]
    policy_versions: list[int]
    moves: int
    why: Explanation | None
    tries: list[CallbackTry]
    attempts: list[CallbackAttempt]
    history: list[CallbackOwner]
    version: int


class CallbackFilters(InputModel):
    """What the list can be narrowed to; all of them together.

    ``unassigned``: a queue's, until somebody takes it. ``stuck``: it should have moved, and nobody could take it.
    """

    client_id: UUID | None = None
    agent_id: UUID | None = None
    unassigned: bool | None = None
    team_id: UUID | None = None
    state: State | None = None
    owed: bool | None = None
    stuck: bool | None = None
    late: bool | None = None
    due_from: Moment | None = None
    due_to: Moment | None = None


#: Whose people or queues owe it.
OF_TEAM = """{} IN (agent.team_id, (
    SELECT queue.team_id FROM queues queue WHERE callback.agent_id IS NULL AND queue.name = callback.queue
))"""

_LATE_BY_NOW = "(COALESCE(callback.closed_at, now()) > callback.due_at)"

_LATE_S = """
    CASE WHEN callback.closed_at IS NOT NULL THEN callback.late_s
         WHEN callback.due_at < now() THEN extract(epoch FROM now() - callback.due_at)::float8 END
"""

# By callback_history_callback_id_idx.
_HISTORY = """
    (SELECT jsonb_agg(jsonb_build_object(
                'id', history.id, 'agent_id', history.agent_id, 'agent_name', person.name, 'from', history.from_at,
                'to', history.to_at, 'reason', history.reason, 'explanation', history.explanation,
                'words', history.words, 'by', history.by) ORDER BY history.from_at, history.id)
     FROM callback_history history
     LEFT JOIN users person ON person.id = history.agent_id
     WHERE history.callback_id = callback.id)
"""

# By callback_tries_callback_id_idx.
_TRIES = """
    (SELECT jsonb_agg(jsonb_build_object(
                'interaction_id', call.id, 'at', call.started_at, 'queue', call.queue,
                'outcome', call.outcome, 'wait_s', call.wait_s) ORDER BY call.id DESC)
     FROM callback_tries try
     JOIN interactions call ON call.id = try.interaction_id
     WHERE try.callback_id = callback.id)
"""

# By interactions_client_id_id_idx, or interactions_client_address_id_idx for a stranger; both in id order, and an id
# is as old as its thing.
_ATTEMPTS = """
    (SELECT jsonb_agg(jsonb_build_object(
                'interaction_id', call.id, 'at', call.started_at, 'agent_id', call.agent_id,
                'outcome', call.outcome) ORDER BY call.id DESC)
     FROM (
         SELECT theirs.* FROM interactions theirs
         WHERE theirs.client_id = callback.client_id AND theirs.id > callback.id
         UNION ALL
         SELECT theirs.* FROM interactions theirs
         WHERE callback.client_id IS NULL AND theirs.client_address = callback.address AND theirs.id > callback.id
     ) AS call
     WHERE call.direction = 'outbound' AND call.channel = 'call' AND call.merged_into IS NULL
         AND call.ended_at IS NOT NULL AND call.answered_at IS NULL
         AND (callback.closed_at IS NULL OR call.started_at <= callback.closed_at))
"""

_COLUMNS = f"""
SELECT callback.id, callback.client_id, client.name AS client_name,
       client.timezone AS client_timezone, callback.address, callback.lead_id,
       callback.subject, callback.via, {STATE_NOW} AS state, callback.agent_id, agent.name AS agent_name,
       callback.queue, callback.due_at,
       callback.grace_from, callback.warn_at, callback.warned_at, callback.notify_at, callback.escalate_at,
       callback.forgiven_s, callback.takeover_at, callback.unlocked_at, callback.nobody_since,
       callback.stuck->'words' AS stuck, callback.claimed_by, callback.claimed_at, callback.claimed_until,
       callback.promised_in, callback.created_at AS promised_at, callback.kept_in, callback.confirmed_at,
       callback.closed_at, callback.cancel_reason,
       {_LATE_S} AS late_s,
       callback.late_by, callback.policy, callback.policies, callback.policy_versions, callback.moves, callback.version,
       callback.why, {_TRIES} AS tries, {_ATTEMPTS} AS attempts, {_HISTORY} AS history
{FROM_CALLBACKS}
"""

# By primary key.
_LOAD = f"{_COLUMNS} WHERE callback.id = ANY($1::uuid[])"

# By callbacks_client_id_idx and interactions_live_idx. What is late stands first, then what is due first: both
# are the order of due_at.
_OWED_TO_CLIENTS = f"""
{_COLUMNS}
WHERE callback.client_id = ANY($1::uuid[])
    AND (callback.state IN ('open', 'claimed')
         OR callback.kept_in IN (SELECT call.id FROM interactions call WHERE call.state <> 'closed'))
ORDER BY callback.due_at, callback.id
"""  # noqa: S608


async def load_callbacks(db: Reader, ids: Iterable[UUID]) -> dict[UUID, Callback]:
    """Promises by id, without a scope: for delivery to rooms an action has chosen, and to answer it."""
    wanted = list(set(ids))
    rows = await db.fetch(_LOAD, wanted) if wanted else []
    return {row["id"]: _callback(row) for row in rows}


async def load_owed_to(db: Reader, client_ids: Iterable[UUID]) -> dict[UUID, list[Callback]]:
    """What these clients are owed: the late ones first, then by deadline; without a scope, for cards.

    What a talk that is not closed yet has kept is among it: a screen opened in mid talk says so too.
    """
    wanted = list(set(client_ids))
    owed: dict[UUID, list[Callback]] = {client_id: [] for client_id in wanted}
    for row in await db.fetch(_OWED_TO_CLIENTS, wanted) if wanted else []:
        owed[row["client_id"]].append(_callback(row))
    return owed


async def get_callback(db: Reader, callback_id: UUID, viewer: Viewer) -> Callback:
    """One promise with its history.

    Raises:
        NotFound: there is none, or none the viewer may see.
    """
    conditions = Conditions()
    conditions.add("callback.id = {}", callback_id)
    narrow_to_scope(conditions, viewer)
    row = await db.fetchrow(f"{_COLUMNS} {conditions.where}", *conditions.args)
    if row is None:
        raise NotFound
    return _callback(row)


async def list_callbacks(
    db: Reader,
    viewer: Viewer,
    filters: CallbackFilters,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Callback]:
    """Newest promises first; ``late``: past the deadline while owed, or when it was closed."""
    conditions = Conditions()
    conditions.add_known("callback.client_id = {}", filters.client_id)
    conditions.add_known("callback.agent_id = {}", filters.agent_id)
    conditions.add_known("(callback.agent_id IS NULL) = {}", filters.unassigned)
    conditions.add_known(OF_TEAM, filters.team_id)
    conditions.add_known(f"({STATE_NOW}) = {{}}", filters.state)
    conditions.add_known("(callback.state IN ('open', 'claimed')) = {}", filters.owed)
    conditions.add_known("(callback.nobody_since IS NOT NULL) = {}", filters.stuck)
    conditions.add_known(f"{_LATE_BY_NOW} = {{}}", filters.late)
    conditions.add_known("callback.due_at >= {}", filters.due_from)
    conditions.add_known("callback.due_at < {}", filters.due_to)
    conditions.add_known("callback.id < {}", decode_id(cursor) if cursor else None)
    narrow_to_scope(conditions, viewer)
    rows = await db.fetch(
        f"{_COLUMNS} {conditions.where} ORDER BY callback.id DESC LIMIT {conditions.value(limit + 1)}",
        *conditions.args,
    )
    items = [_callback(row) for row in rows[:limit]]
    return Page[Callback](items=items, next=encode_cursor(str(items[-1].id)) if len(rows) > limit else None)


def _callback(row: Record) -> Callback:
    values = dict(row)
    for many in ("history", "tries", "attempts"):
        values[many] = values[many] or []
    if values["why"] is not None:
        values["why"] = {language: values["why"][language] for language in Explanation.model_fields}
    return Callback.model_validate(values)
