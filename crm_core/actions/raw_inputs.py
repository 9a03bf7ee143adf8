"""What was heard, word for word: kept beside what we made of it, and whole where we could make nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NewType

from crm_core.domain.ids import first_id, new_id
from crm_core.store.database import Reader, Transaction, to_json

#: An AMI event and when we heard it.
HeardEvent = tuple[datetime, Mapping[str, str]]
#: Those of a batch by Linkedid, in order of arrival.
RawEvents = NewType("RawEvents", Mapping[str, Sequence[HeardEvent]])

#: A call that was over for so long needs no remembering: its stragglers have come.
STRAGGLERS = timedelta(minutes=1)
#: However much goes on at one PBX, no more calls than these are remembered; the newest.
REMEMBERED_CALLS = 5_000
#: No call that has only just ended began longer ago.
_LONGEST_CALL = timedelta(hours=12)

# By interactions_live_idx, legs_live_idx, and the primary key for calls that are only just over.
_EVENTS_OF_REMEMBERED_CALLS = """
WITH remembered AS (
    SELECT id
    FROM interactions
    WHERE state <> 'closed' AND state <> 'wrap_up' AND channel = 'call' AND pbx = $1 AND boot = $2
    UNION
    SELECT call.id
    FROM legs leg
    JOIN interactions call ON call.id = leg.interaction_id
    WHERE leg.ended_at IS NULL AND call.pbx = $1 AND call.boot = $2
    UNION
    SELECT id
    FROM interactions
    WHERE id >= $3 AND channel = 'call' AND pbx = $1 AND boot = $2 AND ended_at >= $4
    ORDER BY id DESC
    LIMIT $5
)
SELECT raw.heard_at, raw.events
FROM (
    SELECT DISTINCT key.external_id
    FROM remembered
    JOIN fact_keys key ON key.interaction_id = remembered.id
) named
JOIN raw_call_events raw ON raw.linkedid = named.external_id
WHERE raw.pbx = $1 AND raw.boot = $2
"""

_REJECT = """
INSERT INTO rejected_inputs (id, source, reason, raw, at, key)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (source, key) WHERE key IS NOT NULL DO NOTHING
"""

#: jsonb holds every character but this one; a stranger's display name may hold it too.
_NUL, _INSTEAD = "\\u0000", "\\ufffd"


async def record_raw_events(tx: Transaction, pbx: str, boot: str, first_heard: datetime, events: RawEvents) -> None:
    """One row a call and batch, so that a call can be told again by a better tracker."""
    rows = [
        (
            new_id(first_heard),
            pbx,
            boot,
            linkedid,
            to_json([event for _, event in heard]).replace(_NUL, _INSTEAD),
            [at for at, _ in heard],
        )
        for linkedid, heard in events.items()
    ]
    await tx.copy("raw_call_events", ("id", "pbx", "boot", "linkedid", "events", "heard_at"), rows)


async def events_of_remembered_calls(db: Reader, *, pbx: str, boot: str, last_heard: datetime) -> list[HeardEvent]:
    """Everything stored of the calls that were not over, or only just, when that run of the PBX was heard last.

    In the order in which it was heard. Several Linkedids of one call are all looked up.
    """
    rows = await db.fetch(
        _EVENTS_OF_REMEMBERED_CALLS,
        pbx,
        boot,
        first_id(last_heard - _LONGEST_CALL),
        last_heard - STRAGGLERS,
        REMEMBERED_CALLS,
    )
    heard = [pair for row in rows for pair in zip(row["heard_at"], row["events"], strict=True)]
    return sorted(heard, key=_moment)


async def record_rejected(tx: Transaction, *, source: str, reason: str, raw: bytes, key: str | None = None) -> None:
    """Keep what could not be used, so that a person can look at it; with a ``key`` what is told again is the same."""
    await tx.execute(_REJECT, new_id(tx.now), source, reason, raw, tx.now, key)


def _moment(heard: HeardEvent) -> datetime:
    return heard[0]
