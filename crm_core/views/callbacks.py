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
from crm_core.store.callbacks import CLAIMER_TALKS, FROM_CALLBACKS, LAPSES, STATE_NOW, narrow_to_scope
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.store.ids import AMONG_FIRST, as_ids
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

_SELECT_ID = f"SELECT callback.id {FROM_CALLBACKS}"

# By primary key. Nothing in here looks into the log: PostgreSQL plans over every month that was kept, and after
# years that takes a hundred times what it finds. What stands in the log is asked apart, by ids or from an id on.
_LOAD = f"""
SELECT callback.id, callback.client_id, client.name AS client_name,
       client.timezone AS client_timezone, callback.address, callback.lead_id,
       callback.subject, callback.via, callback.state, {LAPSES} AS lapses, callback.agent_id,
       agent.name AS agent_name, callback.queue, callback.due_at,
       callback.grace_from, callback.warn_at, callback.warned_at, callback.notify_at, callback.escalate_at,
       callback.forgiven_s, callback.takeover_at, callback.unlocked_at, callback.nobody_since,
       callback.stuck->'words' AS stuck, callback.claimed_by, callback.claimed_at, callback.claimed_until,
       callback.promised_in, callback.created_at AS promised_at, callback.kept_in, callback.confirmed_at,
       callback.closed_at, callback.cancel_reason,
       {_LATE_S} AS late_s,
       callback.late_by, callback.policy, callback.policies, callback.policy_versions, callback.moves, callback.version,
       callback.why, {_HISTORY} AS history
{FROM_CALLBACKS}
WHERE callback.id = {AMONG_FIRST}
"""

# Asked only when a claim is over and nobody has said so yet.
_TALKED_ABOUT = f"""
SELECT callback.id
FROM callbacks callback
WHERE callback.id = {AMONG_FIRST} AND {CLAIMER_TALKS}
"""  # noqa: S608

# By callback_tries_callback_id_idx.
_TRIES = f"""
SELECT callback_id, interaction_id
FROM callback_tries
WHERE callback_id = {AMONG_FIRST}
"""  # noqa: S608

# By primary key. An array: planned each time, over the months of these ids alone.
_CALLS = """
SELECT id AS interaction_id, started_at AS at, queue, outcome, wait_s
FROM interactions
WHERE id = ANY($1::uuid[])
ORDER BY id DESC
"""

# In id order, and an id is as old as its thing: planned each time, over the months since $2, the oldest of them.
# Each promise's calls are looked up by themselves (OFFSET 0), however many PostgreSQL expects.
_ATTEMPTS = """
SELECT callback.id AS callback_id, call.id AS interaction_id, call.started_at AS at, call.agent_id, call.outcome
FROM callbacks callback
CROSS JOIN LATERAL (
    SELECT theirs.*
    FROM interactions theirs
    WHERE theirs.{whose} AND theirs.id > callback.id AND theirs.id > $2
    OFFSET 0
) AS call
WHERE callback.id = ANY($1::uuid[])
    AND call.direction = 'outbound' AND call.channel = 'call' AND call.merged_into IS NULL
    AND call.ended_at IS NOT NULL AND call.answered_at IS NULL
    AND (callback.closed_at IS NULL OR call.started_at <= callback.closed_at)
ORDER BY call.id DESC
"""
# By interactions_client_id_id_idx and interactions_client_address_id_idx.
_ATTEMPTS_AT_CLIENTS = _ATTEMPTS.format(whose="client_id = callback.client_id")
_ATTEMPTS_AT_STRANGERS = _ATTEMPTS.format(whose="client_address = callback.address")

# By callbacks_client_id_idx.
_OWED_OR_KEPT = f"""
SELECT id, state IN ('open', 'claimed') AS owed, kept_in
FROM callbacks
WHERE client_id = {AMONG_FIRST} AND (state IN ('open', 'claimed') OR kept_in IS NOT NULL)
"""  # noqa: S608

# By primary key; planned like _CALLS.
_NOT_CLOSED = """
SELECT id
FROM interactions
WHERE id = ANY($1::uuid[]) AND state <> 'closed'
"""


