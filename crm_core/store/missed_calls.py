"""What is asked and written when a caller is owed a call: who may call back, and the promise that stands for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.interactions import StoredCall
from crm_core.domain.missed_calls import AskedIn, Because, Candidate, Debt, MissedTries, Taker
from crm_core.store.database import Reader, Record, Transaction, to_json

# Two PBXs may tell of one caller at the same moment; the second waits here and finds the promise of the first.
_HOLD = """
SELECT pg_advisory_xact_lock(hashtextextended(caller, 0))
FROM unnest($1::text[]) AS caller
ORDER BY caller
"""

# By primary key. Read and not held: recording waits for no decision.
_IS_BLOCKED = """
SELECT EXISTS (SELECT 1 FROM clients WHERE id = $1 AND blocked_at IS NOT NULL)
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

_SUPERVISOR = """
SELECT id
FROM users
WHERE enabled AND role <> 'agent'
ORDER BY role = 'supervisor' DESC, id
LIMIT 1
"""

_BY_EXTENSION = """
SELECT person.id
FROM devices device
JOIN users person ON person.id = device.user_id AND person.enabled
WHERE device.extension = $1 AND device.pbx IN ('', $2)
ORDER BY device.pbx DESC
LIMIT 1
"""

_QUEUE = """
SELECT name, missed_callback_due_s AS due_s
FROM queues
WHERE name = $1
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
_DEBT = """
SELECT call.started_at, call.ended_at, call.wait_s, call.queue, queue.titles, count(call.id) OVER () AS count,
       callback.why, callback.queue AS given_to, given.titles AS given_titles
