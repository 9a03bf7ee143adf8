"""Promises as they are stored: who owes them now, who may see them, and the writes of each verb.

Two things are not columns but questions to this moment. A claim is a lease: it
lapses by the clock, unless the claimer's call with the client is up. And a
promise is seen by who owes it, by who owns the client, and by their supervisors;
one that was given to a queue, by everybody of that queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.callbacks import CallbackState, HistoryReason, LateBy, OwedCallback
from crm_core.domain.ids import new_id
from crm_core.domain.policies import Moments, Rules, rules_among
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.store import policies
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Transaction, to_json

#: For ``FROM callbacks callback``: the claim's time is over.
LAPSES = "(callback.state = 'claimed' AND callback.claimed_until <= now())"

#: For the same: the claimer talks with the client. By interactions_live_idx: the calls that are up are a handful.
CLAIMER_TALKS = """EXISTS (
    SELECT 1
    FROM interactions call
    WHERE call.state <> 'closed' AND call.state = 'active'
        AND (call.client_id = callback.client_id OR call.client_address = callback.address)
        AND call.agent_id = callback.claimed_by
)"""

#: For the same.
STATE_NOW = f"CASE WHEN {LAPSES} AND NOT {CLAIMER_TALKS} THEN 'open' ELSE callback.state END"

FROM_CALLBACKS = """
FROM callbacks callback
LEFT JOIN clients client ON client.id = callback.client_id
LEFT JOIN users agent ON agent.id = callback.agent_id
LEFT JOIN users owner ON owner.id = client.owner_id
LEFT JOIN users claimer ON claimer.id = callback.claimed_by
"""

# Held before anything beside it is read: what is read after the wait is true then, the scope too.
_HOLD = """
SELECT id
FROM callbacks
WHERE id = $1
FOR NO KEY UPDATE
"""

_LOCKED = f"""
SELECT callback.id, callback.client_id, callback.address, callback.agent_id, callback.queue,
       {STATE_NOW} AS state, callback.due_at, callback.takeover_at, callback.claimed_by, callback.claimed_until,
       claimer.name AS claimed_by_name, callback.created_at, client.owner_id, callback.version
{FROM_CALLBACKS}
"""

# By callbacks_client_id_idx and callbacks_address_idx; in id order, so that two recorders never wait for each
# other in a ring. A promise that a missed call made is as old as the last call it stands for.
_LOCK_OF_CLIENT = """
SELECT id, due_at, COALESCE(missed_at, created_at) AS promised_at, promised_in, kept_in,
       missed_at IS NOT NULL AS missed, via
FROM callbacks
WHERE (client_id = $1 OR client_id IS NULL AND address = $3) AND (state IN ('open', 'claimed') OR kept_in = $2)
ORDER BY id
FOR NO KEY UPDATE
"""

# By callbacks_promised_in_idx.
_LOCK_OF_INTERACTION = """
SELECT id
FROM callbacks
WHERE promised_in = $1 AND missed_at IS NULL AND state IN ('open', 'claimed')
ORDER BY id DESC
LIMIT 1
FOR NO KEY UPDATE
"""

_POLICIES_OF_PROMISE = """
SELECT policies, policy_versions
FROM callbacks
WHERE id = $1
"""

_INSERT = """
INSERT INTO callbacks
    (id, client_id, address, lead_id, subject, via, agent_id, queue, due_at, promised_in, why, created_at,
     grace_from, warn_at, notify_at, escalate_at, takeover_at, next_at, policy, policies, policy_versions)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
"""

_INSERT_HISTORY = """
INSERT INTO callback_history (id, callback_id, agent_id, from_at, reason, explanation, words, record, by)
VALUES ($1, $2, $3, GREATEST($4, (SELECT max(to_at) FROM callback_history WHERE callback_id = $2)), $5, $6, $7, $8, $9)
"""

# Who waited for the row began before whoever held it: turns follow each other all the same.
_CLOSE_HISTORY = """
UPDATE callback_history
SET to_at = GREATEST(from_at + interval '1 microsecond', $2)
WHERE callback_id = $1 AND to_at IS NULL
"""

# What was said again is a new promise: nobody was reminded of it yet, and nothing is forgiven.
_REPLACE = """
UPDATE callbacks
SET client_id = $2, due_at = $3, subject = $4, via = $5, grace_from = $6, warn_at = $7, notify_at = $8,
    escalate_at = $9, takeover_at = $10, next_at = $11, policy = $12, policies = $13, policy_versions = $14,
    warned_at = NULL, told = '{}', unlocked_at = NULL, nobody_since = NULL, stuck = NULL, forgiven_s = 0,
    confirmed_at = NULL, version = version + 1
