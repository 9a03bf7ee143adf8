"""What the watchdog does next with one promise that is owed.

``next_step`` says one thing at a time: do it, store it, ask again, until it
says to wait or to hold. It is fair before it is fast. Time lost in gaps is
given back before anything is taken away, a call begun in time is waited for,
and while somebody talks with that very client nothing moves. Never early: a
step is due at its moment and not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from crm_core.domain.callbacks import LateBy
from crm_core.domain.outages import Gap, late_by, time_lost
from crm_core.domain.policies import Moments, Policy, clock_of
from crm_core.domain.working_time import Calendar, add_working_time


class HoldReason(StrEnum):
    """Why a promise whose time is over stays where it is."""

    TALKING = "talking"  # with this client
    CALLING = "calling"  # a call begun in time is not decided yet
    CLAIMED = "claimed"  # somebody said in time: I am calling now


class NotifyReason(StrEnum):
    """What the supervisor is told of a promise."""

    LATE = "late"
    MOVES_SPENT = "moves_spent"  # it has moved as often as it may


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """ "I am calling now": a lease."""

    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCall:
    """A call with this client that is up now, whoever began it."""

    begun_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedCallback:
    """A promise that is owed, as far as the watchdog looks at it."""

    due_at: datetime
    moments: Moments
    forgiven: timedelta = timedelta()  # of gaps, already in ``moments.escalate_at``
    moves: int = 0
    warned: bool = False
    told: frozenset[NotifyReason] = frozenset()
    unlocked: bool = False
    nobody_since: datetime | None = None  # since when it should have moved and nobody was eligible
    claim: Claim | None = None
    live_calls: tuple[LiveCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing to do until then; None: nothing by itself, ever."""

    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """It is over time and stays; look again at ``until``, or when the call ends."""

    reason: HoldReason
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warn:
    """Remind the owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Tell the supervisor."""

    reason: NotifyReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend:
    """Store a later ``escalate_at``, because of gaps; ``forgiven`` is their whole sum, for the explanation."""

    escalate_at: datetime
    forgiven: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Give it to somebody else: its time was over at ``escalate_at``, gaps given back."""

    escalate_at: datetime
    forgiven: timedelta
    late: timedelta  # what the client has waited
    late_by: LateBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlock:
    """From now on the supervisor may take it without consent."""


Step = Wait | Hold | Warn | Notify | Extend | Move | Unlock


def next_step(
    policy: Policy | None,
    callback: WatchedCallback,
    now: datetime,
    gaps: Sequence[Gap],
    *,
    calendar: Calendar | None = None,
) -> Step:
    """What to do with the promise at ``now``, by the database's clock.

    ``policy`` is the one that moves it, if any; the other policies have their say in the stored moments.
    ``gaps`` are those in which this promise could not have been kept, ``calendar`` is the owner's.
    """
    moments = callback.moments
    if _is_due(moments.takeover_at, now) and not callback.unlocked:
        return Unlock()
    if _is_due(moments.notify_at, now) and NotifyReason.LATE not in callback.told:
        return Notify(reason=NotifyReason.LATE)
    if policy is not None and moments.escalate_at is not None and moments.escalate_at <= now:
        return _when_over_time(policy, callback, moments.escalate_at, now, gaps, calendar)
    if _is_due(moments.warn_at, now) and not callback.warned:
        return Warn()
    return Wait(until=_next_moment(moments, now))


def _when_over_time(
    policy: Policy,
    callback: WatchedCallback,
    stored: datetime,
    now: datetime,
    gaps: Sequence[Gap],
    calendar: Calendar | None,
) -> Step:
    clock = clock_of(policy, calendar)
    lost = time_lost(gaps, callback.moments.grace_from, now, calendar=clock)
    escalate_at = add_working_time(clock, stored, max(lost - callback.forgiven, timedelta()))
    forgiven = max(lost, callback.forgiven)
    if escalate_at > now:
        return Extend(escalate_at=escalate_at, forgiven=forgiven)
    hold = _hold(callback, escalate_at, now)
    if hold is not None:
        return hold
    if policy.max_moves is not None and callback.moves >= policy.max_moves:
        if NotifyReason.MOVES_SPENT not in callback.told:
            return Notify(reason=NotifyReason.MOVES_SPENT)
        return Wait(until=_next_moment(callback.moments, now))
    whose = late_by(callback.due_at, now, gaps) or LateBy.AGENT
    return Move(escalate_at=escalate_at, forgiven=forgiven, late=now - callback.due_at, late_by=whose)


def _hold(callback: WatchedCallback, escalate_at: datetime, now: datetime) -> Hold | None:
    if any(call.answered_at is not None for call in callback.live_calls):
        return Hold(reason=HoldReason.TALKING)
    if any(_in_time(callback, call.begun_at, escalate_at) for call in callback.live_calls):
        return Hold(reason=HoldReason.CALLING)
    claim = callback.claim
    if claim is not None and claim.until > now and _in_time(callback, claim.at, escalate_at):
        return Hold(reason=HoldReason.CLAIMED, until=claim.until)
    return None


def _in_time(callback: WatchedCallback, begun_at: datetime, escalate_at: datetime) -> bool:
    """Was it begun while the promise was still the owner's to keep.

    A claim after that must not push the move away again and again; but while nobody else could be
    found, whoever calls at last shall not be interrupted.
    """
    return begun_at <= escalate_at or (callback.nobody_since is not None and begun_at >= callback.nobody_since)


def _is_due(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def _next_moment(moments: Moments, now: datetime) -> datetime | None:
    every = (moments.warn_at, moments.notify_at, moments.escalate_at, moments.takeover_at)
    return min((moment for moment in every if moment is not None and moment > now), default=None)
