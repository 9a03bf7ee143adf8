"""Clocks of answers: conversations the watchdog has to look at, and what it writes of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.answering import Ended
from crm_core.domain.callbacks import LateBy
from crm_core.domain.ids import new_id
from crm_core.domain.policies import Moments, Rules
from crm_core.domain.written import WrittenChannel
from crm_core.store.absences import NOW_ABSENT
from crm_core.store.database import Record, Transaction
from crm_core.store.ids import AMONG_FIRST, as_ids
from crm_core.store.watch import DUE, LEASE

_LEASE = f"SET LOCAL idle_in_transaction_session_timeout = '{LEASE}'"

# By conversations_watch_at_idx; what another node holds is not ours.
_CLAIM = """
SELECT interaction_id
FROM conversations
WHERE watch_at <= $1
ORDER BY watch_at, interaction_id
LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED
"""

_SET_ASIDE = f"""
WITH first AS ({_CLAIM})
UPDATE conversations
SET watch_at = $3
FROM first
WHERE conversations.interaction_id = first.interaction_id
"""  # noqa: S608

# By primary keys, answer_clocks_running_key and queue_members.
_READ = f"""
SELECT conversation.interaction_id AS id, conversation.channel, conversation.waiting_since, conversation.nobody_since,
       call.queue, call.agent_id, call.client_id, call.answered_at, agent.name AS agent_name, client.language,
       client.service_class, COALESCE(queue.answer_within, '{{}}') AS answer_within,
       COALESCE(agent.team_id, queue.team_id) AS team_id,
       EXISTS (SELECT 1 FROM absences absence WHERE absence.user_id = call.agent_id AND {NOW_ABSENT}) AS is_away,
       queue.team_id AS queue_team_id,
       ARRAY(SELECT member.user_id FROM queue_members member WHERE member.queue = call.queue) AS members,
       clock.id AS clock_id, clock.since, clock.due_at, clock.grace_from, clock.warn_at, clock.notify_at,
       clock.escalate_at, clock.forgiven_s, clock.policies, clock.policy_versions, clock.warned_at, clock.told,
       clock.moves, clock.agent_id AS clock_agent_id
