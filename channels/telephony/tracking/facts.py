"""What was heard: channels, the bridges they stood in, and the call that holds them.

Nothing here concludes anything. Every fact is set in a way that does not mind
being told twice or in another order than its neighbours: the earliest of two
moments wins, a stay in a bridge is known by the moment it began.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime

from channels.telephony.dialect import ChannelKind
from crm_core.domain.path import StopKind

Moment = float  # seconds since the epoch, by the PBX's clock where it tells the time

#: DialStatus words, the more telling first: of one dial Asterisk may say two of them.
_TELLING = ("ANSWER", "BUSY", "CONGESTION", "CHANUNAVAIL", "NOANSWER", "CANCEL")


@dataclass(slots=True, eq=False)
class Stay:
    """One stay of a channel in a bridge."""

    channel: Channel
    bridge: Bridge
    entered: Moment
    left: Moment = math.inf

    @property
    def is_open(self) -> bool:
        return self.left == math.inf


@dataclass(slots=True, eq=False)
class Bridge:
    """Where channels hear each other."""

    uniqueid: str
    holding: bool = False  # … or wait, each alone: a parking lot is one such room for all who are parked
    stays: list[Stay] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Hold:
    """A time during which a channel had put the others on hold."""

    start: Moment
    end: Moment = math.inf


@dataclass(slots=True, eq=False)
class QueueStay:
    """A caller's time in one queue."""

    queue: str
    channel: Channel
    joined: Moment
    left: Moment = math.inf


