"""What is asked and written when a caller was missed: who may call back, and the promise that stands for the tries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_core.domain.interactions import StoredCall
from crm_core.domain.missed_calls import Because, Candidate, MissedTries, Taker
from crm_core.store.database import Reader, Transaction, to_json

# Two PBXs may tell of one caller at the same moment; the second waits here and finds the promise of the first.
_HOLD = """
SELECT pg_advisory_xact_lock(hashtextextended(caller, 0))
FROM unnest($1::text[]) AS caller
ORDER BY caller
"""

# By interactions_client_id_id_idx and interactions_client_address_id_idx.
_WAS_REACHED = """
SELECT EXISTS (
    SELECT 1 FROM interactions later
    WHERE later.client_id = $1 AND later.id > $3 AND later.answered_at IS NOT NULL AND later.direction <> 'internal'
) OR EXISTS (
    SELECT 1 FROM interactions later
    WHERE later.client_address = $2 AND later.id > $3 AND later.answered_at IS NOT NULL
        AND later.direction <> 'internal'
)
"""

# By callbacks_client_id_idx and callbacks_address_idx.
_LOCK_OPEN = """
SELECT id
FROM callbacks
WHERE (client_id = $1 OR client_id IS NULL AND address = $2) AND missed_at IS NOT NULL
    AND state IN ('open', 'claimed')
ORDER BY id
LIMIT 1
FOR NO KEY UPDATE
"""

_LOCK_OF_TRY = """
SELECT callback.id
FROM callback_tries try
JOIN callbacks callback ON callback.id = try.callback_id
WHERE try.interaction_id = $1 AND callback.state IN ('open', 'claimed')
FOR NO KEY UPDATE OF callback
"""

_OWNER = """
SELECT owner_id
FROM clients
WHERE id = $1
"""

# By interactions_client_id_id_idx, or interactions_client_address_id_idx for a caller nobody knows yet.
_LAST_TALKED = """
SELECT earlier.agent_id
FROM interactions earlier
WHERE earlier.{column} = $1 AND earlier.id < $2 AND earlier.answered_at IS NOT NULL
    AND earlier.agent_id IS NOT NULL AND earlier.direction <> 'internal'
ORDER BY earlier.id DESC
LIMIT 1
"""

_PEOPLE = """
SELECT person.id AS agent_id, person.enabled, COALESCE(state.chosen = 'offline', false) AS away
FROM users person
LEFT JOIN agent_states state ON state.user_id = person.id
WHERE person.id = ANY($1::uuid[])
"""

_ADD_TRY = """
INSERT INTO callback_tries (interaction_id, callback_id)
VALUES ($1, $2)
ON CONFLICT DO NOTHING
"""

_REMOVE_TRY = """
DELETE FROM callback_tries
WHERE interaction_id = $1
"""

# By callback_tries_callback_id_idx.
_TRIES = """
SELECT call.started_at, call.ended_at, call.wait_s, call.queue, queue.titles, count(*) OVER () AS count,
       callback.why, callback.queue AS given_to, given.titles AS given_titles
FROM callback_tries try
JOIN callbacks callback ON callback.id = try.callback_id
JOIN interactions call ON call.id = try.interaction_id
LEFT JOIN queues queue ON queue.name = call.queue
LEFT JOIN queues given ON given.name = callback.queue
WHERE try.callback_id = $1
ORDER BY call.id DESC
LIMIT 1
"""

_EXPLAIN = """
UPDATE callbacks
SET why = $2, missed_at = $3, version = version + 1
WHERE id = $1
RETURNING version
"""

_ATTACH = """
UPDATE callbacks
SET client_id = $2, version = version + 1
WHERE id = $1 AND client_id IS NULL
RETURNING version
"""

# By the primary key of callback_tries.
_STRANGERS_OF = """
SELECT callback.id
FROM callback_tries try
JOIN callbacks callback ON callback.id = try.callback_id
WHERE try.interaction_id = $1 AND callback.client_id IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTries:
    """The tries that a promise stands for, and to whom it was given by which rule."""

    tries: MissedTries
    ended_at: datetime  # of the last one
    who: Taker


async def hold_caller(tx: Transaction, call: StoredCall) -> None:
    """Until the end of the transaction nobody else decides about this caller."""
    await tx.fetch(_HOLD, [str(who) for who in (call.client_id, call.client_address) if who is not None])


async def was_reached_after(tx: Transaction, call: StoredCall) -> bool:
    """Has the caller been talked with in a call that began later."""
    reached: bool = await tx.fetchval(_WAS_REACHED, call.client_id, call.client_address, call.id)
    return reached


async def lock_open(tx: Transaction, call: StoredCall) -> UUID | None:
    """The promise that missed calls of this caller have made already."""
    found: UUID | None = await tx.fetchval(_LOCK_OPEN, call.client_id, call.client_address)
    return found


async def lock_of_try(tx: Transaction, interaction_id: UUID) -> UUID | None:
    """The promise that stands for this missed call, while it is owed."""
    found: UUID | None = await tx.fetchval(_LOCK_OF_TRY, interaction_id)
    return found


async def candidates(
    db: Reader, call: StoredCall, *, rang: UUID | None
) -> tuple[Candidate | None, Candidate | None, Candidate | None]:
    """The client's manager, who last talked with the caller, and whose phone rang."""
    manager = await db.fetchval(_OWNER, call.client_id) if call.client_id else None
    column = "client_id" if call.client_id else "client_address"
    talked = await db.fetchval(_LAST_TALKED.format(column=column), call.client_id or call.client_address, call.id)
    rows = await db.fetch(_PEOPLE, [person for person in (manager, talked, rang) if person is not None])
    people = {row["agent_id"]: Candidate(**dict(row)) for row in rows}
    return people.get(manager), people.get(talked), people.get(rang)


async def add_try(tx: Transaction, callback_id: UUID, interaction_id: UUID) -> bool:
    """False when some promise stands for this call already."""
    return (await tx.execute(_ADD_TRY, interaction_id, callback_id)).endswith(" 1")


async def remove_try(tx: Transaction, interaction_id: UUID) -> None:
    """It was not missed after all."""
    await tx.execute(_REMOVE_TRY, interaction_id)


async def tries_of(db: Reader, callback_id: UUID) -> ToldTries | None:
    """What the promise stands for now; None when nothing is left."""
    row = await db.fetchrow(_TRIES, callback_id)
    if row is None:
        return None
    why = row["why"]
    return ToldTries(
        tries=MissedTries(
            count=row["count"],
            last_at=row["started_at"],
            wait_s=row["wait_s"],
            queue=row["queue"],
            queue_titles=row["titles"] or {},
        ),
        ended_at=row["ended_at"],
        who=Taker(
            because=Because(why["because"]),
            queue=row["given_to"],
            queue_titles=row["given_titles"] or {},
            manager_passed_over=why["manager_passed_over"],
        ),
    )


async def explain(tx: Transaction, callback_id: UUID, why: Mapping[str, object], missed_at: datetime) -> int:
    """Write the rule down in words; gives the new version."""
    version: int = await tx.fetchval(_EXPLAIN, callback_id, to_json(why), missed_at)
    return version


async def attach(tx: Transaction, callback_id: UUID, client_id: UUID) -> int | None:
    """The stranger has become a client; None when the promise had one already."""
    version: int | None = await tx.fetchval(_ATTACH, callback_id, client_id)
    return version


async def strangers_of(db: Reader, interaction_id: UUID) -> Sequence[UUID]:
    """Promises for this missed call that do not know the client yet."""
    return [row["id"] for row in await db.fetch(_STRANGERS_OF, interaction_id)]
