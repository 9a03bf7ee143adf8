"""What the log knows of a time, for a replay: its promises and its people.

Teams, service classes and the states of leads are those of today: nobody wrote
down what they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.distribution import Limits, Strategy
from crm_core.domain.past_floor import LoggedState, PastLoad, PastPerson
from crm_core.domain.people import AgentState, normalised_words
from crm_core.domain.policies import Surroundings
from crm_core.domain.replays import Manner, PastPromise
from crm_core.store.calendars import calendars_of_agents
from crm_core.store.database import Reader, Record

# A promise of a queue begins with who took it first. A contact is found by its primary key.
_PROMISES = """
SELECT callback.id, callback.client_id, callback.via, callback.due_at, client.name AS client_name,
       first.agent_id, first.from_at AS promised_at,
       CASE WHEN callback.state = 'kept' THEN COALESCE(contact.started_at, callback.closed_at)
            WHEN callback.state = 'cancelled' THEN callback.closed_at
       END AS done_at,
       person.team_id, team.name AS team, client.service_class, lead.stage AS lead_state,
       lead.skills, COALESCE(lead.language, client.language) AS language, lead.destination
FROM callbacks callback
JOIN LATERAL (
    SELECT history.agent_id, history.from_at
    FROM callback_history history
    WHERE history.callback_id = callback.id AND history.agent_id IS NOT NULL
    ORDER BY history.from_at, history.id
    LIMIT 1
) AS first ON true
JOIN users person ON person.id = first.agent_id
LEFT JOIN teams team ON team.id = person.team_id
LEFT JOIN clients client ON client.id = callback.client_id
LEFT JOIN leads lead ON lead.id = callback.lead_id
LEFT JOIN interactions contact ON contact.id = callback.kept_in
WHERE callback.due_at >= $1 AND callback.due_at < $2 AND ($3::uuid IS NULL OR person.team_id = $3)
ORDER BY callback.due_at, callback.id
LIMIT $4
"""

_PEOPLE = """
SELECT id, name, team_id, skills, languages
FROM users
WHERE enabled AND takes_work AND role = 'agent'
ORDER BY id
"""

# By agent_state_log_user_id_at_idx: what changed in that time, and what each was at before.
_STATES = """
SELECT person.id AS user_id, logged.at, logged.state, logged.present
FROM users person
JOIN LATERAL (
    (SELECT before.at, before.state, before.present, before.version
     FROM agent_state_log before
     WHERE before.user_id = person.id AND before.at < $1
     ORDER BY before.at DESC, before.version DESC
     LIMIT 1)
    UNION ALL
    (SELECT changed.at, changed.state, changed.present, changed.version
     FROM agent_state_log changed
     WHERE changed.user_id = person.id AND changed.at >= $1 AND changed.at < $2)
) AS logged ON true
WHERE person.enabled AND person.takes_work AND person.role = 'agent'
ORDER BY logged.at, logged.version
"""

# By absences_user_id_from_at_idx.
_ABSENCES = """
SELECT user_id, from_at, to_at
FROM absences
WHERE from_at < $2 AND (to_at IS NULL OR to_at > $1)
"""

# Nearly every row is of somebody's past: read whole, once. A client with a promise and a lead counts twice here.
_LOADS = """
SELECT agent_id,
       count(*) FILTER (WHERE from_at < $1) AS at_first,
       array_agg(from_at ORDER BY from_at) FILTER (WHERE from_at >= $1) AS begun,
       array_agg(to_at ORDER BY to_at) FILTER (WHERE to_at < $2) AS ended
