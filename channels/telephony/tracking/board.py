"""The switchboard as it stands: every channel, bridge and call that is known, found by its id.

Uniqueids name channels and Linkedids name calls, but neither for ever: a
masquerade gives a device another Uniqueid, and channels that meet in a bridge
take the oldest Linkedid among them. The board follows both.
"""

from __future__ import annotations

import re
from collections import deque

from channels.telephony.dialect import ChannelKind, PbxDialect
from channels.telephony.tracking import sides
from channels.telephony.tracking.events import CallEvent, CallMerged, CallStarted
from channels.telephony.tracking.facts import Bridge, Call, Channel, Moment, as_datetime
from channels.telephony.tracking.headers import Event, Party, number, told
from crm_core.domain.calls import Direction

#: Asterisk's own ids are ``1790000000.12``; we give a click-to-call the id of its interaction.
_OUR_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_RINGING, _UP = "5", "6"
_MASQUERADED = "<MASQ>"
_ZOMBIE = "<ZOMBIE>"

#: An ended call is remembered this long by our own clock, so that its Cdr and other stragglers still
#: find it, and in any case until somebody has looked at it.
REMEMBERED_S = 30.0
#: However many calls that would be, no more than this are remembered.
REMEMBERED_CALLS = 10_000

#: When two calls turn out to be one, the client's own goes on: inbound before outbound before internal.
_SURVIVES = {Direction.INBOUND: 0, Direction.OUTBOUND: 1, Direction.INTERNAL: 2}