@dataclass(slots=True, eq=False)
class Aside:
    """A caller's time with no person: on a parking lot, or with voicemail."""

    kind: StopKind
    name: str  # of the parking space or the mailbox
    channel: Channel
    since: Moment
    until: Moment = math.inf


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording that the PBX named."""

    file: str
    since: Moment | None  # None: only its Cdr spoke of it
    channel: Channel  # the recorder hears what this one says and hears


@dataclass(slots=True, eq=False)
class Channel:
    """One device as long as it is part of a call.

    A masquerade moves a device to another Uniqueid; this object stays with the
    device, and ``uniqueid`` is the first one it had.
    """

    uniqueid: str
    name: str
    kind: ChannelKind
    interface: str
    call: Call
    linkedid: str  # the last one heard
    created_at: Moment
    met: Moment  # by our own clock: when we first heard of it
    born: bool = False  # its Newchannel was heard, so nothing before is missing
    outgoing: bool = False  # made by Asterisk to reach a device, not by a device that called
    folded: bool = False  # it came from another call that turned out to be part of this one
    twin: Channel | None = None  # the other half of a Local pair

    number: str | None = None
    display_name: str | None = None
    exten: str | None = None  # what it dialled, or the number that was called on it
    shown_number: str | None = None  # the number we showed to the other side

    dialled_by: Channel | None = None
    dialled_at: Moment | None = None
    dialled_number: str | None = None
    dial_status: str | None = None
    queue: str | None = None  # the queue that offered the call to it
    handed_over: bool = False  # an attended transfer gave the client to whoever it was calling
    took: Channel | None = None  # the phone that rang, whose call was picked up from here
    taken: bool = False  # its call was picked up from another phone
    fetched: bool = False  # it took a parked caller off the lot

    ringing_at: Moment | None = None
    up_at: Moment | None = None
    answer_told_at: Moment | None = None  # the dial that reached it ended with ANSWER
    released_at: Moment | None = None  # this side asked to hang up
    ended_at: Moment | None = None
    cause: int | None = None
    lost: bool = False  # its end was not heard: it was found missing

    stays: list[Stay] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)

    told_offer: bool = False
    told_answer: bool = False
    told_end: bool = False

    @property
    def is_phone(self) -> bool:
        return self.kind is ChannelKind.PHONE

    @property
    def made_by_pbx(self) -> bool:
        """Asterisk made it to reach somebody; the others called in by themselves."""
        return self.outgoing or self.dialled_at is not None

    @property
    def first_bridged_at(self) -> Moment | None:
        return self.stays[0].entered if self.stays else None

    @property
    def on_hold(self) -> bool:
        """Does it keep the others waiting at this moment."""
        return self.ended_at is None and bool(self.holds) and self.holds[-1].end == math.inf

    @property
    def is_bridged(self) -> bool:
        """Does it stand in a bridge at this moment."""
        return bool(self.stays) and self.stays[-1].is_open

    def rang(self, at: Moment) -> None:
        self.ringing_at = earliest(self.ringing_at, at)

    def came_up(self, at: Moment) -> None:
        self.up_at = earliest(self.up_at, at)

    def dial_ended(self, status: str, at: Moment) -> bool:
        """Asterisk says the end of a dial twice (NOANSWER, then CANCEL): the more telling word stays."""
        if status == "ANSWER":
            self.answer_told_at = earliest(self.answer_told_at, at)
        if self.dial_status is not None and _tells(status) >= _tells(self.dial_status):
            return False
        self.dial_status = status
        return True

    def enters(self, bridge: Bridge, at: Moment) -> bool:
        """Begin a stay; False when it is known already."""
        for stay in self.stays:
            if stay.bridge is bridge and (stay.entered == at or stay.is_open):
                return False
        self._leaves_last(at)
        stay = Stay(self, bridge, at)
        self.stays.append(stay)
        bridge.stays.append(stay)
        return True

    def leaves(self, bridge_id: str, at: Moment) -> bool:
        """End the last stay; a repetition, or the end of an earlier stay, changes nothing."""
        if not self.stays or self.stays[-1].bridge.uniqueid != bridge_id:
            return False
        if any(stay.left == at for stay in self.stays):
            return False
        return self._leaves_last(at)

    def holds_others(self, at: Moment) -> bool:
        if self.on_hold or any(hold.start == at for hold in self.holds):
            return False
        self.holds.append(Hold(at))
        return True

    def takes_back(self, at: Moment) -> bool:
        if not self.on_hold or self.took_back(at):
            return False
        self.holds[-1].end = max(at, self.holds[-1].start)
        return True

    def took_back(self, at: Moment) -> bool:
        """Is that the end of a hold that is known."""
        return any(hold.end == at for hold in self.holds)

    def ends(self, at: Moment) -> None:
        """Nothing of a channel outlives it."""
        self.takes_back(at)
        self._leaves_last(at)
        self.ended_at = at

    def _leaves_last(self, at: Moment) -> bool:
        if not self.stays or at >= self.stays[-1].left:
            return False
        self.stays[-1].left = max(at, self.stays[-1].entered)
        return True


@dataclass(slots=True, eq=False)
class Call:
    """Channels that belong together, by every Linkedid that ever named them."""

    linkedid: str
    keys: list[str]
    given_id: bool  # the Linkedid is an id of ours: a click-to-call
    channels: dict[str, Channel] = field(default_factory=dict)  # by first Uniqueid
    phones: list[Channel] = field(default_factory=list)
    trunks: list[Channel] = field(default_factory=list)
    queue_stays: list[QueueStay] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)
    recordings: dict[str, Recorded] = field(default_factory=dict)  # by bare file name
    recorder_on: Moment | None = None
    voicemail: bool = False
    message_left: bool = False
    alive: int = 0  # channels not hung up
    heard_at: Moment = -math.inf  # the latest moment anything was heard of it
    ended_at: Moment | None = None
    gap: bool = False  # part of it happened while we did not listen
    nearly_gap: bool = False  # we did not listen for a moment in which nothing seems to have happened

    told_start: bool = False
    told_answer: bool = False
    looked_at: bool = True  # its snapshot holds everything that was told of it

    def add(self, channel: Channel) -> None:
        channel.call = self
        self.channels[channel.uniqueid] = channel
        if channel.kind is ChannelKind.PHONE:
            self.phones.append(channel)
        elif channel.kind is ChannelKind.TRUNK:
            self.trunks.append(channel)
        if channel.ended_at is None:
            self.alive += 1

    def absorb(self, other: Call) -> None:
        """Take over everything of a call that turned out to be part of this one."""
        for channel in other.channels.values():
            channel.folded = True
            self.add(channel)
        self.keys += [key for key in other.keys if key not in self.keys]
        self.queue_stays += other.queue_stays
        self.asides += other.asides
        for recording in other.recordings.values():
            self.recorded(recording.file, recording.since, recording.channel)
        self.voicemail |= other.voicemail
        self.message_left |= other.message_left
        self.gap |= other.gap
        self.nearly_gap |= other.nearly_gap
        self.heard_at = max(self.heard_at, other.heard_at)
        self.told_start |= other.told_start

    def joins_queue(self, queue: str, channel: Channel, at: Moment) -> bool:
        """Begin a time in a queue; False when it is known already."""
        for stay in self.queue_stays:
            if stay.queue == queue and stay.channel is channel and (stay.joined == at or stay.left == math.inf):
                return False
        self.queue_stays.append(QueueStay(queue, channel, at))
        return True

    def steps_aside(self, kind: StopKind, name: str, channel: Channel, at: Moment) -> bool:
        """Begin a time with no person; False when it is known already."""
        for aside in self.asides:
            if aside.kind is kind and aside.channel is channel and (aside.since == at or aside.until == math.inf):
                return False
        self.asides.append(Aside(kind, name, channel, at))
        return True

    def comes_back(self, kind: StopKind, channel: Channel, at: Moment) -> None:
        for aside in self.asides:
            if aside.kind is kind and aside.channel is channel and aside.until == math.inf:
                aside.until = max(at, aside.since)

    def leaves_queue(self, queue: str, channel: Channel, at: Moment) -> None:
        for stay in self.queue_stays:
            if stay.queue == queue and stay.channel is channel and stay.left == math.inf:
                stay.left = max(at, stay.joined)

    def recorded(self, file: str, since: Moment | None, channel: Channel) -> bool:
        """Name a recording; False when that says nothing new. Full path and bare name are one recording."""
        bare = file.rpartition("/")[2]
        known = self.recordings.get(bare)
        if known is None:
            self.recordings[bare] = Recorded(file, since, channel)
            return True
        if since is None or (known.since is not None and known.since <= since):
            return False
        self.recordings[bare] = Recorded(file, since, channel)
        return True


def as_datetime(at: Moment) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def earliest(known: Moment | None, at: Moment) -> Moment:
    return at if known is None or at < known else known


def _tells(status: str) -> int:
    return _TELLING.index(status) if status in _TELLING else len(_TELLING)
