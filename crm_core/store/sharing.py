"""What somebody leaves, read for sharing it out, and the writes that are not an everyday verb's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.policies import Policy, rules_among
from crm_core.domain.sharing import HeldClient, HeldLead, HeldPromise
from crm_core.store import policies
from crm_core.store.absences import NOW_ABSENT
from crm_core.store.database import Reader, Record, Transaction, to_json
from crm_core.store.watch import lost_by

_PERSON = """
SELECT id, name, team_id
FROM users
WHERE id = $1
"""

# By primary key; the most pressing first.
_PROMISES = """
SELECT callback.id, callback.client_id, callback.address, callback.lead_id, client.language, lead.destination,
       COALESCE(lead.skills, '{}') AS skills, callback.policies, callback.policy_versions
FROM callbacks callback
LEFT JOIN clients client ON client.id = callback.client_id
LEFT JOIN leads lead ON lead.id = callback.lead_id
WHERE callback.id = ANY($1::uuid[])
ORDER BY callback.due_at, callback.id
"""

# By primary key; the oldest first.
_LEADS = """
SELECT lead.id, lead.client_id, lead.address, lead.team_id, COALESCE(lead.language, client.language) AS language,
       lead.destination, lead.skills || COALESCE(source.skills, '{}') AS skills
FROM leads lead
LEFT JOIN clients client ON client.id = lead.client_id
LEFT JOIN lead_sources source ON source.code = lead.source
WHERE lead.id = ANY($1::uuid[])
ORDER BY lead.created_at, lead.id
"""

# By lead_history_lead_id_idx.
_LOST_LEADS = """
SELECT lead_id, agent_id, max(to_at) AS lost_at
FROM lead_history
WHERE lead_id = ANY($1::uuid[]) AND agent_id IS NOT NULL AND to_at IS NOT NULL
GROUP BY lead_id, agent_id
"""

# By clients_owner_id_idx, callbacks_client_id_idx and leads_client_id_idx. A merged client is only a memory.
_CLIENTS = """
SELECT client.id, client.language, COALESCE(promised.agent_id, wished.owner_id) AS looked_after_by,
       COALESCE(promised.name, wished.name) AS looked_after_name
FROM clients client
LEFT JOIN LATERAL (
    SELECT owed.agent_id, person.name
    FROM callbacks owed
    JOIN users person ON person.id = owed.agent_id AND person.enabled
    WHERE owed.client_id = client.id AND owed.state IN ('open', 'claimed') AND owed.agent_id <> $1
    ORDER BY owed.due_at, owed.id
    LIMIT 1
) AS promised ON true
LEFT JOIN LATERAL (
    SELECT lead.owner_id, person.name
    FROM leads lead
    JOIN users person ON person.id = lead.owner_id AND person.enabled
    WHERE lead.client_id = client.id AND lead.closed_at IS NULL AND lead.owner_id <> $1
    ORDER BY lead.created_at, lead.id
    LIMIT 1
) AS wished ON true
WHERE client.owner_id = $1 AND client.merged_into IS NULL
ORDER BY client.id
"""

# Whoever is away answers only when everybody is.
_SUPERVISOR = f"""
SELECT person.id, person.name, person.team_id
FROM users person
WHERE person.enabled AND person.role <> 'agent' AND person.id <> $2
ORDER BY EXISTS (SELECT 1 FROM absences absence WHERE absence.user_id = person.id AND {NOW_ABSENT}),
         (person.role = 'supervisor' AND person.team_id IS NOT DISTINCT FROM $1) DESC, person.role = 'supervisor' DESC,
         person.id