class Board:
    """Finds what an event speaks of, and makes it when it is new."""

    def __init__(self, dialect: PbxDialect) -> None:
        self.dialect = dialect
        self.calls: dict[str, Call] = {}  # by every Linkedid that ever named them
        self.channels: dict[str, Channel] = {}  # by the Uniqueid that names them now
        self._bridges: dict[str, Bridge] = {}
        self._local_halves: dict[str, Channel] = {}  # by channel name
        self._given_up: dict[str, tuple[str, Channel]] = {}  # name → Uniqueid and device in mid masquerade
        self._resting: deque[tuple[float, Call]] = deque()  # since when each is over

    def meet(self, event: Event, who: Party, at: Moment, now: float, news: list[CallEvent]) -> Channel | None:
        """The channel an event speaks of, made when it is new; None when the event names none."""
        channel = self.find(event, who, at, news)
        uniqueid = told(event.get(who.uniqueid))
        if channel is not None or uniqueid is None:
            return channel
        return self._make(uniqueid, event, who, at, now, news)

    def find(self, event: Event, who: Party, at: Moment, news: list[CallEvent]) -> Channel | None:
        """The channel an event speaks of if it is known. What comes at a channel's end never makes one."""
        channel = self.channels.get(event.get(who.uniqueid, ""))
        if channel is not None:
            self._follow(channel, event.get(who.linkedid), at, news)
        return channel

    def bridge(self, uniqueid: str) -> Bridge:
        bridge = self._bridges.get(uniqueid)
        if bridge is None:
            bridge = self._bridges[uniqueid] = Bridge(uniqueid)
        return bridge

    def rename(self, event: Event) -> None:
        """Follow a device through a masquerade, or note a plain change of name.

        Asterisk says a masquerade as three renames: the device's channel gives
        its name up (``<MASQ>``), the channel it moves into takes that name, and
        the emptied one is left as a ``<ZOMBIE>`` to be hung up.
        """
        uniqueid, new_name = event.get("Uniqueid", ""), event.get("Newname", "")
        channel = self.channels.get(uniqueid)
        if channel is None or channel.name != event.get("Channel") or new_name.endswith(_ZOMBIE):
            return
        if new_name.endswith(_MASQUERADED):
            self._given_up[channel.name] = uniqueid, channel
        elif new_name in self._given_up:
            former_uniqueid, device = self._given_up.pop(new_name)
            self.channels[uniqueid], self.channels[former_uniqueid] = device, channel
        elif new_name:
            channel.name = new_name

    def merge(self, one: Call, other: Call, at: Moment, news: list[CallEvent]) -> None:
        """Make one call of two. Two calls that clients began stay two, whoever bridges them."""
        if one is other:
            return
        kept, gone = sorted((one, other), key=_survival)
        if sides.direction(gone) is Direction.INBOUND:
            return
        kept.absorb(gone)
        for key in gone.keys:
            self.calls[key] = kept
        if gone.told_start:
            news.append(CallMerged(linkedid=kept.linkedid, at=as_datetime(at), merged=gone.linkedid))

    def forget(self, call: Call) -> None:
        """Let go of a call and everything known of it."""
        for key in call.keys:
            self.calls.pop(key, None)
        for channel in call.channels.values():
            self.channels.pop(channel.uniqueid, None)
            self._local_halves.pop(channel.name, None)
            self._given_up.pop(channel.name, None)
            for stay in channel.stays:
                stay.bridge.stays.remove(stay)
                if not stay.bridge.stays:
                    self._bridges.pop(stay.bridge.uniqueid, None)

    def rest(self, call: Call, now: float) -> None:
        """Nothing of this call is alive any more."""
        self._resting.append((now, call))

    def forget_rested(self, now: float) -> None:
        """Let go of the calls that have been over for long enough."""
        while self._resting:
            since, call = self._resting[0]
            too_soon = since > now - REMEMBERED_S or not call.looked_at
            if too_soon and len(self._resting) <= REMEMBERED_CALLS:
                return
            self._resting.popleft()
            if call.alive == 0 and self.calls.get(call.linkedid) is call:
                self.forget(call)

    def _make(self, uniqueid: str, event: Event, who: Party, at: Moment, now: float, news: list[CallEvent]) -> Channel:
        name = event.get(who.channel, "")
        linkedid = told(event.get(who.linkedid)) or uniqueid
        call = self.calls.get(linkedid)
        if call is None:
            given_id = _OUR_ID.fullmatch(linkedid) is not None
            call = self.calls[linkedid] = Call(linkedid, [linkedid], given_id)
        channel = Channel(
            uniqueid=uniqueid,
            name=name,
            kind=self.dialect.kind_of(name),
            interface=self.dialect.interface_of(name),
            call=call,
            linkedid=linkedid,
            created_at=at,
            met=now,
        )
        channel.number = number(event.get(who.number))
        # Met in the middle of its life: the event also says how far it has come.
        if event.get(who.state) == _RINGING:
            channel.rang(at)
        elif event.get(who.state) == _UP:
            channel.came_up(at)
        self.channels[uniqueid] = channel
        call.add(channel)
        call.heard_at = max(call.heard_at, at)
        if call.ended_at is not None and sides.end_of(call) is None:
            # It only seemed over: those we knew had left before the channel that began it was heard.
            call.ended_at = None
        self._pair_local(channel)
        if not call.told_start and (call.phones or call.trunks):
            call.told_start = True
            news.append(CallStarted(linkedid=call.linkedid, at=as_datetime(at)))
        return channel

    def _pair_local(self, channel: Channel) -> None:
        if channel.kind is not ChannelKind.LOCAL:
            return
        self._local_halves[channel.name] = channel
        pair, _, half = channel.name.rpartition(";")
        twin = self._local_halves.get(f"{pair};{'2' if half == '1' else '1'}")
        if twin is not None and twin is not channel:
            channel.twin, twin.twin = twin, channel

    def _follow(self, channel: Channel, linkedid: str | None, at: Moment, news: list[CallEvent]) -> None:
        """A channel that shows another Linkedid met a channel of another call."""
        call = channel.call
        call.heard_at = max(call.heard_at, at)
        if linkedid is None or linkedid == channel.linkedid or told(linkedid) is None:
            return
        channel.linkedid = linkedid
        known = self.calls.get(linkedid)
        if known is None:
            self.calls[linkedid] = call
            call.keys.append(linkedid)
        else:
            self.merge(known, call, at, news)


def _survival(call: Call) -> tuple[bool, int, Moment, str]:
    return (
        not call.told_start,
        _SURVIVES[sides.direction(call)],
        sides.first(call).created_at,
        call.linkedid,
    )
