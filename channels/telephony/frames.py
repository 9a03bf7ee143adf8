"""Cut the AMI's byte stream into frames, and the wanted frames into plain dictionaries.

A frame is everything up to an empty line; it is cut while still bytes, so a
character of two bytes may arrive in two reads and stays whole. Most of what
Asterisk says is of no interest to a call centre: a frame's first line decides,
and the rest of an unwanted one is never looked at.

Asterisk writes every event of one kind with the same headers in the same
order. The first one teaches its *shape*, an anchored pattern that yields the
values of the next in one step of C; a frame of any other shape is read line
by line and means the same. Nothing here knows sockets, clocks or panoramisk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from crm_core.domain.callback_requests import CALLBACK_REQUEST

EOL = b"\r\n"
END_OF_FRAME = b"\r\n\r\n"
BANNER = b"Asterisk Call Manager/"

#: A whole frame may be this long; Asterisk's longest honest ones are a hundred times shorter.
MAX_FRAME_BYTES = 256 * 1024
#: How much of an overlong frame is kept for the report.
KEPT_OF_OVERSIZED = 1024
#: Shapes learned for one kind of event; the rest of its frames are read line by line.
MAX_SHAPES_PER_EVENT = 4
#: Names of events that are remembered as unwanted; Asterisk has about two hundred.
MAX_UNWANTED_NAMES = 500

#: What a call centre needs to hear. Anything else is passed over by its name alone.
WANTED_EVENTS = frozenset(
    {
        # channels
        "Newchannel", "Newstate", "NewCallerid", "Rename", "HangupRequest", "SoftHangupRequest", "Hangup",
        # dialling, bridges, transfers
        "DialBegin", "DialEnd", "OriginateResponse", "Pickup", "LocalBridge",
        "BridgeEnter", "BridgeLeave", "BridgeMerge", "BlindTransfer", "AttendedTransfer",
        "ParkedCall", "ParkedCallGiveUp", "ParkedCallTimeOut", "UnParkedCall", "Hold", "Unhold",
        # queues and their members
        "QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon",
        "AgentCalled", "AgentConnect", "AgentComplete", "AgentRingNoAnswer",
        "QueueMemberAdded", "QueueMemberRemoved", "QueueMemberPause", "QueueMemberStatus",
        # recordings, voicemail, the call's own accounting
        "MixMonitorStart", "VarSet", "Newexten", "MessageWaiting", "Cdr",
        # what the dialplan says to us
        "UserEvent",
        # the PBX itself
        "FullyBooted", "Shutdown",
    }
)  # fmt: skip

#: Of these floods only the frames that hold one of the given lines' beginnings are wanted.
WANTED_ONLY_WITH: Mapping[str, tuple[bytes, ...]] = {
    "VarSet": (b"\r\nVariable: MIXMONITOR_FILENAME\r\n",),
    "Newexten": (b"\r\nApplication: VoiceMail\r\n", b"\r\nApplication: MinivmRecord\r\n"),
    "UserEvent": (b"\r\nUserEvent: " + CALLBACK_REQUEST.encode() + b"\r\n",),
}

#: One event: header → value. Values of a repeated header are joined by a newline: see :func:`values`.
Event = dict[str, str]
Header = tuple[str, str]
OnMalformed = Callable[["MalformedFrame"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MalformedFrame:
    """A frame that did not keep AMI's rules: ``raw`` is all of it (of an overlong one, its beginning)."""

    raw: bytes
    reason: str


@dataclass(slots=True, kw_only=True)
class FrameCounts:
    """What became of the frames of one link."""

    wanted: int = 0  # became an event
    unwanted: int = 0  # events passed over by name
    oversized: int = 0  # skipped, longer than the limit
    malformed: int = 0  # broken lines, or neither event nor response; sound headers still made an event


