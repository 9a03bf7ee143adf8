"""Promises that went from one person to another, and why each did.

Whoever lost one still sees that it moved and reads the same explanation as its
new owner and their supervisors. What the system decided is told from the record
it stored then, never worked out anew; what a person decided has their own words.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from crm_core.domain.errors import CallbackAlreadyClaimed, CallbackClosed, DecisionRefused, NotFound
from crm_core.domain.explanations import Told, tell_verdicts
from crm_core.domain.handovers import check_undo
from crm_core.domain.ids import first_id
from crm_core.domain.policy_words import policy_in_words
from crm_core.domain.rosters import read_verdicts
from crm_core.domain.viewer import Viewer
from crm_core.store import policies as policy_store
from crm_core.store.callbacks import STATE_NOW, narrow_to_scope
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.store.handovers import OWNER_BEFORE, last_handover
from crm_core.views.callbacks import Explanation, State
from crm_core.views.model import WireModel

#: More moves of a few days nobody reads through.
MOST = 500


class Move(WireModel):
    """One hand-over. ``words`` is the sentence in both languages; null: ``explanation`` is a person's own.

    ``late_s`` is how late it was then; ``state`` and ``due_at`` are what has become of it. To nobody: to its queue.
    """

    id: UUID
    callback_id: UUID
    at: datetime
    reason: str
    explanation: str
    words: Explanation | None
    by: UUID | None
    by_name: str | None
    from_agent_id: UUID | None
    from_agent_name: str | None
    to_agent_id: UUID | None
    to_agent_name: str | None
    queue: str | None
    client_id: UUID | None
    client_name: str | None
    address: str | None
    subject: str | None
    state: State
    due_at: datetime
    closed_at: datetime | None
    late_s: float | None
    policy: str | None
    undone_at: datetime | None


class Moves(WireModel):
    """The latest first; ``cut``: there were more than are told."""

    model_config = ConfigDict(serialize_by_alias=True)

    items: list[Move]
    from_: Annotated[datetime, Field(alias="from")]
    to: datetime
    cut: bool


class Span(WireModel):
    """A time in which the promise could not have been kept."""

    model_config = ConfigDict(serialize_by_alias=True)

    from_: Annotated[datetime, Field(alias="from")]
    to: datetime


class Clocks(WireModel):
    """Every moment it was decided by; ``forgiven_s`` is of ``gaps``, not counted against the manager."""

    promised_at: datetime
    due_at: datetime
    grace_from: datetime | None
    warned_at: datetime | None
    escalate_at: datetime | None
    at: datetime
    late_s: float | None
    late_by: Literal["agent", "system"] | None
    forgiven_s: float
    gaps: list[Span]


class Candidate(WireModel):
    """Somebody who was asked about; ``reason`` is ``chosen`` for who got it."""

    agent_id: UUID
    name: str
    reason: str
    words: Explanation
    state: str
    present: bool
    active_clients: int
    given_lately: int
    until: datetime | None


class MoveRule(WireModel):
    """The version of the rule that moved it, and what that version says."""

    name: str
    version: int
    made_at: datetime | None
    words: Explanation | None


class UndoRight(WireModel):
    """Whether the viewer may take this hand-over back now; ``code`` says why not."""

    allowed: bool
    code: str | None


class ExplainedMove(Move):
    """All that is known of one step in a promise's story."""

    clocks: Clocks
    rule: MoveRule | None
    strategy: str | None
    candidates: list[Candidate]
    near_cap: bool
    try_again_at: datetime | None = None  # somebody was found
    undo: UndoRight


