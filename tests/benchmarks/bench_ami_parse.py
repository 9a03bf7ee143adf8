"""Reading AMI: our protocol's ``data_received`` against panoramisk's, the same bytes in the same pieces.

Twice: with every event wanted, so that both make a dictionary of every header;
and as in production, where ours passes over what no call centre needs. Before
anything is timed, every header of every event is compared.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace

from panoramisk.message import Message

from channels.telephony.frames import Event, EventParser, FrameCutter
from channels.telephony.protocol import AmiProtocol
from tests.benchmarks.result import Figure
from tests.benchmarks.rounds import by_turns
from tests.benchmarks.traffic import FULL_READ, SEGMENT, chunks, looped, panoramisk, recorded, recorded_for_us


def run(scale: float) -> list[Figure]:
    return asyncio.run(_run(int(200_000 * scale)))


async def _run(count: int) -> list[Figure]:
    everything = looped(recorded(), count)
    wrong = _compare(everything)
    all_wanted = [
        _figure(f"AMI parse, all headers, {size:,} B reads / panoramisk", everything, size, count, EVERYTHING, 3, wrong)
        for size in (SEGMENT, FULL_READ)
    ]
    production = looped(recorded_for_us(), count)
    unwanted = "what our login hears, unwanted events passed over"
    name = f"AMI parse, production mix, {SEGMENT:,} B reads / panoramisk"
    return [*all_wanted, _figure(name, production, SEGMENT, count, None, 8, unwanted)]


def _figure(
    name: str, data: bytes, size: int, count: int, wanted: frozenset[str] | None, target: float, note: str
) -> Figure:
    pieces = chunks(data, size)
    nobody = deque[object](maxlen=0).append
    rounds = by_turns(lambda: _feed(_ours(nobody, wanted), pieces), lambda: _feed(panoramisk(nobody), pieces))
    return Figure(
        name=name,
        measured=rounds.ratio,
        target=target,
        sizes=f"{count:,} events, {len(data) / 1e6:.0f} MB",
        detail=f"{rounds.detail(count, 'events')}; {note}",
    )


#: The names of all events that Asterisk said in the recording.
EVERYTHING = frozenset(frame.event for frame in recorded())


def _ours(hear: Callable[[Event], object], wanted: frozenset[str] | None) -> AmiProtocol:
    """Our protocol as the link uses it; ``wanted`` None is the link's own choice of events."""
    protocol = AmiProtocol(
        cutter=FrameCutter(),
        parser=EventParser() if wanted is None else EventParser(wanted=wanted, only_with={}),
        hear=lambda event: hear(event) and None,
        on_bytes=lambda: None,
    )
    protocol.connection_made(SimpleNamespace(abort=lambda: None))
    protocol.data_received(b"Asterisk Call Manager/11.0.0\r\n")
    return protocol


def _feed(protocol: object, pieces: Sequence[bytes]) -> None:
    read = protocol.data_received  # type: ignore[attr-defined]
    for piece in pieces:
        read(piece)


def _compare(data: bytes) -> str:
    """Every header of every event; says in words where panoramisk lost something."""
    ours: list[Event] = []
    theirs: list[Message] = []
    _feed(_ours(ours.append, EVERYTHING), chunks(data, SEGMENT))
    _feed(panoramisk(theirs.append), chunks(data, SEGMENT))
    assert len(ours) == len(theirs), f"{len(ours)} events against {len(theirs)}"
    faults: Counter[str] = Counter()
    for event, message in zip(ours, theirs, strict=True):
        faults.update(_faults_of(_as_ours(message), event))
    if not faults:
        return "all headers equal"
    return "all headers equal but where panoramisk lost " + ", ".join(f"{faults[what]:,} {what}" for what in faults)


def _as_ours(message: Message) -> Event:
    """Without the ``content`` that panoramisk adds to everything: events have no body."""
    headers = {name: "\n".join(value) if isinstance(value, list) else value for name, value in message.items()}
    assert not headers.pop("content")
    return headers


def _faults_of(told: Event, event: Event) -> Iterator[str]:
    """What is known to go wrong in panoramisk; any other difference would be our fault."""
    *_, last = event
    if last not in told and event[last] == "":
        yield "empty last headers"
        told[last] = ""
    for name, value in event.items():
        if told.get(name) != value and _lacks_letters(told.get(name, ""), value):
            yield "letters cut between two reads"
            told[name] = value
    assert told == event, f"{event} is read by panoramisk as {told}"


def _lacks_letters(damaged: str, whole: str) -> bool:
    """Is it the same text but for missing letters, all of them longer than a byte."""
    letters = iter(whole)
    return all(letter in letters for letter in damaged) and _ascii_of(whole) == _ascii_of(damaged)


def _ascii_of(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii())
