"""What stands in a PBX that only exists as played recordings: its channels, bridges, queues.

It is kept up by the very events that are played, so that whoever asks in the
middle of a call is told what Asterisk would have told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from channels.telephony.frames import Header
from channels.telephony.retelling import Member

Headers = list[Header]
Fields = dict[str, str]

#: What every event about a channel says of it.
CHANNEL_HEADERS = (
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Language",
    "AccountCode",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
    "Linkedid",
)

_RINGING = {"4", "5"}
_NORMAL_CLEARING = 16
_DEVICE_NOT_IN_USE, _DEVICE_IN_USE = "1", "2"


@dataclass(slots=True)
class PlayedChannel:
    """One live channel."""

    fields: Fields
    since: float
    bridge: str = ""
    dialled_by: str | None = None  # Uniqueid of the channel that rings it; None once that is decided
    queue: str = ""  # where it waits
    queued_since: float = 0.0

    @property
    def name(self) -> str:
        return self.fields.get("Channel", "")

    @property
    def is_ringing(self) -> bool:
        """A phone that somebody could still pick up."""
        return self.dialled_by is not None and self.fields.get("ChannelState") in _RINGING


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberState:
    """How one queue sees one phone."""

    name: str
    paused: bool = False
    reason: str = ""
    device: str = _DEVICE_NOT_IN_USE


@dataclass(slots=True)
class PlayedPbx:
    """The state: channels by Uniqueid, members by queue and interface."""

    channels: dict[str, PlayedChannel] = field(default_factory=dict)
    members: dict[tuple[str, str], MemberState] = field(default_factory=dict)

    def add_members(self, members: Iterable[Member]) -> None:
        """Phones that stand in queues; one that is known already stays as it is."""
        for member in members:
            self.members.setdefault((member.queue, member.interface), MemberState(name=member.name))

    def find_channel(self, name: str) -> PlayedChannel | None:
        """A live channel by its name."""
        return next((channel for channel in self.channels.values() if channel.name == name), None)

    @property
    def paused(self) -> dict[str, str]:
        """Interface → reason, of every phone that is paused in a queue."""
        return {interface: state.reason for (_, interface), state in self.members.items() if state.paused}

    @property
    def busy(self) -> set[str]:
        """Devices with a live channel."""
        return {channel.name.rpartition("-")[0] for channel in self.channels.values()}

    def hear(self, headers: Headers, now: float) -> None:
        """One event that is being played."""
        told = dict(headers)
        event, uniqueid = told.get("Event", ""), told.get("Uniqueid", "")
        if event == "Newchannel":
            self.channels[uniqueid] = PlayedChannel(fields={}, since=now)
        channel = self.channels.get(uniqueid)
        if event in {"QueueMemberStatus", "QueueMemberPause"}:
            self._hear_of_member(told)
        elif event in {"DialBegin", "DialEnd"}:
            self._hear_of_dial(told)
        if channel is None:
            return
        channel.fields |= {name: told[name] for name in CHANNEL_HEADERS if name in told}
        match event:
            case "BridgeEnter":
                channel.bridge = told.get("BridgeUniqueid", "")
            case "BridgeLeave":
                channel.bridge = ""
            case "QueueCallerJoin":
                channel.queue, channel.queued_since = told.get("Queue", ""), now
            case "QueueCallerLeave":
                channel.queue = ""
            case "Hangup":
                del self.channels[uniqueid]

    def _hear_of_dial(self, told: Fields) -> None:
        dialled = self.channels.get(told.get("DestUniqueid", ""))
        if dialled is not None:
            dialled.dialled_by = told.get("Uniqueid", "") if told["Event"] == "DialBegin" else None

    def _hear_of_member(self, told: Fields) -> None:
        key = told.get("Queue", ""), told.get("Interface", "")
        state = self.members.get(key) or MemberState(name=told.get("MemberName", ""))
        state = replace(state, device=told.get("Status", state.device))
        if told["Event"] == "QueueMemberPause":
            state = replace(state, paused=told.get("Paused") == "1", reason=told.get("PausedReason", ""))
        self.members[key] = state

    def pause(self, interface: str, *, paused: bool, reason: str, queue: str | None) -> list[Headers]:
        """The events that pause a phone in one queue or in all of its queues; none when it is in none."""
        return [
            _member_event("QueueMemberPause", key, replace(state, paused=paused, reason=reason if paused else ""))
            for key, state in self.members.items()
            if key[1] == interface and queue in {None, key[0]}
        ]

    def with_present_pause(self, headers: Headers) -> Headers:
        """A recorded word on a member, with the pause that stands now: the recorded one is history."""
        told = dict(headers)
        state = self.members.get((told.get("Queue", ""), told.get("Interface", "")))
        if state is None:
            return headers
        present = {"Paused": "1" if state.paused else "0", "PausedReason": state.reason}
        return [(name, present.get(name, value)) for name, value in headers]

    def end_leg(self, channel: PlayedChannel, cause: int) -> list[Headers]:
        """The events of one channel's end, by somebody's request."""
        return [
            _event("SoftHangupRequest", "call,all", channel.fields, Cause=str(cause)),
            *self._last_words(channel, cause, asked=True),
        ]

    def end_call(self, linkedid: str) -> list[Headers]:
        """The events of the end of whatever is left of a call."""
        return [
            event
            for channel in list(self.channels.values())
            if channel.fields.get("Linkedid") == linkedid
            for event in self._last_words(channel, _NORMAL_CLEARING, asked=False)
        ]

    def _last_words(self, channel: PlayedChannel, cause: int, *, asked: bool) -> Iterator[Headers]:
        if channel.dialled_by is not None:
            yield self._dial_end(channel, "NOANSWER" if asked else "CANCEL")
        if channel.queue:
            queue = {"Queue": channel.queue, "Position": "1"}
            yield _event("QueueCallerAbandon", "agent,all", channel.fields, **queue, OriginalPosition="1")
            yield _event("QueueCallerLeave", "agent,all", channel.fields, **queue, Count="0")
        if channel.bridge:
            yield _event("BridgeLeave", "call,all", channel.fields, BridgeUniqueid=channel.bridge)
        yield _event("Hangup", "call,all", channel.fields, Cause=str(cause))

    def _dial_end(self, dialled: PlayedChannel, status: str) -> Headers:
        caller = self.channels.get(dialled.dialled_by or "")
        own = caller.fields if caller is not None else {}
        other = {f"Dest{name}": value for name, value in dialled.fields.items()}
        return _event("DialEnd", "call,all", own, **other, DialStatus=status)

    def show_channels(self, now: float) -> list[Headers]:
        """``CoreShowChannel`` of each."""
        return [
            [
                ("Event", "CoreShowChannel"),
                *channel.fields.items(),
                ("Application", ""),
                ("ApplicationData", ""),
                ("Duration", _clock(now - channel.since)),
                ("BridgeId", channel.bridge),
            ]
            for channel in self.channels.values()
        ]

    def list_bridges(self) -> list[Headers]:
        """``BridgeListItem`` of each."""
        bridges = dict.fromkeys(channel.bridge for channel in self.channels.values() if channel.bridge)
        return [
            [
                ("Event", "BridgeListItem"),
                ("BridgeUniqueid", bridge),
                ("BridgeType", "basic"),
                ("BridgeTechnology", "simple_bridge"),
                ("BridgeCreator", "<unknown>"),
                ("BridgeName", "<unknown>"),
                ("BridgeNumChannels", str(len(self.bridge_info(bridge)))),
            ]
            for bridge in bridges
        ]

    def bridge_info(self, bridge: str) -> list[Headers]:
        """``BridgeInfoChannel`` of each channel in it."""
        return [
            [("Event", "BridgeInfoChannel"), *channel.fields.items()]
            for channel in self.channels.values()
            if bridge and channel.bridge == bridge
        ]

    def queue_status(self, now: float, *, queue: str = "", interface: str = "") -> list[Headers]:
        """``QueueParams``, ``QueueMember`` and ``QueueEntry`` of every queue, or of one."""
        names = dict.fromkeys(
            [name for name, _ in self.members] + [channel.queue for channel in self.channels.values() if channel.queue]
        )
        return [item for name in names if queue in {"", name} for item in self._one_queue(name, interface, now)]

    def _one_queue(self, queue: str, interface: str, now: float) -> Iterator[Headers]:
        waiting = [channel for channel in self.channels.values() if channel.queue == queue]
        yield [("Event", "QueueParams"), ("Queue", queue), ("Strategy", "rrmemory"), ("Calls", str(len(waiting)))]
        for key, state in self.members.items():
            if key[0] == queue and interface in {"", key[1]}:
                yield _member_event("QueueMember", key, state)
        for position, channel in enumerate(waiting, start=1):
            yield [
                ("Event", "QueueEntry"),
                ("Queue", queue),
                ("Position", str(position)),
                *((name, channel.fields.get(name, "")) for name in ("Channel", "Uniqueid", "CallerIDNum")),
                ("Wait", str(int(now - channel.queued_since))),
            ]


def stamped(headers: Headers, moment: float) -> Headers:
    """The same event with this time on it, where Asterisk puts it."""
    rest = [header for header in headers if header[0] != "Timestamp"]
    place = 2 if len(rest) > 1 and rest[1][0] == "Privilege" else 1
    return [*rest[:place], ("Timestamp", f"{moment:.6f}"), *rest[place:]]


def _event(name: str, privilege: str, fields: Fields, **more: str) -> Headers:
    return [("Event", name), ("Privilege", privilege), *fields.items(), *more.items()]


def _member_event(event: str, key: tuple[str, str], state: MemberState) -> Headers:
    queue, interface = key
    is_item = event == "QueueMember"  # of a list: there the name and the device are called otherwise
    return [
        ("Event", event),
        *([] if is_item else [("Privilege", "agent,all")]),
        ("Queue", queue),
        ("Name" if is_item else "MemberName", state.name),
        ("Location" if is_item else "Interface", interface),
        ("StateInterface", interface),
        ("Membership", "static"),
        ("Penalty", "0"),
        ("InCall", "1" if state.device == _DEVICE_IN_USE else "0"),
        ("Status", state.device),
        ("Paused", "1" if state.paused else "0"),
        ("PausedReason", state.reason),
    ]


def _clock(seconds: float) -> str:
    whole = max(int(seconds), 0)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