FROM (
    SELECT agent_id, from_at, to_at
    FROM callback_history
    UNION ALL
    SELECT history.agent_id, history.from_at, COALESCE(history.to_at, lead.closed_at)
    FROM lead_history history
    JOIN leads lead ON lead.id = history.lead_id
) AS held
WHERE agent_id IS NOT NULL AND from_at < $2 AND (to_at IS NULL OR to_at > $1)
GROUP BY agent_id
"""

_MANNERS = """
SELECT id, strategy, load_cap, load_warning, hourly_cap, long_pause_s
FROM teams
"""

# By interactions_client_id_id_idx.
_TALKS = """
SELECT client_id, agent_id, array_agg(answered_at ORDER BY answered_at) AS answered_at
FROM interactions
WHERE client_id = ANY($1::uuid[]) AND agent_id IS NOT NULL AND answered_at IS NOT NULL
GROUP BY client_id, agent_id
"""

_NAMES = """
SELECT id, name
FROM users
"""

# By agent_state_log_user_id_at_idx, one row of each person.
_KNOWN_FROM = """
SELECT min(first.at)
FROM users person
JOIN LATERAL (
    SELECT logged.at
    FROM agent_state_log logged
    WHERE logged.user_id = person.id
    ORDER BY logged.at
    LIMIT 1
) AS first ON true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talks:
    """Who had talked with which client, when."""

    of_client: Mapping[UUID, Mapping[UUID, Sequence[datetime]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPromises:
    """The promises of a time, and what their clients are called."""

    promises: Sequence[PastPromise]
    clients: Mapping[UUID, str]


async def promises_due(
    db: Reader, since: datetime, until: datetime, *, team_id: UUID | None, most: int
) -> NamedPromises:
    """What was due in this time, oldest first, of everybody or of those who are of this team now."""
    rows = await db.fetch(_PROMISES, since, until, team_id, most)
    return NamedPromises(
        promises=[_promise(row) for row in rows],
        clients={row["client_id"]: row["client_name"] for row in rows if row["client_id"]},
    )


async def people_of(db: Reader, since: datetime, until: datetime) -> list[PastPerson]:
    """Everybody who is given work today, with what they were at in this time."""
    rows = await db.fetch(_PEOPLE)
    calendars = await calendars_of_agents(db, [row["id"] for row in rows])
    states: defaultdict[UUID, list[LoggedState]] = defaultdict(list)
    for row in await db.fetch(_STATES, since, until):
        logged = LoggedState(at=row["at"], state=AgentState(row["state"]), present=row["present"])
        states[row["user_id"]].append(logged)
    away: defaultdict[UUID, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for row in await db.fetch(_ABSENCES, since, until):
        away[row["user_id"]].append((row["from_at"], row["to_at"]))
    loads = {row["agent_id"]: _load(row) for row in await db.fetch(_LOADS, since, until)}
    return [
        PastPerson(
            agent_id=row["id"],
            name=row["name"],
            team_id=row["team_id"],
            skills=frozenset(row["skills"]),
            languages=frozenset(row["languages"]),
            states=states[row["id"]],
            away=away[row["id"]],
            calendar=calendars.get(row["id"]),
            load=loads.get(row["id"], PastLoad()),
        )
        for row in rows
    ]


async def manners(db: Reader) -> dict[UUID, Manner]:
    """How each team gives work out, today."""
    return {row["id"]: _manner(row) for row in await db.fetch(_MANNERS)}


async def talks_with(db: Reader, client_ids: Collection[UUID]) -> Talks:
    """Who had talked with these clients."""
    found: defaultdict[UUID, dict[UUID, Sequence[datetime]]] = defaultdict(dict)
    for row in await db.fetch(_TALKS, list(client_ids)):
        found[row["client_id"]][row["agent_id"]] = row["answered_at"]
    return Talks(of_client=found)


async def names(db: Reader) -> dict[UUID, str]:
    """What everybody is called, those too who have left."""
    return {row["id"]: row["name"] for row in await db.fetch(_NAMES)}


async def known_from(db: Reader) -> datetime | None:
    """Since when the log tells who was at the desk; None: it has not begun."""
    moment: datetime | None = await db.fetchval(_KNOWN_FROM)
    return moment


def _promise(row: Record) -> PastPromise:
    languages = normalised_words([row["language"].split("-")[0]]) if row["language"] else []
    destinations = normalised_words([row["destination"]]) if row["destination"] else []
    return PastPromise(
        id=row["id"],
        agent_id=row["agent_id"],
        promised_at=row["promised_at"],
        due_at=row["due_at"],
        done_at=row["done_at"],
        around=Surroundings(team=row["team"], service_class=row["service_class"], lead_state=row["lead_state"]),
        team_id=row["team_id"],
        skills=frozenset(normalised_words(row["skills"] or ())),
        languages=tuple(languages),
        destination=destinations[0] if destinations else None,
        client_id=row["client_id"],
        via=row["via"],
    )


def _load(row: Record) -> PastLoad:
    return PastLoad(at_first=row["at_first"], begun=row["begun"] or (), ended=row["ended"] or ())


def _manner(row: Record) -> Manner:
    limits = Limits(
        load_cap=row["load_cap"],
        load_warning=row["load_warning"],
        hourly_cap=row["hourly_cap"],
        long_pause=timedelta(seconds=row["long_pause_s"]),
    )
    return Manner(strategy=Strategy(row["strategy"]), limits=limits)
