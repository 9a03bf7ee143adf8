"""What the heard facts mean: the story of one call, drawn from nothing but them.

Every function here is pure and may be asked at any time; the same facts give
the same story, in whatever order they came. The rules are the contract's; why
Asterisk's own words are not simply believed is said beside each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from channels.telephony.dialect import ChannelKind, PbxDialect
from channels.telephony.tracking import spans
from channels.telephony.tracking.facts import Call, Channel, Moment
from channels.telephony.tracking.paths import Meeting, dial_path, meetings
from crm_core.domain.calls import (
    CallSnapshot,
    Direction,
    EndedBy,
    InteractionState,
    LegResult,
    LegRole,
    LegSnapshot,
    RecordingSnapshot,
)

#: Longer than any extension: a phone that dials so many digits is calling outside.
_OUTSIDE_NUMBER_DIGITS = 7
#: A talk that ended this close to the end of the call is what ended it, in seconds.
_SAME_END_S = 1.0

#: Q.850 causes by which a phone that did not answer says why; in a queue DialEnd only says NOANSWER.
_USER_BUSY, _CALL_REJECTED, _ANSWERED_ELSEWHERE = 17, 21, 26
#: Causes of a phone that was simply let ring, or was let go again: 0 is what Asterisk gives by itself.
_NOTHING_SAID = frozenset({0, 16, 18, 19})

#: AgentComplete's Reason, where the channels themselves do not say who hung up.
_COMPLETED_BY = {"caller": EndedBy.CLIENT, "agent": EndedBy.AGENT}


def snapshot(call: Call, dialect: PbxDialect, boot: str) -> CallSnapshot:
    """The whole of what is known of one call."""
    way = direction(call)
    met = contacts(call)
    answered = min((meeting.start for meeting in met), default=None)
    until = call.heard_at if call.ended_at is None else call.ended_at
    talked = spans.clipped(_talked(met), -math.inf, until)
    held = spans.without(spans.clipped(_held(met), answered or until, until), talked)
    client = _client(call)
    started = first(call).created_at
    return CallSnapshot(
        pbx=dialect.pbx,
        boot=boot,
        linkedid=call.linkedid,
        keys=tuple(call.keys),
        direction=way,
        state=_state(call, answered),
        client_number=_client_number(call, way),
        client_name=first(call).display_name if way is Direction.INBOUND else None,
        our_number=_our_number(call, way),
        queues=_queues(call),
        answered_queue=_answered_queue(met),
        started_at=moment(started),
        answered_at=None if answered is None else moment(max(answered, started)),
        ended_at=None if call.ended_at is None else moment(max(call.ended_at, started)),
        talk=timedelta(seconds=spans.total(talked)),
        hold=timedelta(seconds=spans.total(held)),
        ended_by=_ended_by(call, met),
        hangup_cause=client.cause if client else None,
        dial_status=client.dial_status if client and way is Direction.OUTBOUND else None,
        client_channel=client.name if client and client.ended_at is None else None,
        legs=tuple(leg(phone, dialect) for phone in sorted(call.phones, key=_by_offer)),
        recordings=tuple(
            RecordingSnapshot(file=file, started_at=moment(since)) for file, since in call.recordings.items()
        ),
        voicemail=call.voicemail,
        complete=not call.gap and all(channel.born for channel in (*call.phones, *call.trunks)),
    )


def leg(phone: Channel, dialect: PbxDialect) -> LegSnapshot:
    """One phone of ours as part of its call."""
    role = leg_role(phone)
    offered = offered_at(phone)
    answered = picked_up_at(phone)
    return LegSnapshot(
        uniqueid=phone.uniqueid,
        channel=phone.name,
        interface=phone.interface,
        extension=dialect.extension_of(phone.interface),
        role=role,
        queue=dial_path(phone).queue if role is LegRole.QUEUE else None,
        offered_at=moment(offered),
        rang=rang(phone),
        answered_at=None if answered is None else moment(max(answered, offered)),
        ended_at=None if phone.ended_at is None else moment(max(phone.ended_at, answered or offered)),
        result=leg_result(phone),
        on_hold=phone.on_hold,
    )


def first(call: Call) -> Channel:
    """The channel the call began with: its Uniqueid is the Linkedid."""
    return call.channels.get(call.linkedid) or min(call.channels.values(), key=lambda one: one.created_at)


def direction(call: Call) -> Direction:
    """Told by the first channel, and for a phone of ours by where it dials."""
    beginning = first(call)
    if call.given_id:
        return Direction.OUTBOUND
    if beginning.kind is ChannelKind.TRUNK:
        return Direction.OUTBOUND if _was_placed_by_pbx(beginning) else Direction.INBOUND
    dials_out = len(beginning.exten or "") >= _OUTSIDE_NUMBER_DIGITS
    return Direction.OUTBOUND if dials_out or any(_own_trunks(call)) else Direction.INTERNAL


def contacts(call: Call) -> list[Meeting]:
    """When the client was connected, and with which person of ours.

    For an internal call the two sides are whoever placed it and the callee.
    """
    way = direction(call)
    if way is Direction.INBOUND:
        client = first(call)
        return [one for one in meetings(client) if one.other.is_phone or _answers_for_us(one.other)]
    if way is Direction.INTERNAL:
        return [one for one in meetings(first(call)) if one.other.is_phone]
    return [
        one
        for client in _own_trunks(call)
        for one in meetings(client)
        # A trunk may carry early media through a bridge: nobody has answered yet.
        if one.other.is_phone and one.end >= (client.up_at or one.start)
    ]


def answered_at(call: Call) -> Moment | None:
    """When a person of ours and the client were connected for the first time."""
    return min((meeting.start for meeting in contacts(call)), default=None)


def end_of(call: Call) -> Moment | None:
    """When the call is over: the client left it. Phones of ours may linger, consulting each other."""
    way = direction(call)
    if way is Direction.INBOUND:
        return first(call).ended_at
    if way is Direction.OUTBOUND and any(trunk.up_at is not None for trunk in _own_trunks(call)):
        ends = [trunk.ended_at for trunk in _own_trunks(call)]
    else:
        # An unanswered trunk is not the end: the dialplan may try another one.
        ends = [channel.ended_at for channel in call.channels.values()] if call.alive == 0 else []
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def leg_role(phone: Channel) -> LegRole:
    """Why this phone is part of the call."""
    call = phone.call
    if placed_call(phone):
        return LegRole.ORIGINATE
    path = dial_path(phone)
    answered = answered_at(call)
    if path.queue is not None:
        return LegRole.QUEUE
    if phone.folded or (path.caller is None and path.outermost is not phone):
        # From a consultation: a call of its own, or a Local pair that *2 made and nobody dialled.
        met_client = [one.start for one in contacts(call) if one.other is phone]
        if not met_client:
            return LegRole.CONSULT
        return LegRole.TRANSFER_ATTENDED if answered is not None and answered < min(met_client) else LegRole.DIRECT
    dialled = path.outermost.dialled_at
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
    return phone.ringing_at is not None or (phone.up_at is not None and _was_placed_by_pbx(phone))


def offered_at(phone: Channel) -> Moment:
    """It began to ring, or for a phone that never rang, was dialled."""
    if phone.ringing_at is not None and phone.up_at is not None:
        return min(phone.ringing_at, phone.up_at)
    return phone.ringing_at or (phone.up_at if rang(phone) else None) or phone.dialled_at or phone.created_at


def picked_up_at(phone: Channel) -> Moment | None:
    """When somebody took this phone.

    Up alone does not say so where several phones ring: the slower of two may
    come up and still lose the call to the other.
    """
    if placed_call(phone):
        return phone.up_at if _was_placed_by_pbx(phone) else phone.created_at
    joined = phone.stays[0].entered if phone.stays else None
    signs = [sign for sign in (joined, phone.answer_told_at) if sign is not None]
    return min((*signs, *(() if phone.up_at is None else (phone.up_at,)))) if signs else None


def leg_result(phone: Channel) -> LegResult | None:
    """What became of one phone; None while it rings."""
    if picked_up_at(phone) is not None:
        return LegResult.ANSWERED
    if phone.ended_at is None:
        return None
    if phone.cause == _ANSWERED_ELSEWHERE:
        return LegResult.ANSWERED_ELSEWHERE
    if phone.cause == _USER_BUSY or phone.dial_status == "BUSY":
        return LegResult.BUSY
    if phone.cause == _CALL_REJECTED:
        return LegResult.DECLINED
    if phone.dial_status == "CANCEL" or phone.cause is None:
        return LegResult.CANCELLED
    if rang(phone) or phone.cause in _NOTHING_SAID:
        return LegResult.NO_ANSWER
    return LegResult.FAILED


def moment(at: Moment) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _by_offer(phone: Channel) -> tuple[Moment, str]:
    return offered_at(phone), phone.uniqueid


def _was_placed_by_pbx(channel: Channel) -> bool:
    """Asterisk made it to reach somebody; the others called in by themselves."""
    return channel.outgoing or channel.dialled_at is not None


def _own_trunks(call: Call) -> Iterator[Channel]:
    return (trunk for trunk in call.trunks if not trunk.folded)


def _answers_for_us(other: Channel) -> bool:
    """An inbound call forwarded outside: whoever answers there is still ours."""
    return other.kind is ChannelKind.TRUNK and _was_placed_by_pbx(other)


def _client(call: Call) -> Channel | None:
    """The client's channel: of several tried, the one that answered, else the last."""
    way = direction(call)
    if way is Direction.INBOUND:
        return first(call)
    if way is Direction.OUTBOUND:
        sides = list(_own_trunks(call))
    else:
        sides = [phone for phone in call.phones if phone is not first(call) and not phone.folded]
    answered = [side for side in sides if side.stays]
    return max(answered or sides, key=lambda side: side.created_at, default=None)


