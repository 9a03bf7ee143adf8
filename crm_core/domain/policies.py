"""The rules for promises that are not kept: whom they concern, and the moments made of them.

A policy is versioned: a promise lives under the versions of the day it was
made. Of the policies that do the same thing the most specific one counts, so a
team's own rule takes the place of everybody's; those that do different things
(move after ten minutes, the supervisor's right after 72 hours) stand together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from crm_core.domain.callbacks import PolicyUnknown
from crm_core.domain.errors import InputRejected
from crm_core.domain.working_time import Calendar, add_working_time

SHORTEST_GRACE = timedelta(seconds=1)
LONGEST_GRACE = timedelta(days=366)
LONGEST_WARNING = timedelta(days=7)
MOST_MOVES = 20
MOST_ATTEMPTS = 10

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


class Action(StrEnum):
    """What happens when the grace is over."""

    MOVE = "move"
    UNLOCK = "unlock"
    NOTIFY = "notify"


class PolicyRejected(InputRejected):
    """This rule cannot be."""

    code = "policy_rejected"


class PolicyNeverEnds(PolicyRejected):
    """Under this rule a promise could move from hand to hand for ever; say how often at most."""

    code = "policy_never_ends"


class PolicyMovesAtOnce(PolicyRejected):
    """Under this rule a promise would move the moment it is due; give the manager some time."""

    code = "policy_moves_at_once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of one rule; ``grace`` and ``takeover_after`` count from the deadline."""

    name: str
    version: int
    action: Action
    grace: timedelta
    warn_before: timedelta | None = None
    takeover_after: timedelta | None = None  # from then on the supervisor may take it without consent
    max_moves: int | None = None
    cooldown: timedelta = timedelta()  # for so long it does not come back to somebody it was taken from
    working_time: bool = False
    team: str | None = None  # None: every team; and so on
    service_class: str | None = None
    lead_state: str | None = None
    enabled: bool = True
    attempts: int | None = None  # so many calls nobody answered keep the promise; None: only a talk does
    retry_after: timedelta | None = None  # between such calls

    @property
    def unlocks_after(self) -> timedelta | None:
        """When the supervisor's right begins, if this rule gives it."""
        if self.takeover_after is None and self.action is Action.UNLOCK:
            return self.grace
        return self.takeover_after

    @property
    def specificity(self) -> int:
        return sum(limit is not None for limit in (self.team, self.service_class, self.lead_state))

    def concerns(self, around: Surroundings) -> bool:
        return (
            self.team in (None, around.team)
            and self.service_class in (None, around.service_class)
            and self.lead_state in (None, around.lead_state)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What decides which rules concern a promise: whose it is and to whom it was given."""

    team: str | None = None
    service_class: str | None = None
    lead_state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The policies of one promise."""

    moving: Policy | None = None
    notifying: Policy | None = None
    unlocking: Policy | None = None

    @property
    def all(self) -> tuple[Policy, ...]:
        """Each once, the one that moves first."""
        distinct = {policy.name: policy for policy in (self.moving, self.notifying, self.unlocking) if policy}
        return tuple(distinct.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """When something happens to a promise that is not kept; None: never."""

    grace_from: datetime  # the deadline, or later: when it came to its owner, or the next try that was agreed
    warn_at: datetime | None
    notify_at: datetime | None
    escalate_at: datetime | None
    takeover_at: datetime | None

    @property
    def first(self) -> datetime | None:
        """When somebody has to look at the promise for the first time."""
        every = (self.warn_at, self.notify_at, self.escalate_at, self.takeover_at)
        return min((moment for moment in every if moment is not None), default=None)


def check_policy(policy: Policy) -> None:
    """Refuse a rule nobody can have meant.

    Raises:
        PolicyRejected: with the ``field`` that is wrong and what it may be.
        PolicyNeverEnds, PolicyMovesAtOnce: it would do harm.
    """
    if not _NAME.fullmatch(policy.name):
        raise PolicyRejected("A rule's name is of small letters, digits and dashes, up to 64.", field="name")
    if policy.action is Action.MOVE:
        _check_move(policy)
    _check_span("grace_s", policy.grace, timedelta(), LONGEST_GRACE)
    _check_span("warn_before_s", policy.warn_before, timedelta(), LONGEST_WARNING)
    _check_span("takeover_after_s", policy.takeover_after, timedelta(), LONGEST_GRACE)
    _check_span("cooldown_s", policy.cooldown, timedelta(), LONGEST_GRACE)
    _check_number("max_moves", policy.max_moves, 0, MOST_MOVES)
    _check_attempts(policy)


def _check_move(policy: Policy) -> None:
    if policy.grace < SHORTEST_GRACE:
        raise PolicyMovesAtOnce(field="grace_s", least=SHORTEST_GRACE.total_seconds())
    if policy.max_moves is None:
        raise PolicyNeverEnds(field="max_moves", least=1, most=MOST_MOVES)
    if policy.max_moves == 0:
        raise PolicyRejected(
            "A rule that moves promises moves each at least once; to only tell the supervisor, choose that.",
            field="max_moves",
            least=1,
            most=MOST_MOVES,
        )


def _check_attempts(policy: Policy) -> None:
    _check_number("attempts", policy.attempts, 1, MOST_ATTEMPTS)
    _check_span("retry_after_s", policy.retry_after, timedelta(minutes=1), LONGEST_WARNING)
    if policy.attempts is not None and policy.attempts > 1 and policy.retry_after is None:
        raise PolicyRejected("When several calls are tried, say how long after each other.", field="retry_after_s")


def _check_span(field: str, span: timedelta | None, least: timedelta, most: timedelta) -> None:
    if span is not None and not least <= span <= most:
        raise PolicyRejected(
            "This time is too short or too long.", field=field, least=least.total_seconds(), most=most.total_seconds()
        )


def _check_number(field: str, number: int | None, least: int, most: int) -> None:
    if number is not None and not least <= number <= most:
        raise PolicyRejected("This number is too small or too large.", field=field, least=least, most=most)


def rules_for(policies: Iterable[Policy], around: Surroundings, *, asked: str | None = None) -> Rules:
    """The rules of a promise made in these surroundings; ``policies`` holds the newest version of each.

    The policy that was asked for by name takes the place of the one that moves by itself, whatever it
    does; the supervisor's rights and the notices stay.

    Raises:
        PolicyUnknown: there is no policy called ``asked``, it is off, or it concerns others.
    """
    concerned = [policy for policy in policies if policy.enabled and policy.concerns(around)]
    if asked is not None:
        wanted = next((policy for policy in concerned if policy.name == asked), None)
        if wanted is None:
            raise PolicyUnknown(policy=asked)
        concerned = [policy for policy in concerned if policy.action is not wanted.action] + [wanted]
        if wanted.action is not Action.MOVE:
            concerned = [policy for policy in concerned if policy.action is not Action.MOVE]
    return rules_among(concerned)


def rules_among(policies: Iterable[Policy]) -> Rules:
    """Of policies that all concern a promise, those that have a say; of these again, the same."""
    concerned = list(policies)
    return Rules(
        moving=_most_specific(policy for policy in concerned if policy.action is Action.MOVE),
        notifying=_most_specific(policy for policy in concerned if policy.action is Action.NOTIFY),
        unlocking=_most_specific(policy for policy in concerned if policy.unlocks_after is not None),
    )


def _most_specific(policies: Iterable[Policy]) -> Policy | None:
    """Of equally specific ones the strictest."""
    return min(policies, key=lambda policy: (-policy.specificity, policy.grace, policy.name), default=None)


def moments(rules: Rules, due_at: datetime, *, since: datetime, calendar: Calendar | None = None) -> Moments:
    """The moments of a promise that its owner has had ``since``.

    Who receives it late has the whole grace: nobody is late with what was not theirs. The client's
    patience did not begin anew with that, so the supervisor's right still counts from the deadline.
    ``calendar`` is the owner's; only policies that count working time look at it.
    """
    start = max(due_at, since)
    return Moments(
        grace_from=start,
        warn_at=_warning(rules, due_at, since),
        notify_at=_grace_over(rules.notifying, start, calendar),
        escalate_at=_grace_over(rules.moving, start, calendar),
        takeover_at=_unlocked(rules.unlocking, due_at, calendar),
    )


def clock_of(policy: Policy, calendar: Calendar | None) -> Calendar | None:
    """The calendar by which this policy counts; None: all the time."""
    return calendar if policy.working_time else None


def _grace_over(policy: Policy | None, start: datetime, calendar: Calendar | None) -> datetime | None:
    return add_working_time(clock_of(policy, calendar), start, policy.grace) if policy else None


def _unlocked(policy: Policy | None, due_at: datetime, calendar: Calendar | None) -> datetime | None:
    if policy is None or policy.unlocks_after is None:
        return None
    return add_working_time(clock_of(policy, calendar), due_at, policy.unlocks_after)


def _warning(rules: Rules, due_at: datetime, since: datetime) -> datetime | None:
    """Before the deadline by the wall clock, but never in the first half of the time there is.

    Nobody wants to be reminded at once of what they promised for in ten minutes.
    """
    spans = [policy.warn_before for policy in rules.all if policy.warn_before]
    if not spans or due_at <= since:
        return None
    return max(due_at - max(spans), since + (due_at - since) / 2)
