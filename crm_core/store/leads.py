"""Leads as they are stored: who has them, who may see them, and the writes of each verb.

A lead is seen by its owner, by who owns its client, and by their supervisors;
while it is nobody's, by everybody of its team. One of no team is everybody's
until somebody has it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.domain.leads import LeadReason, LeadStage
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Transaction, to_json

FROM_LEADS = """
FROM leads lead
LEFT JOIN clients client ON client.id = lead.client_id
LEFT JOIN users owner ON owner.id = lead.owner_id
LEFT JOIN users client_owner ON client_owner.id = client.owner_id
"""

# The row first, and what stands around it in a second look: a join would show the owner of before a wait.
_LOCK = """
SELECT id
FROM leads
WHERE id = $1
FOR NO KEY UPDATE
"""

_COLUMNS = f"""
SELECT lead.id, lead.client_id, lead.name, lead.address, lead.source, lead.note, lead.language, lead.destination,
       lead.skills, lead.stage, lead.team_id, lead.owner_id, owner.name AS owner_name, lead.accept_by,
       lead.accepted_at, lead.moves, lead.nobody_since, lead.created_at, lead.closed_at, lead.version,
       client.owner_id AS client_owner_id
{FROM_LEADS}
"""

# By leads_address_idx, and leads_client_id_idx.
_LOCK_TWIN = """
SELECT id
FROM leads
WHERE source = $1 AND closed_at IS NULL AND created_at > $2
    AND (address = ANY($3::text[]) OR email = ANY($3::text[]) OR client_id = $4)
ORDER BY id DESC
LIMIT 1
FOR NO KEY UPDATE
"""

# Who leaves the same wish twice at once waits for themselves.
_HOLD_PERSON = """
SELECT pg_advisory_xact_lock(hashtextextended('lead ' || person, 2))
FROM unnest($1::text[]) AS person
ORDER BY person
"""

# By contact_points_kind_value_idx. A merge takes the addresses along, so those of merged clients are only copies.
_FIND_CLIENTS = """
SELECT DISTINCT point.client_id
FROM contact_points point
JOIN clients client ON client.id = point.client_id AND client.merged_into IS NULL
WHERE point.kind IN ('phone', 'email') AND point.value = ANY($1::text[])
"""

_FIND_SOURCE = """
SELECT source.code, source.titles, source.team_id, source.skills, source.max_moves,
       COALESCE(source.accept_within_s, team.accept_within_s) AS accept_within_s
FROM lead_sources source
LEFT JOIN teams team ON team.id = source.team_id
WHERE source.code = $1 AND source.enabled
"""

_INSERT = """
INSERT INTO leads
    (id, client_id, name, address, email, source, campaign, subject, note, language, destination, skills, team_id,
     interaction_id, created_by, created_at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)
"""

_JOIN = """
UPDATE leads
SET repeats = repeats + 1, note = $2, client_id = COALESCE(client_id, $3), name = COALESCE(name, $4),
    subject = COALESCE(subject, $5), version = version + 1
WHERE id = $1
RETURNING version
"""

# A lead that came to somebody new waits for them; what was told of it before concerns nobody any more.
# By leads_load_idx; in id order, so that nobody waits in a ring.
_WITH_PROMISE = """
SELECT id
FROM leads
WHERE closed_at IS NULL AND owner_id = $1 AND (id = $2 OR client_id = $3)
ORDER BY id
"""

_ASSIGN = """
UPDATE leads
SET owner_id = $2, accept_by = $3, next_at = $3, accepted_at = NULL, nobody_since = NULL, told = '{}',
    moves = moves + $4, version = version + 1
WHERE id = $1
RETURNING version
"""

_ACCEPT = """
UPDATE leads
SET owner_id = $2, accepted_at = $3, next_at = NULL, nobody_since = NULL, told = '{}',
    stage = CASE WHEN stage = 'new' THEN 'in_work' ELSE stage END, version = version + 1
WHERE id = $1
RETURNING version
"""

_GIVE_BACK = """
UPDATE leads
SET owner_id = NULL, accept_by = NULL, accepted_at = NULL, next_at = $2, moves = 0, version = version + 1
WHERE id = $1
RETURNING version
"""

_SET_STAGE = """
UPDATE leads
SET stage = $2, lost_reason = $3, closed_at = $4, next_at = CASE WHEN $4::timestamptz IS NULL THEN next_at END,
    nobody_since = CASE WHEN $4 IS NULL THEN nobody_since END, version = version + 1
WHERE id = $1
RETURNING version
"""

_TAKE_ACCEPTANCE_BACK = """
UPDATE leads
SET accepted_at = NULL, accept_by = $2, next_at = $2, version = version + 1,
    stage = CASE WHEN stage = 'in_work' AND moves = 0 THEN 'new' ELSE stage END
WHERE id = $1
RETURNING version
"""

# The owner is asked again, when they had not accepted it; without one the engine looks at once.
_REOPEN = """
UPDATE leads
SET stage = $2, lost_reason = NULL, closed_at = NULL, owner_id = $3, accept_by = $4, next_at = $5,
    accepted_at = CASE WHEN $3::uuid IS NOT NULL THEN accepted_at END, version = version + 1
