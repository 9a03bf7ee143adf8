"""A call of the log that was not heard whole, told again by the PBX's own books.

What a person did meanwhile stays: an outcome chosen, a client attached, the
wrap-up that was spent. The rest is judged once more by the rules of what is
heard at once, as if its unheard end had not been guessed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from crm_core.domain.calls import CallSnapshot, InteractionState
from crm_core.domain.interactions import StoredCall, Surroundings, fold
from crm_core.domain.legs import StoredLeg

#: By how much less than was heard a book may tell: a CDR cuts its seconds off.
_BOOKED = timedelta(seconds=2)


def insert(told: CallSnapshot, around: Surroundings) -> StoredCall:
    """A call nobody heard: it is over, and nobody has a wrap-up after it."""
    call = fold(None, told, replace(around, present=frozenset()))
    assert call is not None
    return call


def mend(stored: StoredCall, told: CallSnapshot, around: Surroundings) -> StoredCall | None:
    """The call with its true end; None if nothing is to be mended, or the call still goes on."""
    if stored.complete or not stored.is_over or told.ended_at is None:
        return None
    if stored.ended_at is not None and told.ended_at < stored.ended_at - _BOOKED:
        return None  # the books are not up to date: so far the call was heard to go on
    whole = replace(
        told, legs=tuple(replace(leg, uniqueid=_name_of(leg.channel, leg.uniqueid, stored)) for leg in told.legs)
    )
    mended = fold(_reopened(stored, whole), whole, replace(around, present=frozenset()))
    if mended is None:
        return None
    by_a_person = stored.state == InteractionState.WRAP_UP or stored.disposed or bool(stored.wrap_up_s)
    if by_a_person:
        mended = replace(
            mended,
            state=stored.state,
            closed_at=stored.closed_at,
            wrap_up_s=stored.wrap_up_s,
            wrap_up_until=stored.wrap_up_until,
        )
    mended = replace(mended, disposed=stored.disposed, version=stored.version)
    return replace(mended, version=stored.version + 1) if mended != stored else None


def _name_of(channel: str, uniqueid: str, stored: StoredCall) -> str:
    """A bill knows a phone only by its channel's name; the log's own name for that leg stays."""
    if uniqueid in stored.legs:
        return uniqueid
    return next((leg.uniqueid for leg in stored.legs.values() if leg.channel == channel), uniqueid)


def _reopened(stored: StoredCall, told: CallSnapshot) -> StoredCall:
    """The call as it was known before its end was guessed."""
    retold = {leg.uniqueid for leg in told.legs}
    return replace(
        stored,
        state=InteractionState.OFFERED,
        outcome=None,
        ended_at=None,
        closed_at=None,
        ended_by=None,
        wait_s=stored.wait_s if stored.answered_at is not None else None,
        talk_s=None,
        hold_s=None,
        wrap_up_s=None,
        wrap_up_until=None,
        complete=True,
        legs={name: _reopened_leg(leg) if name in retold else leg for name, leg in stored.legs.items()},
    )


def _reopened_leg(leg: StoredLeg) -> StoredLeg:
    return replace(leg, ended_at=None, result=None, on_hold=False)
