"""A callback: a promise to contact a client by a moment, always owed by somebody.

Its clock never stops. The moments at which something happens to it are worked
out once, when the promise is made or changes hands, from the policies of that
day; a later change of policy concerns later promises. Which contact keeps
which promise is decided here as well, so that nobody has to tick it off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from crm_core.domain.errors import InputRejected

#: ``claim`` means "I am calling now"; the contract's lease.
CLAIM_LEASE = timedelta(seconds=120)

#: A form filled for a while may name a moment that has just passed.
FORGIVEN_PAST = timedelta(minutes=5)
FARTHEST = timedelta(days=5 * 366)

#: A talk this long before the deadline is still the promised one; a talk before that is about something else.
EARLIEST_KEPT = timedelta(hours=24)


class CallbackState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    KEPT = "kept"
    CANCELLED = "cancelled"


class HistoryReason(StrEnum):
    """Why a promise came to its owner."""

    PROMISED = "promised"
    GIVEN = "given"
    LATE = "late"
    TAKEN_OVER = "taken_over"
    ABSENCE = "absence"
    MOVED = "moved"
    UNDONE = "undone"


class LateBy(StrEnum):
    """Whose lateness it was."""

    AGENT = "agent"
    SYSTEM = "system"


class DueTimeRejected(InputRejected):
    """A promise is made for a moment to come."""

    code = "due_at_rejected"


class PolicyUnknown(InputRejected):
    """There is no such policy for this promise."""

    code = "policy_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedCallback:
    """The next contact that was agreed on with the client."""

    due_at: datetime
    subject: str | None = None
    via: str = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPolicy:
    """What happens to a promise that is not kept; ``grace`` and ``takeover_after`` count from its deadline."""

    name: str
    grace: timedelta
    moves: bool  # True: the watchdog gives it to somebody else when the grace is over
    takeover_after: timedelta | None  # after this the supervisor may take it without consent
    team: str | None = None  # None: every team
    service_class: str | None = None  # None: every client

    def concerns(self, *, team: str | None, service_class: str | None) -> bool:
        return self.team in (None, team) and self.service_class in (None, service_class)


def chosen(policies: Mapping[str, CallbackPolicy], name: str | None) -> list[CallbackPolicy]:
    """The policies of a promise for which the policy ``name`` was asked; None asks for all that concern it.

    The one asked for takes the place of those that move by themselves; the supervisor's rights stay.

    Raises:
        PolicyUnknown: there is no such policy, it is off, or it concerns others.
    """
    if name is None:
        return list(policies.values())
    if name not in policies:
        raise PolicyUnknown(policy=name)
    return [policies[name], *(policy for policy in policies.values() if policy.name != name and not policy.moves)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The policies a promise is made under, and the moments that follow from them."""

    policy: str | None  # the one that moves it by itself
    policies: tuple[str, ...]
    escalate_at: datetime | None
    takeover_at: datetime | None


def terms(due_at: datetime, policies: Iterable[CallbackPolicy], *, grace_from: datetime | None = None) -> Terms:
    """The terms of a promise due at ``due_at`` under the policies that concern it.

    Of several policies that move, the one with the shortest grace does. ``grace_from`` is the moment the
    promise came to its present owner: who receives it late gets the whole grace, because nobody is
    late with what was not theirs.
    """
    ordered = sorted(policies, key=lambda policy: (not policy.moves, policy.grace, policy.name))
    moving = next((policy for policy in ordered if policy.moves), None)
    takeovers = [policy.takeover_after for policy in ordered if policy.takeover_after is not None]
    start = max(due_at, grace_from) if grace_from else due_at
    return Terms(
        policy=moving.name if moving else None,
        policies=tuple(policy.name for policy in ordered),
        escalate_at=start + moving.grace if moving else None,
        takeover_at=due_at + min(takeovers) if takeovers else None,
    )


def check_due(due_at: datetime, now: datetime) -> None:
    """Refuse a moment nobody can have meant.

    Raises:
        DueTimeRejected: it has passed, or is years away.
    """
    if due_at < now - FORGIVEN_PAST:
        raise DueTimeRejected("The time of the promise has already passed.", due_at=due_at)
    if due_at > now + FARTHEST:
        raise DueTimeRejected("The time of the promise is more than five years away.", due_at=due_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedCallback:
    """A promise to one client as far as the rules look at it."""

    id: UUID
    due_at: datetime
    promised_at: datetime
    promised_in: UUID | None  # the interaction in which it was given
    kept_in: UUID | None  # None while it is owed
    missed: bool = False  # it was made by a missed call, for nothing but to be heard
    via: str = "call"  # how the client was promised to be reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An exchange with the client: a call somebody answered, or a message that was sent."""

    interaction_id: UUID
    begun_at: datetime  # who calls before a promise is taken from them keeps it, however late that is known
    answered_at: datetime
    channel: str = "call"


def which_is_kept(callbacks: Sequence[OwedCallback], contact: Contact) -> OwedCallback | None:
    """The promise that this contact keeps, or None.

    It does not matter who called whom: the client was promised a talk and has it. A talk keeps a promise of
    any kind, a message only one that was to be kept by such a message. One contact keeps one promise, the
    one due first, if it was given before this contact, not in it, and is late or due within
    ``EARLIEST_KEPT``. The same contact told twice keeps nothing more.
    """
    if any(callback.kept_in == contact.interaction_id for callback in callbacks):
        return None
    keepable = [callback for callback in callbacks if callback.kept_in is None and _may_keep(contact, callback)]
    return min(keepable, key=lambda callback: (callback.due_at, callback.id), default=None)


def settled_by(callbacks: Sequence[OwedCallback], contact: Contact) -> list[OwedCallback]:
    """Promises made by missed calls before this contact: whether it kept them or another, the caller was heard."""
    return [
        callback
        for callback in callbacks
        if callback.missed and callback.kept_in is None and callback.promised_at < contact.answered_at
    ]


def _may_keep(contact: Contact, callback: OwedCallback) -> bool:
    return (
        contact.channel in ("call", callback.via)
        and callback.promised_in != contact.interaction_id
        and callback.promised_at < contact.answered_at
        and callback.due_at <= contact.answered_at + EARLIEST_KEPT
    )


def lateness(due_at: datetime, at: datetime) -> timedelta | None:
    """How late a promise is at ``at``; None when it is in time."""
    return at - due_at if at > due_at else None