WHERE id = $1
RETURNING version
"""

# Who claims again when the time is over has claimed in time all the same: the first claim counts.
_CLAIM = """
UPDATE callbacks
SET state = 'claimed', claimed_by = $2, claimed_until = $4, version = version + 1,
    claimed_at = CASE
        WHEN claimed_by = $2 AND claimed_until > $3 AND escalate_at < $3 AND nobody_since IS NULL THEN claimed_at
        ELSE $3 END
WHERE id = $1
RETURNING version
"""

_CLOSE = """
UPDATE callbacks
SET state = $2, closed_at = $3, kept_in = $4, late_s = $5, late_by = $6, cancel_reason = $7,
    claimed_by = NULL, claimed_at = NULL, claimed_until = NULL, nobody_since = NULL, stuck = NULL,
    version = version + 1
WHERE id = $1
RETURNING version
"""

# From a queue to the first who takes it: nobody has lost it, so it has not moved.
_TAKE = """
UPDATE callbacks
SET agent_id = $2, version = version + 1
WHERE id = $1
"""

# The new owner's clock begins anew; the supervisor's right does not.
_ASSIGN = """
UPDATE callbacks
SET agent_id = $2, grace_from = $3, warn_at = $4, notify_at = $5, escalate_at = $6, next_at = $7,
    warned_at = NULL, forgiven_s = 0, nobody_since = NULL, stuck = NULL, moves = moves + $8::int,
    state = 'open', claimed_by = NULL, claimed_at = NULL, claimed_until = NULL, version = version + 1
WHERE id = $1
RETURNING version
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCallback:
    """A promise under lock, with what its verbs judge by."""

    id: UUID
    client_id: UUID | None  # None: the caller at ``address`` is nobody's client yet
    address: str | None
    agent_id: UUID | None  # None: whoever of ``queue`` takes it first
    queue: str | None
    owner_id: UUID | None
    state: CallbackState  # as of this moment: a lapsed claim is open
    due_at: datetime
    takeover_at: datetime | None
    claimed_by: UUID | None
    claimed_by_name: str | None
    claimed_until: datetime | None
    created_at: datetime
    version: int

    @property
    def is_closed(self) -> bool:
        return self.state in {CallbackState.KEPT, CallbackState.CANCELLED}


def narrow_to_scope(conditions: Conditions, viewer: Viewer) -> None:
    """Leave what the viewer may see of ``FROM_CALLBACKS``."""
    if viewer.sees_everything:
        return
    if viewer.supervises:
        conditions.add(_OUR_TEAMS, viewer.team_id)
    else:
        conditions.add(_MINE, viewer.user_id)


_OUR_TEAMS = """(
    agent.team_id = {} OR owner.team_id = {}
    OR EXISTS (SELECT 1 FROM queues ours WHERE ours.name = callback.queue AND ours.team_id = {})
)"""

_MINE = """(
    callback.agent_id = {} OR client.owner_id = {} OR callback.claimed_by = {}
    OR EXISTS (SELECT 1 FROM queue_members mine WHERE mine.queue = callback.queue AND mine.user_id = {})
)"""


async def lock_visible(tx: Transaction, callback_id: UUID, viewer: Viewer) -> StoredCallback | None:
    """The promise, held until the end of the transaction; None when there is none the viewer may see."""
    return await _lock(tx, callback_id, viewer)


async def lock(tx: Transaction, callback_id: UUID) -> StoredCallback | None:
    """The same without a scope: the action has decided who may."""
    return await _lock(tx, callback_id, None)


async def _lock(tx: Transaction, callback_id: UUID, viewer: Viewer | None) -> StoredCallback | None:
    await tx.execute(_HOLD, callback_id)
    conditions = Conditions()
    conditions.add("callback.id = {}", callback_id)
    if viewer is not None:
        narrow_to_scope(conditions, viewer)
    row = await tx.fetchrow(f"{_LOCKED} {conditions.where}", *conditions.args)
    if row is None:
        return None
    values = dict(row)
    return StoredCallback(**(values | {"state": CallbackState(values["state"])}))


async def lock_owed_to(
    tx: Transaction, client_id: UUID | None, contact_id: UUID, *, address: str | None = None
) -> list[OwedCallback]:
    """What the client, or the stranger at ``address``, is owed, and what ``contact_id`` has already kept."""
    return [OwedCallback(**dict(row)) for row in await tx.fetch(_LOCK_OF_CLIENT, client_id, contact_id, address)]


