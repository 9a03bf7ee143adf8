"""Conversations: found by what a message names, held while somebody writes, and whose they were when.

Rows are locked in id order, so that two recorders never wait for each other in
a ring; a fact somebody else wrote first is reported, and the batch is simply
told again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.domain.words import Words
from crm_core.domain.written import (
    Conversation,
    HeardMessage,
    InboxState,
    WrittenChannel,
)
from crm_core.store.database import Reader, Record, Transaction, to_json
from crm_core.store.ids import AMONG_FIRST, as_ids

# By primary key of fact_keys. Each is looked up by itself, here and below: of what was given as JSON PostgreSQL
# expects a hundred rows, and of lists in it ten thousand, for which it would rather read the whole table.
_FIND_KEYS = """
SELECT asked.channel, asked.source, asked.key, known.interaction_id
FROM jsonb_to_recordset($1::jsonb) AS asked (channel text, source text, key text)
CROSS JOIN LATERAL (
    SELECT interaction_id
    FROM fact_keys one
    WHERE one.channel = asked.channel AND one.source = asked.source AND one.external_id = asked.key
    OFFSET 0
) AS known
"""

_CLAIM_KEYS = """
INSERT INTO fact_keys (channel, source, external_id, interaction_id)
SELECT asked.channel, asked.source, asked.key, asked.interaction_id
FROM jsonb_to_recordset($1::jsonb) AS asked (channel text, source text, key text, interaction_id uuid)
ON CONFLICT DO NOTHING
"""

# By conversations_thread_idx and messages_external_id_idx; what is open is better than what is closed, the
# thread better than an id anybody can say, the youngest better than those before.
_FIND_NAMED = """
WITH asked AS (
    SELECT *
    FROM jsonb_to_recordset($1::jsonb) AS asked (place int, channel text, source text, thread text, answers jsonb)
), named AS (
    SELECT asked.place, -1 AS nearness, found.interaction_id
    FROM asked
    JOIN LATERAL (
        SELECT interaction_id
        FROM conversations one
        WHERE one.channel = asked.channel AND one.source = asked.source AND one.thread = asked.thread
        ORDER BY interaction_id DESC
        LIMIT 2
    ) found ON true
    UNION ALL
    SELECT asked.place, answered.position::int AS nearness, message.interaction_id
    FROM asked
    CROSS JOIN LATERAL jsonb_array_elements_text(asked.answers) WITH ORDINALITY AS answered (external_id, position)
    CROSS JOIN LATERAL (
        SELECT interaction_id FROM messages one WHERE one.external_id = answered.external_id OFFSET 0
    ) AS message
), best AS (
    SELECT place, interaction_id, min(nearness) AS nearness
    FROM named
    GROUP BY place, interaction_id
)
SELECT best.place, conversation.interaction_id, conversation.channel, conversation.source, conversation.thread,
       conversation.inbox_state, conversation.participants, interaction.agent_id, interaction.client_id
FROM best
CROSS JOIN LATERAL (
    SELECT * FROM conversations one WHERE one.interaction_id = best.interaction_id OFFSET 0
) AS conversation
CROSS JOIN LATERAL (
    SELECT agent_id, client_id FROM interactions one WHERE one.id = best.interaction_id OFFSET 0
) AS interaction
ORDER BY best.place, (conversation.inbox_state = 'closed'), best.nearness, conversation.interaction_id DESC
"""

# Held until the end: nobody closes what is being joined. By primary key.
_HOLD = f"""
SELECT interaction_id, inbox_state
FROM conversations
WHERE interaction_id = {AMONG_FIRST}
ORDER BY interaction_id
FOR NO KEY UPDATE
"""  # noqa: S608  (a condition of our own)

# By conversations_thread_key.
_OPEN_IN = """
SELECT interaction_id
FROM conversations
WHERE channel = $1 AND source = $2 AND thread = $3 AND inbox_state <> 'closed'
"""

# By conversations_thread_idx.
_LATEST_OF = """
SELECT interaction_id
FROM conversations
WHERE channel = $1 AND source = $2 AND thread = $3
ORDER BY interaction_id DESC
LIMIT 1
"""

_OPEN_TURN = """
INSERT INTO conversation_turns (id, interaction_id, agent_id, from_at, words, by, record)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

