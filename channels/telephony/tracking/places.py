"""Where the client was when no phone of ours had them: in a queue, parked, with voicemail, or with somebody outside."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from channels.telephony.dialect import ChannelKind
from channels.telephony.tracking.facts import Call, Channel, Moment, as_datetime
from channels.telephony.tracking.paths import Meeting
from crm_core.domain.path import Stay, StopKind


def stays(call: Call, client: Channel | None, met: Iterable[Meeting]) -> Iterator[Stay]:
    """The client's stays in the order in which they began."""
    found = [*_in_queues(call, client), *_aside(call, client), *_outside(met)]
    return iter(sorted(found, key=_beginning))


def _in_queues(call: Call, client: Channel | None) -> Iterator[Stay]:
    for stay in call.queue_stays:
        # Whoever consults a queue waits there themselves, unless they come through a Local pair: *2 makes one.
        if stay.channel is client or stay.channel.kind is ChannelKind.LOCAL:
            ends = [stay.left, *(end for end in (stay.channel.ended_at, call.ended_at) if end is not None)]
            yield _stay(StopKind.QUEUE, stay.queue, stay.joined, min(ends))


def _aside(call: Call, client: Channel | None) -> Iterator[Stay]:
    for aside in call.asides:
        if aside.channel is client:
            ends = [aside.until, *(end for end in (client.ended_at, call.ended_at) if end is not None)]
            yield _stay(aside.kind, aside.name, aside.since, min(ends))


def _outside(met: Iterable[Meeting]) -> Iterator[Stay]:
    for one in met:
        if not one.other.is_phone:
            yield _stay(StopKind.OUTSIDE, one.other.dialled_number or one.other.number or "", one.start, one.end)


def _stay(kind: StopKind, name: str, start: Moment, end: Moment) -> Stay:
    until = None if end == math.inf else as_datetime(max(end, start))
    return Stay(kind=kind, name=name, start=as_datetime(start), end=until)


def _beginning(stay: Stay) -> tuple[object, ...]:
    return stay.start, stay.kind, stay.name
