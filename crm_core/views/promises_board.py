"""The supervisor's board of promises: a lane for everybody who owes, in a time around now.

What is late lies left of now and is never left out: those whose deadline is
before the window are counted in their lane. Every figure says how it is counted,
over how many, and where its rows are. Three statements read the promises,
whoever asks and however many there are; the pills are bounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from crm_core.domain.policies import Policy
from crm_core.domain.policy_words import policy_in_words
from crm_core.domain.tails import tail_in_words
from crm_core.domain.viewer import Viewer
from crm_core.store import policies as policy_store
from crm_core.store.callbacks import FROM_CALLBACKS, STATE_NOW, narrow_to_scope
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.store.tails import IS_TAIL
from crm_core.views.agents import Agent, list_agents, load_agents
from crm_core.views.callbacks import OF_TEAM, Explanation, State
from crm_core.views.gaps import GapMark, gaps_over
from crm_core.views.model import WireModel
from crm_core.views.moves import Move, list_moves
from crm_core.views.wallboard import Figure

#: Pills of one board; forty people with sixty promises each are fewer.
MOST_PILLS = 3000
SOON = timedelta(hours=1)


class Rows(WireModel):
    """Where the rows behind a figure are: a route, and what to narrow it by."""

    path: Literal["/callbacks", "/promises/moves", "/tails"]
    query: dict[str, str]


class BoardFigure(Figure):
    """A figure that opens to its rows; null where it is not a count of any."""

    rows: Rows | None


class Pill(WireModel):
    """A promise that is owed, as a lane shows it; ``tail``: the supervisor may take it without consent."""

    id: UUID
    client_id: UUID | None
    client_name: str | None
    address: str | None
    subject: str | None
    state: State
    due_at: datetime
    escalate_at: datetime | None
    takeover_at: datetime | None
    claimed_by: UUID | None
    claimed_until: datetime | None
    policy: str | None
    moves: int
    nobody_since: datetime | None
    tail: bool
    version: int


class Lane(WireModel):
    """One person's, or what a queue has and nobody has taken.

    ``owed``, ``late`` and ``tails`` are over all of theirs; ``earlier``: late since before the window.
    """

    agent: Agent | None
    queue: str | None
    owed: int
    late: int
    tails: int
    earlier: int
    promises: list[Pill]
    gone: list[Move]


class Rule(WireModel):
    """What a policy that is on does, in a sentence."""

    name: str
    version: int
    action: str
    words: Explanation


class PromisesBoard(WireModel):
    """``cut``: more falls into the window than is shown. Where ``gaps`` touch the day, the figures are not complete."""

    model_config = ConfigDict(serialize_by_alias=True)

    at: datetime
    from_: Annotated[datetime, Field(alias="from")]
    to: datetime
    since: datetime
    next_move_at: datetime | None
    gaps: list[GapMark]
    figures: list[BoardFigure]
    tail: Explanation
    rules: list[Rule]
    lanes: list[Lane]
    cut: bool


_NOW = """
SELECT now() AS at, date_trunc('day', now() AT TIME ZONE $1) AT TIME ZONE $1 AS since,
       (SELECT team.name FROM teams team WHERE team.id = $2) AS team
