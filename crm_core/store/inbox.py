"""The inbox: a conversation held while somebody decides about it, and the writes of each decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import EXCERPT, InboxState, WrittenChannel
from crm_core.store.conditions import Conditions
from crm_core.store.database import Record, Transaction
from crm_core.store.interactions import FROM_INTERACTIONS, narrow_to_scope
from crm_core.store.watch import DUE

_HELD_COLUMNS = """
SELECT conversation.interaction_id AS id, conversation.channel, conversation.source, conversation.subject,
       conversation.inbox_state, conversation.waiting_since, call.direction, call.queue, call.agent_id,
       call.client_id, call.client_address, call.our_address, call.answered_at
"""

# Held before anything beside it is read: what is read after the wait is true then. By primary key.
_HOLD_ONE = """
SELECT interaction_id
FROM conversations
WHERE interaction_id = $1
FOR NO KEY UPDATE
"""

_WE_BEGAN = f"""
{_HELD_COLUMNS}
FROM interactions call
JOIN conversations conversation ON conversation.interaction_id = call.id
WHERE call.id = ANY($1::uuid[]) AND call.direction = 'outbound' AND call.answered_at IS NULL
"""

# By interactions_client_id_id_idx, of the conversations that are not closed.
_OPEN_WITH = """
SELECT conversation.interaction_id
FROM interactions call
JOIN conversations conversation ON conversation.interaction_id = call.id
WHERE call.client_id = $1 AND conversation.channel = $2 AND conversation.inbox_state <> 'closed'
ORDER BY call.id DESC
LIMIT 1
"""

_ADDRESS_OF = """
SELECT value
FROM contact_points
WHERE client_id = $1 AND kind = $2
ORDER BY position, id
LIMIT 1
"""

_OPEN_INTERACTION = """
INSERT INTO interactions
    (id, channel, direction, state, external_id, queue, queues, client_id, client_address, our_address, agent_id,
     started_at)
VALUES ($1, $2, 'outbound', 'active', $1::uuid::text, $3, array_remove(ARRAY[$3::text], NULL), $4, $5, $6, $7, $8)
"""

_OPEN_CONVERSATION = """
INSERT INTO conversations
    (interaction_id, channel, source, thread, inbox_state, participants, last_at, last_direction, subject)
VALUES ($1, $2, $3, $4, 'open', ARRAY[$5::text], $6, 'outbound', $7)
"""

_ASSIGN = """
UPDATE interactions
SET agent_id = $2,
    state = CASE WHEN state = 'queued' AND $2::uuid IS NOT NULL THEN 'offered'
                 WHEN state = 'offered' AND $2::uuid IS NULL THEN 'queued'
                 ELSE state END
WHERE id = $1
"""

# By interactions_live_idx; held in the order of their ids, as everybody holds them.
_HAD_BY = """
SELECT conversation.interaction_id
FROM interactions call
JOIN conversations conversation ON conversation.interaction_id = call.id
WHERE call.agent_id = $1 AND call.state <> 'closed'
ORDER BY conversation.interaction_id
FOR NO KEY UPDATE OF conversation
"""

# Other hands, other moments.
_WATCH = """
UPDATE conversations
SET watch_at = $2, nobody_since = NULL
WHERE interaction_id = $1 AND waiting_since IS NOT NULL
"""

# By messages_interaction_id_at_id_idx. The list shows whose turn it is: notes and what we say by ourselves are none.
_SHOW_LAST = rf"""
UPDATE conversations conversation
SET last_at = last.at, last_direction = last.direction, last_excerpt = left(last.said, {EXCERPT})
FROM (
    SELECT at, direction, regexp_replace(COALESCE(own, body), '\s+', ' ', 'g') AS said
    FROM messages
    WHERE interaction_id = $1 AND kind = 'message' AND NOT (automatic AND direction = 'outbound')
    ORDER BY at DESC, id DESC
    LIMIT 1
) last
WHERE conversation.interaction_id = $1
"""  # noqa: S608  (a number of our own)

_ANSWERED = """
UPDATE conversations
SET inbox_state = $2, snoozed_until = CASE WHEN $2::text = 'snoozed' THEN snoozed_until END,
    waiting_since = $3
WHERE interaction_id = $1
"""

_OURS_AGAIN = """
UPDATE conversations
SET inbox_state = 'open'
WHERE interaction_id = $1 AND inbox_state = 'waiting'
RETURNING interaction_id
"""

_FIRST_ANSWER = """
UPDATE interactions
SET answered_at = $2, wait_s = EXTRACT(epoch FROM GREATEST($2::timestamptz - started_at, interval '0'))::float8,
    contact_number = $3, state = CASE WHEN state IN ('queued', 'offered') THEN 'active' ELSE state END
