"""Who dialled whom, and who heard whom: ways through Local pairs and bridges.

A Local pair is a piece of wire inside the PBX. Dialplans such as FreePBX's
put one or several of them between the client and the phone, sometimes only
until Asterisk has optimised them away, so both questions look through them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from channels.telephony.dialect import ChannelKind
from channels.telephony.tracking.facts import Channel, Moment, Stay

#: Local pairs in a row that are still believed; a longer chain is a loop of the dialplan.
_LONGEST_CHAIN = 8


class DialPath(NamedTuple):
    """How a channel came to be dialled."""

    caller: Channel | None  # who dialled it, at the far end of the Local pairs; None: nobody did
    outermost: Channel  # the channel that caller dialled: itself, or the first Local half
    queue: str | None  # the queue that had it dialled


class Meeting(NamedTuple):
    """A time during which two sides heard each other."""

    side: Channel
    other: Channel
    start: Moment
    end: Moment  # infinity while it lasts


def dial_path(channel: Channel) -> DialPath:
    """Follow a channel back to whoever caused it to ring."""
    outermost, queue = channel, channel.queue
    for _ in range(_LONGEST_CHAIN):
        caller = outermost.dialled_by
        if caller is None or caller.kind is not ChannelKind.LOCAL or caller.twin is None:
            return DialPath(caller, outermost, queue)
        outermost = caller.twin
        queue = queue or outermost.queue
    return DialPath(None, outermost, queue)


def meetings(channel: Channel) -> Iterator[Meeting]:
    """Everybody a channel shared a bridge with, be it through Local pairs."""
    for stay in channel.stays:
        for other, start, end in _across(stay, stay.entered, stay.left, {channel}):
            yield Meeting(channel, other, start, end)


def stood_together(one: Channel, other: Channel) -> bool:
    """Were these two in one bridge at the same time, whether anybody answered there or not."""
    return any(
        stay.bridge is theirs.bridge and max(stay.entered, theirs.entered) <= min(stay.left, theirs.left)
        for stay in one.stays
        for theirs in other.stays
    )


def _across(stay: Stay, start: Moment, end: Moment, passed: set[Channel]) -> Iterator[tuple[Channel, Moment, Moment]]:
    """Whoever was in the bridge of a stay between two moments, and beyond it."""
    if stay.bridge.holding:
        return
    for other in stay.bridge.stays:
        since, until = max(start, other.entered), min(end, other.left)
        if since > until or other.channel in passed:
            continue
        twin = other.channel.twin
        if other.channel.kind is not ChannelKind.LOCAL:
            yield other.channel, since, until
        elif twin is not None and len(passed) < 2 * _LONGEST_CHAIN:
            beyond = passed | {other.channel, twin}
            for far in twin.stays:
                if max(since, far.entered) <= min(until, far.left):
                    yield from _across(far, max(since, far.entered), min(until, far.left), beyond)
