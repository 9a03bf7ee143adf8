"""What one phone of ours had to do with a call."""

from __future__ import annotations

import math
from datetime import timedelta

from channels.telephony.dialect import PbxDialect
from channels.telephony.tracking import spans
from channels.telephony.tracking.facts import Channel, Moment, as_datetime
from channels.telephony.tracking.paths import Meeting, dial_path, stood_together
from channels.telephony.tracking.sides import answered_at, first
from crm_core.domain.calls import LegResult, LegRole, LegSnapshot
from crm_core.domain.path import Span

#: Q.850 causes by which a phone that did not answer says why; in a queue DialEnd only says NOANSWER.
USER_BUSY, CALL_REJECTED, ANSWERED_ELSEWHERE = 17, 21, 26


def leg(phone: Channel, met: list[Meeting], talks: list[Meeting], dialect: PbxDialect, *, until: Moment) -> LegSnapshot:
    """One phone of ours as part of its call.

    ``met`` is when the two sides were connected, and with whom; of ``talks``, those with
    a client, it is told how long they were, as far as ``until``.
    """
    role = leg_role(phone, met)
    offered = offered_at(phone)
    answered = picked_up_at(phone)
    began = offered if answered is None else max(answered, offered)
    own = [one for one in talks if one.other is phone]
    bridged = spans.union((one.start, one.end) for one in own)
    talked = spans.without(spans.clipped(bridged, -math.inf, until), holds(phone, own))
    waited = _waited(phone, own, others=[one for one in talks if one.other is not phone])
    return LegSnapshot(
        uniqueid=phone.uniqueid,
        channel=phone.name,
        interface=phone.interface,
        extension=dialect.extension_of(phone.interface),
        role=role,
        queue=dial_path(phone.took or phone).queue if role is LegRole.QUEUE else None,
        offered_at=as_datetime(offered),
        rang=rang(phone),
        answered_at=None if answered is None else as_datetime(began),
        ended_at=None if phone.ended_at is None else as_datetime(max(phone.ended_at, began)),
        result=leg_result(phone),
        on_hold=phone.on_hold,
        had=tuple(_span(one) for one in spans.union((*bridged, *waited))),
        talk=timedelta(seconds=spans.total(talked)),
        hold=timedelta(seconds=spans.total(spans.without(spans.clipped(waited, -math.inf, until), talked))),
    )


def holds(phone: Channel, met: list[Meeting]) -> list[spans.Span]:
    """When this phone kept the other side waiting; ``met`` are its meetings.

    Asterisk holds the client by itself when an agent presses *2, and does not always
    say the end of it: coming together again is one.
    """
    again = [one.start for one in met if one.other is phone]
    return [(hold.start, min((hold.end, *(start for start in again if start > hold.start)))) for hold in phone.holds]


def _waited(phone: Channel, met: list[Meeting], others: list[Meeting]) -> list[spans.Span]:
    """While its owner consults somebody the client waits alone: the hold lasts beyond the bridge."""
    if not met:
        return []
    since = min(one.start for one in met)
    waited = spans.clipped(holds(phone, met), since, math.inf)
    return spans.without(waited, ((one.start, one.end) for one in others))


def _span(one: spans.Span) -> Span:
    start, end = one
    return as_datetime(start), None if end == math.inf else as_datetime(end)


def leg_role(phone: Channel, met: list[Meeting]) -> LegRole:
    """Why this phone is part of the call."""
    if phone.took is not None:
        return leg_role(phone.took, met)
    if phone.fetched:
        return LegRole.TRANSFER_BLIND
    if placed_call(phone):
        return LegRole.ORIGINATE
    path = dial_path(phone)
    if path.queue is not None:
        return LegRole.QUEUE
    if path.caller is not None and path.caller.handed_over:
        return LegRole.TRANSFER_ATTENDED
    answered = answered_at(met)
    dialled = path.outermost.dialled_at
    if phone.folded or (path.caller is None and path.outermost is not phone):
        # From a consultation: a call of its own, or a Local pair that *2 made and nobody dialled.
        joined = min((one.start for one in met if one.other is phone), default=None)
        if joined is None and any(stood_together(path.outermost, one.side) for one in met):
            return LegRole.TRANSFER_ATTENDED  # it rang for the client already
        if joined is None or answered is None:
            return LegRole.CONSULT
        return LegRole.TRANSFER_ATTENDED if answered < joined else LegRole.DIRECT
    if answered is not None and dialled is not None and answered < dialled:
        return LegRole.TRANSFER_BLIND
    return LegRole.DIRECT


def placed_call(phone: Channel) -> bool:
    """Is this the phone the call began with; click-to-call may ring it through a Local pair."""
    if phone.folded:
        return False
    path = dial_path(phone)
    return path.caller is None and path.outermost is first(phone.call)


def rang(phone: Channel) -> bool:
    """Did it ring; a phone that came up without a word had been made to ring as well."""
    return phone.ringing_at is not None or (phone.up_at is not None and phone.made_by_pbx)


def offered_at(phone: Channel) -> Moment:
    """It began to ring, or for a phone that never rang, was dialled."""
    signs = [sign for sign in (phone.ringing_at, phone.up_at) if sign is not None]
    if signs and rang(phone):
        return min(signs)
    return phone.created_at  # which Asterisk does to dial it


def picked_up_at(phone: Channel) -> Moment | None:
    """When somebody took this phone, or the moment it called by itself."""
    if phone.born and not phone.made_by_pbx:
        return phone.created_at
    signs = [sign for sign in (phone.answer_told_at, phone.first_bridged_at) if sign is not None]
    # Up alone says nothing of a phone that was dialled: of several that ring
    # the slower one may come up and still lose the call to another.
    if not signs and phone.dialled_by is not None:
        return None
    if phone.up_at is not None:
        signs.append(phone.up_at)
    return min(signs, default=None)


#: What the end of a dial says already; the channel's own end, which says more, may come after the client's.
_DIAL_RESULTS = {"BUSY": LegResult.BUSY, "NOANSWER": LegResult.NO_ANSWER, "CANCEL": LegResult.CANCELLED}


def leg_result(phone: Channel) -> LegResult | None:
    """What became of one phone; None while it rings."""
    if picked_up_at(phone) is not None:
        return LegResult.ANSWERED
    if phone.taken:
        return LegResult.ANSWERED_ELSEWHERE
    if phone.ended_at is None:
        said = _DIAL_RESULTS.get(phone.dial_status or "")
        return None if said is LegResult.NO_ANSWER and not rang(phone) else said
    if phone.cause == ANSWERED_ELSEWHERE:
        return LegResult.ANSWERED_ELSEWHERE
    if phone.cause == USER_BUSY or phone.dial_status == "BUSY":
        return LegResult.BUSY
    if phone.cause == CALL_REJECTED:
        return LegResult.DECLINED
    if phone.dial_status == "CANCEL" or phone.cause is None:
        return LegResult.CANCELLED
    if rang(phone) or not phone.born:
        return LegResult.NO_ANSWER
    # Not a word came from it, busy or ringing: it is switched off, or the network between is.
    return LegResult.FAILED
