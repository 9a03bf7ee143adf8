"""The rows of Asterisk's own books, each in its own terms.

CEL is the diary of every channel, queue_log that of every queue, the CDR a bill
of every attempt. All moments are seconds since the epoch, whatever the book
writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Moment = float


#: More rows of one book than any gap should hold: it is refused whole, because a part of it would tell half stories.
MOST_ROWS = 400_000


class HistoryUnreadable(Exception):
    """A book of the PBX cannot be read now, or does not look like one; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CelRow:
    """One line of the diary of channels."""

    event: str  # "CHAN_START", "BRIDGE_ENTER" …
    at: Moment
    linkedid: str
    uniqueid: str
    channel: str
    number: str
    name: str
    exten: str
    app: str  # empty where the book does not keep it
    app_data: str
    extra: Mapping[str, str]  # of HANGUP: hangupcause, hangupsource, dialstatus; of BRIDGE_*: bridge_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CdrRow:
    """The bill of one attempt: who dialled whom."""

    linkedid: str  # the uniqueid where the book does not keep it
    uniqueid: str
    sequence: int
    source: str
    destination: str
    channel: str
    dialled_channel: str  # empty: nobody was dialled
    app: str  # empty where the book does not keep it
    app_data: str
    start: Moment
    answer: Moment | None
    end: Moment
    disposition: str  # "ANSWERED", "NO ANSWER", "BUSY" …
    file: str  # the userfield, where dialplans put the recording's name


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """One line of queue_log; ``details`` mean something else in every event."""

    at: Moment  # whole seconds
    call_id: str  # Uniqueid of the caller's channel
    queue: str
    agent: str
    event: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the books hold of some stretch of time; a book that is not kept is empty."""

    cel: tuple[CelRow, ...] = ()
    cdr: tuple[CdrRow, ...] = ()
    queue_log: tuple[QueueLine, ...] = ()
