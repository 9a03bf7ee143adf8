"""Forms in the log: the interaction and the conversation of each, found by the lead it has become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_core.store.database import Transaction
from crm_core.store.leads import StoredLead

_OPEN_INTERACTION = """
INSERT INTO interactions (id, channel, direction, state, external_id, client_id, client_address, caller_name, agent_id,
                          started_at)
VALUES ($1, 'webform', 'inbound', CASE WHEN $6::uuid IS NULL THEN 'queued' ELSE 'offered' END, $2, $3, $4, $5, $6, $7)
"""

_OPEN_CONVERSATION = """
INSERT INTO conversations
    (interaction_id, channel, source, thread, inbox_state, participants, unread, last_at, last_excerpt, last_direction)
VALUES ($1, 'webform', $2, $3, 'open', $4, 1, $5, $6, 'inbound')
"""

_LINK = """
UPDATE leads
SET interaction_id = $2
WHERE id = $1
"""

_LEFT_AGAIN = """
UPDATE conversations
SET inbox_state = 'open', snoozed_until = NULL, unread = unread + 1, last_at = $2, last_excerpt = $3,
    last_direction = 'inbound'
WHERE interaction_id = $1
"""

# By primary keys.
_OF_LEAD = """
SELECT conversation.interaction_id AS id
FROM leads lead
JOIN conversations conversation ON conversation.interaction_id = lead.interaction_id
    AND conversation.channel = 'webform' AND conversation.inbox_state <> 'closed'
WHERE lead.id = $1
FOR NO KEY UPDATE OF conversation
"""
_UNANSWERED_OF_LEAD = """
SELECT conversation.interaction_id AS id
FROM leads lead
JOIN conversations conversation ON conversation.interaction_id = lead.interaction_id
    AND conversation.channel = 'webform' AND conversation.inbox_state = 'closed'
JOIN interactions form ON form.id = conversation.interaction_id AND form.answered_at IS NULL
WHERE lead.id = $1
FOR NO KEY UPDATE OF conversation
"""

# By leads_interaction_id_idx.
_HOLD_STRANGERS = """
SELECT id
FROM leads
WHERE interaction_id = $1 AND client_id IS NULL AND closed_at IS NULL
ORDER BY id
FOR NO KEY UPDATE
"""

# By leads_client_id_idx, leads_address_idx and leads_email_idx, then by primary keys; in id order, so that two who
# reach the same people never wait for each other in a ring.
_UNANSWERED = """
SELECT conversation.interaction_id AS id, contact.place
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) WITH ORDINALITY AS contact (client_id, address, at, place)
JOIN leads lead ON lead.closed_at IS NULL
    AND (lead.client_id = contact.client_id OR lead.address = contact.address OR lead.email = contact.address)
JOIN conversations conversation ON conversation.interaction_id = lead.interaction_id
    AND conversation.channel = 'webform' AND conversation.inbox_state <> 'closed'
JOIN interactions form ON form.id = conversation.interaction_id AND form.started_at <= contact.at
ORDER BY conversation.interaction_id, contact.at
FOR NO KEY UPDATE OF conversation
"""

_HAND_TO = """
UPDATE interactions
SET agent_id = $2, client_id = COALESCE($3, client_id),
    state = CASE WHEN answered_at IS NOT NULL THEN state WHEN $2::uuid IS NULL THEN 'queued' ELSE 'offered' END
WHERE id = $1 AND (agent_id IS DISTINCT FROM $2 OR client_id IS DISTINCT FROM COALESCE($3, client_id))
RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Somebody of us has talked with, or written to, a person: ``agent_id`` null, a program did."""

    agent_id: UUID | None
    client_id: UUID | None
    address: str | None
    at: datetime


async def open_form(
    tx: Transaction, interaction_id: UUID, lead: StoredLead, *, external_id: str, addresses: Sequence[str], said: str
) -> None:
    """The first of a lead, or the first since the last one was answered; ``addresses``: the one we go by is first."""
    row = (interaction_id, external_id, lead.client_id, addresses[0], lead.name, lead.owner_id, tx.now)
    await tx.execute(_OPEN_INTERACTION, *row)
    thread = interaction_id.hex
    await tx.execute(_OPEN_CONVERSATION, interaction_id, lead.source, thread, list(addresses), tx.now, said)
    await tx.execute(_LINK, lead.id, interaction_id)


async def left_again(tx: Transaction, interaction_id: UUID, *, said: str) -> None:
    await tx.execute(_LEFT_AGAIN, interaction_id, tx.now, said)


async def hold_open(tx: Transaction, lead_id: UUID) -> UUID | None:
    """The form of that lead which nobody has answered yet, held until the end of the transaction."""
    found: UUID | None = await tx.fetchval(_OF_LEAD, lead_id)
    return found


async def hold_unanswered_closed(tx: Transaction, lead_id: UUID) -> UUID | None:
    """The form of that lead, if it was closed before anybody answered it; held."""
    found: UUID | None = await tx.fetchval(_UNANSWERED_OF_LEAD, lead_id)
    return found


async def hold_strangers(tx: Transaction, interaction_id: UUID) -> list[UUID]:
    """The open leads of that contact of whom nobody knows which client they are, held."""
    return [row["id"] for row in await tx.fetch(_HOLD_STRANGERS, interaction_id)]


async def hold_unanswered(tx: Transaction, contacts: Sequence[Reached]) -> dict[UUID, Reached]:
    """The forms these contacts answer, held, each with the first that does."""
    columns = [[getattr(one, name) for one in contacts] for name in ("client_id", "address", "at")]
    answers: dict[UUID, Reached] = {}
    for row in await tx.fetch(_UNANSWERED, *columns) if contacts else []:
        answers.setdefault(row["id"], contacts[row["place"] - 1])
    return answers


async def hand_to(tx: Transaction, interaction_id: UUID, agent_id: UUID | None, client_id: UUID | None) -> bool:
    """Whose it is, and who left it, if that is known, from now on; False: that is so already."""
    return await tx.fetchval(_HAND_TO, interaction_id, agent_id, client_id) is not None
