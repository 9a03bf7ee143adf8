"""Who rang and was not heard, and what became of them.

One row a caller, however often they tried: calls of the same client are one
caller's, and of the same number; who withheld it stands alone in each call.
A caller is reached by the first call after the last try that a person
answered, whoever placed it; done, when somebody has said so on the promise to
call back; open until then.

It is asked for a period. The missed calls of that period are found by an index
that holds nothing else, and each is looked after by the index of its caller,
so the length of the log does not matter.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from crm_core.domain.ids import first_id
from crm_core.domain.viewer import Viewer
from crm_core.inputs import InputModel
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.views.callbacks import Callback, CallbackTry, load_callbacks
from crm_core.views.gaps import GapMark, gaps_over
from crm_core.views.model import WireModel
from crm_core.views.paging import CursorInvalid, decode_cursor, encode_cursor
from crm_core.views.wallboard import Figure

Kind = Literal["abandoned", "short_abandoned", "no_answer", "busy", "voicemail"]
KINDS: tuple[Kind, ...] = ("abandoned", "short_abandoned", "no_answer", "busy", "voicemail")
State = Literal["open", "reached", "done"]
Order = Literal["newest", "waiting"]

# Calls of the queues an agent serves, those that rang at their phone, and those of their own clients.
_MINE = """(
    EXISTS (SELECT 1 FROM queue_members mine WHERE mine.user_id = {} AND mine.queue = ANY(call.queues))
    OR EXISTS (SELECT 1 FROM legs leg WHERE leg.interaction_id = call.id AND leg.agent_id = {})
    OR EXISTS (SELECT 1 FROM clients own WHERE own.id = call.client_id AND own.owner_id = {})
)"""

# Calls of the team's queues, those that rang at its people's phones, and those of their clients.
_OUR_TEAMS = """(
    EXISTS (SELECT 1 FROM queues ours WHERE ours.team_id = {} AND ours.name = ANY(call.queues))
    OR EXISTS (
        SELECT 1 FROM legs leg JOIN users person ON person.id = leg.agent_id
        WHERE leg.interaction_id = call.id AND person.team_id = {}
    )
    OR EXISTS (
        SELECT 1 FROM clients own JOIN users person ON person.id = own.owner_id
        WHERE own.id = call.client_id AND person.team_id = {}
    )
)"""

_OF_TEAM = "EXISTS (SELECT 1 FROM queues ours WHERE ours.team_id = {} AND ours.name = ANY(call.queues))"

# The predicate of interactions_missed_idx, word for word.
_MISSED = (
    "call.direction = 'inbound' "
    "AND call.outcome IN ('abandoned', 'short_abandoned', 'no_answer', 'busy', 'voicemail') "
    "AND call.channel = 'call' AND call.merged_into IS NULL"
)

# A number that was one client's in some of the calls is that client's in the others: they were unknown at first.
# ``since`` is the first try after which nobody has talked with the caller but who ended the wait at last.
_CALLERS = """
WITH missed AS MATERIALIZED (
    SELECT call.id, call.started_at, call.wait_s, call.outcome, call.queue, call.client_address, call.client_id,
           COALESCE(call.client_id::text, CASE
               WHEN call.client_address IS NULL THEN call.id::text
               WHEN min(call.client_id::text) OVER number = max(call.client_id::text) OVER number
                   THEN min(call.client_id::text) OVER number
               ELSE call.client_address END) AS caller
    FROM interactions call
    {where}
    WINDOW number AS (PARTITION BY call.client_address)
), tries AS MATERIALIZED (
    SELECT missed.*, LEAST(by_client.id, by_number.id) AS reached_in, promised.callback_id
    FROM missed
    LEFT JOIN LATERAL (
        SELECT later.id FROM interactions later
        WHERE later.client_id = missed.client_id AND later.id > missed.id AND {reached}
        ORDER BY later.id LIMIT 1
    ) AS by_client ON true
    LEFT JOIN LATERAL (
        SELECT later.id FROM interactions later
        WHERE later.client_address = missed.client_address AND later.id > missed.id AND {reached}
        ORDER BY later.id LIMIT 1
    ) AS by_number ON true
    LEFT JOIN callback_tries promised ON promised.interaction_id = missed.id
), callers AS (
    SELECT try.caller, count(*) AS attempts, min(try.started_at) AS first_at, max(try.wait_s) AS longest_wait_s,
           array_agg(try.id ORDER BY try.id DESC) AS ids, array_agg(DISTINCT try.outcome) AS kinds,
           (array_agg(try.client_id ORDER BY try.id DESC) FILTER (WHERE try.client_id IS NOT NULL))[1] AS client_id
    FROM tries try
    GROUP BY try.caller
), told AS MATERIALIZED (
    SELECT callers.*, last.id AS interaction_id, last.client_address, last.started_at AS last_at, last.wait_s,
           last.outcome, last.queue, last.promised_by AS callback_id, last.reached_in, last.since,
           reached.answered_at AS reached_at, reached.direction AS reached_direction, reached.agent_id AS reached_by,
           CASE WHEN last.reached_in IS NOT NULL THEN 'reached'
                WHEN promise.closed_at > last.started_at THEN 'done'
                ELSE 'open' END AS state
    FROM callers
    JOIN (
        SELECT tries.*, min(started_at) OVER run AS since,
               first_value(callback_id) OVER (run ORDER BY callback_id IS NULL, id DESC) AS promised_by
        FROM tries
        WINDOW run AS (PARTITION BY caller, reached_in)
    ) AS last ON last.id = callers.ids[1]
    LEFT JOIN interactions reached ON reached.id = last.reached_in
    LEFT JOIN callbacks promise ON promise.id = last.promised_by
)
"""

_REACHED = (
    "later.answered_at IS NOT NULL AND later.channel = 'call' AND later.direction <> 'internal' "
    "AND later.merged_into IS NULL"
)

# One statement, so that the figures count the very rows that are listed.
_LIST = """
SELECT figures.*, page.*
FROM (
    SELECT count(*) AS all_callers,
           count(*) FILTER (WHERE state = 'open') AS all_open,
           count(*) FILTER (WHERE state = 'done') AS all_done,
           count(*) FILTER (WHERE state = 'reached') AS all_reached,
           count(*) FILTER (WHERE state = 'reached' AND reached_direction = 'inbound') AS all_called_again,
           count(*) FILTER (WHERE state = 'reached' AND reached_direction = 'outbound') AS all_called_back,
           extract(epoch FROM now() - min(since) FILTER (WHERE state = 'open'))::float8 AS longest_open_s,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM reached_at - since)::float8)
               FILTER (WHERE state = 'reached') AS median_reached_s,
           {kinds}
    FROM told
) AS figures
LEFT JOIN (
    SELECT told.*, {rank} AS rank, {place} AS place
    FROM told
    {narrowed}
    ORDER BY rank, place, interaction_id
    LIMIT {limit}
) AS page ON true
ORDER BY page.rank, page.place, page.interaction_id
"""

# The open first, who waits longest before all others, then the rest, the latest first; or simply the latest first.
_ORDERS: dict[Order, tuple[str, str]] = {
    "waiting": (
        "CASE WHEN told.state = 'open' THEN 0 ELSE 1 END",
        "(CASE WHEN told.state = 'open' THEN extract(epoch FROM told.since) "
        "ELSE -extract(epoch FROM told.last_at) END)::float8",
    ),
    "newest": ("0", "(-extract(epoch FROM told.last_at))::float8"),
}

# By primary key, for the rows of one page.
_NAMES = """
SELECT id, name
FROM {table}
WHERE id = ANY($1::uuid[])
"""

_TRIES = """
SELECT id AS interaction_id, started_at AS at, queue, outcome, wait_s
FROM interactions
WHERE id = ANY($1::uuid[])
"""


class AbandonedFilters(InputModel):
    """What the list can be narrowed to; all of them together. ``kind``: one of the caller's tries ended so."""

    queue: str | None = None
    team_id: UUID | None = None
    state: State | None = None
    kind: Kind | None = None
    order: Order = "newest"