_CLOSE_TURN = """
UPDATE conversation_turns
SET to_at = GREATEST(from_at, $2)
WHERE interaction_id = $1 AND to_at IS NULL
"""


async def known_facts(tx: Transaction, heard: Sequence[HeardMessage]) -> dict[tuple[str, str, str], UUID]:
    """``(channel, source, key)`` → the interaction that holds that message already."""
    rows = await tx.fetch(_FIND_KEYS, to_json([_key(one) for one in heard]))
    return {(row["channel"], row["source"], row["key"]): row["interaction_id"] for row in rows}


async def claim_facts(tx: Transaction, facts: Sequence[tuple[HeardMessage, UUID]]) -> bool:
    """Bind messages to their interactions; False when somebody else bound one of them first."""
    rows = [{**_key(heard), "interaction_id": interaction_id} for heard, interaction_id in facts]
    tag = await tx.execute(_CLAIM_KEYS, to_json(rows))
    return tag.endswith(f" {len(rows)}")


def _key(heard: HeardMessage) -> dict[str, str]:
    return {"channel": heard.channel, "source": heard.source, "key": heard.key}


async def named_by(tx: Transaction, heard: Sequence[HeardMessage]) -> list[list[Conversation]]:
    """For each message the conversations that it names, the best first; held, so that nobody closes them now."""
    asked = [
        {
            "place": place,
            "channel": one.channel,
            "source": one.source,
            "thread": one.thread,
            "answers": list(one.answers),
        }
        for place, one in enumerate(heard)
    ]
    rows = await tx.fetch(_FIND_NAMED, to_json(asked))
    held = await hold(tx, {row["interaction_id"] for row in rows})
    named: list[list[Conversation]] = [[] for _ in heard]
    for row in rows:
        named[row["place"]].append(_conversation(row, held[row["interaction_id"]]))
    return named


async def hold(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, InboxState]:
    """Lock these conversations until the transaction ends; their states as they are then."""
    if not (wanted := set(ids)):
        return {}
    rows = await tx.fetch(_HOLD, as_ids(wanted))
    return {row["interaction_id"]: InboxState(row["inbox_state"]) for row in rows}


def _conversation(row: Record, inbox_state: InboxState) -> Conversation:
    return Conversation(
        interaction_id=row["interaction_id"],
        channel=WrittenChannel(row["channel"]),
        source=row["source"],
        thread=row["thread"],
        inbox_state=inbox_state,
        participants=frozenset(row["participants"]),
        agent_id=row["agent_id"],
        client_id=row["client_id"],
    )


async def latest_of(db: Reader, channel: WrittenChannel, source: str, thread: str) -> UUID | None:
    """The youngest conversation of that chat, be it closed."""
    found: UUID | None = await db.fetchval(_LATEST_OF, channel, source, thread)
    return found


async def open_in(db: Reader, channel: WrittenChannel, source: str, thread: str) -> UUID | None:
    """The conversation of that chat which is not closed."""
    found: UUID | None = await db.fetchval(_OPEN_IN, channel, source, thread)
    return found


async def claim_fact(tx: Transaction, channel: WrittenChannel, source: str, key: str, interaction_id: UUID) -> bool:
    """Something that is no message has been heard in that conversation; False: it is known already."""
    fact = {"channel": channel, "source": source, "key": key, "interaction_id": interaction_id}
    return (await tx.execute(_CLAIM_KEYS, to_json([fact]))).endswith(" 1")


async def open_turn(
    tx: Transaction,
    interaction_id: UUID,
    agent_id: UUID | None,
    *,
    words: Words,
    by: UUID | None,
    record: Mapping[str, object] | None = None,
) -> None:
    """From now on it is theirs, or its queue's; whoever had it has it no more. ``record``: what it was decided by."""
    await close_turn(tx, interaction_id)
    said = to_json(words.as_json())
    kept = to_json(record) if record is not None else None
    await tx.execute(_OPEN_TURN, new_id(tx.now), interaction_id, agent_id, tx.now, said, by, kept)


async def close_turn(tx: Transaction, interaction_id: UUID) -> None:
    """Nobody has it from now on."""
    await tx.execute(_CLOSE_TURN, interaction_id, tx.now)
