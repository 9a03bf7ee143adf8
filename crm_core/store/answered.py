"""The mail that an answer in a conversation answers, with what says to whom it may go."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from crm_core.domain.recipients import AnsweredMail
from crm_core.store.database import Reader, Transaction

# By messages_interaction_id_id_idx. The client's last; a machine's, or one of ours, only where there is no other.
_FIND = """
SELECT answered.from_address AS sender, answered.reply_to, answered.to_addresses AS "to",
       answered.cc_addresses AS cc, conversation.participants,
       ARRAY(SELECT value FROM contact_points WHERE client_id = call.client_id AND kind = 'email') AS clients,
       call.client_id IS NULL AND conversation.follows IS NULL AND NOT EXISTS (
           SELECT 1
           FROM messages before
           WHERE before.interaction_id = $1 AND before.id < answered.id AND before.kind = 'message'
       ) AS is_strangers_first
FROM messages answered
JOIN conversations conversation ON conversation.interaction_id = answered.interaction_id
JOIN interactions call ON call.id = answered.interaction_id
WHERE answered.interaction_id = $1 AND answered.kind = 'message' AND answered.state NOT IN ('failed', 'bounced')
ORDER BY answered.direction <> 'inbound', answered.automatic, answered.at DESC, answered.id DESC
LIMIT 1
"""

_ADMIT = """
UPDATE conversations
SET participants = ARRAY(SELECT DISTINCT unnest(participants || $2::text[]) ORDER BY 1)
WHERE interaction_id = $1 AND NOT participants @> $2::text[]
"""


async def find_answered(db: Reader, interaction_id: UUID) -> AnsweredMail | None:
    """None: nothing was said there, or nothing has arrived."""
    row = await db.fetchrow(_FIND, interaction_id)
    if row is None:
        return None
    return AnsweredMail(
        sender=row["sender"],
        reply_to=tuple(row["reply_to"]),
        to=tuple(row["to"]),
        cc=tuple(row["cc"]),
        known=frozenset(row["participants"]) | frozenset(row["clients"]),
        is_strangers_first=row["is_strangers_first"],
    )


async def admit(tx: Transaction, interaction_id: UUID, addresses: Sequence[str]) -> None:
    """What these write in answer belongs to the conversation: somebody of us has written to them in it."""
    await tx.execute(_ADMIT, interaction_id, list(addresses))
