"""Ready answers: written down once by who leads, used by everybody of a team."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import asyncpg
from pydantic import Field, StringConstraints, model_validator

from crm_core.domain.canned import check_places
from crm_core.domain.errors import DecisionRefused, NotFound
from crm_core.domain.events import STAFF, CatalogueChanged
from crm_core.domain.ids import new_id
from crm_core.domain.viewer import Viewer
from crm_core.inputs import InputModel, Line, Prose
from crm_core.store.database import Transaction, to_json

#: What the list is called in events.
CATALOGUE = "canned_answers"

_INSERT = """
INSERT INTO canned_answers (id, shortcut, title, texts, team_id)
VALUES ($1, $2, $3, $4, $5)
"""

_UPDATE = """
UPDATE canned_answers
SET shortcut = $2, title = $3, texts = $4, team_id = $5, version = version + 1
WHERE id = $1 AND ($6::uuid IS NULL OR team_id = $6)
RETURNING version
"""

_DELETE = """
DELETE FROM canned_answers
WHERE id = $1 AND ($2::uuid IS NULL OR team_id = $2)
RETURNING version
"""

# Who holds the list is told to read it again.
_NEXT = """
INSERT INTO catalogue_versions (name)
VALUES ($1)
ON CONFLICT (name) DO UPDATE SET version = catalogue_versions.version + 1
RETURNING version
"""


class ShortcutTaken(DecisionRefused):
    """Another answer is called so."""

    code = "shortcut_taken"


class TeamNotYours(DecisionRefused):
    """A supervisor writes the answers of their own team."""

    code = "team_not_yours"


Shortcut = Annotated[str, StringConstraints(pattern=r"^[a-zа-яё0-9_-]{1,40}$")]


class CannedTextIn(InputModel):
    """What is said, by language; one of them is enough."""

    ru: Prose | None = None
    en: Prose | None = None

    @model_validator(mode="after")
    def _says_something(self) -> CannedTextIn:
        if not (self.ru or self.en):
            raise ValueError("say it in one language at least")
        return self

    def as_mapping(self) -> dict[str, str]:
        return {language: text for language, text in (("ru", self.ru), ("en", self.en)) if text}


class CannedAnswerIn(InputModel):
    """``shortcut``: what is typed after a slash; ``team_id``: whose, null: everybody's."""

    shortcut: Shortcut
    title: Annotated[Line, Field(max_length=200)]
    text: CannedTextIn
    team_id: UUID | None = None


async def add(tx: Transaction, by: Viewer, given: CannedAnswerIn) -> UUID:
    """Write one down; gives its id.

    Raises:
        VariableUnknown: a place in it nobody can fill.
        ShortcutTaken: another one is called so.
        TeamNotYours: it is to be another team's.
    """
    texts = _checked(by, given)
    answer_id = new_id(tx.now)
    try:
        await tx.execute(_INSERT, answer_id, given.shortcut, given.title, to_json(texts), given.team_id)
    except asyncpg.UniqueViolationError as error:
        raise ShortcutTaken(shortcut=given.shortcut) from error
    await _changed(tx)
    return answer_id


async def edit(tx: Transaction, by: Viewer, answer_id: UUID, given: CannedAnswerIn) -> None:
    """Put it otherwise.

    Raises:
        NotFound: there is none, or it is another team's.
        VariableUnknown, ShortcutTaken, TeamNotYours: as for ``add``.
    """
    texts = _checked(by, given)
    try:
        found = await tx.fetchval(
            _UPDATE, answer_id, given.shortcut, given.title, to_json(texts), given.team_id, _only_of(by)
        )
    except asyncpg.UniqueViolationError as error:
        raise ShortcutTaken(shortcut=given.shortcut) from error
    if found is None:
        raise NotFound("There is no such answer, or it is another team's.")
    await _changed(tx)


async def remove(tx: Transaction, by: Viewer, answer_id: UUID) -> None:
    """Nobody needs it any more.

    Raises:
        NotFound: there is none, or it is another team's.
    """
    if await tx.fetchval(_DELETE, answer_id, _only_of(by)) is None:
        raise NotFound("There is no such answer, or it is another team's.")
    await _changed(tx)


def _checked(by: Viewer, given: CannedAnswerIn) -> dict[str, str]:
    if not by.sees_everything and given.team_id != by.team_id:
        raise TeamNotYours
    texts = given.text.as_mapping()
    for text in texts.values():
        check_places(text)
    return texts


def _only_of(by: Viewer) -> UUID | None:
    """Whose answers they may change; None: everybody's."""
    return None if by.sees_everything else by.team_id


async def _changed(tx: Transaction) -> None:
    version = await tx.fetchval(_NEXT, CATALOGUE)
    tx.emit(CatalogueChanged(rooms=(STAFF,), name=CATALOGUE, version=version))
