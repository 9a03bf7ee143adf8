"""The lists a company keeps for itself: dispositions, pause reasons, sources of leads, queues.

A list is edited whole, by someone who has seen its newest version. A code once
given stands in old records and reports, so what is left out of a new list is
disabled and stays readable; nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import asyncpg

from crm_core.actions import audit
from crm_core.domain.errors import InputRejected, VersionConflict
from crm_core.domain.events import STAFF, CatalogueChanged
from crm_core.store.database import Transaction, to_json

Catalogue = Literal["dispositions", "pause_reasons", "lead_sources", "queues", "callback_policies"]
#: One text in each language of the screens: ``{"ru": …, "en": …}``.
Labels = Mapping[str, str]

#: What a queue is called when a person names it for the first time.
KNOWN_QUEUES: Mapping[str, Labels] = {
    "sales": {"ru": "Продажи", "en": "Sales"},
    "hotline": {"ru": "Горячая линия", "en": "Hotline"},
}

_LOCK_VERSION = """
SELECT version
FROM catalogue_versions
WHERE name = $1
FOR NO KEY UPDATE
"""

_NEXT_VERSION = """
INSERT INTO catalogue_versions (name)
VALUES ($1)
ON CONFLICT (name) DO UPDATE SET version = catalogue_versions.version + 1
RETURNING version
"""

# A key may go from one source to another in one edit.
_FREE_SITE_KEYS = """
UPDATE lead_sources
SET site_key = NULL
WHERE code = ANY($1::text[])
"""

_REMOVE_OTHER_QUEUES = """
DELETE FROM queues
WHERE name <> ALL($1::text[])
"""

_SAVE_QUEUE = """
INSERT INTO queues (name, titles, team_id, wrap_up_limit_s, short_abandon_s, service_level_s,
                    missed_callback, missed_callback_short, missed_callback_due_s, answer_within)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (name) DO UPDATE
SET titles = EXCLUDED.titles, team_id = EXCLUDED.team_id, wrap_up_limit_s = EXCLUDED.wrap_up_limit_s,
    short_abandon_s = EXCLUDED.short_abandon_s, service_level_s = EXCLUDED.service_level_s,
    missed_callback = EXCLUDED.missed_callback, missed_callback_short = EXCLUDED.missed_callback_short,
    missed_callback_due_s = EXCLUDED.missed_callback_due_s, answer_within = EXCLUDED.answer_within,
    version = queues.version + 1
