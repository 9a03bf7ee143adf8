"""A real minute of a busy call centre as the bytes that Asterisk wrote, and panoramisk as a listener to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, repeat
from types import SimpleNamespace

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from channels.telephony.player_session import as_bytes
from channels.telephony.recording_format import About, RecordedFrame, Recording, load
from channels.telephony.retelling import FreshIds, Retelling, cast_of, is_told_again, people
from tests.replay.recordings import AMI_FIXTURES

#: What one read of the socket may bring: an Ethernet segment, and what asyncio takes at most.
SEGMENT, FULL_READ = 1460, 64 * 1024

#: Classes of events that our login does not ask for; the recorder had asked for all.
_UNASKED = frozenset({"cel", "reporting", "security", "dtmf", "test", "agi", "aoc"})


@cache
def recorded() -> tuple[RecordedFrame, ...]:
    """Every event of the recording, of all classes."""
    return load(AMI_FIXTURES / "heavy.ami.jsonl.gz").frames


@cache
def recorded_for_us() -> tuple[RecordedFrame, ...]:
    """The events of the classes that our login asks for."""
    return tuple(frame for frame in recorded() if not _UNASKED.intersection(frame.get("Privilege").split(",")))


@cache
def answered_calls() -> tuple[Recording, ...]:
    """Every call of the recording that was answered, by itself, with what our login hears of it."""
    calls: dict[str, list[RecordedFrame]] = {}
    for frame in recorded_for_us():
        linkedid = frame.get("Linkedid") or frame.get("LinkedID") or frame.get("DestLinkedid")
        if linkedid:
            calls.setdefault(linkedid, []).append(frame)
    found = (Recording(about=About(), frames=tuple(frames)) for frames in calls.values())
    return tuple(call for call in found if cast_of(call).phones)


@dataclass(frozen=True, slots=True)
class Spoken:
    """One frame as bytes, and when to write it; ``rings`` is the Linkedid of the call that now rings a phone."""

    at: float
    frame: bytes
    rings: str | None


class Teller:
    """Tells recorded calls again, as new calls of other people.

    They bear no ``Timestamp``: they happen when they are heard. What greeted the
    recorder is not told: a ``FullyBooted`` in mid call asks what is alive, and a
    PBX that only speaks would answer that nothing is.
    """

    def __init__(self) -> None:
        self._ids = FreshIds(time.time)

    def tell(self, call: Recording, *, at: float, phone: str, client: str | None = None) -> list[Spoken]:
        """The call from the moment ``at`` on, ringing ``phone``; ``client`` is the number that calls."""
        cast = cast_of(call)
        replaced = people({cast.phones[0]: phone, cast.client_number: client or cast.client_number})
        words = self._ids.words_for(call, devices=replaced) | replaced
        retelling = Retelling(words)
        frames = [frame for frame in call.frames if is_told_again(frame)]
        begun = frames[0].at
        return [
            Spoken(
                at + frame.at - begun,
                as_bytes(retelling.tell(header for header in frame.headers if header[0] != "Timestamp")),
                words[cast.linkedid] if _rings(frame, cast.phones[0]) else None,
            )
            for frame in frames
        ]


def _rings(frame: RecordedFrame, phone: str) -> bool:
    return frame.event == "Newstate" and frame.get("ChannelState") == "5" and frame.get("Channel").startswith(phone)


def looped(frames: tuple[RecordedFrame, ...], count: int) -> bytes:
    """``count`` frames as bytes, beginning again at the end."""
    wire = [as_bytes(frame.headers) for frame in frames]
    times, rest = divmod(count, len(wire))
    return b"".join(chain(*repeat(wire, times), wire[:rest]))


def chunks(data: bytes, size: int) -> list[bytes]:
    """As the socket would bring it."""
    return list(_pieces(data, size))


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def panoramisk(hear: Callable[[Message], object]) -> AMIProtocol:
    """panoramisk's own protocol, connected and greeted; everything it understands goes to ``hear``."""
    protocol = AMIProtocol()
    protocol.connection_made(SimpleNamespace(close=lambda: None))
    protocol.factory = SimpleNamespace(dispatch=hear, save_stream=None)
    protocol.encoding = "utf8"  # its default, ASCII, would drop every Russian name
    protocol.data_received(b"Asterisk Call Manager/11.0.0\r\n")
    return protocol