def _state(call: Call, answered: Moment | None) -> InteractionState:
    if call.ended_at is not None:
        return InteractionState.CLOSED
    if answered is not None:
        return InteractionState.ACTIVE
    return InteractionState.QUEUED if call.queue_stays else InteractionState.OFFERED


def _client_number(call: Call, way: Direction) -> str | None:
    if way is Direction.INBOUND:
        return first(call).number
    client = _client(call)
    return first(call).exten or (client.dialled_number if client else None)


def _our_number(call: Call, way: Direction) -> str | None:
    if way is Direction.INBOUND:
        return first(call).exten
    client = _client(call)
    return client.shown_number if client and way is Direction.OUTBOUND else None


def _queues(call: Call) -> tuple[str, ...]:
    entered = [stay.queue for stay in sorted(call.queue_stays, key=lambda stay: stay.joined)]
    offering = [phone.queue for phone in sorted(call.phones, key=_by_offer) if phone.queue is not None]
    return tuple(dict.fromkeys((*entered, *offering)))


def _answered_queue(met: Iterable[Meeting]) -> str | None:
    """The last queue that found somebody, as ``agent_id`` is the last who had the client."""
    latest_first = sorted(met, key=lambda meeting: meeting.start, reverse=True)
    return next((queue for one in latest_first if (queue := dial_path(one.other).queue) is not None), None)