"""

_REMOVE_MEMBERS = """
DELETE FROM queue_members
"""

_ADD_MEMBERS = """
INSERT INTO queue_members (queue, user_id)
VALUES ($1, $2)
"""

_ADD_QUEUES = """
INSERT INTO queues (name, titles)
SELECT fresh.name, fresh.titles
FROM unnest($1::text[], $2::jsonb[]) AS fresh (name, titles)
ON CONFLICT DO NOTHING
"""

_REMOVE_MEMBER = """
DELETE FROM queue_members
WHERE user_id = $1 AND queue <> ALL($2::text[])
"""

_ADD_MEMBER = """
INSERT INTO queue_members (queue, user_id)
SELECT unnest($2::text[]), $1
ON CONFLICT DO NOTHING
"""


class CodeTwice(InputRejected):
    """The same code stands in the list twice."""

    code = "code_twice"


class SiteKeyTaken(InputRejected):
    """Another source has this site key."""

    code = "site_key_taken"


class UnknownPerson(InputRejected):
    """A queue or a source names a person or a team that does not exist."""

    code = "unknown_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionEntry:
    """One outcome a manager may choose; its place in the list is its place on the screen."""

    code: str
    labels: Labels
    resultative: bool
    contact_made: bool
    callback: Literal["none", "optional", "required"]
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseReasonEntry:
    """One reason for a pause."""

    code: str
    labels: Labels
    threshold_s: int | None  # longer than this is shown to the supervisor
    productive: bool
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSourceEntry:
    """Where leads come from, and what that asks of whoever gets one."""

    code: str
    titles: Labels
    site_key: str | None  # of a public form
    team_id: UUID | None
    skills: Sequence[str]
    accept_within_s: int | None  # None: as the team has it
    max_moves: int
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """One queue of the PBX and the rules that hold in it."""

    name: str
    titles: Labels
    team_id: UUID | None
    wrap_up_limit_s: int
    short_abandon_s: float
    service_level_s: int
    missed_callback: bool  # a missed call makes a promise to call back
    missed_callback_short: bool  # a caller who left at once is owed it as well
    missed_callback_due_s: int
    answer_within: Mapping[str, Mapping[str, int | None]]  # by channel: ``first_s``, ``next_s``; null: as usual
    members: Collection[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class _CodedList:
    """A list whose entries are known by their codes for ever."""

    name: Literal[
        "dispositions", "pause_reasons", "lead_sources"
    ]  # its table, and what it is called in versions and events
    columns: tuple[str, ...]  # of an entry, beside its code and its place

    @property
    def disable_others(self) -> str:
        return f"UPDATE {self.name} SET enabled = false WHERE code <> ALL($1::text[])"  # noqa: S608 - names are ours

    @property
    def save(self) -> str:
        columns = (*self.columns, "position")
        places = ", ".join(f"${place}" for place in range(2, len(columns) + 2))
        changes = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns)
        return (
            f"INSERT INTO {self.name} (code, {', '.join(columns)}) VALUES ($1, {places}) "  # noqa: S608
            f"ON CONFLICT (code) DO UPDATE SET {changes}"
        )

    def values(self, entry: _Entry) -> Iterator[object]:
        for column in self.columns:
            value = getattr(entry, column)
            yield to_json(dict(value)) if column in {"labels", "titles"} else value


_Entry = DispositionEntry | PauseReasonEntry | LeadSourceEntry


_DISPOSITIONS = _CodedList(
    name="dispositions", columns=("labels", "resultative", "contact_made", "callback", "enabled")
)
_PAUSE_REASONS = _CodedList(name="pause_reasons", columns=("labels", "threshold_s", "productive", "enabled"))
_LEAD_SOURCES = _CodedList(
    name="lead_sources",
    columns=("titles", "site_key", "team_id", "skills", "accept_within_s", "max_moves", "enabled"),
)


async def replace_dispositions(tx: Transaction, entries: Sequence[DispositionEntry], *, version: int, by: UUID) -> None:
    """Put this list in the place of version ``version``.

    Raises:
        VersionConflict: somebody has changed it since.
        CodeTwice: a code stands there twice.
    """
    await _replace(tx, _DISPOSITIONS, entries, version=version, by=by)


async def replace_pause_reasons(
    tx: Transaction, entries: Sequence[PauseReasonEntry], *, version: int, by: UUID
) -> None:
    """Put this list in the place of version ``version``.

    Raises:
        VersionConflict: somebody has changed it since.
        CodeTwice: a code stands there twice.
    """
    await _replace(tx, _PAUSE_REASONS, entries, version=version, by=by)


async def replace_lead_sources(tx: Transaction, entries: Sequence[LeadSourceEntry], *, version: int, by: UUID) -> None:
    """Put this list in the place of version ``version``; leads keep the code they came with.

    Raises:
        VersionConflict: somebody has changed it since.
        CodeTwice: a code stands there twice.
        SiteKeyTaken: two sources have one site key.
        UnknownPerson: a team does not exist.
    """
    await _lock(tx, "lead_sources", version)
    await tx.execute(_FREE_SITE_KEYS, [entry.code for entry in entries])
    try:
        await _replace(tx, _LEAD_SOURCES, entries, version=version, by=by)
    except asyncpg.UniqueViolationError as error:
        raise SiteKeyTaken from error
    except asyncpg.ForeignKeyViolationError as error:
        raise UnknownPerson from error


async def _replace(
    tx: Transaction,
    coded: _CodedList,
    entries: Sequence[_Entry],
    *,
    version: int,
    by: UUID,
) -> None:
    await _lock(tx, coded.name, version)
    await tx.execute(coded.disable_others, _all_differ([entry.code for entry in entries]))
    await tx.executemany(
        coded.save, [(entry.code, *coded.values(entry), place) for place, entry in enumerate(entries, start=1)]
    )
    await _replaced(tx, coded.name, by)


async def replace_queues(tx: Transaction, entries: Sequence[QueueEntry], *, version: int, by: UUID) -> None:
    """Put this list, with its members, in the place of version ``version``.

    A queue left out is gone from the settings; interactions keep its name.

    Raises:
        VersionConflict: somebody has changed it since.
        CodeTwice: a name stands there twice.
        UnknownPerson: a member or a team does not exist.
    """
    await _lock(tx, "queues", version)
    names = _all_differ([entry.name for entry in entries])
    try:
        await tx.execute(_REMOVE_OTHER_QUEUES, names)
        await tx.executemany(
            _SAVE_QUEUE,
            [
                (
                    entry.name,
                    to_json(dict(entry.titles)),
                    entry.team_id,
                    entry.wrap_up_limit_s,
                    entry.short_abandon_s,
                    entry.service_level_s,
                    entry.missed_callback,
                    entry.missed_callback_short,
                    entry.missed_callback_due_s,
                    to_json(dict(entry.answer_within)),
                )
                for entry in entries
            ],
        )
        await tx.execute(_REMOVE_MEMBERS)
        await tx.executemany(
            _ADD_MEMBERS, [(entry.name, member) for entry in entries for member in sorted(set(entry.members))]
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise UnknownPerson from error
    await _replaced(tx, "queues", by)


async def join_queues(tx: Transaction, user_id: UUID, queues: Collection[str]) -> None:
    """Make a person a member of exactly these queues; one that is new here gets a sensible title."""
    names = sorted(set(queues))
    await _add_queues(tx, names)
    await tx.execute(_REMOVE_MEMBER, user_id, names)
    await tx.execute(_ADD_MEMBER, user_id, names)
    await announce(tx, "queues")


async def record_queues(tx: Transaction, queues: Collection[str]) -> None:
    """A PBX has told which queues it has; those that are new here get a sensible title."""
    if await _add_queues(tx, sorted(set(queues))):
        await announce(tx, "queues")


async def _add_queues(tx: Transaction, names: Sequence[str]) -> bool:
    """True when one of them was new."""
    titles = [to_json(dict(KNOWN_QUEUES.get(name, {"ru": name, "en": name}))) for name in names]
    tag = await tx.execute(_ADD_QUEUES, names, titles)
    return not tag.endswith(" 0")


async def _lock(tx: Transaction, name: Catalogue, version: int) -> None:
    current = await tx.fetchval(_LOCK_VERSION, name)
    if current != version:
        raise VersionConflict(version=current)


async def _replaced(tx: Transaction, name: Catalogue, by: UUID) -> None:
    version = await announce(tx, name)
    await audit.write(tx, "catalogue.replaced", by=by, details={"name": name, "version": version})


async def announce(tx: Transaction, name: Catalogue) -> int:
    """Everybody who holds this list hears that it has a new version; gives the version."""
    version: int = await tx.fetchval(_NEXT_VERSION, name)
    tx.emit(CatalogueChanged(rooms=(STAFF,), name=name, version=version))
    return version


def _all_differ(codes: Sequence[str]) -> list[str]:
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise CodeTwice(codes=twice)
    return list(codes)
