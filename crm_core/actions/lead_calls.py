"""A call with the person behind a lead says that it is accepted: whoever has it and talks with them needs no button."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.actions.leads import mark_accepted
from crm_core.domain.interactions import StoredCall
from crm_core.store import leads as store
from crm_core.store.database import Transaction

# By leads_load_idx; in id order, so that two recorders never wait for each other in a ring.
_FIND_GIVEN = """
SELECT lead.id, call.answered_at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[])
    AS call (agent_id, client_id, address, answered_at)
JOIN leads lead ON lead.owner_id = call.agent_id AND lead.closed_at IS NULL AND lead.accepted_at IS NULL
    AND (lead.client_id = call.client_id OR lead.address = call.address)
ORDER BY lead.id
"""


async def record_talks(tx: Transaction, answered: Sequence[StoredCall]) -> None:
    """What these calls, which a person has just answered, mean to the leads that wait to be accepted."""
    columns = [
        [getattr(call, name) for call in answered]
        for name in ("agent_id", "client_id", "client_address", "answered_at")
    ]
    for row in await tx.fetch(_FIND_GIVEN, *columns):
        lead = await store.lock(tx, row["id"])
        if lead is not None and lead.owner_id is not None and lead.accepted_at is None:
            await mark_accepted(tx, lead, lead.owner_id, at=row["answered_at"])
