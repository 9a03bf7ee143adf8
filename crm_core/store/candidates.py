"""Who might be given a promise or a lead, as they are now, and how much the engine has given them lately.

Read under one lock until the end of the transaction, so that two givings never
count the same free place twice. Once for a batch: what it gives is counted on
in memory, and written to the turns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.distribution import USUAL_LIMITS, Candidate, Limits, Strategy
from crm_core.domain.giving_out import GivingOut, as_asked
from crm_core.domain.people import AgentState
from crm_core.store.absences import NOW_ABSENT
from crm_core.store.calendars import calendars_of_agents
from crm_core.store.database import Reader, Record, Transaction
from crm_core.store.holdings import active_clients
from crm_core.store.ids import AMONG_FIRST, as_ids

# Where one person holds thousands of promises, PostgreSQL believes that everybody does, and would read the whole
# table for each of them.
_LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended('giving out', 3)), set_config('enable_seqscan', 'off', true)
"""

# By absences_user_id_from_at_idx. Of who holds thousands no more are counted than matters to a cap.
_PEOPLE = f"""
SELECT person.id, person.name, person.team_id, person.skills, person.languages,
       COALESCE(state.present, false) AS present, COALESCE(state.state, 'offline') AS state,
       COALESCE(state.since, person.created_at) AS since,
       away.user_id IS NOT NULL AS absent, away.until AS absent_until,
       COALESCE(turn.lately, '{{}}') AS lately, turn.last_at,
       {active_clients("$1")} AS held
FROM users person
LEFT JOIN agent_states state ON state.user_id = person.id
LEFT JOIN agent_turns turn ON turn.user_id = person.id
LEFT JOIN LATERAL (
    SELECT absence.user_id, CASE WHEN bool_and(absence.to_at IS NOT NULL) THEN max(absence.to_at) END AS until
    FROM absences absence
    WHERE absence.user_id = person.id AND {NOW_ABSENT}
    GROUP BY absence.user_id
) AS away ON true
WHERE person.enabled AND person.takes_work AND person.role = 'agent'
"""  # noqa: S608  (a condition of our own)

_TEAMS = """
SELECT id, strategy, load_cap, load_warning, hourly_cap, long_pause_s
FROM teams
"""

# By interactions_client_id_id_idx.
_TALKED = f"""
SELECT client_id, agent_id, max(answered_at) AS at
FROM interactions
WHERE client_id = {AMONG_FIRST} AND answered_at IS NOT NULL AND agent_id IS NOT NULL
GROUP BY client_id, agent_id
"""  # noqa: S608

_NOTE = """
INSERT INTO agent_turns (user_id, last_at, lately)
SELECT user_id, $3, array_fill($3::timestamptz, ARRAY[times])
FROM unnest($1::uuid[], $2::int[]) AS given (user_id, times)
ON CONFLICT (user_id) DO UPDATE
SET last_at = excluded.last_at,
    lately = ARRAY(SELECT at FROM unnest(agent_turns.lately) AS at WHERE at > $3 - interval '1 hour')
             || excluded.lately
"""

# It was their turn, and it does not count among what others had left.
_NOTE_TURN = """
INSERT INTO agent_turns (user_id, last_at)
SELECT user_id, $2
FROM unnest($1::uuid[]) AS given (user_id)
ON CONFLICT (user_id) DO UPDATE SET last_at = excluded.last_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamTerms:
    """How a team gives out; without a team as everybody does."""

    strategy: Strategy = Strategy.LEAST_LOADED
    limits: Limits = USUAL_LIMITS


@dataclass(slots=True, kw_only=True)
class Field:
    """Everybody who might be given something, until the end of the batch."""

    everybody: GivingOut
    teams: dict[UUID, TeamTerms]
    turns: list[UUID] = field(default_factory=list)  # given in this batch, not stored yet
    fresh: set[UUID] = field(default_factory=set)  # who was given new work in it

    def terms_of(self, team_id: UUID | None) -> TeamTerms:
        return self.teams.get(team_id, TeamTerms()) if team_id else TeamTerms()

    async def candidates(self, tx: Transaction, client_id: UUID | None, languages: Sequence[str]) -> list[Candidate]:
        """Everybody as they stand to this client, for who chooses one by one."""
        talked = (await talked_with(tx, [client_id])).get(client_id, {}) if client_id else {}
        return [as_asked(one, languages, talked.get(one.agent_id)) for one in self.everybody.people.values()]

    def note_given(self, agent_id: UUID, at: datetime) -> None:
        """It is their turn now, and they hold one more; ``write_turns`` stores it."""
        self.everybody.note_given(agent_id, at)
        self.turns.append(agent_id)

    def note_fresh(self, agent_id: UUID, at: datetime) -> None:
        """The same for new work, of which nobody is given too much: it does not count to the hourly cap."""
        self.everybody.note_given(agent_id, at)
        self.fresh.add(agent_id)

    async def write_turns(self, tx: Transaction) -> None:
        """What was given in this batch counts from now on."""
        if self.turns:
            counted = Counter(self.turns)
            await tx.execute(_NOTE, list(counted), list(counted.values()), tx.now)
            self.turns.clear()
        if self.fresh:
            await tx.execute(_NOTE_TURN, list(self.fresh), tx.now)
            self.fresh.clear()


async def gather(tx: Transaction) -> Field:
    """Who there is; nobody else gives anything out until this transaction ends."""
    await tx.execute(_LOCK)
    teams = {row["id"]: _terms(row) for row in await tx.fetch(_TEAMS)}
    most = max((terms.limits.load_cap for terms in teams.values()), default=USUAL_LIMITS.load_cap)
    rows = await tx.fetch(_PEOPLE, max(most, USUAL_LIMITS.load_cap) + 1)
    calendars = await calendars_of_agents(tx, [row["id"] for row in rows])
    people = [
        Candidate(
            agent_id=row["id"],
            name=row["name"],
            team_id=row["team_id"],
            skills=frozenset(row["skills"]),
            languages=frozenset(row["languages"]),
            present=row["present"],
            state=AgentState(row["state"]),
            state_since=row["since"],
            absent=row["absent"],
            absent_until=row["absent_until"],
            calendar=calendars.get(row["id"]),
            active_clients=row["held"],
        )
        for row in rows
    ]
    given = {row["id"]: row["lately"] or [row["last_at"]] for row in rows if row["last_at"]}
    return Field(everybody=GivingOut(people, given), teams=teams)


async def talked_with(db: Reader, clients: Iterable[UUID]) -> dict[UUID, dict[UUID, datetime]]:
    """For each of these clients who has talked with them, and when last."""
    talked: dict[UUID, dict[UUID, datetime]] = {}
    wanted = set(clients)
    for row in await db.fetch(_TALKED, as_ids(wanted)) if wanted else []:
        talked.setdefault(row["client_id"], {})[row["agent_id"]] = row["at"]
    return talked


def _terms(row: Record) -> TeamTerms:
    return TeamTerms(
        strategy=Strategy(row["strategy"]),
        limits=Limits(
            load_cap=row["load_cap"],
            load_warning=row["load_warning"],
            hourly_cap=row["hourly_cap"],
            long_pause=timedelta(seconds=row["long_pause_s"]),
        ),
    )
