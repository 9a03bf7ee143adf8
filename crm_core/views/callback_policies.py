"""The rules for promises that are not kept, in words too: the newest of each, and how each came to be.

A promise lives under the version of the day it was made; older ones stand with
those promises and are listed only in the history of their rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from crm_core.domain.errors import NotFound
from crm_core.domain.policies import Policy
from crm_core.domain.policy_warnings import PolicyWarning, consider
from crm_core.domain.policy_words import policy_in_words
from crm_core.domain.words import Words
from crm_core.store import policies as store
from crm_core.store.database import Reader, Record
from crm_core.views.catalogues import Labels
from crm_core.views.model import WireModel
from crm_core.views.paging import CursorInvalid, Page, decode_cursor, encode_cursor

# By primary key.
_LIST = """
SELECT DISTINCT ON (policy.name) policy.name, policy.version, policy.rule, policy.enabled, policy.created_at,
       policy.by, author.name AS by_name
FROM callback_policies policy
LEFT JOIN users author ON author.id = policy.by
ORDER BY policy.name, policy.version DESC
"""

# By primary key.
_VERSIONS = """
SELECT policy.name, policy.version, policy.rule, policy.enabled, policy.created_at, policy.by,
       author.name AS by_name
FROM callback_policies policy
LEFT JOIN users author ON author.id = policy.by
WHERE policy.name = $1 AND policy.version < $2
ORDER BY policy.version DESC
LIMIT $3
"""
#: Before the newest: PostgreSQL's integer.
_BEYOND_ALL = 2_147_483_647


class CallbackPolicy(WireModel):
    """``grace_s`` and ``takeover_after_s`` count from the promise's ``due_at``; null limits concern everybody.

    ``attempts``: so many calls nobody answered keep the promise; null: only a talk does.
    """

    name: str
    warn_before_s: float | None = None
    grace_s: float
    action: Literal["move", "unlock", "notify"]
    takeover_after_s: float | None = None
    max_moves: int | None = None
    cooldown_s: float | None = None
    working_time: bool = False
    team: str | None = None
    service_class: str | None = None
    lead_state: str | None = None
    attempts: int | None = None
    retry_after_s: float | None = None
    enabled: bool
    version: int
    sentence: Labels
    created_at: datetime
    by: UUID | None
    by_name: str | None


class Warned(WireModel):
    """Something odd about a rule that may be."""

    code: str
    field: str
    words: Labels


class SavedPolicy(CallbackPolicy):
    """The rule as it is now, and what is odd about it."""

    warnings: list[Warned]


class PolicyPreview(WireModel):
    """What a rule would do, in words, and what is odd about it."""

    sentence: Labels
    warnings: list[Warned]


async def list_callback_policies(db: Reader) -> Page[CallbackPolicy]:
    """By name, all on one page."""
    return Page[CallbackPolicy](items=[_told(row) for row in await db.fetch(_LIST)], next=None)


async def list_policy_versions(db: Reader, name: str, *, limit: int, cursor: str | None) -> Page[CallbackPolicy]:
    """Newest first.

    Raises:
        NotFound: there is no such rule.
        CursorInvalid: ``cursor`` is of another list.
    """
    before = _BEYOND_ALL if cursor is None else _version_in(cursor)
    rows = await db.fetch(_VERSIONS, name, before, limit + 1)
    if not rows and cursor is None:
        raise NotFound("There is no such rule.")
    more = encode_cursor(str(rows[limit - 1]["version"])) if len(rows) > limit else None
    return Page[CallbackPolicy](items=[_told(row) for row in rows[:limit]], next=more)


async def get_saved_policy(db: Reader, name: str, warnings: Iterable[PolicyWarning]) -> SavedPolicy:
    """The newest version of this rule, with what was said of it."""
    [row] = await db.fetch(_VERSIONS, name, _BEYOND_ALL, 1)
    return SavedPolicy(**_told(row).model_dump(), warnings=_warned(warnings))


async def preview_policy(db: Reader, policy: Policy) -> PolicyPreview:
    """What it would do.

    Raises:
        PolicyRejected, CalendarHasNoHours: it cannot be.
    """
    warnings = consider(policy, await store.facts(db, policy))
    return PolicyPreview(sentence=_labels(policy_in_words(policy)), warnings=_warned(warnings))


def _told(row: Record) -> CallbackPolicy:
    policy = store.policy_of(row["name"], row["version"], row["rule"], enabled=row["enabled"])
    return CallbackPolicy.model_validate(
        {
            **store.rule_of(policy),
            "name": policy.name,
            "enabled": policy.enabled,
            "version": policy.version,
            "sentence": _labels(policy_in_words(policy)),
            "created_at": row["created_at"],
            "by": row["by"],
            "by_name": row["by_name"],
        }
    )


def _warned(warnings: Iterable[PolicyWarning]) -> list[Warned]:
    return [Warned(code=warning.code, field=warning.field, words=_labels(warning.words)) for warning in warnings]


def _labels(words: Words) -> Labels:
    return Labels(ru=words.ru, en=words.en)


def _version_in(cursor: str) -> int:
    [version] = decode_cursor(cursor, 1)
    if not version.isdecimal() or len(version) > len(str(_BEYOND_ALL)):
        raise CursorInvalid
    return min(int(version), _BEYOND_ALL)
