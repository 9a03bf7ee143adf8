"""Who had the client, in order and how long: "Anna 1:20 → hotline 0:15 → Boris 4:02".

Drawn from facts alone: when each phone of ours was connected with the client,
and where else the client stayed (a queue, voicemail, a parking lot, somebody
outside). A person has the client from the first word until they let go: a hold,
or asking a colleague meanwhile, does not end it. The ringing between two people
belongs to nobody and leaves a hole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: From and until; None while it lasts.
Span = tuple[datetime, datetime | None]

#: Shorter than this the wires were only being changed.
_GLIMPSE = timedelta(seconds=0.1)


class StopKind(StrEnum):
    """Who or what may have a client."""

    AGENT = "agent"
    QUEUE = "queue"
    VOICEMAIL = "voicemail"
    PARKING = "parking"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A time the client spent with no phone of ours."""

    kind: StopKind
    name: str  # of the queue, the mailbox, the parking space; the number outside
    start: datetime
    end: datetime | None  # None while it lasts


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One who had the client; ``name`` is a leg's uniqueid for an agent, else the stay's."""

    kind: StopKind
    name: str
    start: datetime
    end: datetime | None

    @property
    def duration_s(self) -> float | None:
        return None if self.end is None else round((self.end - self.start).total_seconds(), 3)


def path(had: Mapping[str, Sequence[Span]], stays: Iterable[Stay]) -> list[Stop]:
    """The stops of a client in the order in which they began; ``had`` by the uniqueid of the leg."""
    people = [
        Stop(kind=StopKind.AGENT, name=leg, start=start, end=end) for leg, spans in had.items() for start, end in spans
    ]
    places = [Stop(kind=stay.kind, name=stay.name, start=stay.start, end=_until_taken(stay, people)) for stay in stays]
    stops: list[Stop] = []
    for stop in sorted((*people, *places), key=_beginning):
        if stop.end is not None and stop.end - stop.start < _GLIMPSE:
            continue
        back = _same_person(stops, stop)
        if back is None:
            stops.append(stop)
        else:
            stops[back] = _lasting_until(stops[back], stop.end)
    return stops


def had_last(had: Mapping[str, Sequence[Span]]) -> str | None:
    """The leg that had the client last; of several at once, the one that had them first."""
    last = {leg: spans[-1] for leg, spans in had.items() if spans}
    if not last:
        return None
    if any(end is None for _, end in last.values()):
        still = [leg for leg, (_, end) in last.items() if end is None]
    else:
        latest = max(end for _, end in last.values() if end is not None)
        still = [leg for leg, (_, end) in last.items() if end is not None and latest - end < _GLIMPSE]
    return min(still, key=lambda leg: had[leg][0][0])


def joined(known: Sequence[Span], heard: Sequence[Span], *, over_at: datetime | None) -> tuple[Span, ...]:
    """What two hearings of the same phone come to, each of which may know only a part.

    An open end in ``known`` is only what was known then: what was heard since
    says when it ended, and at the latest the end of the phone's part does.
    """
    spans: list[Span] = []
    for start, end in sorted((*known, *heard), key=_start_and_length):
        before = spans[-1] if spans else None
        if before is not None and (before[1] is None or start <= before[1]):
            spans[-1] = before[0], _later_known(before, (start, end))
        else:
            spans.append((start, end))
    return tuple((start, over_at if end is None else end) for start, end in spans)


def joined_stays(known: Sequence[Stay], heard: Sequence[Stay], *, over_at: datetime | None) -> tuple[Stay, ...]:
    """What two hearings of the client's stays come to, each of which may know only a part."""
    if known == heard and over_at is None:
        return tuple(heard)
    spans: dict[tuple[StopKind, str], tuple[list[Span], list[Span]]] = {}
    for side, stays in enumerate((known, heard)):
        for stay in stays:
            spans.setdefault((stay.kind, stay.name), ([], []))[side].append((stay.start, stay.end))
    whole = [
        Stay(kind=kind, name=name, start=start, end=end)
        for (kind, name), (before, now) in spans.items()
        for start, end in joined(before, now, over_at=over_at)
    ]
    return tuple(sorted(whole, key=_beginning))


def _later_known(one: Span, other: Span) -> datetime | None:
    known = [end for _, end in (one, other) if end is not None]
    return max(known) if known else None


def _start_and_length(span: Span) -> tuple[datetime, bool, datetime]:
    start, end = span
    return start, end is None, end or start


def _until_taken(stay: Stay, people: Iterable[Stop]) -> datetime | None:
    """A queue lets go only when somebody answers, and says so a little late."""
    taken = min((stop.start for stop in people if stop.start >= stay.start), default=None)
    if taken is None or (stay.end is not None and stay.end <= taken):
        return stay.end
    return taken


def _same_person(stops: Sequence[Stop], stop: Stop) -> int | None:
    """Where the same phone's earlier stop stands, when nobody else had the client in between."""
    if stop.kind is not StopKind.AGENT:
        return None
    for place in range(len(stops) - 1, -1, -1):
        earlier = stops[place]
        if earlier.kind is stop.kind and earlier.name == stop.name:
            return place
        if stop.start - earlier.start > _GLIMPSE:
            return None
    return None


def _lasting_until(stop: Stop, end: datetime | None) -> Stop:
    return Stop(kind=stop.kind, name=stop.name, start=stop.start, end=end)


def _beginning(stop: Stop | Stay) -> tuple[datetime, str]:
    return stop.start, stop.name