WHERE id = $1
RETURNING version
"""

# By lead_history_lead_id_idx.
_CAME_BY = """
SELECT reason
FROM lead_history
WHERE lead_id = $1 AND to_at IS NULL
"""

_INSERT_HISTORY = """
INSERT INTO lead_history (id, lead_id, agent_id, from_at, reason, explanation, words, record, by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

_CLOSE_HISTORY = """
UPDATE lead_history
SET to_at = GREATEST(from_at, $2)
WHERE lead_id = $1 AND to_at IS NULL
"""

_TEAM_MEMBERS = """
SELECT id
FROM users
WHERE team_id = $1 AND enabled
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSource:
    """Where a lead comes from, and what that asks of whoever gets it."""

    code: str
    titles: Mapping[str, str]  # by language
    team_id: UUID | None
    skills: frozenset[str]
    max_moves: int
    accept_within: timedelta | None  # None: neither the source nor its team says


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLead:
    """A lead under lock, with what its verbs judge by."""

    id: UUID
    client_id: UUID | None
    name: str | None
    address: str | None
    source: str
    note: str | None
    language: str | None
    destination: str | None
    skills: frozenset[str]
    stage: LeadStage
    team_id: UUID | None
    owner_id: UUID | None
    owner_name: str | None
    accept_by: datetime | None
    accepted_at: datetime | None
    moves: int
    nobody_since: datetime | None
    created_at: datetime
    closed_at: datetime | None
    version: int
    client_owner_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshLead:
    """A lead as it comes in, from whichever channel."""

    source: str  # its code
    addresses: Sequence[str] = ()  # a number, a mail address or both, each in the one spelling we store
    client_id: UUID | None = None
    name: str | None = None
    subject: str | None = None
    note: str | None = None
    language: str | None = None
    destination: str | None = None
    skills: Collection[str] = ()
    campaign: Mapping[str, str] | None = None
    interaction_id: UUID | None = None


def narrow_to_scope(conditions: Conditions, viewer: Viewer) -> None:
    """Leave what the viewer may see of ``FROM_LEADS``."""
    if viewer.sees_everything:
        return
    user, team = conditions.value(viewer.user_id), conditions.value(viewer.team_id)
    free = f"(lead.owner_id IS NULL AND (lead.team_id IS NULL OR lead.team_id = {team}))"
    if viewer.supervises:
        conditions.parts.append(
            f"(lead.team_id = {team} OR owner.team_id = {team} OR client_owner.team_id = {team} "
            f"OR {user} IN (lead.owner_id, client.owner_id) OR {free})"
        )
    else:
        conditions.parts.append(f"({user} IN (lead.owner_id, client.owner_id) OR {free})")


async def lock_visible(tx: Transaction, lead_id: UUID, viewer: Viewer) -> StoredLead | None:
    """The lead, held until the end of the transaction; None when there is none the viewer may see."""
    await tx.execute(_LOCK, lead_id)
    conditions = Conditions()
    conditions.add("lead.id = {}", lead_id)
    narrow_to_scope(conditions, viewer)
    return await _stored(tx, conditions)


async def lock(tx: Transaction, lead_id: UUID) -> StoredLead | None:
    """The same for the system, which sees everything."""
    await tx.execute(_LOCK, lead_id)
    conditions = Conditions()
    conditions.add("lead.id = {}", lead_id)
    return await _stored(tx, conditions)


async def _stored(tx: Transaction, conditions: Conditions) -> StoredLead | None:
    row = await tx.fetchrow(f"{_COLUMNS} {conditions.where}", *conditions.args)
    if row is None:
        return None
    values = dict(row)
    values |= {"stage": LeadStage(values["stage"]), "skills": frozenset(values["skills"])}
    return StoredLead(**values)


async def find_source(db: Reader, code: str) -> LeadSource | None:
    """The source called ``code``, while it is on."""
    row = await db.fetchrow(_FIND_SOURCE, code)
    if row is None:
        return None
    within = row["accept_within_s"]
    return LeadSource(
        code=row["code"],
        titles=row["titles"],
        team_id=row["team_id"],
        skills=frozenset(row["skills"]),
        max_moves=row["max_moves"],
        accept_within=None if within is None else timedelta(seconds=within),
    )


async def clients_at(db: Reader, addresses: Sequence[str]) -> list[UUID]:
    """Who is reached by any of these numbers and mail addresses."""
    return [row["client_id"] for row in await db.fetch(_FIND_CLIENTS, list(addresses))]


async def lock_twin(
    tx: Transaction, source: str, addresses: Sequence[str], client_id: UUID | None, *, since: datetime
) -> UUID | None:
    """The open lead of the same person from the same source, the newest; whoever leaves it again waits here."""
    people = [*addresses, *([str(client_id)] if client_id else [])]
    await tx.fetch(_HOLD_PERSON, people)
    twin: UUID | None = await tx.fetchval(_LOCK_TWIN, source, since, list(addresses), client_id)
    return twin


async def insert(
    tx: Transaction, fresh: FreshLead, *, client_id: UUID | None, team_id: UUID | None, by: UUID | None
) -> UUID:
    lead_id = new_id(tx.now)
    address = fresh.addresses[0] if fresh.addresses else None
    email = fresh.addresses[1] if len(fresh.addresses) > 1 else None
    await tx.execute(
        _INSERT,
        lead_id,
        client_id,
        fresh.name,
        address,
        email,
        fresh.source,
        to_json(dict(fresh.campaign or {})),
        fresh.subject,
        fresh.note,
        fresh.language,
        fresh.destination,
        sorted(set(fresh.skills)),
        team_id,
        fresh.interaction_id,
        by,
        tx.now,
    )
    return lead_id


async def join(tx: Transaction, lead_id: UUID, fresh: FreshLead, *, note: str | None, client_id: UUID | None) -> int:
    """It was left again: counted, with what is new."""
    version: int = await tx.fetchval(_JOIN, lead_id, note, client_id, fresh.name, fresh.subject)
    return version


async def of_promise(db: Reader, owner_id: UUID, *, lead_id: UUID | None, client_id: UUID | None) -> list[UUID]:
    """The open leads of ``owner_id`` that a promise of theirs to this client is about."""
    return [row["id"] for row in await db.fetch(_WITH_PROMISE, owner_id, lead_id, client_id)]


async def assign(tx: Transaction, lead_id: UUID, owner_id: UUID, *, accept_by: datetime, moved: bool) -> int:
    """It is theirs to accept until ``accept_by``."""
    version: int = await tx.fetchval(_ASSIGN, lead_id, owner_id, accept_by, int(moved))
    return version


async def accept(tx: Transaction, lead_id: UUID, owner_id: UUID, *, at: datetime) -> int:
    """It is theirs, and they have said so."""
    version: int = await tx.fetchval(_ACCEPT, lead_id, owner_id, at)
    return version


async def give_back(tx: Transaction, lead_id: UUID, *, next_at: datetime | None) -> int:
    """It is nobody's; the engine looks at it at ``next_at``, or never by itself."""
    version: int = await tx.fetchval(_GIVE_BACK, lead_id, next_at)
    return version


async def set_stage(
    tx: Transaction, lead_id: UUID, stage: LeadStage, *, lost_reason: str | None, closed_at: datetime | None
) -> int:
    version: int = await tx.fetchval(_SET_STAGE, lead_id, stage, lost_reason, closed_at)
    return version


async def take_acceptance_back(tx: Transaction, lead_id: UUID, *, accept_by: datetime) -> int:
    """It is theirs to accept until ``accept_by``, as before."""
    version: int = await tx.fetchval(_TAKE_ACCEPTANCE_BACK, lead_id, accept_by)
    return version


async def reopen(
    tx: Transaction,
    lead_id: UUID,
    stage: LeadStage,
    *,
    owner_id: UUID | None,
    accept_by: datetime | None,
    next_at: datetime | None,
) -> int:
    """It is followed again, by ``owner_id`` or by whom the engine finds."""
    version: int = await tx.fetchval(_REOPEN, lead_id, stage, owner_id, accept_by, next_at)
    return version


async def came_by(db: Reader, lead_id: UUID) -> LeadReason | None:
    """Why its present owner has it; None: it is closed."""
    reason: str | None = await db.fetchval(_CAME_BY, lead_id)
    return LeadReason(reason) if reason else None


async def edit(tx: Transaction, lead_id: UUID, changes: Mapping[str, object]) -> int:
    """Write these columns; their names are ours, values travel apart."""
    places = ", ".join(f"{column} = ${place}" for place, column in enumerate(changes, start=2))
    version: int = await tx.fetchval(
        f"UPDATE leads SET {places}, version = version + 1 WHERE id = $1 RETURNING version",  # noqa: S608
        lead_id,
        *changes.values(),
    )
    return version


async def open_history(
    tx: Transaction,
    lead_id: UUID,
    agent_id: UUID | None,
    *,
    reason: LeadReason,
    explanation: str | Words,
    by: UUID | None,
    record: Mapping[str, object] | None = None,
) -> None:
    """From now on this agent has it; None: nobody. ``explanation``: ours in both languages, or a person's words."""
    await tx.execute(_CLOSE_HISTORY, lead_id, tx.now)
    said = explanation.en if isinstance(explanation, Words) else explanation
    words = to_json(explanation.as_json()) if isinstance(explanation, Words) else None
    stored = to_json(record) if record is not None else None
    await tx.execute(_INSERT_HISTORY, new_id(tx.now), lead_id, agent_id, tx.now, reason, said, words, stored, by)


async def close_history(tx: Transaction, lead_id: UUID) -> None:
    """The present owner's time ends."""
    await tx.execute(_CLOSE_HISTORY, lead_id, tx.now)


async def team_members(db: Reader, team_id: UUID) -> list[UUID]:
    """Who may take what is their team's."""
    return [row["id"] for row in await db.fetch(_TEAM_MEMBERS, team_id)]
