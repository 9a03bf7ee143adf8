"""Rules for late promises, as people change them.

A change is a new version for promises made afterwards; a promise stays under
the versions of the day it was made. So nothing is deleted: a rule that is not
wanted any more is switched off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from crm_core.actions import audit, catalogues
from crm_core.domain.errors import Forbidden, VersionConflict
from crm_core.domain.people import Role
from crm_core.domain.policies import Policy
from crm_core.domain.policy_warnings import PolicyWarning, consider
from crm_core.domain.viewer import Viewer
from crm_core.inputs import InputModel, Word
from crm_core.store import policies as store
from crm_core.store.database import Transaction

#: Far beyond what any rule allows, and still a span that can be counted with.
_MOST_S = 10_000_000_000
_Seconds = Annotated[float, Field(ge=-_MOST_S, le=_MOST_S)]
#: PostgreSQL's integer.
_Count = Annotated[int, Field(ge=-2_147_483_648, le=2_147_483_647)]

#: What we say of a rule beside the rule itself.
_SAID_BY_US = frozenset({"name", "sentence", "warnings", "created_at", "by", "by_name"})

_TEAM_NAME = """
SELECT name
FROM teams
WHERE id = $1
"""


class PolicyOfOthers(Forbidden):
    """This rule concerns more than your own team; an administrator changes it."""

    code = "policy_of_others"


class PolicyIn(InputModel):
    """A whole rule; times count from ``due_at``, null limits concern everybody.

    ``version`` is the one that was edited: when it is not the newest any more, nothing is saved. Without
    it the last one wins. A rule may be sent back as it was read: what we say beside it is passed over.
    """

    action: Literal["move", "unlock", "notify"]
    grace_s: _Seconds
    warn_before_s: _Seconds | None = None
    takeover_after_s: _Seconds | None = None
    max_moves: _Count | None = None
    cooldown_s: _Seconds | None = None
    working_time: bool = False
    team: Word | None = None
    service_class: Word | None = None
    lead_state: Word | None = None
    attempts: _Count | None = None
    retry_after_s: _Seconds | None = None
    enabled: bool = True
    version: _Count | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_our_words(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        return {field: value for field, value in given.items() if field not in _SAID_BY_US}

    def as_policy(self, name: str) -> Policy:
        """The rule, not checked yet."""
        return store.policy_of(name, self.version or 0, self.model_dump(), enabled=self.enabled)


async def save(tx: Transaction, by: Viewer, name: str, given: PolicyIn) -> Sequence[PolicyWarning]:
    """Make the rule what is given, from now on; says what is odd about it. What is the same makes no version.

    Raises:
        PolicyOfOthers: it is, or would be, about more than the supervisor's own team.
        VersionConflict: somebody has changed it since; with the ``policy`` as it is.
        PolicyRejected, CalendarHasNoHours: it cannot be.
    """
    await store.lock(tx)
    wanted = given.as_policy(name)
    known = {policy.name: policy for policy in await store.newest(tx)}.get(name)
    await _check_rights(tx, by, wanted, known)
    if known is not None and given.version not in (None, known.version):
        raise VersionConflict(version=known.version, policy=store.rule_of(known) | {"enabled": known.enabled})
    warnings = consider(wanted, await store.facts(tx, wanted))
    if known is None or not _is_same(known, wanted):
        version = await store.save(tx, wanted, by=by.user_id)
        details = {"name": name, "version": version, "enabled": wanted.enabled, "rule": store.rule_of(wanted)}
        await audit.write(tx, "callback_policy.saved", by=by.user_id, details=details)
        await catalogues.announce(tx, store.CATALOGUE)
    return warnings


async def _check_rights(tx: Transaction, by: Viewer, wanted: Policy, known: Policy | None) -> None:
    if by.role in {Role.ADMIN, Role.OWNER}:
        return
    own = await tx.fetchval(_TEAM_NAME, by.team_id)
    if own is None or any(policy.team != own for policy in (wanted, known) if policy is not None):
        raise PolicyOfOthers


def _is_same(known: Policy, wanted: Policy) -> bool:
    return known.enabled == wanted.enabled and store.rule_of(known) == store.rule_of(wanted)