# A time's moves by primary key: an id is as old as its row; their neighbours by callback_history_callback_id_idx.
_FROM = f"""
FROM callback_history moved
JOIN callbacks callback ON callback.id = moved.callback_id
LEFT JOIN clients client ON client.id = callback.client_id
LEFT JOIN users agent ON agent.id = callback.agent_id
LEFT JOIN users owner ON owner.id = client.owner_id
LEFT JOIN users receiver ON receiver.id = moved.agent_id
LEFT JOIN users decider ON decider.id = moved.by
{OWNER_BEFORE}
LEFT JOIN users loser ON loser.id = before.agent_id
LEFT JOIN LATERAL (
    SELECT later.reason, later.from_at, later.agent_id
    FROM callback_history later
    WHERE later.callback_id = moved.callback_id AND (later.from_at, later.id) > (moved.from_at, moved.id)
    ORDER BY later.from_at, later.id
    LIMIT 1
) AS next ON true
"""  # noqa: S608  (a join of our own)

_COLUMNS = f"""
SELECT moved.id, moved.callback_id, moved.from_at AS at, moved.reason, moved.explanation, moved.words, moved.by,
       decider.name AS by_name, before.agent_id AS from_agent_id, loser.name AS from_agent_name,
       moved.agent_id AS to_agent_id, receiver.name AS to_agent_name, callback.queue,
       callback.client_id, client.name AS client_name, callback.address, callback.subject,
       {STATE_NOW} AS state, callback.due_at, callback.closed_at,
       (moved.record #>> '{{clocks,late_s}}')::float8 AS late_s, moved.record #>> '{{policy,name}}' AS policy,
       CASE WHEN next.reason = 'undone' AND next.agent_id IS DISTINCT FROM moved.agent_id THEN next.from_at
       END AS undone_at
"""  # noqa: S608  (a state of our own)

_EXPLAINED = f"""
{_COLUMNS},
       moved.record, roster.people, roster.verdicts, callback.created_at AS promised_at,
       (SELECT made.created_at FROM callback_policies made
        WHERE made.name = moved.record #>> '{{policy,name}}'
            AND made.version = (moved.record #>> '{{policy,version}}')::int) AS rule_made_at
{_FROM}
LEFT JOIN rosters roster ON roster.id = moved.roster_id
"""  # noqa: S608  (columns of our own)


async def list_moves(
    db: Reader,
    viewer: Viewer,
    *,
    since: datetime,
    until: datetime,
    agent_id: UUID | None = None,
    team_id: UUID | None = None,
) -> Moves:
    """Those of ``since ≤ at < until`` that concern the viewer; ``agent_id``: from or to this person.

    What was taken back is told once, with the moment it was.
    """
    conditions = Conditions()
    conditions.add("moved.id >= {}", first_id(since))
    conditions.add("moved.from_at >= {}", since)
    conditions.add("moved.from_at < {}", until)
    conditions.parts.append("moved.reason <> 'undone'")
    conditions.parts.append("before.agent_id IS NOT NULL AND before.agent_id IS DISTINCT FROM moved.agent_id")
    conditions.add_known("{} IN (before.agent_id, moved.agent_id)", agent_id)
    conditions.add_known("{} IN (loser.team_id, receiver.team_id)", team_id)
    _narrow(conditions, viewer)
    rows = await db.fetch(
        f"{_COLUMNS} {_FROM} {conditions.where} "
        f"ORDER BY moved.from_at DESC, moved.id DESC LIMIT {conditions.value(MOST + 1)}",
        *conditions.args,
    )
    items = [Move.model_validate(_values(row)) for row in rows[:MOST]]
    return Moves.model_validate({"items": items, "from": since, "to": until, "cut": len(rows) > MOST})


async def explain_move(db: Reader, callback_id: UUID, history_id: UUID, viewer: Viewer) -> ExplainedMove:
    """One step in the promise's story, whole.

    Raises:
        NotFound: there is none, or none the viewer may see.
    """
    conditions = Conditions()
    conditions.add("moved.callback_id = {}", callback_id)
    conditions.add("moved.id = {}", history_id)
    _narrow(conditions, viewer)
    row = await db.fetchrow(f"{_EXPLAINED} {conditions.where}", *conditions.args)
    if row is None:
        raise NotFound
    values = _values(row)
    record: dict[str, Any] = values.pop("record") or {}
    people, verdicts = values.pop("people"), values.pop("verdicts")
    promised_at, made_at = values.pop("promised_at"), values.pop("rule_made_at")
    return ExplainedMove(
        **values,
        clocks=_clocks(record.get("clocks"), row, promised_at),
        rule=await _rule(db, record.get("policy"), made_at),
        strategy=record.get("strategy"),
        candidates=_candidates(record, people, verdicts) if people else _inline_candidates(record),
        near_cap=record.get("near_cap", False),
        undo=await _undo_right(db, row, viewer),
    )