"""

# The owed ones by callbacks_load_idx.
_PILLS = f"""
SELECT callback.id, callback.agent_id, callback.queue, callback.client_id, client.name AS client_name,
       callback.address, callback.subject, {STATE_NOW} AS state, callback.due_at, callback.escalate_at,
       callback.takeover_at, callback.claimed_by, callback.claimed_until, callback.policy, callback.moves,
       callback.nobody_since, {IS_TAIL} AS tail, callback.version
{FROM_CALLBACKS}
"""

# The same rows, counted: a lane each.
_COUNTS = f"""
SELECT callback.agent_id, CASE WHEN callback.agent_id IS NULL THEN callback.queue END AS queue,
       count(*) AS owed,
       count(*) FILTER (WHERE callback.due_at < now()) AS late,
       count(*) FILTER (WHERE callback.due_at < {{since}}) AS earlier,
       count(*) FILTER (WHERE callback.due_at >= now() AND callback.due_at < {{soon}}) AS soon,
       count(*) FILTER (WHERE {IS_TAIL}) AS tails,
       count(*) FILTER (WHERE callback.nobody_since IS NOT NULL) AS stuck,
       extract(epoch FROM now() - min(callback.due_at))::float8 AS oldest_s,
       min(callback.escalate_at) FILTER (WHERE callback.due_at < now() AND callback.escalate_at > now()) AS next_move_at
{FROM_CALLBACKS}
{{where}}
GROUP BY 1, 2
"""  # noqa: S608  (conditions of our own)

# By callbacks_agent_id_due_at_idx.
_DUE_TODAY = """
SELECT count(*)
FROM callbacks
WHERE agent_id = ANY($1::uuid[]) AND due_at >= $2 AND due_at < $2 + interval '1 day'
"""


async def get_promises_board(
    db: Reader,
    viewer: Viewer,
    *,
    timezone: str,
    since: datetime,
    until: datetime,
    team_id: UUID | None = None,
) -> PromisesBoard:
    """The lanes the viewer may see, with what is due in ``since ≤ due_at < until``."""
    clock = await db.fetchrow(_NOW, timezone, team_id or viewer.team_id)
    assert clock is not None
    now, day = clock["at"], clock["since"]
    counts = await _counts(db, viewer, team_id, since=since, now=now)
    pills = await _pills(db, viewer, team_id, since=since, until=until)
    moves = (await list_moves(db, viewer, since=min(day, since), until=now, team_id=team_id)).items
    people = await _people(db, viewer, team_id, counts)
    lanes = _lanes(people, counts, pills[:MOST_PILLS], [move for move in moves if move.at >= since])
    due_today = await db.fetchval(_DUE_TODAY, [one.id for one in people], day)
    figures = _figures(counts, people, [move for move in moves if move.at >= day], due_today, now=now, day=day)
    return PromisesBoard.model_validate(
        {
            "at": now,
            "from": since,
            "to": until,
            "since": day,
            "next_move_at": min((row["next_move_at"] for row in counts if row["next_move_at"]), default=None),
            "gaps": await gaps_over(db, day, now),
            "figures": [_opened(figure, team_id) for figure in figures],
            "tail": Explanation(**tail_in_words().as_json()),
            "rules": _rules(await policy_store.newest(db), clock["team"]),
            "lanes": lanes,
            "cut": len(pills) > MOST_PILLS,
        }
    )


def _scope(viewer: Viewer, team_id: UUID | None) -> Conditions:
    conditions = Conditions()
    conditions.parts.append("callback.state IN ('open', 'claimed')")
    conditions.add_known(OF_TEAM, team_id)
    narrow_to_scope(conditions, viewer)
    return conditions


async def _counts(db: Reader, viewer: Viewer, team_id: UUID | None, *, since: datetime, now: datetime) -> list[Record]:
    conditions = _scope(viewer, team_id)
    where = conditions.where
    statement = _COUNTS.format(where=where, since=conditions.value(since), soon=conditions.value(now + SOON))
    return await db.fetch(statement, *conditions.args)


async def _pills(db: Reader, viewer: Viewer, team_id: UUID | None, *, since: datetime, until: datetime) -> list[Record]:
    conditions = _scope(viewer, team_id)
    conditions.add("callback.due_at >= {}", since)
    conditions.add("callback.due_at < {}", until)
    limit = conditions.value(MOST_PILLS + 1)
    statement = f"{_PILLS} {conditions.where} ORDER BY callback.due_at, callback.id LIMIT {limit}"
    return await db.fetch(statement, *conditions.args)


async def _people(db: Reader, viewer: Viewer, team_id: UUID | None, counts: Iterable[Record]) -> list[Agent]:
    """Whose lanes there are: a supervisor's people whether or not they owe anything, and whoever else does."""
    owing = {row["agent_id"] for row in counts if row["agent_id"] is not None}
    if not viewer.supervises:
        found = await load_agents(db, owing | {viewer.user_id})
        return sorted(found.values(), key=lambda one: (one.id != viewer.user_id, one.name.casefold()))
    ours = {
        one.id: one
        for one in (await list_agents(db, viewer)).items
        if team_id in (None, one.team_id) and (one.role == "agent" or one.id in owing)
    }
    others = await load_agents(db, owing - set(ours))
    return sorted({**ours, **others}.values(), key=lambda one: one.name.casefold())