# By contact_points_kind_value_idx.
_CANDIDATES = """
SELECT point.value, client.id, client.name
FROM contact_points point
JOIN clients client ON client.id = point.client_id AND client.merged_into IS NULL
WHERE point.kind = 'phone' AND point.value = ANY($1::text[])
ORDER BY client.id
"""


class Possibly(WireModel):
    """One of the clients whom this number reaches."""

    id: UUID
    name: str


class Abandoned(WireModel):
    """One caller who was not heard; ``interaction_id`` is the last try.

    ``since``: the first try after which nobody has talked with them. ``reached_*``: the call that did,
    theirs (``called_again``) or ours (``called_back``). ``callback``: the promise that their tries made.
    ``candidates``: who it may have been, when nobody has said yet.
    """

    client_address: str | None
    client_id: UUID | None
    client_name: str | None
    candidates: list[Possibly]
    queue: str | None
    outcome: Kind
    kinds: list[Kind]
    attempts: int
    first_at: datetime
    last_at: datetime
    since: datetime
    wait_s: float | None
    longest_wait_s: float | None
    interaction_id: UUID
    state: State
    reached_how: Literal["called_again", "called_back"] | None
    reached_in: UUID | None
    reached_at: datetime | None
    reached_after_s: float | None
    reached_by: UUID | None
    reached_by_name: str | None
    tries: list[CallbackTry]
    callback: Callback | None


