"""What the log knows of a PBX, for the doctor: people, queues, what was heard lately, whose calls have their sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.store.database import Reader
from crm_core.store.locks import Holder, find_holder

#: How many batches of raw events tell what the PBX says.
_BATCHES = 300
#: Calls that ended in the last minute may still wait for their sound.
_SETTLED = timedelta(minutes=1)

_PEOPLE = """
SELECT person.id, person.login, person.name, array_remove(array_agg(device.extension ORDER BY device.position), NULL)
       AS extensions
FROM users person
LEFT JOIN devices device ON device.user_id = person.id AND device.pbx IN ('', $1)
WHERE person.enabled
GROUP BY person.id
ORDER BY lower(person.name)
"""

_QUEUES = "SELECT name FROM queues ORDER BY name"

# By the primary key of raw_call_events, newest first.
_HEARD = f"""
SELECT event->>'Event' AS name,
       count(*) AS times,
       bool_or(event ? 'Timestamp') AS timed,
       array_agg(DISTINCT event->>'Channel') FILTER (WHERE event->>'Event' = 'Newchannel') AS channels
FROM (
    SELECT events FROM raw_call_events WHERE pbx = $1 ORDER BY id DESC LIMIT {_BATCHES}
) batch, jsonb_array_elements(batch.events) event
GROUP BY 1
"""  # noqa: S608  (a number of ours)

# By interactions_started_at; twenty calls tell enough.
_ANSWERED = """
SELECT count(*) AS answered,
       count(*) FILTER (WHERE named) AS named,
       count(*) FILTER (WHERE found) AS found,
       max(ended_at) AS last_ended
FROM (
    SELECT call.ended_at,
           EXISTS (SELECT 1 FROM recordings WHERE interaction_id = call.id) AS named,
           EXISTS (SELECT 1 FROM recordings WHERE interaction_id = call.id AND state = 'available') AS found
    FROM interactions call
    WHERE call.channel = 'call' AND call.pbx = $1 AND call.answered_at IS NOT NULL AND call.direction <> 'internal'
        AND call.ended_at < now() - $2::interval AND call.started_at > now() - interval '7 days'
    ORDER BY call.started_at DESC
    LIMIT 20
) lately
"""

_LINK = "SELECT state, since, heard_at, error FROM pbx_links WHERE pbx = $1"

# By the primary key of fact_keys; the source of what Asterisk named itself also names its run.
_FIND_LOGGED = """
SELECT known.interaction_id,
       EXISTS (
           SELECT 1 FROM recordings WHERE interaction_id = known.interaction_id AND state = 'available'
       ) AS has_sound
FROM fact_keys known
WHERE known.channel = 'call'
    AND (known.source = $1 OR starts_with(known.source, $1 || '@'))
    AND known.external_id = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A person and their phones on this PBX."""

    id: UUID
    login: str
    name: str
    extensions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Events of calls heard lately, by name; and whether they bore Asterisk's own time."""

    times: Mapping[str, int]
    timed: frozenset[str]  # names of those that did
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredCalls:
    """The last answered calls with clients, at most twenty of a week."""

    answered: int
    named: int  # the PBX named a recording
    found: int  # and we can play it
    last_ended: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """What the process that owns the link last wrote of it."""

    state: str
    since: datetime
    heard_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephonyFacts:
    """All of it, read at one moment."""

    people: tuple[Staff, ...]
    queues: tuple[str, ...]
    heard: Heard
    calls: AnsweredCalls
    link: LinkRow | None
    owner: Holder | None


async def telephony_facts(db: Reader, pbx: str) -> TelephonyFacts:
    """What the log holds of this PBX."""
    people = tuple(
        Staff(id=row["id"], login=row["login"], name=row["name"], extensions=tuple(row["extensions"]))
        for row in await db.fetch(_PEOPLE, pbx)
    )
    calls = await db.fetchrow(_ANSWERED, pbx, _SETTLED)
    assert calls is not None
    link = await db.fetchrow(_LINK, pbx)
    return TelephonyFacts(
        people=people,
        queues=tuple(row["name"] for row in await db.fetch(_QUEUES)),
        heard=await _heard(db, pbx),
        calls=AnsweredCalls(**dict(calls)),
        link=LinkRow(**dict(link)) if link else None,
        owner=await find_holder(db, f"pbx:{pbx}"),
    )


async def _heard(db: Reader, pbx: str) -> Heard:
    rows = await db.fetch(_HEARD, pbx)
    return Heard(
        times={row["name"]: row["times"] for row in rows},
        timed=frozenset(row["name"] for row in rows if row["timed"]),
        channels=tuple(sorted({channel for row in rows for channel in row["channels"] or () if channel})),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCall:
    """A call that was heard and written down."""

    interaction_id: UUID
    has_sound: bool


async def find_logged_call(db: Reader, pbx: str, external_id: str) -> LoggedCall | None:
    """The interaction of a call by its Linkedid; None: nobody wrote it down (yet)."""
    row = await db.fetchrow(_FIND_LOGGED, pbx, external_id)
    return LoggedCall(**dict(row)) if row else None