def _candidates(
    record: dict[str, Any], people: list[dict[str, Any]], verdicts: list[dict[str, Any]]
) -> list[Candidate]:
    answers = read_verdicts(people, verdicts, record["answers"])
    return [_candidate(told) for told in tell_verdicts(record, answers)]


def _inline_candidates(record: dict[str, Any]) -> list[Candidate]:
    """Of a record of before there were rosters; of a person's own decision there are none."""
    named = record.get("candidates", [])
    return [Candidate.model_validate({name: one[name] for name in Candidate.model_fields}) for one in named]


def _candidate(told: Told) -> Candidate:
    verdict, candidate = told.verdict, told.verdict.candidate
    return Candidate(
        agent_id=candidate.agent_id,
        name=candidate.name,
        reason=verdict.reason.value,
        words=Explanation(**told.words.as_json()),
        state=candidate.state.value,
        present=candidate.present,
        active_clients=candidate.active_clients,
        given_lately=verdict.given_lately,
        until=verdict.until,
    )


def _narrow(conditions: Conditions, viewer: Viewer) -> None:
    """Leave what concerns the viewer: promises they may see, and those that were theirs."""
    if viewer.sees_everything:
        return
    narrow_to_scope(conditions, viewer)
    seen = conditions.parts.pop()
    concerned = conditions.value(viewer.team_id if viewer.supervises else viewer.user_id)
    people = "loser.team_id, receiver.team_id" if viewer.supervises else "before.agent_id, moved.agent_id"
    conditions.parts.append(f"({seen} OR {concerned} IN ({people}))")


def _values(row: Record) -> dict[str, Any]:
    values = dict(row)
    if values["words"] is not None:
        values["words"] = {language: values["words"][language] for language in Explanation.model_fields}
    return values


def _clocks(record: dict[str, Any] | None, row: Record, promised_at: datetime) -> Clocks:
    if record is not None:
        return Clocks.model_validate({name: record[name] for name in Clocks.model_fields})
    late_s = (row["at"] - row["due_at"]).total_seconds()
    return Clocks(
        promised_at=promised_at,
        due_at=row["due_at"],
        grace_from=None,
        warned_at=None,
        escalate_at=None,
        at=row["at"],
        late_s=late_s if late_s > 0 else None,
        late_by=None,
        forgiven_s=0.0,
        gaps=[],
    )


async def _rule(db: Reader, policy: dict[str, Any] | None, made_at: datetime | None) -> MoveRule | None:
    if policy is None:
        return None
    name, version = policy["name"], policy["version"]
    stored = (await policy_store.of_versions(db, [(name, version)])).get((name, version))
    words = Explanation(**policy_in_words(stored).as_json()) if stored else None
    return MoveRule(name=name, version=version, made_at=made_at, words=words)


async def _undo_right(db: Reader, row: Record, viewer: Viewer) -> UndoRight:
    try:
        await _check_undo(db, row, viewer)
    except DecisionRefused as refusal:
        return UndoRight(allowed=False, code=refusal.code)
    return UndoRight(allowed=True, code=None)


async def _check_undo(db: Reader, row: Record, viewer: Viewer) -> None:
    last = await last_handover(db, row["callback_id"])
    if row["state"] in {"kept", "cancelled"}:
        raise CallbackClosed(state=row["state"])
    if row["state"] == "claimed":
        raise CallbackAlreadyClaimed
    is_last = last is not None and last.history_id == row["id"]
    check_undo(last if is_last else None, viewer, await db.fetchval("SELECT now()"))
