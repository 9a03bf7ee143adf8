"""Teams: who belongs together, the hours they work, and how their promises and leads are given out.

A team is dissolved only when nothing is its own any more: a supervisor without a
team sees the whole company, and a queue without a team has nobody to be told.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import asyncpg
from pydantic import Field

from crm_core.actions import audit
from crm_core.domain.distribution import Strategy
from crm_core.domain.errors import DecisionRefused, InputRejected, NotFound, VersionConflict
from crm_core.domain.ids import new_id
from crm_core.inputs import InputModel, Word, unchanged
from crm_core.store.database import Record, Transaction
from crm_core.store.watch import ELIGIBLE

_INSERT = """
INSERT INTO teams
    (id, name, calendar_id, strategy, load_cap, load_warning, hourly_cap, long_pause_s, accept_within_s)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

_LOCK = """
SELECT name, calendar_id, strategy, load_cap, load_warning, hourly_cap, long_pause_s, accept_within_s, version
FROM teams
WHERE id = $1
FOR UPDATE
"""  # the whole row: nobody may join a team that is being dissolved

_SAVE = """
UPDATE teams
SET name = $2, calendar_id = $3, strategy = $4, load_cap = $5, load_warning = $6, hourly_cap = $7,
    long_pause_s = $8, accept_within_s = $9, version = version + 1
WHERE id = $1
"""

_REMOVE = """
DELETE FROM teams
WHERE id = $1
"""

# A policy knows its team by name, in every version: promises live under old ones.
_RENAME_IN_POLICIES = """
UPDATE callback_policies
SET rule = jsonb_set(rule, '{team}', to_jsonb($2::text))
WHERE rule->>'team' = $1
"""

_BELONGINGS = """
SELECT (SELECT count(*) FROM users WHERE team_id = team.id) AS people,
       (SELECT count(*)
        FROM callbacks callback
        JOIN users agent ON agent.id = callback.agent_id
        WHERE agent.team_id = team.id AND callback.state IN ('open', 'claimed')) AS promises,
       (SELECT count(*)
        FROM leads lead
        LEFT JOIN users owner ON owner.id = lead.owner_id
        WHERE lead.closed_at IS NULL AND (lead.team_id = team.id OR owner.team_id = team.id)) AS leads,
       ARRAY(SELECT name FROM queues WHERE team_id = team.id ORDER BY name) AS queues,
       ARRAY(SELECT code FROM lead_sources WHERE team_id = team.id ORDER BY code) AS sources,
       ARRAY(
           SELECT newest.name
           FROM (SELECT DISTINCT ON (name) name, rule FROM callback_policies ORDER BY name, version DESC) AS newest
           WHERE newest.rule->>'team' = team.name
           ORDER BY newest.name
       ) AS policies
FROM teams team
WHERE team.id = $1
"""

_FIND_CALENDAR = """
SELECT id
FROM calendars
WHERE id = $1
FOR KEY SHARE
"""


class TeamNameTaken(DecisionRefused):
    """Another team already has this name."""

    code = "team_name_taken"


class TeamNotEmpty(DecisionRefused):
    """People, queues, sources, leads or policies still belong to this team; give them to another one first."""

    code = "team_not_empty"


class WarningAboveCap(InputRejected):
    """The warning comes before the limit, or with it."""

    code = "load_warning_above_cap"


class CalendarUnknown(InputRejected):
    """There is no such calendar."""

    code = "calendar_unknown"


LoadLimit = Annotated[int, Field(ge=1, le=1000)]
PauseSeconds = Annotated[int, Field(ge=0, le=86_400)]
AcceptanceSeconds = Annotated[int, Field(ge=30, le=86_400)]


