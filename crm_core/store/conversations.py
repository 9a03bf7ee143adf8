"""Conversations and their messages, read and written in batches.

Rows of conversations are locked in id order, so that two recorders never wait
for each other in a ring; a fact somebody else wrote first is reported, and the
batch is simply told again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.domain.words import Words
from crm_core.domain.written import (
    Conversation,
    HeardFile,
    HeardMessage,
    InboxState,
    MessageKind,
    MessageState,
    WrittenChannel,
    excerpt,
)
from crm_core.store.database import Record, Transaction, to_json
from crm_core.store.ids import AMONG_FIRST, as_ids

# By primary key of fact_keys.
_FIND_KEYS = """
SELECT known.channel, known.source, known.external_id AS key, known.interaction_id
FROM jsonb_to_recordset($1::jsonb) AS asked (channel text, source text, key text)
JOIN fact_keys known
    ON known.channel = asked.channel AND known.source = asked.source AND known.external_id = asked.key
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
    JOIN messages message ON message.external_id = answered.external_id
), best AS (
    SELECT place, interaction_id, min(nearness) AS nearness
    FROM named
    GROUP BY place, interaction_id
)
SELECT best.place, conversation.interaction_id, conversation.channel, conversation.source, conversation.thread,
       conversation.inbox_state, conversation.participants, interaction.agent_id, interaction.client_id
FROM best
JOIN conversations conversation ON conversation.interaction_id = best.interaction_id
JOIN interactions interaction ON interaction.id = best.interaction_id
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

_SAVE_BLOBS = """
INSERT INTO blobs (digest, size, data)
SELECT DISTINCT ON (digest) digest, length(data), data
FROM unnest($1::bytea[], $2::bytea[]) AS given (digest, data)
ORDER BY digest
ON CONFLICT (digest) DO NOTHING
"""

_MESSAGE_COLUMNS = (
    *("id", "interaction_id", "external_id", "kind", "direction", "state", "author_id", "from_address", "from_name"),
    *("to_addresses", "subject", "body", "own", "html", "answers", "automatic", "at", "raw"),
)
_FILE_COLUMNS = ("id", "message_id", "position", "name", "type", "size", "digest", "inline_id")

_OPEN_TURN = """
INSERT INTO conversation_turns (id, interaction_id, agent_id, from_at, words, by)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_CLOSE_TURN = """
UPDATE conversation_turns
SET to_at = GREATEST(from_at, $2)
WHERE interaction_id = $1 AND to_at IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshMessage:
    """A message to be written: heard, or to be sent."""

    id: UUID
    interaction_id: UUID
    external_id: str
    direction: str
    state: MessageState
    body: str
    at: datetime
    kind: MessageKind = MessageKind.MESSAGE
    author_id: UUID | None = None
    from_address: str | None = None
    from_name: str | None = None
    to_addresses: tuple[str, ...] = ()
    subject: str | None = None
    own: str | None = None
    html: str | None = None
    answers: str | None = None
    automatic: bool = False
    raw: bytes | None = None
    files: tuple[HeardFile, ...] = ()

    @property
    def excerpt(self) -> str:
        return excerpt(self.own or self.body or self.subject or "")


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


async def insert_messages(tx: Transaction, fresh: Sequence[FreshMessage]) -> None:
    """Messages in nobody's log yet, with their files; equal bytes are stored once."""
    digests: dict[bytes, bytes] = {}
    for data in (data for one in fresh for data in (one.raw, *(file.data for file in one.files)) if data is not None):
        digests[hashlib.sha256(data).digest()] = data
    if digests:
        await tx.execute(_SAVE_BLOBS, list(digests), list(digests.values()))
    await tx.copy("messages", _MESSAGE_COLUMNS, [_row(one) for one in fresh])
    files = [
        (
            new_id(one.at),
            one.id,
            position,
            file.name,
            file.type,
            len(file.data),
            hashlib.sha256(file.data).digest(),
            file.inline_id,
        )
        for one in fresh
        for position, file in enumerate(one.files)
    ]
    if files:
        await tx.copy("message_files", _FILE_COLUMNS, files)


def _row(one: FreshMessage) -> tuple[object, ...]:
    values = {name: getattr(one, name) for name in _MESSAGE_COLUMNS}
    values["raw"] = None if one.raw is None else hashlib.sha256(one.raw).digest()
    return tuple(values.values())


async def open_turn(
    tx: Transaction, interaction_id: UUID, agent_id: UUID | None, *, words: Words, by: UUID | None
) -> None:
    """From now on it is theirs, or its queue's; whoever had it has it no more."""
    await tx.execute(_CLOSE_TURN, interaction_id, tx.now)
    said = to_json({"ru": words.ru, "en": words.en})
    await tx.execute(_OPEN_TURN, new_id(tx.now), interaction_id, agent_id, tx.now, said, by)