def _lanes(
    people: Iterable[Agent], counts: Iterable[Record], pills: Iterable[Record], moves: Iterable[Move]
) -> list[Lane]:
    """Queues first: what is nobody's is everybody's."""
    counted = {(row["agent_id"], row["queue"]): row for row in counts}
    promises: dict[tuple[UUID | None, str | None], list[Pill]] = {}
    for row in pills:
        key = (row["agent_id"], None if row["agent_id"] else row["queue"])
        promises.setdefault(key, []).append(Pill(**{name: row[name] for name in Pill.model_fields}))
    gone: dict[UUID | None, list[Move]] = {}
    for move in moves:
        if move.undone_at is None:
            gone.setdefault(move.from_agent_id, []).append(move)
    queues = sorted(queue for agent_id, queue in counted if agent_id is None and queue is not None)
    return [_lane(None, queue, counted, promises, gone) for queue in queues] + [
        _lane(person, None, counted, promises, gone) for person in people
    ]


def _lane(
    agent: Agent | None,
    queue: str | None,
    counted: dict[tuple[UUID | None, str | None], Record],
    promises: dict[tuple[UUID | None, str | None], list[Pill]],
    gone: dict[UUID | None, list[Move]],
) -> Lane:
    key = (agent.id if agent else None, queue)
    row = counted.get(key)
    counts: dict[str, Any] = {name: row[name] if row else 0 for name in ("owed", "late", "tails", "earlier")}
    moved = gone.get(agent.id, []) if agent else []
    return Lane(agent=agent, queue=queue, **counts, promises=promises.get(key, []), gone=moved)


_IN_A_CALL = {"ringing", "talking", "hold"}


def _figures(
    counts: list[Record], people: Iterable[Agent], moves: list[Move], due_today: int, *, now: datetime, day: datetime
) -> list[BoardFigure]:
    def sum_of(name: str) -> int:
        return sum(row[name] for row in counts)

    owed, late, tails = sum_of("owed"), sum_of("late"), sum_of("tails")
    oldest = max((row["oldest_s"] for row in counts if row["late"]), default=None)
    busy = {one.id for one in people if one.state in _IN_A_CALL}
    soon = {"owed": "true", "due_from": now.isoformat(), "due_to": (now + SOON).isoformat()}
    today = Rows(path="/promises/moves", query={"from": day.isoformat()})
    told: tuple[tuple[str, float | None, str, int, Rows | None], ...] = (
        (
            "due_next_hour",
            sum_of("soon"),
            "promises_not_yet_kept_due_within_the_hour",
            owed,
            Rows(path="/callbacks", query=soon),
        ),
        (
            "due_next_hour_in_a_call",
            sum(1 for row in counts if row["soon"] and row["agent_id"] in busy),
            "people_with_such_a_promise_who_are_in_a_call",
            sum(1 for row in counts if row["soon"] and row["agent_id"]),
            None,
        ),
        (
            "late_now",
            late,
            "promises_not_yet_kept_past_due",
            owed,
            Rows(path="/callbacks", query={"owed": "true", "late": "true"}),
        ),
        ("late_longest_s", oldest, "now_minus_the_oldest_deadline_not_kept", late, None),
        ("moved_today", len(moves), "promises_that_changed_hands_today", due_today, today),
        ("undone_today", sum(1 for move in moves if move.undone_at), "moves_taken_back_today", len(moves), today),
        ("tails", tails, "promises_the_supervisor_may_take", owed, Rows(path="/tails", query={})),
        (
            "stuck",
            sum_of("stuck"),
            "promises_that_should_have_moved_and_nobody_could_take",
            owed,
            Rows(path="/callbacks", query={"owed": "true", "stuck": "true"}),
        ),
    )
    return [
        BoardFigure(name=name, queue=None, value=value, formula=formula, sample=sample, fresh_at=now, rows=rows)
        for name, value, formula, sample, rows in told
    ]


def _opened(figure: BoardFigure, team_id: UUID | None) -> BoardFigure:
    """The same, its rows narrowed to the team the board was asked for."""
    if figure.rows is None or team_id is None:
        return figure
    rows = Rows(path=figure.rows.path, query={**figure.rows.query, "team_id": str(team_id)})
    return figure.model_copy(update={"rows": rows})


def _rules(policies: Iterable[Policy], team: str | None) -> list[Rule]:
    """Those that are on and may concern the team; the ones that move first."""
    ours = [policy for policy in policies if policy.enabled and (team is None or policy.team in (None, team))]
    return [
        Rule(
            name=policy.name,
            version=policy.version,
            action=policy.action,
            words=Explanation(**policy_in_words(policy).as_json()),
        )
        for policy in sorted(ours, key=lambda policy: (policy.action != "move", -policy.specificity, policy.name))
    ]
