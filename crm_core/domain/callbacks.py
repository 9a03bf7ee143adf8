"""A callback: a promise to contact a client by a moment, always owed by somebody.

Its clock never stops; the moments at which something happens to it are made in
:mod:`crm_core.domain.policies`. Which contact keeps which promise is decided
here, so that nobody has to tick it off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from crm_core.domain.calls import CLOCKS_APART
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

    @property
    def calls_from(self) -> datetime:
        """Calls from then on come after the promise, as far as two clocks can tell.

        It is given by our clock and calls are told by the PBX's, except the missed call that made it.
        """
        return self.promised_at if self.missed else self.promised_at - CLOCKS_APART


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An exchange with the client: a call somebody answered, or a message that was sent."""

    interaction_id: UUID
    begun_at: datetime  # who calls before a promise is taken from them keeps it, however late that is known
    answered_at: datetime
    channel: str = "call"

    @property
    def is_talk(self) -> bool:
        return self.channel == "call"


def which_is_kept(callbacks: Sequence[OwedCallback], contact: Contact) -> OwedCallback | None:
    """The promise that this contact keeps, or None.

    It does not matter who called whom: the client was promised a talk and has it. A talk keeps a promise of
    any kind, a message only one that was to be kept by such a message. One contact keeps one promise, the
    one due first, if it was given before this contact (``calls_from``), not in it, and is late or due within
    ``EARLIEST_KEPT``. The same talk told twice keeps nothing more. A conversation goes on for days: each
    message of it is a contact of its own, and may keep what was promised in it before.
    """
    if contact.is_talk and any(callback.kept_in == contact.interaction_id for callback in callbacks):
        return None
    keepable = [callback for callback in callbacks if callback.kept_in is None and _may_keep(contact, callback)]
    return min(keepable, key=lambda callback: (callback.due_at, callback.id), default=None)


def settled_by(callbacks: Sequence[OwedCallback], contact: Contact) -> list[OwedCallback]:
    """Promises made by missed calls before this talk: whether it kept them or another, the caller was heard."""
    return [
        callback
        for callback in callbacks
        if contact.is_talk
        and callback.missed
        and callback.kept_in is None
        and callback.promised_at < contact.answered_at
    ]


def _may_keep(contact: Contact, callback: OwedCallback) -> bool:
    return (
        (contact.is_talk or contact.channel == callback.via)
        and (not contact.is_talk or callback.promised_in != contact.interaction_id)
        and (callback.calls_from if contact.is_talk else callback.promised_at) < contact.answered_at
        and callback.due_at <= contact.answered_at + EARLIEST_KEPT
    )


def lateness(due_at: datetime, at: datetime) -> timedelta | None:
    """How late a promise is at ``at``; None when it is in time."""
    return at - due_at if at > due_at else None