LIMIT 1
"""  # noqa: S608  (a condition of our own)

_ALARM = """
UPDATE callbacks
SET nobody_since = $2, stuck = $3, version = version + 1
WHERE id = $1
RETURNING version
"""

_GIVE_CLIENTS = """
UPDATE clients
SET owner_id = given.heir, version = version + 1, updated_at = now()
FROM unnest($2::uuid[], $3::uuid[]) AS given (client_id, heir)
WHERE clients.id = given.client_id AND clients.owner_id = $1
RETURNING clients.id, clients.owner_id, clients.version
"""

# A merged client goes where its survivor is; $2 answers for a merge of merges.
_GIVE_MEMORIES = """
UPDATE clients
SET owner_id = CASE WHEN survivor.owner_id = $1 THEN $2 ELSE survivor.owner_id END
FROM clients survivor
WHERE clients.owner_id = $1 AND survivor.id = clients.merged_into
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who leaves, or answers for what is left."""

    id: UUID
    name: str
    team_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenClient:
    """Whose a client is now."""

    id: UUID
    owner_id: UUID
    version: int


async def find_person(db: Reader, user_id: UUID) -> Person | None:
    row = await db.fetchrow(_PERSON, user_id)
    return Person(**dict(row)) if row else None


async def find_supervisor(db: Reader, leaver: Person) -> Person | None:
    """Who answers for what nobody can take: of the leaver's team, else anybody who leads others."""
    row = await db.fetchrow(_SUPERVISOR, leaver.team_id, leaver.id)
    return Person(**dict(row)) if row else None


async def held_promises(db: Reader, ids: Collection[UUID]) -> list[HeldPromise]:
    """The most pressing first."""
    rows = await db.fetch(_PROMISES, list(ids))
    versions = {pair for row in rows for pair in zip(row["policies"], row["policy_versions"], strict=True)}
    rules = await policies.of_versions(db, versions)
    lost = await lost_by(db, ids)
    return [
        HeldPromise(
            id=row["id"],
            client_id=row["client_id"],
            address=row["address"],
            lead_id=row["lead_id"],
            language=row["language"],
            destination=row["destination"],
            skills=row["skills"],
            cooldown=_cooldown(row, rules),
            lost=lost.get(row["id"], {}),
        )
        for row in rows
    ]


def _cooldown(row: Record, rules: Mapping[tuple[str, int], Policy]) -> timedelta:
    """By the rule that moves it, if one does."""
    pairs = zip(row["policies"], row["policy_versions"], strict=True)
    moving = rules_among(rules[pair] for pair in pairs if pair in rules).moving
    return moving.cooldown if moving else timedelta()


async def held_leads(db: Reader, ids: Collection[UUID]) -> list[HeldLead]:
    """The oldest first."""
    lost: dict[UUID, dict[UUID, datetime]] = {}
    for row in await db.fetch(_LOST_LEADS, list(ids)):
        lost.setdefault(row["lead_id"], {})[row["agent_id"]] = row["lost_at"]
    return [HeldLead(**dict(row), lost=lost.get(row["id"], {})) for row in await db.fetch(_LEADS, list(ids))]


async def held_clients(db: Reader, owner_id: UUID) -> list[HeldClient]:
    """Whoever is theirs, and is looked after by a colleague already."""
    return [HeldClient(**dict(row)) for row in await db.fetch(_CLIENTS, owner_id)]


async def raise_alarm(tx: Transaction, callback_id: UUID, stuck: Mapping[str, object]) -> int:
    """Nobody could take it; ``stuck`` says why, and it stands so until somebody has it or has kept it."""
    version: int = await tx.fetchval(_ALARM, callback_id, tx.now, to_json(dict(stuck)))
    return version


async def give_clients(
    tx: Transaction, owner_id: UUID, heirs: Mapping[UUID, UUID], *, memories_to: UUID
) -> list[GivenClient]:
    """Each of these clients has a new owner; of a merge of merges ``memories_to``."""
    rows = await tx.fetch(_GIVE_CLIENTS, owner_id, list(heirs), list(heirs.values()))
    await tx.execute(_GIVE_MEMORIES, owner_id, memories_to)
    return [GivenClient(**dict(row)) for row in rows]
