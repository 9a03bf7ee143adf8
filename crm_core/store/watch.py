"""What the watchdog reads of promises whose moment has come, and how it writes what it decided.

A batch is read in a few statements and written in a few, whatever its size. The
version a row had when it was read is its fence: a decision that comes after
somebody else's writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.callbacks import HistoryReason
from crm_core.domain.distribution import WEIGHTS
from crm_core.domain.ids import new_id
from crm_core.domain.rosters import Roster
from crm_core.domain.watching import LiveCall
from crm_core.store import rosters
from crm_core.store.database import Reader, Transaction, to_json

#: Woken when something may be due now that was not.
DUE = "due"
#: Woken when somebody may be eligible who was not: has come to work, or may have more.
ELIGIBLE = "eligible"

#: A node that freezes with a batch in its hands loses it after this: its rows are free, and its words are not heard.
LEASE = "10s"

_LEASE = f"SET LOCAL idle_in_transaction_session_timeout = '{LEASE}'"

_COLUMNS = """
SELECT callback.id, callback.client_id, callback.address, callback.lead_id, callback.agent_id, callback.queue,
       callback.via, callback.due_at, callback.created_at, callback.grace_from, callback.warn_at, callback.notify_at,
       callback.escalate_at, callback.takeover_at, callback.forgiven_s, callback.moves, callback.warned_at,
       callback.told, callback.unlocked_at, callback.nobody_since, callback.state, callback.claimed_at,
       callback.claimed_until, callback.policies, callback.policy_versions, callback.version
FROM callbacks callback
"""

# By callbacks_next_at_idx.
_DUE = f"""
{_COLUMNS}
WHERE callback.state IN ('open', 'claimed') AND callback.next_at <= $1
ORDER BY callback.next_at, callback.id
LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED
"""

_SET_ASIDE = f"""
WITH first AS ({_DUE})
UPDATE callbacks
SET next_at = $3
FROM first
WHERE callbacks.id = first.id
"""  # noqa: S608

_WEIGHTS = " ".join(f"WHEN '{service_class}' THEN {weight}" for service_class, weight in WEIGHTS.items())

# By callbacks_nobody_idx. As in crm_core.domain.distribution.in_line: who waits longest, the dearest the fastest.
_WAITING = f"""
{_COLUMNS}
LEFT JOIN clients client ON client.id = callback.client_id
WHERE callback.state IN ('open', 'claimed') AND callback.nobody_since IS NOT NULL
ORDER BY extract(epoch FROM $1 - callback.due_at)
             * CASE client.service_class {_WEIGHTS} ELSE 1 END DESC,
         callback.id
LIMIT $2
FOR NO KEY UPDATE OF callback SKIP LOCKED
"""

_AROUND = """
SELECT callback.id, client.owner_id, client.language, lead.destination, COALESCE(lead.skills, '{}') AS skills,
       COALESCE(owner.name, queue.titles->>'ru', callback.queue) AS owner_name,
       COALESCE(owner.team_id, queue.team_id, lead.team_id) AS team_id
FROM callbacks callback
LEFT JOIN clients client ON client.id = callback.client_id
LEFT JOIN users owner ON owner.id = callback.agent_id
LEFT JOIN queues queue ON queue.name = callback.queue
LEFT JOIN leads lead ON lead.id = callback.lead_id
WHERE callback.id = ANY($1::uuid[])
"""

# By interactions_live_idx: the calls that are up are a handful.
_LIVE_CALLS = """
SELECT client_id, client_address, started_at AS begun_at, answered_at
FROM interactions
WHERE state <> 'closed' AND channel = 'call' AND direction <> 'internal' AND ended_at IS NULL
    AND merged_into IS NULL
