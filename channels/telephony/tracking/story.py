"""What the heard facts mean: the story of one call, drawn from nothing but them.

Pure, and may be asked at any time; the same facts give the same story, in
whatever order they came. The rules are the contract's; where Asterisk's own
words are not simply believed, it is said why.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import timedelta

from channels.telephony.dialect import PbxDialect
from channels.telephony.tracking import legs, places, recorded, sides, spans
from channels.telephony.tracking.facts import Call, Channel, Moment, as_datetime
from channels.telephony.tracking.paths import Meeting, dial_path
from crm_core.domain.calls import (
    CallSnapshot,
    Direction,
    EndedBy,
    InteractionState,
    LegResult,
)

#: A talk that ended this close to the end of the call is what ended it, in seconds.
_SAME_END_S = 1.0


def snapshot(call: Call, dialect: PbxDialect, boot: str) -> CallSnapshot:
    """The whole of what is known of one call."""
    beginning, way = sides.first(call), sides.direction(call)
    client = sides.client_channel(call, way)
    met = sides.contacts(call, way)
    answered = sides.answered_at(met)
    until = call.heard_at if call.ended_at is None else call.ended_at
    talked = spans.clipped(_talked(met), -math.inf, until)
    waited_on_hold = spans.clipped(_held(met), until if answered is None else answered, until)
    talks = [] if way is Direction.INTERNAL else met
    phones = sorted(call.phones, key=_by_offer)
    started = beginning.created_at
    return CallSnapshot(
        pbx=dialect.pbx,
        boot=boot,
        linkedid=call.linkedid,
        keys=tuple(call.keys),
        direction=way,
        state=_state(call, answered),
        client_number=_client_number(beginning, client, way),
        client_name=beginning.display_name if way is Direction.INBOUND else None,
        our_number=_our_number(beginning, client, way),
        queues=_queues(call, phones),
        answered_queue=_answered_queue(call, met),
        started_at=as_datetime(started),
        answered_at=None if answered is None else as_datetime(max(answered, started)),
        ended_at=None if call.ended_at is None else as_datetime(max(call.ended_at, started)),
        talk=timedelta(seconds=spans.total(talked)),
        hold=timedelta(seconds=spans.total(spans.without(waited_on_hold, talked))),
        ended_by=_ended_by(call, way, met),
        hangup_cause=client.cause if client is not None else None,
        dial_status=client.dial_status if client is not None and way is Direction.OUTBOUND else None,
        client_channel=client.name if client is not None and client.ended_at is None else None,
        legs=tuple(legs.leg(phone, met, talks, dialect, until=until) for phone in phones),
        recordings=recorded.recordings(call, client, way),
        stays=() if way is Direction.INTERNAL else tuple(places.stays(call, client, met)),
        voicemail=call.voicemail,
        complete=not call.gap and all(channel.born for channel in (*call.phones, *call.trunks)),
    )


def _by_offer(phone: Channel) -> tuple[Moment, str]:
    return legs.offered_at(phone), phone.uniqueid


def _state(call: Call, answered: Moment | None) -> InteractionState:
    if call.ended_at is not None:
        return InteractionState.CLOSED
    if answered is not None:
        return InteractionState.ACTIVE
    return InteractionState.QUEUED if call.queue_stays else InteractionState.OFFERED


def _client_number(beginning: Channel, client: Channel | None, way: Direction) -> str | None:
    if way is Direction.INBOUND:
        return beginning.number
    return beginning.exten or (client.dialled_number if client is not None else None)


def _our_number(beginning: Channel, client: Channel | None, way: Direction) -> str | None:
    if way is Direction.INBOUND:
        return beginning.exten
    return client.shown_number if client is not None and way is Direction.OUTBOUND else None


def _queues(call: Call, phones: Iterable[Channel]) -> tuple[str, ...]:
    entered = [stay.queue for stay in sorted(call.queue_stays, key=lambda stay: stay.joined)]
    offering = [phone.queue for phone in phones if phone.queue is not None]
    return tuple(dict.fromkeys((*entered, *offering)))


def _answered_queue(call: Call, met: list[Meeting]) -> str | None:
    """The last queue that found somebody, as the last person who had the client is the call's agent."""
    found = (dial_path(one.other).queue for one in reversed(met) if one.other.call is call)
    return next((queue for queue in found if queue is not None), None)


def _talked(met: list[Meeting]) -> list[spans.Span]:
    return spans.union(
        span for one in met for span in spans.without([(one.start, one.end)], legs.holds(one.other, met))
    )


def _held(met: list[Meeting]) -> Iterator[spans.Span]:
    """While an agent consults somebody the client waits alone: the hold lasts beyond the bridge."""
    people = dict.fromkeys(one.other for one in met)
    return (hold for person in people for hold in legs.holds(person, met))


def _ended_by(call: Call, way: Direction, met: list[Meeting]) -> EndedBy | None:
    if call.ended_at is None:
        return None
    if not met:
        return None if sides.first(call).lost else _who_gave_up(call, way)
    last = max(met, key=lambda one: (one.end, one.start))
    if last.side.lost or last.other.lost:
        return None
    side, other = EndedBy.CLIENT, EndedBy.AGENT
    if way is Direction.INTERNAL:
        side, other = other, side
    if last.end < call.ended_at - _SAME_END_S:
        # The client stayed on after the last talk, in another queue or an announcement.
        return EndedBy.SYSTEM if last.side.released_at is None else side
    asked = ((last.side.released_at, side), (last.other.released_at, other))
    # Whoever hangs up asks the PBX to. Where nobody did, it was ordered over
    # AMI, as our desk does for its agent; AgentComplete says "caller" even then.
    return min(((at, who) for at, who in asked if at is not None), default=(None, EndedBy.AGENT))[1]


def _who_gave_up(call: Call, way: Direction) -> EndedBy:
    """Who let go of a call in which nobody was connected."""
    caller, callee = sides.first(call), sides.client_channel(call, way)
    if way is Direction.INBOUND:
        return EndedBy.CLIENT if caller.released_at is not None else EndedBy.SYSTEM
    if callee is not None:
        if callee.released_at is not None or callee.cause == legs.CALL_REJECTED:
            return EndedBy.CLIENT
        return EndedBy.AGENT if callee.dial_status == "CANCEL" else EndedBy.SYSTEM
    declined = caller.is_phone and legs.leg_result(caller) is LegResult.DECLINED
    return EndedBy.AGENT if declined or caller.released_at is not None else EndedBy.SYSTEM