class AbandonedPage(WireModel):
    """``figures`` are over all callers of the period, whatever state and kind the list is narrowed to.

    Where ``gaps`` touch the period, somebody may have called whom nobody heard.
    """

    items: list[Abandoned]
    next: str | None
    since: datetime
    until: datetime
    gaps: list[GapMark]
    figures: list[Figure]


async def list_abandoned(
    db: Reader,
    viewer: Viewer,
    filters: AbandonedFilters,
    *,
    since: datetime,
    until: datetime,
    limit: int,
    cursor: str | None,
) -> AbandonedPage:
    """Those who tried in ``since ≤ started_at < until``.

    Raises:
        CursorInvalid: the cursor is of another list.
    """
    rows = await db.fetch(*_statement(viewer, filters, since=since, until=until, limit=limit, cursor=cursor))
    now: datetime = await db.fetchval("SELECT now()")
    found = [row for row in rows if row["interaction_id"] is not None]
    items = await _items(db, found[:limit])
    last = found[limit - 1] if len(found) > limit else None
    return AbandonedPage(
        items=items,
        next=encode_cursor(str(last["rank"]), repr(last["place"]), str(last["interaction_id"])) if last else None,
        since=since,
        until=until,
        gaps=await gaps_over(db, since, until),
        figures=_figures(rows[0], now),
    )


def _statement(
    viewer: Viewer, filters: AbandonedFilters, *, since: datetime, until: datetime, limit: int, cursor: str | None
) -> tuple[str, *tuple[object, ...]]:
    conditions = Conditions()
    conditions.parts.append(_MISSED)
    conditions.add("call.id >= {}", first_id(since))  # an id is never younger than its call: prunes partitions
    conditions.add("call.started_at >= {}", since)
    conditions.add("call.started_at < {}", until)
    conditions.add_known("{} = ANY(call.queues)", filters.queue)
    conditions.add_known(_OF_TEAM, filters.team_id)
    if not viewer.sees_everything:
        if viewer.supervises:
            conditions.add(_OUR_TEAMS, viewer.team_id)
        else:
            conditions.add(_MINE, viewer.user_id)
    where = conditions.where
    conditions.parts.clear()
    rank, place = _ORDERS[filters.order]
    conditions.add_known("told.state = {}", filters.state)
    conditions.add_known("{} = ANY(told.kinds)", filters.kind)
    if cursor is not None:
        key = ", ".join(conditions.value(part) for part in _decode(cursor))
        conditions.parts.append(f"({rank}, {place}, told.interaction_id) > ({key})")
    return (
        _CALLERS.format(where=where, reached=_REACHED)
        + _LIST.format(
            kinds=", ".join(f"count(*) FILTER (WHERE '{kind}' = ANY(kinds)) AS all_{kind}" for kind in KINDS),
            rank=rank,
            place=place,
            narrowed=conditions.where,
            limit=conditions.value(limit + 1),
        ),
        *conditions.args,
    )