async def lock_promised_in(tx: Transaction, interaction_id: UUID) -> UUID | None:
    """The promise given in this interaction, while it is owed."""
    found: UUID | None = await tx.fetchval(_LOCK_OF_INTERACTION, interaction_id)
    return found


async def rules_of(db: Reader, callback_id: UUID) -> Rules:
    """The rules a promise was made under; later versions do not concern it."""
    row = await db.fetchrow(_POLICIES_OF_PROMISE, callback_id)
    assert row is not None
    pairs = list(zip(row["policies"], row["policy_versions"], strict=True))
    known = await policies.of_versions(db, pairs)
    return rules_among(known.values())


async def insert(
    tx: Transaction,
    *,
    client_id: UUID | None,
    agent_id: UUID | None,
    due_at: datetime,
    subject: str | None,
    via: str,
    promised_in: UUID | None,
    rules: Rules,
    moments: Moments,
    address: str | None = None,
    queue: str | None = None,
    lead_id: UUID | None = None,
    why: Mapping[str, object] | None = None,
) -> UUID:
    callback_id = new_id(tx.now)
    await tx.execute(
        _INSERT,
        callback_id,
        client_id,
        address,
        lead_id,
        subject,
        via,
        agent_id,
        queue,
        due_at,
        promised_in,
        to_json(why) if why is not None else None,
        tx.now,
        *clock(moments),
        moments.takeover_at,
        moments.first,
        *versions(rules),
    )
    return callback_id


def clock(moments: Moments) -> tuple[datetime | None, ...]:
    """As the columns hold them: from when the owner is late, the reminder, the word to the supervisor, the move."""
    return moments.grace_from, moments.warn_at, moments.notify_at, moments.escalate_at


def versions(rules: Rules) -> tuple[str | None, list[str], list[int]]:
    """As the columns hold them: the rule that moves, all by name, and their versions."""
    moving = rules.moving.name if rules.moving else None
    return moving, [policy.name for policy in rules.all], [policy.version for policy in rules.all]


async def open_history(
    tx: Transaction,
    callback_id: UUID,
    agent_id: UUID | None,
    *,
    reason: HistoryReason,
    explanation: str | Words,
    by: UUID | None,
    record: Mapping[str, object] | None = None,
) -> None:
    """From now on this agent owes it; None: its queue. ``explanation``: ours in both languages, or a person's words."""
    said = explanation.en if isinstance(explanation, Words) else explanation
    words = to_json(explanation.as_json()) if isinstance(explanation, Words) else None
    stored = to_json(dict(record)) if record is not None else None
    await tx.execute(_INSERT_HISTORY, new_id(tx.now), callback_id, agent_id, tx.now, reason, said, words, stored, by)


async def close_history(tx: Transaction, callback_id: UUID, at: datetime) -> None:
    """The present owner's time ends."""
    await tx.execute(_CLOSE_HISTORY, callback_id, at)


async def replace(
    tx: Transaction,
    callback_id: UUID,
    *,
    client_id: UUID | None,
    due_at: datetime,
    subject: str | None,
    via: str,
    rules: Rules,
    moments: Moments,
) -> int:
    version: int = await tx.fetchval(
        _REPLACE,
        callback_id,
        client_id,
        due_at,
        subject,
        via,
        *clock(moments),
        moments.takeover_at,
        moments.first,
        *versions(rules),
    )
    return version


async def claim(tx: Transaction, callback_id: UUID, *, by: UUID, until: datetime) -> int:
    version: int = await tx.fetchval(_CLAIM, callback_id, by, tx.now, until)
    return version


async def close(
    tx: Transaction,
    callback_id: UUID,
    *,
    state: CallbackState,
    at: datetime,
    late: timedelta | None = None,
    late_by: LateBy | None = None,
    kept_in: UUID | None = None,
    cancel_reason: str | None = None,
) -> int:
    version: int = await tx.fetchval(
        _CLOSE,
        callback_id,
        state,
        at,
        kept_in,
        late.total_seconds() if late else None,
        late_by,
        cancel_reason,
    )
    await close_history(tx, callback_id, at)
    return version


async def take(tx: Transaction, callback_id: UUID, agent_id: UUID) -> None:
    """It was the queue's, now it is theirs."""
    await tx.execute(_TAKE, callback_id, agent_id)


async def assign(tx: Transaction, callback_id: UUID, agent_id: UUID, moments: Moments, *, counts: bool = True) -> int:
    """Somebody else owes it from now on, under ``moments``; ``counts``: among the moves it may make."""
    version: int = await tx.fetchval(_ASSIGN, callback_id, agent_id, *clock(moments), moments.first, int(counts))
    return version