class FrameCutter:
    """Bytes in, whole frames out; holds at most one unfinished frame of bounded size."""

    def __init__(
        self,
        *,
        limit: int = MAX_FRAME_BYTES,
        counts: FrameCounts | None = None,
        on_malformed: OnMalformed | None = None,
    ) -> None:
        self._limit = limit
        self._counts = counts or FrameCounts()
        self._on_malformed = on_malformed
        self._tail = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that ``data`` completes, without the empty line that ends each."""
        buffer = self._after_skipped(data) if self._skipping else self._tail + data
        frames = buffer.split(END_OF_FRAME)
        tail = frames.pop()
        if len(buffer) > self._limit:
            frames = [frame for frame in frames if self._is_short(frame)]
            if not self._skipping and len(tail) > self._limit + _CUT_END:
                self._refuse(tail)
                self._skipping = True
        self._tail = tail[-_CUT_END:] if self._skipping else tail
        return frames

    @property
    def unfinished(self) -> bytes:
        """What has arrived of a frame whose end has not."""
        return self._tail

    def _after_skipped(self, data: bytes) -> bytes:
        """What follows the end of the overlong frame; the last bytes of ``data`` when that has not come yet."""
        rest = self._tail + data
        end = rest.find(END_OF_FRAME)
        if end < 0:
            return rest[-_CUT_END:]
        self._skipping = False
        return rest[end + len(END_OF_FRAME) :]

    def _is_short(self, frame: bytes) -> bool:
        if len(frame) > self._limit:
            self._refuse(frame)
            return False
        return True

    def _refuse(self, frame: bytes) -> None:
        self._counts.oversized += 1
        if self._on_malformed is not None:
            kept = frame[:KEPT_OF_OVERSIZED]
            self._on_malformed(MalformedFrame(raw=kept, reason=f"longer than {self._limit} bytes"))


class EventParser:
    """Frames in, wanted events out, at the speed of one pattern match for a known shape."""

    def __init__(
        self,
        *,
        wanted: Iterable[str] = WANTED_EVENTS,
        only_with: Mapping[str, tuple[bytes, ...]] = WANTED_ONLY_WITH,
        counts: FrameCounts | None = None,
        on_malformed: OnMalformed | None = None,
    ) -> None:
        self._wanted = frozenset(name.encode() for name in wanted)
        self._only_with = {b"Event: " + name.encode(): marks for name, marks in only_with.items()}
        first_lines = {b"Event: " + name for name in self._wanted}
        self._shapes: dict[bytes, list[_Shape]] = {line: [] for line in first_lines - self._only_with.keys()}
        self._unwanted: set[bytes] = set()  # first lines that need no second look
        self._counts = counts or FrameCounts()
        self._on_malformed = on_malformed

    def parse(self, frame: bytes) -> Event | None:
        """The event, if the frame is one that is wanted; never raises."""
        first_line = frame[: frame.find(EOL)]
        shapes = self._shapes.get(first_line)
        if shapes is None:
            if first_line in self._unwanted:
                self._counts.unwanted += 1
                return None
            return self._parse_unusual(frame, first_line)
        if b"\0" in frame:
            frame = frame.replace(b"\0", _UNREADABLE)
        text = frame.decode("utf-8", "replace")
        for match, names in shapes:
            found = match(text)
            if found is not None:
                self._counts.wanted += 1
                return dict(zip(names, found.groups(), strict=False))
        return self._parse_slowly(frame, shapes)

    def _parse_unusual(self, frame: bytes, first_line: bytes) -> Event | None:
        """Everything that does not begin with the name of an event that is always wanted, or never."""
        marks = self._only_with.get(first_line)
        if marks is None:
            kind, name = _kind_and_name(frame)
            if kind != b"Event":
                if not kind and frame.strip():
                    self._report(frame, "neither an event nor a response")
                return None
            if name not in self._wanted:
                if first_line == b"Event: " + name and len(self._unwanted) < MAX_UNWANTED_NAMES:
                    self._unwanted.add(first_line)
                self._counts.unwanted += 1
                return None
            marks = self._only_with.get(b"Event: " + name, (b"",))
        for mark in marks:
            if frame.rfind(mark) >= 0:  # it stands near the end: half the time of looking from the beginning
                return self._parse_slowly(frame, None)
        self._counts.unwanted += 1
        return None

    def _parse_slowly(self, frame: bytes, shapes: list[_Shape] | None) -> Event:
        headers, broken = read_headers(frame.replace(b"\0", _UNREADABLE))
        if broken:
            self._report(frame, "a line without a colon")
        event = as_event(headers)
        if shapes is not None and len(shapes) < MAX_SHAPES_PER_EVENT and len(event) == len(headers) and not broken:
            shapes.append(_shape_of(tuple(event)))
        self._counts.wanted += 1
        return event

    def _report(self, frame: bytes, reason: str) -> None:
        self._counts.malformed += 1
        if self._on_malformed is not None:
            self._on_malformed(MalformedFrame(raw=frame, reason=reason))


def read_headers(frame: bytes) -> tuple[list[Header], list[str]]:
    """All headers of a frame in their order, repeated ones too; and the lines that are no headers."""
    headers: list[Header] = []
    broken: list[str] = []
    for line in frame.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if name and colon:
            headers.append((name, value.removeprefix(" ")))
        elif line:
            broken.append(line)
    return headers, broken


def as_event(headers: Iterable[Header]) -> Event:
    """Headers as a dictionary; the values of a repeated one are joined by newlines, which no value holds."""
    event: Event = {}
    for name, value in headers:
        event[name] = f"{event[name]}\n{value}" if name in event else value
    return event


def values(event: Mapping[str, str], name: str) -> list[str]:
    """Every value of a header that may be repeated, like ``ChanVariable``; none when it is missing."""
    joined = event.get(name)
    return joined.split("\n") if joined is not None else []


#: In the place of what no text of the database can hold, a NUL in a caller's name.
_UNREADABLE = "\ufffd".encode()

#: A frame's end may itself be cut: so much of it may already stand in the tail.
_CUT_END = len(END_OF_FRAME) - 1

#: A pattern that matches the whole text of an event of one kind, and the names of the values it captures.
_Shape = tuple[Callable[[str], "re.Match[str] | None"], tuple[str, ...]]


def _shape_of(names: tuple[str, ...]) -> _Shape:
    pattern = "\r\n".join(f"{re.escape(name)}: ([^\r]*+)" for name in names)
    return re.compile(pattern).fullmatch, names


def _kind_and_name(frame: bytes) -> tuple[bytes, bytes]:
    """(``Event`` or ``Response`` or nothing, the value of that header), wherever in the frame it stands."""
    for kind in (b"Event", b"Response"):
        if frame.startswith(kind + b":"):
            start = len(kind) + 1
        else:
            start = frame.find(EOL + kind + b":") + len(EOL) + len(kind) + 1
            if start == len(EOL) + len(kind):
                continue
        end = frame.find(EOL, start)
        return kind, frame[start : end if end >= 0 else len(frame)].removeprefix(b" ")
    return b"", b""
