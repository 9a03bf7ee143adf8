"""Who is who in a call: which channel is the client, who is ours, and when they were connected."""

from __future__ import annotations

from collections.abc import Iterator

from channels.telephony.dialect import ChannelKind
from channels.telephony.tracking.facts import Call, Channel, Moment
from channels.telephony.tracking.paths import Meeting, meetings
from crm_core.domain.calls import Direction

#: Longer than any extension: a phone that dials so many digits is calling outside.
_OUTSIDE_NUMBER_DIGITS = 7


def first(call: Call) -> Channel:
    """The channel the call began with: its Uniqueid is the Linkedid."""
    return call.channels.get(call.linkedid) or min(call.channels.values(), key=_age)


def direction(call: Call) -> Direction:
    """Told by the first channel, and for a phone of ours by where it dials."""
    beginning = first(call)
    if call.given_id:
        return Direction.OUTBOUND
    if beginning.kind is ChannelKind.TRUNK:
        return Direction.OUTBOUND if beginning.made_by_pbx else Direction.INBOUND
    dials_out = len(beginning.exten or "") >= _OUTSIDE_NUMBER_DIGITS
    return Direction.OUTBOUND if dials_out or any(_own_trunks(call)) else Direction.INTERNAL


def client_channel(call: Call, way: Direction) -> Channel | None:
    """The client's channel: of several tried, the one that answered, else the last."""
    if way is Direction.INBOUND:
        return first(call)
    if way is Direction.OUTBOUND:
        tried = list(_own_trunks(call))
    else:
        tried = [phone for phone in call.phones if phone is not first(call) and not phone.folded]
    answered = [channel for channel in tried if channel.stays]
    return max(answered or tried, key=_age, default=None)


def contacts(call: Call, way: Direction) -> list[Meeting]:
    """When the client was connected, and with which person of ours, in order.

    For an internal call the two sides are whoever placed it and the callee.
    """
    if way is Direction.INBOUND:
        met = [one for one in meetings(first(call)) if one.other.is_phone or _answers_for_us(one.other)]
    elif way is Direction.INTERNAL:
        met = [one for one in meetings(first(call)) if one.other.is_phone]
    else:
        met = [one for trunk in _own_trunks(call) for one in meetings(trunk) if one.other.is_phone]
    return sorted(met, key=_start)


def answered_at(met: list[Meeting]) -> Moment | None:
    """When a person of ours and the client were connected for the first time."""
    return met[0].start if met else None


def end_of(call: Call) -> Moment | None:
    """When the call was over: the client left it. Phones of ours may linger, consulting each other."""
    way = direction(call)
    if way is Direction.INBOUND:
        return first(call).ended_at
    if way is Direction.OUTBOUND and any(trunk.up_at is not None for trunk in _own_trunks(call)):
        ends = [trunk.ended_at for trunk in _own_trunks(call)]
    elif call.alive:
        # An unanswered trunk is not the end: the dialplan may try another one.
        return None
    else:
        ends = [channel.ended_at for channel in call.channels.values()]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def _own_trunks(call: Call) -> Iterator[Channel]:
    return (trunk for trunk in call.trunks if not trunk.folded)


def _answers_for_us(other: Channel) -> bool:
    """An inbound call forwarded outside: whoever answers there is still ours."""
    return other.kind is ChannelKind.TRUNK and other.made_by_pbx


def _age(channel: Channel) -> Moment:
    return channel.created_at


def _start(meeting: Meeting) -> Moment:
    return meeting.start