FROM conversations conversation
JOIN interactions call ON call.id = conversation.interaction_id
LEFT JOIN users agent ON agent.id = call.agent_id
LEFT JOIN clients client ON client.id = call.client_id
LEFT JOIN queues queue ON queue.name = call.queue
LEFT JOIN answer_clocks clock ON clock.interaction_id = conversation.interaction_id AND clock.ended_at IS NULL
WHERE conversation.interaction_id = {AMONG_FIRST}
"""  # noqa: S608  (a condition of our own)

_START = """
INSERT INTO answer_clocks (id, interaction_id, first, since, due_at, grace_from, warn_at, notify_at, escalate_at,
                           policies, policy_versions, agent_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""

_WRITE = """
UPDATE answer_clocks
SET grace_from = $2, warn_at = $3, notify_at = $4, escalate_at = $5, forgiven_s = $6, warned_at = $7, told = $8,
    moves = $9, agent_id = $10, looked_at = CASE WHEN agent_id IS NOT DISTINCT FROM $10 THEN looked_at END
WHERE id = $1
"""

_LOOK_AGAIN = """
UPDATE conversations
SET watch_at = $2, nobody_since = $3
WHERE interaction_id = $1
"""

_LOOK_NOW = """
UPDATE conversations
SET watch_at = $2
WHERE interaction_id = ANY($1::uuid[]) AND inbox_state <> 'closed'
"""

# By conversations_nobody_idx. Somebody has come, is free again, or may have what they could not have before.
_RETRY = """
UPDATE conversations
SET watch_at = $1
WHERE nobody_since IS NOT NULL AND watch_at > $1
"""

_RUNNING = """
SELECT due_at, since
FROM answer_clocks
WHERE interaction_id = $1 AND ended_at IS NULL
FOR NO KEY UPDATE
"""

# The running one; who answers without having looked, as a program may, has looked when they answered.
_END = """
UPDATE answer_clocks
SET ended_at = $2, ended = $3, answered_by = $4, late_s = $5, late_by = $6,
    looked_at = CASE WHEN $3 = 'answered' THEN COALESCE(looked_at, $2) ELSE looked_at END
WHERE interaction_id = $1 AND ended_at IS NULL
"""

_STOP_WATCHING = """
UPDATE conversations
SET watch_at = NULL, nobody_since = NULL
WHERE interaction_id = $1
"""

_LOOKED = """
UPDATE answer_clocks
SET looked_at = $2
WHERE interaction_id = $1 AND ended_at IS NULL AND looked_at IS NULL
"""

# By conversation_turns_interaction_id_idx.
_LOST = """
SELECT interaction_id, agent_id, max(to_at) AS lost_at
FROM conversation_turns
WHERE interaction_id = ANY($1::uuid[]) AND agent_id IS NOT NULL AND to_at IS NOT NULL
GROUP BY interaction_id, agent_id
"""


@dataclass(slots=True, kw_only=True)
class Clock:
    """A running clock, as its row has it."""

    id: UUID
    since: datetime
    due_at: datetime
    moments: Moments
    forgiven_s: float
    versions: tuple[tuple[str, int], ...]  # of the rules of its day
    warned_at: datetime | None
    told: list[str]
    moves: int
    agent_id: UUID | None  # whose moments these are


@dataclass(frozen=True, slots=True, kw_only=True)
class DueConversation:
    """A conversation to be looked at, under lock; ``clock`` is None when none runs yet."""

    id: UUID
    channel: WrittenChannel
    waiting_since: datetime | None
    nobody_since: datetime | None
    queue: str | None
    agent_id: UUID | None
    agent_name: str | None
    is_away: bool  # whoever has it is on holiday, or ill
    client_id: UUID | None
    answered_at: datetime | None
    language: str | None
    service_class: str | None
    answer_within: Mapping[str, Mapping[str, float | None]]
    team_id: UUID | None  # of whoever has it, else of its queue
    queue_team_id: UUID | None
    members: Sequence[UUID]  # of its queue
    clock: Clock | None


async def claim_due(tx: Transaction, limit: int) -> list[DueConversation]:
    """Conversations whose moment has come, held until the end of the transaction, by id."""
    await tx.execute(_LEASE)
    ids = [row["interaction_id"] for row in await tx.fetch(_CLAIM, tx.now, limit)]
    return [_due(row) for row in await tx.fetch(_READ, as_ids(ids))] if ids else []


async def set_aside(tx: Transaction, aside: timedelta) -> None:
    """What the next claim would begin with is not due for a while."""
    await tx.execute(_SET_ASIDE, tx.now, 1, tx.now + aside)


def _due(row: Record) -> DueConversation:
    values = {name: row[name] for name in DueConversation.__slots__ if name not in {"clock", "channel"}}
    return DueConversation(**values, channel=WrittenChannel(row["channel"]), clock=_clock(row))


def _clock(row: Record) -> Clock | None:
    if row["clock_id"] is None:
        return None
    return Clock(
        id=row["clock_id"],
        since=row["since"],
        due_at=row["due_at"],
        moments=Moments(
            grace_from=row["grace_from"],
            warn_at=row["warn_at"],
            notify_at=row["notify_at"],
            escalate_at=row["escalate_at"],
            takeover_at=None,
        ),
        forgiven_s=row["forgiven_s"],
        versions=tuple(zip(row["policies"], row["policy_versions"], strict=True)),
        warned_at=row["warned_at"],
        told=list(row["told"]),
        moves=row["moves"],
        agent_id=row["clock_agent_id"],
    )


async def start(
    tx: Transaction,
    conversation: DueConversation,
    *,
    since: datetime,
    due_at: datetime,
    rules: Rules,
    moments: Moments,
) -> Clock:
    """From now on it runs."""
    versions = tuple((policy.name, policy.version) for policy in rules.all)
    clock = Clock(
        id=new_id(tx.now),
        since=since,
        due_at=due_at,
        moments=moments,
        forgiven_s=0.0,
        versions=versions,
        warned_at=None,
        told=[],
        moves=0,
        agent_id=conversation.agent_id,
    )
    await tx.execute(
        _START,
        clock.id,
        conversation.id,
        conversation.answered_at is None,
        since,
        due_at,
        moments.grace_from,
        moments.warn_at,
        moments.notify_at,
        moments.escalate_at,
        [name for name, _ in versions],
        [version for _, version in versions],
        clock.agent_id,
    )
    return clock


async def write(tx: Transaction, clock: Clock) -> None:
    """Store how the clock stands; in other hands nobody has looked yet."""
    await tx.execute(
        _WRITE,
        clock.id,
        clock.moments.grace_from,
        clock.moments.warn_at,
        clock.moments.notify_at,
        clock.moments.escalate_at,
        clock.forgiven_s,
        clock.warned_at,
        clock.told,
        clock.moves,
        clock.agent_id,
    )


async def look_again(tx: Transaction, interaction_id: UUID, at: datetime | None, nobody_since: datetime | None) -> None:
    """When it is looked at next; None: never by itself."""
    await tx.execute(_LOOK_AGAIN, interaction_id, at, nobody_since)


async def look_now(tx: Transaction, ids: Collection[UUID]) -> None:
    """Something about them has changed that the watchdog must see."""
    await tx.execute(_LOOK_NOW, list(ids), tx.now)
    tx.wake(DUE)


async def retry_waiting(tx: Transaction) -> None:
    """Those for whom nobody could be found are due now."""
    await tx.execute(_RETRY, tx.now)


async def running(tx: Transaction, interaction_id: UUID) -> tuple[datetime, datetime] | None:
    """``(due_at, since)`` of the clock that runs."""
    row = await tx.fetchrow(_RUNNING, interaction_id)
    return (row["due_at"], row["since"]) if row else None


async def end(
    tx: Transaction,
    interaction_id: UUID,
    *,
    at: datetime,
    ended: Ended,
    by: UUID | None,
    late_s: float | None,
    late_by: LateBy | None,
) -> None:
    await tx.execute(_END, interaction_id, at, ended, by, late_s, late_by)


async def stop_watching(tx: Transaction, interaction_id: UUID) -> None:
    await tx.execute(_STOP_WATCHING, interaction_id)


async def looked(tx: Transaction, interaction_id: UUID) -> None:
    """Whoever has it has seen that the client waits."""
    await tx.execute(_LOOKED, interaction_id, tx.now)


async def lost_by(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, dict[UUID, datetime]]:
    """For each conversation who had it and has it no more, and until when."""
    lost: dict[UUID, dict[UUID, datetime]] = {}
    for row in await tx.fetch(_LOST, list(ids)):
        lost.setdefault(row["interaction_id"], {})[row["agent_id"]] = row["lost_at"]
    return lost
