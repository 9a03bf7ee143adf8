"""What really happened, by everyone but Perezvon: the SIP side, queue_log and the CDR.

The laboratory's word is only worth something if its witnesses agree, so each
of them is read here in its own terms and compared by the tests.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

CDR_COLUMNS = (
    *("linkedid", "uniqueid", "sequence", "source", "destination", "context", "channel"),
    *("destination_channel", "start", "answer", "end", "duration_s", "billsec", "disposition", "file"),
)


class EndedBy(StrEnum):
    """Whose action ended a call, as one party of it saw it."""

    PHONE = "phone"  # this party's own
    PBX = "pbx"  # the other side's


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One party's part of one call, by its own SIP messages and its own clock."""

    party: str  # the extension that rang, or the number that called
    number: str  # what its display showed, or whom it called
    began_at: datetime  # its INVITE left or arrived
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: EndedBy | None = None
    refused_with: int | None = None  # SIP status: by this party if it was called, by the PBX if it called


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLogLine:
    """One line of queue_log; ``details`` mean something else in every event."""

    at: datetime
    call_id: str
    queue: str
    agent: str
    event: str
    details: tuple[str, ...]


def read_queue_log(path: Path) -> list[QueueLogLine]:
    lines = (line.split("|") for line in path.read_text().splitlines())
    return [
        QueueLogLine(
            at=datetime.fromtimestamp(int(at), UTC),
            call_id=call_id,
            queue=queue,
            agent=agent,
            event=event,
            details=tuple(details),
        )
        for at, call_id, queue, agent, event, *details in lines
    ]


def read_cdr(path: Path) -> list[Mapping[str, str]]:
    """The rows of ``Asterisk.linked_cdr_csv`` by ``CDR_COLUMNS``; none if no call has ended yet."""
    if not path.exists():
        return []
    with path.open(newline="") as rows:
        return [dict(zip(CDR_COLUMNS, row, strict=True)) for row in csv.reader(rows)]