"""

# By callback_history_callback_id_idx. What was undone was never lost.
_LOST = """
SELECT callback_id, agent_id, max(to_at) AS lost_at
FROM (
    SELECT history.callback_id, history.agent_id, history.to_at,
           lead(history.reason) OVER (PARTITION BY history.callback_id ORDER BY history.from_at, history.id) AS next
    FROM callback_history history
    WHERE history.callback_id = ANY($1::uuid[])
) AS turn
WHERE to_at IS NOT NULL AND agent_id IS NOT NULL AND next IS DISTINCT FROM 'undone'
GROUP BY callback_id, agent_id
"""

_TEAMS = """
SELECT id, team_id
FROM users
WHERE id = ANY($1::uuid[]) AND team_id IS NOT NULL
"""

_WRITE = """
UPDATE callbacks
SET agent_id = new.agent_id, grace_from = new.grace_from, warn_at = new.warn_at, notify_at = new.notify_at,
    escalate_at = new.escalate_at, next_at = new.next_at, forgiven_s = new.forgiven_s, moves = new.moves,
    warned_at = new.warned_at, told = new.told, unlocked_at = new.unlocked_at, nobody_since = new.nobody_since,
    stuck = CASE WHEN new.nobody_since IS NOT NULL THEN COALESCE(new.stuck, callbacks.stuck) END,
    state = CASE WHEN new.moved THEN 'open' ELSE callbacks.state END,
    claimed_by = CASE WHEN NOT new.moved THEN callbacks.claimed_by END,
    claimed_at = CASE WHEN NOT new.moved THEN callbacks.claimed_at END,
    claimed_until = CASE WHEN NOT new.moved THEN callbacks.claimed_until END,
    version = callbacks.version + new.news::int
FROM jsonb_to_recordset($1::jsonb) AS new (
    id uuid, version int, agent_id uuid, grace_from timestamptz, warn_at timestamptz, notify_at timestamptz,
    escalate_at timestamptz, next_at timestamptz, forgiven_s float8, moves int, warned_at timestamptz, told text[],
    unlocked_at timestamptz, nobody_since timestamptz, stuck jsonb, moved boolean, news boolean
)
WHERE callbacks.id = new.id AND callbacks.version = new.version
"""

_CLOSE_HISTORY = """
UPDATE callback_history
SET to_at = GREATEST(from_at, $2)
WHERE callback_id = ANY($1::uuid[]) AND to_at IS NULL
"""

_HISTORY = ("id", "callback_id", "agent_id", "from_at", "reason", "explanation", "words", "record", "roster_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCallback:
    """A promise under lock, as its row has it."""

    id: UUID
    client_id: UUID | None
    address: str | None
    lead_id: UUID | None
    agent_id: UUID | None
    queue: str | None
    via: str
    due_at: datetime
    created_at: datetime
    grace_from: datetime | None
    warn_at: datetime | None
    notify_at: datetime | None
    escalate_at: datetime | None
    takeover_at: datetime | None
    forgiven_s: float
    moves: int
    warned_at: datetime | None
    told: Sequence[str]
    unlocked_at: datetime | None
    nobody_since: datetime | None
    state: str
    claimed_at: datetime | None
    claimed_until: datetime | None
    policies: Sequence[str]
    policy_versions: Sequence[int]
    version: int

    @property
    def versions(self) -> tuple[tuple[str, int], ...]:
        """The rules of its day."""
        return tuple(zip(self.policies, self.policy_versions, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What its row does not say: whose client, what it asks of who keeps it."""

    id: UUID
    owner_id: UUID | None = None  # of the client
    language: str | None = None
    destination: str | None = None
    skills: Sequence[str] = ()
    owner_name: str | None = None  # of the promise; a queue's title when it is nobody's
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCall:
    """A call that is up, and with whom."""

    client_id: UUID | None
    client_address: str | None
    call: LiveCall

    def is_with(self, callback: DueCallback) -> bool:
        if callback.client_id is not None and self.client_id == callback.client_id:
            return True
        return callback.address is not None and self.client_address == callback.address