class TeamIn(InputModel):
    """A team; without ``calendar_id`` it is always open.

    ``load_cap``, ``load_warning``: active clients of one person. ``hourly_cap``: what the engine gives one
    person in any hour. Who pauses for longer than ``long_pause_s`` is given nothing, and a lead not accepted
    within ``accept_within_s`` goes on to the next.
    """

    name: Word
    calendar_id: UUID | None = None
    strategy: Strategy = Strategy.TEAM
    load_cap: LoadLimit = 60
    load_warning: LoadLimit = 50
    hourly_cap: LoadLimit = 10
    long_pause_s: PauseSeconds = 600
    accept_within_s: AcceptanceSeconds = 300


class TeamPatch(InputModel):
    """Only what shall change; with ``version`` it is refused when somebody else was faster."""

    name: Word = unchanged()
    calendar_id: UUID | None = None
    strategy: Strategy = unchanged()
    load_cap: LoadLimit = unchanged()
    load_warning: LoadLimit = unchanged()
    hourly_cap: LoadLimit = unchanged()
    long_pause_s: PauseSeconds = unchanged()
    accept_within_s: AcceptanceSeconds = unchanged()
    version: int = unchanged()


async def create(tx: Transaction, given: TeamIn, *, by: UUID) -> UUID:
    """Found a team.

    Raises:
        TeamNameTaken: there is one of this name.
        CalendarUnknown, WarningAboveCap: it cannot work like that.
    """
    team_id = new_id(tx.now)
    await _write(tx, _INSERT, team_id, given)
    await audit.write(tx, "team.added", by=by, subject_kind="team", subject_id=team_id)
    return team_id


async def change(tx: Transaction, team_id: UUID, given: TeamPatch, *, by: UUID) -> None:
    """Change what is named; who waits for somebody to be eligible is looked at again.

    Raises:
        NotFound: there is none.
        VersionConflict: it is not the one that was edited.
        TeamNameTaken, CalendarUnknown, WarningAboveCap: it cannot be so.
    """
    row = await _lock(tx, team_id)
    changes = given.model_dump(exclude_unset=True)
    if changes.pop("version", row["version"]) != row["version"]:
        raise VersionConflict(version=row["version"])
    after = TeamIn.model_validate({name: row[name] for name in TeamIn.model_fields} | changes)
    await _write(tx, _SAVE, team_id, after)
    if after.name != row["name"]:
        await tx.execute(_RENAME_IN_POLICIES, row["name"], after.name)
    await audit.write(
        tx, "team.changed", by=by, subject_kind="team", subject_id=team_id, details={"changed": sorted(changes)}
    )
    tx.wake(ELIGIBLE)


async def dissolve(tx: Transaction, team_id: UUID, *, by: UUID) -> None:
    """Take away a team nothing belongs to any more.

    Raises:
        NotFound: there is none.
        TeamNotEmpty: what still belongs to it.
    """
    row = await _lock(tx, team_id)
    belongings = await tx.fetchrow(_BELONGINGS, team_id)
    assert belongings is not None
    if any(belongings.values()):
        raise TeamNotEmpty(**dict(belongings))
    await tx.execute(_REMOVE, team_id)
    await audit.write(
        tx, "team.dissolved", by=by, subject_kind="team", subject_id=team_id, details={"name": row["name"]}
    )


async def check_calendar(tx: Transaction, calendar_id: UUID | None) -> None:
    """Somebody shall work by it.

    Raises:
        CalendarUnknown: there is none.
    """
    if calendar_id is not None and await tx.fetchval(_FIND_CALENDAR, calendar_id) is None:
        raise CalendarUnknown(calendar_id=calendar_id)


async def _lock(tx: Transaction, team_id: UUID) -> Record:
    row = await tx.fetchrow(_LOCK, team_id)
    if row is None:
        raise NotFound
    return row


async def _write(tx: Transaction, sql: str, team_id: UUID, team: TeamIn) -> None:
    if team.load_warning > team.load_cap:
        raise WarningAboveCap(load_warning=team.load_warning, load_cap=team.load_cap)
    await check_calendar(tx, team.calendar_id)
    values = (getattr(team, name) for name in TeamIn.model_fields)
    try:
        await tx.execute(sql, team_id, *values)
    except asyncpg.UniqueViolationError as error:
        raise TeamNameTaken(name=team.name) from error
