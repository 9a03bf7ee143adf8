"""The rules for promises that are not kept, as they are stored: every version stays, none is ever changed.

A promise names the versions it was made under, so a rule that is edited is a
new row. Whoever saves one holds the list until the end of the transaction: two
editors get two versions, never the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from crm_core.domain.distribution import Strategy
from crm_core.domain.policies import Action, Policy, Surroundings
from crm_core.domain.policy_warnings import ConcernedTeam, PolicyFacts
from crm_core.store.calendars import calendar_from_row
from crm_core.store.database import Reader, Record, Transaction, to_json

#: What the list is called among those that have a version.
CATALOGUE: Final = "callback_policies"

# By primary key.
_NEWEST = """
SELECT DISTINCT ON (name) name, version, rule, enabled
FROM callback_policies
ORDER BY name, version DESC
"""

# By primary key.
_OF_VERSIONS = """
SELECT policy.name, policy.version, policy.rule, policy.enabled
FROM unnest($1::text[], $2::int[]) AS asked (name, version)
JOIN callback_policies policy USING (name, version)
"""

# An update that changes nothing holds the row, and one that is not there yet is made.
_LOCK = """
INSERT INTO catalogue_versions (name)
VALUES ($1)
ON CONFLICT (name) DO UPDATE SET version = catalogue_versions.version
"""

_INSERT = """
INSERT INTO callback_policies (name, version, rule, enabled, by, created_at)
SELECT $1, COALESCE(max(version), 0) + 1, $2, $3, $4, $5
FROM callback_policies
WHERE name = $1
RETURNING version
"""

# Without a lead of its own, a promise is about the client's newest lead that is open. By leads_client_id_idx.
_SURROUNDINGS = """
SELECT (SELECT team.name FROM users agent JOIN teams team ON team.id = agent.team_id WHERE agent.id = $2
        UNION ALL
        SELECT team.name FROM queues queue JOIN teams team ON team.id = queue.team_id WHERE queue.name = $3
        LIMIT 1) AS team,
       (SELECT client.service_class FROM clients client WHERE client.id = $1) AS service_class,
       COALESCE((SELECT lead.stage FROM leads lead WHERE lead.id = $4),
                (SELECT lead.stage FROM leads lead
                 WHERE $4::uuid IS NULL AND lead.client_id = $1 AND lead.closed_at IS NULL
                 ORDER BY lead.created_at DESC, lead.id DESC
                 LIMIT 1)) AS lead_state
"""

_TEAMS = """
SELECT team.name, team.strategy, calendar.zone, calendar.country, calendar.week, calendar.days,
       (SELECT count(*) FROM users person
        WHERE person.team_id = team.id AND person.enabled AND person.takes_work AND person.role = 'agent') AS members
FROM teams team
LEFT JOIN calendars calendar ON calendar.id = team.calendar_id
WHERE $1::text IS NULL OR team.name = $1
ORDER BY team.name
"""

# A class nobody has is looked for among all clients; that is asked only while a rule is edited.
_CLASS_IS_USED = """
SELECT now() AS at, $1::text IS NULL OR EXISTS (SELECT FROM clients WHERE service_class = $1) AS class_is_used
"""


async def newest(db: Reader) -> list[Policy]:
    """Every rule as its newest version has it, by name; also those that are off."""
    return [_policy(row) for row in await db.fetch(_NEWEST)]


async def of_versions(db: Reader, pairs: Collection[tuple[str, int]]) -> dict[tuple[str, int], Policy]:
    """Rules as they stood: each version that was asked for and exists."""
    names, versions = [name for name, _ in pairs], [version for _, version in pairs]
    policies = [_policy(row) for row in await db.fetch(_OF_VERSIONS, names, versions)]
    return {(policy.name, policy.version): policy for policy in policies}


async def lock(tx: Transaction) -> None:
    """Nobody else saves a rule until the end of this transaction."""
    await tx.execute(_LOCK, CATALOGUE)


async def save(tx: Transaction, policy: Policy, *, by: UUID | None = None) -> int:
    """Write the rule down as a new version of its name, whatever ``policy.version`` says; gives that version."""
    await lock(tx)
    rule = to_json(rule_of(policy))
    version: int = await tx.fetchval(_INSERT, policy.name, rule, policy.enabled, by, tx.now)
    return version


async def surroundings(
    db: Reader,
    client_id: UUID | None,
    agent_id: UUID | None,
    queue: str | None = None,
    lead_id: UUID | None = None,
) -> Surroundings:
    """What decides which rules concern a promise to this client, owed by this agent or queue."""
    row = await db.fetchrow(_SURROUNDINGS, client_id, agent_id, queue, lead_id)
    return Surroundings(**dict(row)) if row else Surroundings()


async def facts(db: Reader, policy: Policy) -> PolicyFacts:
    """What this rule is judged by beside itself."""
    rest = await db.fetchrow(_CLASS_IS_USED, policy.service_class)
    assert rest is not None
    teams = tuple(_team(row) for row in await db.fetch(_TEAMS, policy.team))
    return PolicyFacts(at=rest["at"], teams=teams, class_is_used=rest["class_is_used"])


def rule_of(policy: Policy) -> dict[str, object]:
    """The contract's fields of a rule, as the column holds them."""
    return {
        "warn_before_s": _seconds(policy.warn_before),
        "grace_s": policy.grace.total_seconds(),
        "action": policy.action.value,
        "takeover_after_s": _seconds(policy.takeover_after),
        "max_moves": policy.max_moves,
        "cooldown_s": policy.cooldown.total_seconds(),
        "working_time": policy.working_time,
        "team": policy.team,
        "service_class": policy.service_class,
        "lead_state": policy.lead_state,
        "attempts": policy.attempts,
        "retry_after_s": _seconds(policy.retry_after),
    }


def policy_of(name: str, version: int, rule: Mapping[str, object], *, enabled: bool) -> Policy:
    """Undoes ``rule_of``; what an older rule does not say is not asked for."""
    return Policy(
        name=name,
        version=version,
        action=Action(str(rule["action"])),
        grace=_span(rule["grace_s"]) or timedelta(),
        warn_before=_span(rule.get("warn_before_s")),
        takeover_after=_span(rule.get("takeover_after_s")),
        max_moves=_number(rule.get("max_moves")),
        cooldown=_span(rule.get("cooldown_s")) or timedelta(),
        working_time=rule.get("working_time") is True,
        team=_word(rule.get("team")),
        service_class=_word(rule.get("service_class")),
        lead_state=_word(rule.get("lead_state")),
        enabled=enabled,
        attempts=_number(rule.get("attempts")),
        retry_after=_span(rule.get("retry_after_s")),
    )


def _team(row: Record) -> ConcernedTeam:
    hours = None
    if row["zone"] is not None:
        hours = calendar_from_row(row["zone"], row["country"], row["week"], row["days"])
    return ConcernedTeam(name=row["name"], members=row["members"], strategy=Strategy(row["strategy"]), calendar=hours)


def _policy(row: Record) -> Policy:
    return policy_of(row["name"], row["version"], row["rule"], enabled=row["enabled"])


def _seconds(span: timedelta | None) -> float | None:
    return span.total_seconds() if span is not None else None


def _span(value: object) -> timedelta | None:
    return timedelta(seconds=value) if isinstance(value, int | float) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None
