"""The lists every desk holds: outcomes, pause reasons, sources of leads, queues with their members."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from crm_core.store.database import Reader
from crm_core.views.model import WireModel
from crm_core.views.users import Team

_LIST_DISPOSITIONS = """
SELECT code, labels, resultative, contact_made, callback, position, enabled
FROM dispositions
ORDER BY enabled DESC, position, code
"""

_LIST_PAUSE_REASONS = """
SELECT code, labels, threshold_s, productive, position, enabled
FROM pause_reasons
ORDER BY enabled DESC, position, code
"""

_LIST_LEAD_SOURCES = """
SELECT source.code, source.titles AS labels, source.site_key, source.team_id, team.name AS team_name, source.skills,
       source.accept_within_s, source.max_moves, source.position, source.enabled
FROM lead_sources source
LEFT JOIN teams team ON team.id = source.team_id
ORDER BY source.enabled DESC, source.position, source.code
"""

_LIST_QUEUES = """
SELECT queue.name, queue.titles AS title, queue.team_id,
       queue.wrap_up_limit_s, queue.short_abandon_s, queue.service_level_s,
       queue.missed_callback, queue.missed_callback_short, queue.missed_callback_due_s, queue.answer_within,
       ARRAY(
           SELECT member.user_id
           FROM queue_members member
           WHERE member.queue = queue.name
           ORDER BY member.user_id
       ) AS members
FROM queues queue
ORDER BY queue.name
"""

_LIST_TEAMS_OF_QUEUES = """
SELECT id, name
FROM teams
WHERE id IN (SELECT team_id FROM queues)
ORDER BY name, id
"""

_FIND_VERSION = """
SELECT version
FROM catalogue_versions
WHERE name = $1
"""


class Labels(WireModel):
    """One text in each language of the screens."""

    ru: str
    en: str


class DispositionKind(WireModel):
    """One outcome a manager may choose."""

    code: str
    labels: Labels
    resultative: bool
    contact_made: bool
    callback: Literal["none", "optional", "required"]
    position: int
    enabled: bool


class Dispositions(WireModel):
    """The whole list, on one page; ``version`` goes back with an edit of it."""

    items: list[DispositionKind]
    next: None = None
    version: int


class PauseReason(WireModel):
    """One reason for a pause; longer than ``threshold_s`` is shown to the supervisor."""

    code: str
    labels: Labels
    threshold_s: int | None
    productive: bool
    position: int
    enabled: bool


class PauseReasons(WireModel):
    """The whole list, on one page; ``version`` goes back with an edit of it."""

    items: list[PauseReason]
    next: None = None
    version: int


class LeadSource(WireModel):
    """Where leads come from; ``site_key`` is its public form's, ``accept_within_s`` null: as the team has it."""

    code: str
    labels: Labels
    site_key: str | None
    team_id: UUID | None
    team_name: str | None
    skills: list[str]
    accept_within_s: int | None
    max_moves: int
    position: int
    enabled: bool


class LeadSources(WireModel):
    """The whole list, on one page; ``version`` goes back with an edit of it."""

    items: list[LeadSource]
    next: None = None
    version: int


class Queue(WireModel):
    """A queue of the PBX, the rules that hold in it and the agents it offers calls to."""

    name: str
    title: Labels
    team_id: UUID | None
    wrap_up_limit_s: int
    short_abandon_s: float
    service_level_s: int
    missed_callback: bool
    missed_callback_short: bool
    missed_callback_due_s: int
    answer_within: dict[str, dict[str, int | None]]  # by channel, what is not as usual
    members: list[UUID]


class Queues(WireModel):
    """The whole list: it has one page; ``teams`` names those that the queues belong to."""

    items: list[Queue]
    next: None = None
    version: int
    teams: list[Team]


async def list_dispositions(db: Reader) -> Dispositions:
    """Enabled ones first, in the order of the screen."""
    version = await _version(db, "dispositions")  # first: an older number with newer rows is harmless
    rows = await db.fetch(_LIST_DISPOSITIONS)
    return Dispositions(items=[DispositionKind.model_validate(dict(row)) for row in rows], version=version)


async def list_pause_reasons(db: Reader) -> PauseReasons:
    """Enabled ones first, in the order of the screen."""
    version = await _version(db, "pause_reasons")
    rows = await db.fetch(_LIST_PAUSE_REASONS)
    return PauseReasons(items=[PauseReason.model_validate(dict(row)) for row in rows], version=version)


async def list_lead_sources(db: Reader) -> LeadSources:
    """Enabled ones first, in the order of the screen."""
    version = await _version(db, "lead_sources")
    rows = await db.fetch(_LIST_LEAD_SOURCES)
    return LeadSources(items=[LeadSource.model_validate(dict(row)) for row in rows], version=version)


async def list_queues(db: Reader) -> Queues:
    """By name."""
    version = await _version(db, "queues")
    rows = await db.fetch(_LIST_QUEUES)
    teams = await db.fetch(_LIST_TEAMS_OF_QUEUES)
    return Queues(
        items=[Queue.model_validate(dict(row)) for row in rows],
        version=version,
        teams=[Team.model_validate(dict(row)) for row in teams],
    )


async def _version(db: Reader, name: str) -> int:
    version: int | None = await db.fetchval(_FIND_VERSION, name)
    return version or 0