WHERE id = $1
"""

_CLOSE = """
UPDATE conversations
SET inbox_state = 'closed', snoozed_until = NULL, waiting_since = NULL, unread = 0
WHERE interaction_id = $1
"""

_CLOSE_INTERACTION = """
UPDATE interactions
SET state = 'closed', outcome = CASE WHEN answered_at IS NULL THEN 'unanswered' ELSE 'answered' END,
    ended_at = $2, closed_at = $2, ended_by = 'agent'
WHERE id = $1
"""

# By conversations_thread_key: a chat has one conversation that is open.
_REOPEN = """
UPDATE conversations conversation
SET inbox_state = 'open', snoozed_until = NULL
WHERE interaction_id = $1 AND NOT EXISTS (
    SELECT 1
    FROM conversations newer
    WHERE newer.channel = conversation.channel AND newer.source = conversation.source
        AND newer.thread = conversation.thread AND newer.inbox_state <> 'closed'
        AND newer.interaction_id <> conversation.interaction_id)
RETURNING interaction_id
"""

_REOPEN_INTERACTION = """
UPDATE interactions
SET state = CASE WHEN answered_at IS NOT NULL OR direction = 'outbound' THEN 'active'
                 WHEN agent_id IS NULL THEN 'queued' ELSE 'offered' END,
    outcome = NULL, ended_at = NULL, closed_at = NULL, ended_by = NULL
WHERE id = $1
"""

_SNOOZE = """
UPDATE conversations
SET inbox_state = 'snoozed', snoozed_until = $2
WHERE interaction_id = $1
"""

# A trip or a deal of that very client.
_ABOUT = """
UPDATE conversations conversation
SET trip_id = $2, deal_id = $3
FROM interactions call
WHERE conversation.interaction_id = $1 AND call.id = $1
    AND ($2::uuid IS NULL OR EXISTS (SELECT 1 FROM trips WHERE id = $2 AND client_id = call.client_id))
    AND ($3::uuid IS NULL OR EXISTS (SELECT 1 FROM deals WHERE id = $3 AND client_id = call.client_id))
RETURNING conversation.interaction_id
"""

_MARK_READ = """
UPDATE conversations
SET unread = 0
WHERE interaction_id = $1 AND unread > 0
RETURNING interaction_id
"""

# By conversations_snoozed_idx.
_WAKE = """
UPDATE conversations
SET inbox_state = 'open', snoozed_until = NULL
WHERE interaction_id IN (
    SELECT interaction_id
    FROM conversations
    WHERE inbox_state = 'snoozed' AND snoozed_until <= $1
    ORDER BY snoozed_until
    LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED)
RETURNING interaction_id
"""

_TOUCH = """
UPDATE interactions
SET version = version + 1, updated_at = now()
WHERE id = ANY($1::uuid[])
RETURNING id, version
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldConversation:
    """A conversation under lock, with what its verbs judge by."""

    id: UUID  # of its interaction
    channel: WrittenChannel
    source: str
    subject: str | None
    inbox_state: InboxState
    waiting_since: datetime | None  # the oldest message of the client that nobody has answered
    direction: str
    queue: str | None
    agent_id: UUID | None
    client_id: UUID | None
    client_address: str | None
    our_address: str | None
    answered_at: datetime | None


async def hold_visible(tx: Transaction, interaction_id: UUID, viewer: Viewer) -> HeldConversation | None:
    """The conversation, held until the end of the transaction; None when there is none the viewer may see."""
    return await _hold_one(tx, interaction_id, viewer)


async def hold_conversation(tx: Transaction, interaction_id: UUID) -> HeldConversation | None:
    """The same, for the system."""
    return await _hold_one(tx, interaction_id, None)


async def _hold_one(tx: Transaction, interaction_id: UUID, viewer: Viewer | None) -> HeldConversation | None:
    await tx.execute(_HOLD_ONE, interaction_id)
    conditions = Conditions()
    conditions.add("call.id = {}", interaction_id)
    if viewer is not None:
        narrow_to_scope(conditions, viewer)
    row = await tx.fetchrow(
        f"""{_HELD_COLUMNS} {FROM_INTERACTIONS}
        JOIN conversations conversation ON conversation.interaction_id = call.id {conditions.where}""",
        *conditions.args,
    )
    if row is None:
        return None
    return _held(row)


def _held(row: Record) -> HeldConversation:
    words = {"channel": WrittenChannel(row["channel"]), "inbox_state": InboxState(row["inbox_state"])}
    return HeldConversation(**{**row, **words})