@dataclass(slots=True, kw_only=True)
class Written:
    """How a promise stands after the look; ``news``: others have to hear of it."""

    id: UUID
    version: int  # the one that was read
    agent_id: UUID | None
    grace_from: datetime | None
    warn_at: datetime | None
    notify_at: datetime | None
    escalate_at: datetime | None
    next_at: datetime | None
    forgiven_s: float
    moves: int
    warned_at: datetime | None
    told: list[str]
    unlocked_at: datetime | None
    nobody_since: datetime | None
    stuck: dict[str, object] | None = None
    moved: bool = False
    news: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The stretch that begins with a move."""

    callback_id: UUID
    agent_id: UUID
    reason: HistoryReason
    words: dict[str, str]
    record: dict[str, object]


class StaleDecision(RuntimeError):
    """A promise has changed while it was held: the batch is not written."""


async def claim_due(tx: Transaction, limit: int) -> list[DueCallback]:
    """Promises whose moment has come, the oldest first, held until the end of the transaction."""
    return await _claim(tx, _DUE, limit)


async def set_aside(tx: Transaction, aside: timedelta) -> None:
    """What the next claim would begin with is not due for a while."""
    await tx.execute(_SET_ASIDE, tx.now, 1, tx.now + aside)


async def claim_waiting(tx: Transaction, limit: int) -> list[DueCallback]:
    """Promises that nobody could take so far, the oldest and most valuable first, held likewise."""
    return await _claim(tx, _WAITING, limit)


async def _claim(tx: Transaction, sql: str, limit: int) -> list[DueCallback]:
    await tx.execute(_LEASE)
    return [DueCallback(**dict(row)) for row in await tx.fetch(sql, tx.now, limit)]


async def around(db: Reader, ids: Collection[UUID]) -> dict[UUID, Around]:
    return {row["id"]: Around(**dict(row)) for row in await db.fetch(_AROUND, list(ids))}


async def live_calls(db: Reader) -> list[KnownCall]:
    """Every call with somebody outside that is up now."""
    return [
        KnownCall(
            client_id=row["client_id"],
            client_address=row["client_address"],
            call=LiveCall(begun_at=row["begun_at"], answered_at=row["answered_at"]),
        )
        for row in await db.fetch(_LIVE_CALLS)
    ]


async def lost_by(db: Reader, ids: Collection[UUID]) -> dict[UUID, dict[UUID, datetime]]:
    """For each promise who had it and has it no more, and until when."""
    lost: dict[UUID, dict[UUID, datetime]] = {}
    for row in await db.fetch(_LOST, list(ids)):
        lost.setdefault(row["callback_id"], {})[row["agent_id"]] = row["lost_at"]
    return lost


async def teams_of(db: Reader, people: Collection[UUID]) -> dict[UUID, UUID]:
    return {row["id"]: row["team_id"] for row in await db.fetch(_TEAMS, list(people))}


async def write(tx: Transaction, looked: Sequence[Written], turns: Sequence[Turn], roster: Roster) -> None:
    """Store what was decided about a whole batch; the turns name answers of the ``roster``.

    Raises:
        StaleDecision: a row is not as it was read; nothing of the transaction may be kept.
    """
    rows = [{name: getattr(one, name) for name in Written.__slots__} for one in looked]
    if await tx.execute(_WRITE, to_json(rows)) != f"UPDATE {len(rows)}":
        raise StaleDecision
    if not turns:
        return
    await tx.execute(_CLOSE_HISTORY, [turn.callback_id for turn in turns], tx.now)
    await rosters.keep(tx, roster)
    # Records are long: in one JSON document of the whole batch they would be parsed and copied thrice.
    await tx.copy("callback_history", _HISTORY, [_as_history(turn, tx.now, roster.id) for turn in turns])


def _as_history(turn: Turn, at: datetime, roster_id: UUID) -> tuple[object, ...]:
    words, record = to_json(turn.words), to_json(turn.record)
    reason, sentence = turn.reason.value, turn.words["en"]
    return new_id(at), turn.callback_id, turn.agent_id, at, reason, sentence, words, record, roster_id
