"""A real minute of a busy call centre as the bytes that Asterisk wrote, and panoramisk as a listener to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, repeat
from types import SimpleNamespace

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from channels.telephony.recording_format import RecordedFrame, load
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


def looped(frames: tuple[RecordedFrame, ...], count: int) -> bytes:
    """``count`` frames as bytes, beginning again at the end."""
    wire = [as_bytes(frame) for frame in frames]
    times, rest = divmod(count, len(wire))
    return b"".join(chain(*repeat(wire, times), wire[:rest]))


def as_bytes(frame: RecordedFrame) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in frame.headers).encode() + b"\r\n"


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