FROM callbacks callback
LEFT JOIN callback_tries try ON try.callback_id = callback.id
LEFT JOIN interactions call ON call.id = try.interaction_id
LEFT JOIN queues queue ON queue.name = call.queue
LEFT JOIN queues given ON given.name = callback.queue
WHERE callback.id = $1
ORDER BY call.id DESC NULLS LAST
LIMIT 1
"""

_EXPLAIN = """
UPDATE callbacks
SET why = $2, missed_at = $3, version = version + 1
WHERE id = $1
RETURNING version
"""

_NOTE_REQUEST = """
UPDATE callbacks
SET why = why || jsonb_build_object('asked_at', $2::text, 'asked_in', $3::text)
WHERE id = $1
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
class Caller:
    """Who is owed a call: a client, or a number that is nobody's yet."""

    client_id: UUID | None
    address: str | None
    interaction_id: UUID  # the call in which it came to be; what came later is another story

    @classmethod
    def of(cls, call: StoredCall) -> Caller:
        return cls(client_id=call.client_id, address=call.client_address, interaction_id=call.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Who may be asked, by the reason for it."""

    manager: Candidate | None
    last_talked: Candidate | None
    called: Candidate | None  # their phone rang, or they were asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedQueue:
    """A queue of ours, and how soon its callers are called back."""

    name: str
    due: timedelta


async def hold_caller(tx: Transaction, caller: Caller) -> None:
    """Until the end of the transaction nobody else decides about this caller."""
    await tx.fetch(_HOLD, [str(who) for who in (caller.client_id, caller.address) if who is not None])


async def is_blocked(tx: Transaction, caller: Caller) -> bool:
    """Is this a client nobody contacts any more."""
    blocked: bool = await tx.fetchval(_IS_BLOCKED, caller.client_id)
    return blocked


async def was_reached_after(tx: Transaction, caller: Caller) -> bool:
    """Has the caller been talked with in a call that began later."""
    reached: bool = await tx.fetchval(_WAS_REACHED, caller.client_id, caller.address, caller.interaction_id)
    return reached


async def lock_open(tx: Transaction, caller: Caller) -> UUID | None:
    """The promise that missed calls of this caller, or a wish of theirs, have made already."""
    found: UUID | None = await tx.fetchval(_LOCK_OPEN, caller.client_id, caller.address)
    return found


async def lock_of_try(tx: Transaction, interaction_id: UUID) -> UUID | None:
    """The promise that stands for this missed call, while it is owed."""
    found: UUID | None = await tx.fetchval(_LOCK_OF_TRY, interaction_id)
    return found


async def candidates(db: Reader, caller: Caller, *, called: UUID | None) -> Candidates:
    """The client's manager, who last talked with the caller, and who was called."""
    manager = await db.fetchval(_OWNER, caller.client_id) if caller.client_id else None
    column = "client_id" if caller.client_id else "client_address"
    who = caller.client_id or caller.address
    talked = await db.fetchval(_LAST_TALKED.format(column=column), who, caller.interaction_id)
    rows = await db.fetch(_PEOPLE, [person for person in (manager, talked, called) if person is not None])
    people = {row["agent_id"]: Candidate(**dict(row)) for row in rows}
    return Candidates(manager=people.get(manager), last_talked=people.get(talked), called=people.get(called))


async def find_supervisor(db: Reader) -> UUID | None:
    """Somebody who looks after everything when nobody else is there; None in an empty house."""
    found: UUID | None = await db.fetchval(_SUPERVISOR)
    return found


async def find_by_extension(db: Reader, extension: str, pbx: str) -> UUID | None:
    """Whose phone this is."""
    found: UUID | None = await db.fetchval(_BY_EXTENSION, extension, pbx)
    return found


async def find_queue(db: Reader, name: str) -> NamedQueue | None:
    row = await db.fetchrow(_QUEUE, name)
    return NamedQueue(name=row["name"], due=timedelta(seconds=row["due_s"])) if row else None


async def add_try(tx: Transaction, callback_id: UUID, interaction_id: UUID) -> bool:
    """False when some promise stands for this call already."""
    return (await tx.execute(_ADD_TRY, interaction_id, callback_id)).endswith(" 1")


async def remove_try(tx: Transaction, interaction_id: UUID) -> None:
    """It was not missed after all."""
    await tx.execute(_REMOVE_TRY, interaction_id)


async def debt_of(db: Reader, callback_id: UUID) -> Debt | None:
    """What the promise stands for now; None when nothing is left."""
    row = await db.fetchrow(_DEBT, callback_id)
    assert row is not None
    why = row["why"]
    asked_at = datetime.fromisoformat(why["asked_at"]) if why.get("asked_at") else None
    if row["count"] == 0 and asked_at is None:
        return None
    who = Taker(
        because=Because(why["because"]),
        queue=row["given_to"],
        queue_titles=row["given_titles"] or {},
        manager_passed_over=why["manager_passed_over"],
    )
    tries = _tries(row) if row["count"] else None
    asked_in = AskedIn(why.get("asked_in", AskedIn.MENU))
    return Debt(who=who, tries=tries, missed_at=row["ended_at"], asked_at=asked_at, asked_in=asked_in)


def _tries(row: Record) -> MissedTries:
    return MissedTries(
        count=row["count"],
        last_at=row["started_at"],
        wait_s=row["wait_s"],
        queue=row["queue"],
        queue_titles=row["titles"] or {},
    )


async def explain(tx: Transaction, callback_id: UUID, debt: Debt, words: Mapping[str, str]) -> int:
    """Write down what it stands for, and the rule in words; gives the new version."""
    why = dict(words) | reasons(debt.who, debt.asked_at, debt.asked_in)
    version: int = await tx.fetchval(_EXPLAIN, callback_id, to_json(why), debt.latest_at)
    return version


def reasons(who: Taker, asked_at: datetime | None, asked_in: AskedIn) -> dict[str, object]:
    """What ``why`` remembers beside the words."""
    return {
        "because": who.because,
        "manager_passed_over": who.manager_passed_over,
        "asked_at": asked_at.isoformat() if asked_at else None,
        "asked_in": asked_in,
    }


async def note_request(tx: Transaction, callback_id: UUID, asked_at: datetime, asked_in: AskedIn) -> None:
    """The caller, who was missed before, asks for it as well."""
    await tx.execute(_NOTE_REQUEST, callback_id, asked_at.isoformat(), asked_in)


async def attach(tx: Transaction, callback_id: UUID, client_id: UUID) -> int | None:
    """The stranger has become a client; None when the promise had one already."""
    version: int | None = await tx.fetchval(_ATTACH, callback_id, client_id)
    return version


async def strangers_of(db: Reader, interaction_id: UUID) -> Sequence[UUID]:
    """Promises for this missed call that do not know the client yet."""
    return [row["id"] for row in await db.fetch(_STRANGERS_OF, interaction_id)]
