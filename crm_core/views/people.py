"""People as those who lead them see them: what they can, when they work, what they carry, whether they are here."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.store.absences import NOW_ABSENT
from crm_core.store.database import Reader
from crm_core.store.holdings import active_clients
from crm_core.views.model import WireModel
from crm_core.views.paging import Page

# What they carry by callbacks_load_idx, leads_load_idx and clients_owner_id_idx.
_LIST = f"""
SELECT person.id, person.login, person.name, person.role, person.team_id, team.name AS team, person.skills,
       person.languages, person.takes_work, person.enabled, person.calendar_id, calendar.name AS calendar,
       team.load_cap, team.load_warning, COALESCE(state.state, 'offline') AS state,
       {active_clients()} AS active_clients,
       owed.promises, owed.late,
       (SELECT count(*) FROM leads WHERE owner_id = person.id AND closed_at IS NULL) AS leads,
       (SELECT count(*) FROM clients WHERE owner_id = person.id AND merged_into IS NULL) AS clients,
       away.kind AS absence_kind, away.to_at AS absent_until
FROM users person
LEFT JOIN teams team ON team.id = person.team_id
LEFT JOIN calendars calendar ON calendar.id = COALESCE(person.calendar_id, team.calendar_id)
LEFT JOIN agent_states state ON state.user_id = person.id
CROSS JOIN LATERAL (
    SELECT count(*) AS promises, count(*) FILTER (WHERE due_at < now()) AS late
    FROM callbacks
    WHERE agent_id = person.id AND state IN ('open', 'claimed')
) AS owed
LEFT JOIN LATERAL (
    SELECT absence.kind, absence.to_at
    FROM absences absence
    WHERE absence.user_id = person.id AND {NOW_ABSENT}
    ORDER BY absence.to_at DESC NULLS FIRST
    LIMIT 1
) AS away ON true
WHERE $1::uuid IS NULL OR person.team_id = $1
ORDER BY person.enabled DESC, lower(person.name), person.id
"""  # noqa: S608

_WORDS = """
SELECT kind, word, count(person_id) AS people
FROM (
    SELECT 'skill' AS kind, word, person.id AS person_id
    FROM users person, unnest(person.skills) AS word
    UNION ALL
    SELECT 'language', word, person.id
    FROM users person, unnest(person.languages) AS word
    UNION ALL
    SELECT 'skill', word, NULL
    FROM lead_sources source, unnest(source.skills) AS word
) AS known
GROUP BY kind, word
ORDER BY word
"""


class Load(WireModel):
    """What a person carries; ``active_clients`` is what the team's limits are about."""

    active_clients: int
    promises: int
    late: int
    leads: int
    clients: int
    cap: int | None  # null: they belong to no team
    warning: int | None


class PersonAbsence(WireModel):
    """They are away now; ``until`` null: nobody knows until when."""

    kind: str
    until: datetime | None


class Person(WireModel):
    """``calendar`` is whose hours they work, their own when ``calendar_id`` is theirs; null: always."""

    id: UUID
    login: str
    name: str
    role: Role
    team_id: UUID | None
    team: str | None
    skills: list[str]
    languages: list[str]
    takes_work: bool
    enabled: bool
    calendar_id: UUID | None
    calendar: str | None
    state: str
    load: Load
    absence: PersonAbsence | None


class KnownWord(WireModel):
    """A skill or a language, and how many people have it."""

    word: str
    people: int


class KnownWords(WireModel):
    """What has been written of people and of lead sources so far."""

    skills: list[KnownWord]
    languages: list[KnownWord]


async def list_people(db: Reader, viewer: Viewer) -> Page[Person]:
    """By name, who works here first; a team's supervisor sees their team."""
    rows = await db.fetch(_LIST, None if viewer.sees_everything else viewer.team_id)
    people = []
    for row in rows:
        values = dict(row)
        kind, until = values.pop("absence_kind"), values.pop("absent_until")
        load = {name: values.pop(name) for name in ("active_clients", "promises", "late", "leads", "clients")}
        load |= {"cap": values.pop("load_cap"), "warning": values.pop("load_warning")}
        absence = {"kind": kind, "until": until} if kind else None
        people.append(Person.model_validate({**values, "load": load, "absence": absence}))
    return Page[Person](items=people, next=None)


async def list_skills(db: Reader) -> KnownWords:
    """For completion."""
    rows = await db.fetch(_WORDS)
    by_kind: dict[str, list[KnownWord]] = {"skill": [], "language": []}
    for row in rows:
        by_kind[row["kind"]].append(KnownWord(word=row["word"], people=row["people"]))
    return KnownWords(skills=by_kind["skill"], languages=by_kind["language"])