async def load_callbacks(db: Reader, ids: Iterable[UUID]) -> dict[UUID, Callback]:
    """Promises by id, without a scope: for delivery to rooms an action has chosen, and to answer it."""
    wanted = set(ids)
    rows = await db.fetch(_LOAD, as_ids(wanted)) if wanted else []
    talked_about = await _talked_about(db, [row["id"] for row in rows if row["lapses"]])
    tries = await _tries(db, [row["id"] for row in rows])
    attempts = await _attempts(db, rows)
    return {
        row["id"]: _callback(
            row,
            lapsed=row["lapses"] and row["id"] not in talked_about,
            tries=tries.get(row["id"], []),
            attempts=attempts.get(row["id"], []),
        )
        for row in rows
    }


async def load_owed_to(db: Reader, client_ids: Iterable[UUID]) -> dict[UUID, list[Callback]]:
    """What these clients are owed: the late ones first, then by deadline; without a scope, for cards.

    What a talk that is not closed yet has kept is among it: a screen opened in mid talk says so too.
    """
    owed: dict[UUID, list[Callback]] = {client_id: [] for client_id in client_ids}
    found = await db.fetch(_OWED_OR_KEPT, as_ids(owed)) if owed else []
    kept_in = {row["kept_in"] for row in found if not row["owed"]}
    going_on = {row["id"] for row in await db.fetch(_NOT_CLOSED, list(kept_in))} if kept_in else set()
    shown = await load_callbacks(db, [row["id"] for row in found if row["owed"] or row["kept_in"] in going_on])
    # What is late stands first, then what is due first: both are the order of due_at.
    for callback in sorted(shown.values(), key=lambda one: (one.due_at, one.id)):
        if callback.client_id in owed:  # else it has changed hands between the two looks
            owed[callback.client_id].append(callback)
    return owed


async def get_callback(db: Reader, callback_id: UUID, viewer: Viewer) -> Callback:
    """One promise with its history.

    Raises:
        NotFound: there is none, or none the viewer may see.
    """
    conditions = Conditions()
    conditions.add("callback.id = {}", callback_id)
    narrow_to_scope(conditions, viewer)
    visible = await db.fetchval(f"{_SELECT_ID} {conditions.where}", *conditions.args)
    found = await load_callbacks(db, [callback_id]) if visible else {}
    if callback_id not in found:
        raise NotFound
    return found[callback_id]


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
        f"{_SELECT_ID} {conditions.where} ORDER BY callback.id DESC LIMIT {conditions.value(limit + 1)}",
        *conditions.args,
    )
    ids = [row["id"] for row in rows]
    found = await load_callbacks(db, ids[:limit])
    return Page[Callback](
        items=[found[one] for one in ids[:limit] if one in found],
        next=encode_cursor(str(ids[limit - 1])) if len(ids) > limit else None,
    )


async def _talked_about(db: Reader, lapsing: list[UUID]) -> set[UUID]:
    """Those whose claimer talks with the client all the same."""
    return {row["id"] for row in await db.fetch(_TALKED_ABOUT, as_ids(lapsing))} if lapsing else set()


async def _tries(db: Reader, ids: list[UUID]) -> dict[UUID, list[CallbackTry]]:
    pairs = await db.fetch(_TRIES, as_ids(ids)) if ids else []
    stands_for = {row["interaction_id"]: row["callback_id"] for row in pairs}
    tries: dict[UUID, list[CallbackTry]] = {}
    for call in await db.fetch(_CALLS, list(stands_for)) if stands_for else []:
        tries.setdefault(stands_for[call["interaction_id"]], []).append(CallbackTry.model_validate(dict(call)))
    return tries


async def _attempts(db: Reader, promises: list[Record]) -> dict[UUID, list[CallbackAttempt]]:
    attempts: dict[UUID, list[CallbackAttempt]] = {}
    clients = [row["id"] for row in promises if row["client_id"] is not None]
    strangers = [row["id"] for row in promises if row["client_id"] is None]
    for sql, ids in ((_ATTEMPTS_AT_CLIENTS, clients), (_ATTEMPTS_AT_STRANGERS, strangers)):
        for row in await db.fetch(sql, ids, min(ids)) if ids else []:
            call = dict(row)
            attempts.setdefault(call.pop("callback_id"), []).append(CallbackAttempt.model_validate(call))
    return attempts


def _callback(row: Record, *, lapsed: bool, tries: list[CallbackTry], attempts: list[CallbackAttempt]) -> Callback:
    values = {name: value for name, value in row.items() if name != "lapses"}
    values |= {"history": values["history"] or [], "tries": tries, "attempts": attempts}
    if lapsed:
        values["state"] = "open"
    if values["why"] is not None:
        values["why"] = {language: values["why"][language] for language in Explanation.model_fields}
    return Callback.model_validate(values)
