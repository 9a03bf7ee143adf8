"""What is asked and written when a client was reached, or tried: moves that are undone, calls nobody answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_core.domain.attempts import Attempt, TryAgain
from crm_core.domain.callbacks import HistoryReason, OwedCallback
from crm_core.domain.calls import Outcome
from crm_core.domain.ids import first_id
from crm_core.domain.interactions import StoredCall
from crm_core.domain.undone import Turn, Undone
from crm_core.store.database import Reader, Transaction

# By callback_history_callback_id_idx.
_TURNS = """
SELECT agent_id, from_at, reason, (record #>> '{clocks,escalate_at}')::timestamptz AS escalate_at
FROM callback_history
WHERE callback_id = $1
ORDER BY from_at, id
"""

_GIVE_BACK = """
UPDATE callbacks
SET agent_id = $2, moves = moves - $3, state = 'open', claimed_by = NULL, claimed_at = NULL, claimed_until = NULL,
    version = version + 1
WHERE id = $1
RETURNING version
"""

# It never was their turn; what else they were given in that same moment was.
_TAKE_BACK_TURN = """
UPDATE agent_turns
SET lately = lately[:array_position(lately, $2) - 1] || lately[array_position(lately, $2) + 1:]
WHERE user_id = $1 AND $2 = ANY(lately)
"""

_ABOUT = """
SELECT callback.client_id, callback.lead_id, client.owner_id
FROM callbacks callback
LEFT JOIN clients client ON client.id = callback.client_id
WHERE callback.id = $1
"""

# By callbacks_client_id_idx and callbacks_address_idx.
_RELEASE = """
UPDATE callbacks
SET state = 'open', claimed_by = NULL, claimed_at = NULL, claimed_until = NULL, next_at = LEAST(next_at, escalate_at),
    version = version + 1
WHERE (client_id = $1 OR client_id IS NULL AND address = $2)
    AND state = 'claimed' AND claimed_by = $3 AND claimed_at <= $4
RETURNING id, version
"""

_CLOCK = """
SELECT agent_id, queue, escalate_at, takeover_at, unlocked_at
FROM callbacks
WHERE id = $1
"""

# By interactions_client_id_id_idx, or interactions_client_address_id_idx for a stranger; an id is as old as its call.
_ATTEMPTS = """
SELECT call.started_at AS begun_at, call.ended_at, call.outcome,
       (SELECT max(leg.answered_at) FROM legs leg
        WHERE leg.interaction_id = call.id AND leg.role = 'originate') AS dialled_at
FROM callbacks callback
CROSS JOIN LATERAL (
    SELECT theirs.* FROM interactions theirs
    WHERE theirs.client_id = callback.client_id AND theirs.id >= $2
    UNION ALL
    SELECT theirs.* FROM interactions theirs
    WHERE callback.client_id IS NULL AND theirs.client_address = callback.address AND theirs.id >= $2
) AS call
WHERE callback.id = $1 AND call.started_at > $3
    AND call.direction = 'outbound' AND call.channel = 'call' AND call.merged_into IS NULL
    AND call.ended_at IS NOT NULL AND call.answered_at IS NULL AND call.outcome IS NOT NULL
ORDER BY call.started_at, call.id
"""

# Nothing is forgiven twice: the gaps so far lie before the new grace.
_TRY_AGAIN = """
UPDATE callbacks
SET grace_from = $2, escalate_at = $3, next_at = $4, forgiven_s = 0, version = version + 1
WHERE id = $1
RETURNING version
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Whose a promise is, and what still happens to it by itself."""

    agent_id: UUID | None
    queue: str | None
    escalate_at: datetime | None
    takeover_at: datetime | None
    unlocked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom and what a promise is about."""

    client_id: UUID | None
    lead_id: UUID | None
    owner_id: UUID | None  # of the client


async def turns_of(db: Reader, callback_id: UUID) -> list[Turn]:
    """Who owed the promise, in order."""
    rows = await db.fetch(_TURNS, callback_id)
    return [Turn(**{**dict(row), "reason": HistoryReason(row["reason"])}) for row in rows]


async def give_back(tx: Transaction, callback_id: UUID, undone: Undone) -> int:
    """It is its owner's again, as if it had never moved; gives the new version."""
    version: int = await tx.fetchval(_GIVE_BACK, callback_id, undone.owner_id, len(undone.turns))
    for turn in undone.turns:
        await tx.execute(_TAKE_BACK_TURN, turn.agent_id, turn.from_at)
    return version


async def about(db: Reader, callback_id: UUID) -> Subject:
    """To whom it was promised."""
    row = await db.fetchrow(_ABOUT, callback_id)
    assert row is not None
    return Subject(**dict(row))


async def release_claims(tx: Transaction, call: StoredCall) -> list[tuple[UUID, int]]:
    """Who called without being heard is not calling any more: ids and versions of what they had claimed for it."""
    rows = await tx.fetch(_RELEASE, call.client_id, call.client_address, call.agent_id, call.ended_at)
    return [(row["id"], row["version"]) for row in rows]


async def clock_of(db: Reader, callback_id: UUID) -> Clock:
    row = await db.fetchrow(_CLOCK, callback_id)
    assert row is not None
    return Clock(**dict(row))


async def attempts_for(db: Reader, owed: OwedCallback) -> list[Attempt]:
    """Calls to the client that nobody answered, begun since the promise was made, in order."""
    rows = await db.fetch(_ATTEMPTS, owed.id, first_id(owed.calls_from), owed.calls_from)
    return [Attempt(**{**dict(row), "outcome": Outcome(row["outcome"])}) for row in rows]


async def try_again(tx: Transaction, callback_id: UUID, clock: Clock, again: TryAgain) -> int:
    """The owner's time begins anew with the next try; gives the new version."""
    unlocks_at = clock.takeover_at if clock.unlocked_at is None else None
    next_at = min(at for at in (again.escalate_at, unlocks_at) if at is not None)
    version: int = await tx.fetchval(_TRY_AGAIN, callback_id, again.grace_from, again.escalate_at, next_at)
    return version