async def open_with(tx: Transaction, client_id: UUID, channel: WrittenChannel) -> UUID | None:
    """The youngest conversation with that client on that channel which is not closed."""
    found: UUID | None = await tx.fetchval(_OPEN_WITH, client_id, channel)
    return found


async def address_of(tx: Transaction, client_id: UUID, channel: WrittenChannel) -> str | None:
    """Where the client is written to first on that channel."""
    address: str | None = await tx.fetchval(_ADDRESS_OF, client_id, channel)
    return address


async def open_ours(
    tx: Transaction,
    *,
    channel: WrittenChannel,
    source: str,
    queue: str | None,
    our_address: str | None,
    client_id: UUID,
    client_address: str,
    agent_id: UUID,
    subject: str | None = None,
) -> UUID:
    """A conversation that we begin; a chat is known by who is in it, a mail by a token of its own."""
    interaction_id = new_id(tx.now)
    thread = interaction_id.hex if channel is WrittenChannel.EMAIL else client_address
    await tx.execute(
        _OPEN_INTERACTION, interaction_id, channel, queue, client_id, client_address, our_address, agent_id, tx.now
    )
    await tx.execute(_OPEN_CONVERSATION, interaction_id, channel, source, thread, client_address, tx.now, subject)
    return interaction_id


async def assign(tx: Transaction, interaction_id: UUID, agent_id: UUID | None) -> None:
    """Whose it is from now on; its turn is written with :func:`open_turn`."""
    await tx.execute(_ASSIGN, interaction_id, agent_id)
    await tx.execute(_WATCH, interaction_id, tx.now)
    tx.wake(DUE)


async def had_by(tx: Transaction, agent_id: UUID) -> list[UUID]:
    """The conversations somebody has that are not closed, held until the end of the transaction."""
    return [row["interaction_id"] for row in await tx.fetch(_HAD_BY, agent_id)]


async def show_last(tx: Transaction, interaction_id: UUID) -> None:
    """What the inbox shows of it is the last message there is."""
    await tx.execute(_SHOW_LAST, interaction_id)


async def unanswered_by_client(tx: Transaction, ids: Sequence[UUID]) -> list[HeldConversation]:
    """Of these, the conversations that we began and whose client had not written yet."""
    rows = await tx.fetch(_WE_BEGAN, list(ids)) if ids else []
    return [_held(row) for row in rows]


async def answered(
    tx: Transaction, interaction_id: UUID, *, inbox_state: InboxState, waiting_since: datetime | None
) -> None:
    """What the client wrote is answered, but for what they wrote since."""
    await tx.execute(_ANSWERED, interaction_id, inbox_state, waiting_since)


async def is_ours_again(tx: Transaction, interaction_id: UUID) -> bool:
    """The client waits in vain for what we wrote: it is our turn. False: it was already, or is over."""
    return await tx.fetchval(_OURS_AGAIN, interaction_id) is not None


async def first_answer(tx: Transaction, interaction_id: UUID, *, at: datetime, contact_number: int) -> None:
    """Something was exchanged: from now on it counts as a contact."""
    await tx.execute(_FIRST_ANSWER, interaction_id, at, contact_number)


async def close(tx: Transaction, interaction_id: UUID) -> None:
    """The conversation and its interaction are closed in one."""
    await tx.execute(_CLOSE, interaction_id)
    await tx.execute(_CLOSE_INTERACTION, interaction_id, tx.now)


async def reopen(tx: Transaction, interaction_id: UUID) -> bool:
    """False: a newer one has begun in its place."""
    if await tx.fetchval(_REOPEN, interaction_id) is None:
        return False
    await tx.execute(_REOPEN_INTERACTION, interaction_id)
    return True


async def snooze(tx: Transaction, interaction_id: UUID, until: datetime) -> None:
    await tx.execute(_SNOOZE, interaction_id, until)


async def set_about(tx: Transaction, interaction_id: UUID, *, trip_id: UUID | None, deal_id: UUID | None) -> bool:
    """False: that trip or deal is somebody else's."""
    return await tx.fetchval(_ABOUT, interaction_id, trip_id, deal_id) is not None


async def mark_read(tx: Transaction, interaction_id: UUID) -> bool:
    """Whether there was anything unread."""
    return await tx.fetchval(_MARK_READ, interaction_id) is not None


async def wake_snoozed(tx: Transaction, *, limit: int) -> list[UUID]:
    """Those whose time has come, open again."""
    return [row["interaction_id"] for row in await tx.fetch(_WAKE, tx.now, limit)]


async def touch(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Their new versions."""
    rows = await tx.fetch(_TOUCH, list(ids)) if ids else []
    return {row["id"]: row["version"] for row in rows}
