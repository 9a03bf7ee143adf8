"""What the watchdog does next with a lead that somebody has to accept, or that is nobody's.

It is as fair as with promises. Time in which we were away ourselves is given
back before a lead is taken from anybody, nobody loses the client they are
speaking with, and a step is due at its moment and not before. A lead that has
gone from hand to hand too often is the supervisor's: the engine lets it be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.domain.leads import USUAL_ACCEPTANCE
from crm_core.domain.outages import Gap, time_lost
from crm_core.domain.working_time import Calendar, CalendarHasNoHours, add_working_time

#: While somebody speaks with the client, the lead is looked at again this much later.
LOOK_AGAIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedLead:
    """An open lead nobody has accepted, as far as the watchdog looks at it."""

    owner_id: UUID | None = None
    given_at: datetime | None = None  # when it came to its owner
    accept_by: datetime | None = None
    moves: int = 0
    in_call: bool = False  # its owner and the client, or their phones ring


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTerms:
    """What its source asks; ``calendar`` is the owner's."""

    accept_within: timedelta | None = None  # None: nobody has said
    max_moves: int = 5
    calendar: Calendar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing to do until then."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend:
    """Store a later ``accept_by``: for so long nobody could have accepted it."""

    accept_by: datetime
    forgiven: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveOut:
    """Find somebody; ``from_agent_id`` did not accept it, None: it is nobody's yet."""

    from_agent_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveToSupervisor:
    """It was not accepted and has gone on as often as it may: nobody's, until a person decides."""

    from_agent_id: UUID


LeadStep = Wait | Extend | GiveOut | LeaveToSupervisor


def accept_by(terms: LeadTerms, given_at: datetime, *, lost: timedelta = timedelta()) -> datetime:
    """Until when a lead that was given then is to be accepted, by the owner's working time."""
    within = (terms.accept_within or USUAL_ACCEPTANCE) + lost
    try:
        return add_working_time(terms.calendar, given_at, within)
    except CalendarHasNoHours:
        return given_at + within


def next_lead_step(lead: WatchedLead, terms: LeadTerms, now: datetime, gaps: Sequence[Gap]) -> LeadStep:
    """What to do with it at ``now``, by the database's clock; ``gaps`` are those of our own absence."""
    if lead.owner_id is None:
        return GiveOut()
    assert lead.given_at is not None
    assert lead.accept_by is not None
    if lead.accept_by > now:
        return Wait(until=lead.accept_by)
    lost = time_lost(gaps, lead.given_at, now, calendar=terms.calendar)
    if lost:
        until = accept_by(terms, lead.given_at, lost=lost)
        if until > now:
            return Extend(accept_by=until, forgiven=lost)
    if lead.in_call:
        return Wait(until=now + LOOK_AGAIN)
    if lead.moves >= terms.max_moves:
        return LeaveToSupervisor(from_agent_id=lead.owner_id)
    return GiveOut(from_agent_id=lead.owner_id)
