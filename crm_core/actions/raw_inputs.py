"""What was heard, word for word: kept beside what we made of it, and whole where we could make nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NewType

from crm_core.domain.ids import new_id
from crm_core.store.database import Transaction, to_json

#: AMI events of a batch by Linkedid, in order of arrival.
RawEvents = NewType("RawEvents", Mapping[str, Sequence[Mapping[str, str]]])

_REJECT = """
INSERT INTO rejected_inputs (id, source, reason, raw, at)
VALUES ($1, $2, $3, $4, $5)
"""

#: jsonb holds every character but this one; a stranger's display name may hold it too.
_NUL, _INSTEAD = "\\u0000", "\\ufffd"


async def record_raw_events(tx: Transaction, pbx: str, boot: str, first_heard: datetime, events: RawEvents) -> None:
    """One row a call and batch, so that a call can be told again by a better tracker."""
    rows = [
        (new_id(first_heard), pbx, boot, linkedid, to_json(heard).replace(_NUL, _INSTEAD))
        for linkedid, heard in events.items()
    ]
    await tx.copy("raw_call_events", ("id", "pbx", "boot", "linkedid", "events"), rows)


async def record_rejected(tx: Transaction, *, source: str, reason: str, raw: bytes) -> None:
    """Keep what could not be used, so that a person can look at it."""
    await tx.execute(_REJECT, new_id(tx.now), source, reason, raw, tx.now)
