"""Which contact with somebody this is: 1 + how often something was exchanged with them before.

Clients stay for years, and counting years over while a telephone rings would
slow every next call. So how many there were is remembered, and which was the
latest. It is a cache: who is not remembered is counted from the log, and
whatever changes somebody's past simply forgets them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from crm_core.store.database import Transaction, to_json

# By primary key: of the names alone PostgreSQL expects so many that it would rather read all tallies.
_BY_NAME = "tally.who = ANY(ARRAY(SELECT one ->> 'who' FROM jsonb_array_elements($1::jsonb) AS one))"

# What is younger than anything remembered comes after all of it; the rest has to be counted.
_FOLLOW = f"""
UPDATE contact_tallies tally
SET contacts = tally.contacts + asked.contacts, latest = asked.latest
FROM jsonb_to_recordset($1::jsonb) AS asked (who text, contacts int, first uuid, latest uuid)
WHERE tally.who = asked.who AND {_BY_NAME} AND tally.latest < asked.first
RETURNING tally.who, tally.contacts - asked.contacts AS earlier
"""  # noqa: S608  (a condition of our own)

# By interactions_client_id_id_idx, or interactions_client_address_id_idx for a caller nobody knows yet.
_REMEMBER = """
INSERT INTO contact_tallies (who, contacts, latest)
SELECT asked.who, count(past.id), COALESCE(max(past.id::text)::uuid, asked.first)
FROM jsonb_to_recordset($1::jsonb) AS asked (who text, client_id uuid, address text, first uuid)
LEFT JOIN LATERAL (
    SELECT id FROM interactions WHERE client_id = asked.client_id AND contact_number IS NOT NULL
    UNION ALL
    SELECT id FROM interactions
    WHERE asked.client_id IS NULL AND client_address = asked.address AND contact_number IS NOT NULL
) past ON true
WHERE NOT EXISTS (SELECT FROM contact_tallies known WHERE known.who = asked.who)
GROUP BY asked.who, asked.first
ON CONFLICT (who) DO NOTHING
"""

_ADD = f"""
UPDATE contact_tallies tally
SET contacts = tally.contacts + asked.contacts, latest = GREATEST(tally.latest, asked.latest)
FROM jsonb_to_recordset($1::jsonb) AS asked (who text, contacts int, latest uuid)
WHERE tally.who = asked.who AND {_BY_NAME}
"""  # noqa: S608

_COUNT_EARLIER = """
SELECT asked.id,
       CASE
           WHEN asked.client_id IS NOT NULL THEN (
               SELECT count(*) FROM interactions earlier
               WHERE earlier.client_id = asked.client_id AND earlier.id < asked.id
                   AND earlier.contact_number IS NOT NULL)
           ELSE (
               SELECT count(*) FROM interactions earlier
               WHERE earlier.client_address = asked.address AND earlier.id < asked.id
                   AND earlier.contact_number IS NOT NULL)
       END AS earlier
FROM jsonb_to_recordset($1::jsonb) AS asked (id uuid, client_id uuid, address text)
"""

_FORGET = """
DELETE FROM contact_tallies
WHERE who = ANY($1::text[])
"""


class Contacted(Protocol):
    """An interaction, as far as it is with somebody."""

    @property
    def id(self) -> UUID: ...
    @property
    def client_id(self) -> UUID | None: ...
    @property
    def client_address(self) -> str | None: ...


async def number_contacts(tx: Transaction, answered: Iterable[Contacted]) -> dict[UUID, int]:
    """Number these new contacts, by interaction; a stranger's are counted by their number, a nameless one is a first.

    Contacts of one batch count among each other: a spool that is drained brings a client's whole morning at once.
    """
    people: dict[str | None, list[Contacted]] = {}
    for call in sorted(answered, key=lambda call: call.id):
        people.setdefault(_who(call), []).append(call)
    numbers = dict.fromkeys((call.id for call in people.pop(None, [])), 1)
    if people:
        asked = [_asked(who, calls) for who, calls in people.items() if who is not None]
        followed = {row["who"]: row["earlier"] for row in await tx.fetch(_FOLLOW, to_json(asked))}
        counted = await _count(tx, [one for one in asked if one["who"] not in followed], people)
        for who, calls in people.items():
            for place, call in enumerate(calls):
                numbers[call.id] = 1 + place + (followed[who] if who in followed else counted[call.id])
    return numbers


async def renumber_contact(tx: Transaction, call: Contacted, *, client_id: UUID) -> int:
    """Which contact this one is when it was with that client; whoever it was counted for is counted anew."""
    await forget(tx, [client_id, _who(call)])
    [row] = await tx.fetch(_COUNT_EARLIER, to_json([{"id": call.id, "client_id": client_id}]))
    return 1 + int(row["earlier"])


async def forget(tx: Transaction, people: Iterable[UUID | str | None]) -> None:
    """The past of these clients and addresses has changed: count it when they are met again."""
    await tx.execute(_FORGET, [str(who) for who in people if who is not None])


def _who(call: Contacted) -> str | None:
    return str(call.client_id) if call.client_id is not None else call.client_address


def _asked(who: str, calls: Sequence[Contacted]) -> dict[str, object]:
    return {
        "who": who,
        "client_id": calls[0].client_id,
        "address": calls[0].client_address,
        "contacts": len(calls),
        "first": calls[0].id,
        "latest": calls[-1].id,
    }


async def _count(
    tx: Transaction, asked: Sequence[Mapping[str, object]], people: Mapping[str | None, Sequence[Contacted]]
) -> dict[UUID, int]:
    """Whom we do not remember, and who was met before what we remember: by the log; remembered from now on."""
    if not asked:
        return {}
    # In this order two that number the same client at once wait for each other before they count.
    await tx.execute(_REMEMBER, to_json(asked))
    await tx.execute(_ADD, to_json(asked))
    calls = [call for one in asked for call in people[str(one["who"])]]
    rows = await tx.fetch(
        _COUNT_EARLIER,
        to_json([{"id": call.id, "client_id": call.client_id, "address": call.client_address} for call in calls]),
    )
    return {row["id"]: row["earlier"] for row in rows}