def _talked(met: Iterable[Meeting]) -> list[spans.Span]:
    return spans.union(
        span
        for one in met
        for span in spans.without([(one.start, one.end)], ((hold.start, hold.end) for hold in one.other.holds))
    )


def _held(met: Iterable[Meeting]) -> Iterator[spans.Span]:
    """While an agent consults somebody the client waits alone: the hold lasts beyond the bridge."""
    people = dict.fromkeys(one.other for one in met)
    return ((hold.start, hold.end) for person in people for hold in person.holds)


def _ended_by(call: Call, met: list[Meeting]) -> EndedBy | None:
    if call.ended_at is None or call.gap:
        return None
    if not met:
        return _who_gave_up(call)
    last = max(met, key=lambda one: (one.end, one.start))
    side, other = EndedBy.CLIENT, EndedBy.AGENT
    if direction(call) is Direction.INTERNAL:
        side, other = other, side
    if last.end < call.ended_at - _SAME_END_S:
        # The client stayed on after the last talk, in another queue or an announcement.
        return side if last.side.released_at is not None else EndedBy.SYSTEM
    asked = [
        (channel.released_at, who)
        for channel, who in ((last.side, side), (last.other, other))
        if channel.released_at is not None
    ]
    if asked:
        return min(asked)[1]
    if last.side.ordered_off_at is not None or last.other.ordered_off_at is not None:
        return EndedBy.AGENT
    if last.other.completed in _COMPLETED_BY:
        return _COMPLETED_BY[last.other.completed]
    if last.left == last.other_left:
        return EndedBy.SYSTEM
    return side if last.left < last.other_left else other


def _who_gave_up(call: Call) -> EndedBy:
    """Who let go of a call in which nobody was connected."""
    caller, callee = first(call), _client(call)
    if direction(call) is Direction.INBOUND:
        cancelled = (phone for phone in call.phones if phone.dial_status == "CANCEL" and phone.cause == 0)
        at_the_end = any((phone.ended_at or 0.0) >= (call.ended_at or 0.0) - _SAME_END_S for phone in cancelled)
        return EndedBy.CLIENT if caller.released_at is not None or at_the_end else EndedBy.SYSTEM
    if callee is not None and (callee.released_at is not None or callee.cause == _CALL_REJECTED):
        return EndedBy.CLIENT
    if callee is not None:
        return EndedBy.AGENT if callee.dial_status == "CANCEL" else EndedBy.SYSTEM
    let_go = caller.released_at is not None or caller.ordered_off_at is not None
    declined = caller.is_phone and leg_result(caller) is LegResult.DECLINED
    return EndedBy.AGENT if let_go or declined else EndedBy.SYSTEM