def _decode(cursor: str) -> tuple[int, float, UUID]:
    rank, place, last = decode_cursor(cursor, 3)
    try:
        return int(rank), float(place), UUID(last)
    except ValueError as error:
        raise CursorInvalid from error


async def _items(db: Reader, rows: list[Record]) -> list[Abandoned]:
    callbacks = await load_callbacks(db, [row["callback_id"] for row in rows if row["callback_id"]])
    clients = await _names(db, "clients", [row["client_id"] for row in rows])
    people = await _names(db, "users", [row["reached_by"] for row in rows])
    unknown = {row["client_address"] for row in rows if row["client_id"] is None} - {None}
    candidates: dict[str, list[Possibly]] = {}
    for row in await db.fetch(_CANDIDATES, list(unknown)) if unknown else []:
        candidates.setdefault(row["value"], []).append(Possibly(id=row["id"], name=row["name"]))
    ids = [one for row in rows for one in row["ids"]]
    tries = {row["interaction_id"]: CallbackTry.model_validate(dict(row)) for row in await db.fetch(_TRIES, ids)}
    return [
        Abandoned(
            **{name: row[name] for name in _PLAIN},
            client_name=clients.get(row["client_id"]),
            candidates=candidates.get(row["client_address"], []) if row["client_id"] is None else [],
            kinds=[kind for kind in KINDS if kind in row["kinds"]],
            reached_how=_HOW.get(row["reached_direction"]),
            reached_after_s=_seconds(row["since"], row["reached_at"]),
            reached_by_name=people.get(row["reached_by"]),
            tries=[tries[one] for one in row["ids"] if one in tries],
            callback=callbacks.get(row["callback_id"]),
        )
        for row in rows
    ]


_PLAIN = (
    "client_address",
    "client_id",
    "queue",
    "outcome",
    "attempts",
    "first_at",
    "last_at",
    "since",
    "wait_s",
    "longest_wait_s",
    "interaction_id",
    "state",
    "reached_in",
    "reached_at",
    "reached_by",
)
_HOW: dict[str | None, Literal["called_again", "called_back"]] = {
    "inbound": "called_again",
    "outbound": "called_back",
}


async def _names(db: Reader, table: Literal["clients", "users"], ids: list[UUID | None]) -> dict[UUID, str]:
    wanted = [one for one in ids if one is not None]
    rows = await db.fetch(_NAMES.format(table=table), wanted) if wanted else []
    return {row["id"]: row["name"] for row in rows}


def _seconds(since: datetime, until: datetime | None) -> float | None:
    return max((until - since).total_seconds(), 0.0) if until else None


def _figures(row: Record, now: datetime) -> list[Figure]:
    everybody = row["all_callers"]
    told = [
        ("callers", everybody, "callers_not_heard", everybody),
        ("open", row["all_open"], "callers_nobody_has_talked_with_since", everybody),
        ("reached", row["all_reached"], "callers_talked_with_since", everybody),
        ("called_again", row["all_called_again"], "callers_answered_when_they_called_again", everybody),
        ("called_back", row["all_called_back"], "callers_who_answered_when_we_called", everybody),
        ("done", row["all_done"], "callers_whose_promise_was_closed_by_hand", everybody),
        *((kind, row[f"all_{kind}"], f"callers_with_a_try_{kind}", everybody) for kind in KINDS),
        ("longest_open_s", row["longest_open_s"], "now_minus_first_try_of_the_longest_open", row["all_open"]),
        ("median_reached_s", row["median_reached_s"], "median_of_first_try_to_answer", row["all_reached"]),
    ]
    return [
        Figure(name=name, queue=None, value=value, formula=formula, sample=sample, fresh_at=now)
        for name, value, formula, sample in told
    ]
