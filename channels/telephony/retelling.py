"""A recorded call, told again with other people in it.

Who is in a recording is read from it: the client, the phones of ours, the
queue. A retelling gives its channels, calls and bridges fresh ids, so that it
can be played any number of times and at once, and puts other numbers, names
and phones in the places of the recorded ones, wherever they stand: in a dial
string or in the name of a sound file as well.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from channels.telephony.dialect import ChannelKind, PbxDialect
from channels.telephony.frames import Header
from channels.telephony.recording_format import RecordedFrame, Recording

#: Phones of the recordings are named PJSIP/1001, trunks otherwise.
_DIALECT = PbxDialect(pbx="")

_NOBODY = frozenset({"", "<unknown>"})
_CHANNEL_NAME = re.compile(r"(?P<device>.+)-(?P<suffix>[0-9a-f]{8})(?P<half>;[12])?")
#: Words of the protocol itself: whatever the people are called, these stay.
_KEPT_HEADERS = frozenset({"Event", "Privilege", "Timestamp", "ChannelState", "ChannelStateDesc", "Cause-txt"})
#: Events that are history when a recording is told with other people in it.
_HISTORY = frozenset({"QueueMemberPause", "QueueMemberAdded", "QueueMemberRemoved"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who plays in a recording. Everything may be missing: a recording is whatever was heard."""

    linkedid: str  # of the first call in it
    client_number: str  # exactly as the trunk sent it, or as it was dialled
    client_name: str
    our_number: str  # the number the client called
    queue: str  # the first queue that was entered
    phones: tuple[str, ...]  # our devices in the order they appear, "PJSIP/1001"
    names: Mapping[str, str]  # device → the person at it, as the queue calls them
    is_originated: bool  # it is one call that answers an Originate, and only played as such


def cast_of(recording: Recording) -> Cast:
    """Who plays in it."""
    newcomers = [frame for frame in recording.frames if frame.event == "Newchannel"]
    phones = dict.fromkeys(
        _DIALECT.interface_of(frame.get("Channel")) for frame in newcomers if _is_phone(frame.get("Channel"))
    )
    is_one_call = len({frame.get("Linkedid") for frame in newcomers}) == 1
    answers = [frame for frame in recording.frames if is_one_call and frame.event == "OriginateResponse"]
    answer = answers[0] if answers else None
    first = newcomers[0] if newcomers else RecordedFrame(at=0)
    is_inbound = answer is None and not _is_phone(first.get("Channel"))
    return Cast(
        linkedid=first.get("Linkedid"),
        client_number=_known(first.get("CallerIDNum") if is_inbound else (answer or first).get("Exten")),
        client_name=_known(first.get("CallerIDName")) if is_inbound else "",
        our_number=first.get("Exten") if is_inbound else "",
        queue=_first_value(recording, "QueueCallerJoin", "Queue"),
        phones=tuple(phones),
        names={
            frame.get("Interface"): frame.get("MemberName")
            for frame in recording.frames
            if frame.event in {"QueueMemberStatus", "AgentCalled"}
        },
        is_originated=answer is not None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A phone that stands in a queue."""

    queue: str
    interface: str
    name: str


def members_of(recordings: Iterable[Recording]) -> tuple[Member, ...]:
    """Every queue member the recordings speak of, once."""
    told = {
        (frame.get("Queue"), frame.get("Interface")): frame.get("MemberName")
        for recording in recordings
        for frame in recording.frames
        if frame.event in {"QueueMemberStatus", "QueueMemberAdded", "QueueMemberPause", "AgentCalled"}
    }
    return tuple(Member(queue=queue, interface=interface, name=name) for (queue, interface), name in told.items())


def is_said_to_all(frame: RecordedFrame) -> bool:
    """An event that every listener hears: no greeting of whoever made the recording, and no answer to them."""
    if not frame.event or frame.event == "FullyBooted":
        return False
    return frame.event == "OriginateResponse" or not (frame.get("ActionID") or frame.get("EventList"))


def is_told_again(frame: RecordedFrame) -> bool:
    """Part of the story, whoever plays in it."""
    return frame.raw is None and frame.event not in _HISTORY and is_said_to_all(frame)


class Retelling:
    """The frames of one recording with other words in them; an empty one tells it as it was."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.words = {old: new for old, new in words.items() if old and old != new}
        # The longest first, so that the id of a leg is not taken for that of its neighbour.
        longest_first = sorted(self.words, key=len, reverse=True)
        pattern = rf"(?<![\w+])(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"
        self._find = re.compile(pattern) if self.words else None

    def tell(self, headers: Iterable[Header]) -> list[Header]:
        """The same headers about other people."""
        if self._find is None:
            return list(headers)
        return [
            (name, value if name in _KEPT_HEADERS else self._find.sub(self._other_word, value))
            for name, value in headers
        ]

    def _other_word(self, found: re.Match[str]) -> str:
        return self.words[found.group()]


class FreshIds:
    """Ids as one run of Asterisk gives them: none twice."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._channels = 0

    def words_for(self, recording: Recording, *, devices: Mapping[str, str] | None = None) -> dict[str, str]:
        """Old id → fresh id, for every channel, call and bridge of the recording; other devices too, if wanted."""
        words: dict[str, str] = {}
        for header, value in _ids(recording):
            if value in words or value in _NOBODY:
                continue
            if "BridgeUniqueid" in header:
                words[value] = str(uuid.uuid4())
            elif header.endswith("Channel"):
                self._rename(value, devices or {}, words)
            else:
                words[value] = self._uniqueid()
        return words

    def _uniqueid(self) -> str:
        self._channels += 1
        return f"{int(self._now())}.{self._channels}"

    def _rename(self, name: str, devices: Mapping[str, str], words: dict[str, str]) -> None:
        """A fresh suffix; both halves of a Local channel keep the same one."""
        found = _CHANNEL_NAME.fullmatch(name)
        if found is None:
            return
        old = f"{found['device']}-{found['suffix']}"
        if old not in words:
            self._channels += 1
            words[old] = f"{devices.get(found['device'], found['device'])}-{self._channels:08x}"


def people(replaced: Mapping[str, str]) -> dict[str, str]:
    """What else follows from other people: a number without its plus, the extension of a device."""
    words = dict(replaced)
    for old, new in replaced.items():
        if old.startswith("+"):
            words.setdefault(old.removeprefix("+"), new.removeprefix("+"))
        if _is_phone(old) and _is_phone(new):
            words.setdefault(old.partition("/")[2], new.partition("/")[2])
    return words


def _ids(recording: Recording) -> Iterator[Header]:
    for frame in recording.frames:
        for name, value in frame.headers:
            if name.lower().endswith(("uniqueid", "linkedid")) or name.endswith("Channel"):
                yield name, value


def _first_value(recording: Recording, event: str, header: str) -> str:
    return next((frame.get(header) for frame in recording.frames if frame.event == event), "")


def _known(value: str) -> str:
    return "" if value in _NOBODY else value


def _is_phone(channel: str) -> bool:
    return bool(channel) and _DIALECT.kind_of(channel) is ChannelKind.PHONE
