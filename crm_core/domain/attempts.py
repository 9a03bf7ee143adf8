"""Calls that were tried and not answered: an attempt is not a contact, and not nothing either.

A manager who rang in time and was not heard has done what could be done then.
The policy says after how many such calls the promise counts as kept, and when
to ring again; until then the clock begins anew with each next try, and because
tries are counted, it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_core.domain.calls import Outcome
from crm_core.domain.policies import Policy, clock_of
from crm_core.domain.working_time import Calendar, add_working_time

#: Who lets it ring for less did not mean it.
SHORTEST_RING = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call to the client that nobody answered, since the promise was made."""

    begun_at: datetime
    ended_at: datetime
    outcome: Outcome
    dialled_at: datetime | None = None  # of a click, which rings the manager first: when it got to the client

    @property
    def is_genuine(self) -> bool:
        """Did the client's phone have a fair chance; a failing trunk of ours gives it none."""
        if self.outcome is Outcome.BUSY:
            return True
        rang_from = self.dialled_at or self.begun_at
        return self.outcome is Outcome.NO_ANSWER and self.ended_at - rang_from >= SHORTEST_RING


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptByTrying:
    """The client was tried as often as the policy asks."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TryAgain:
    """Ring again at ``grace_from``; the promise moves at ``escalate_at`` when that is not done."""

    grace_from: datetime
    escalate_at: datetime


def after_attempt(
    policy: Policy, attempts: Sequence[Attempt], *, escalate_at: datetime, calendar: Calendar | None = None
) -> KeptByTrying | TryAgain | None:
    """What the last of ``attempts`` (in order) changes; None: nothing.

    It must have begun at or before ``escalate_at``, as it was stored then. A deadline never becomes
    earlier by trying early.
    """
    if policy.attempts is None or not attempts:
        return None
    last = attempts[-1]
    if not last.is_genuine or last.begun_at > escalate_at:
        return None
    if sum(attempt.is_genuine for attempt in attempts) >= policy.attempts:
        return KeptByTrying(at=last.begun_at)
    clock = clock_of(policy, calendar)
    again = add_working_time(clock, last.ended_at, policy.retry_after or timedelta())
    return TryAgain(grace_from=again, escalate_at=max(escalate_at, add_working_time(clock, again, policy.grace)))
