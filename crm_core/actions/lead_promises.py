"""A call that somebody asked for with their lead: a promise like any other, owed by whoever has the lead.

While the lead is nobody's its team's supervisor owes it: no promise is ever
without somebody who answers for it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog

from crm_core.actions.callbacks import announce, hand_over, mark_cancelled
from crm_core.actions.missed_calls import owe
from crm_core.domain.callbacks import HistoryReason
from crm_core.domain.missed_calls import Because, Taker
from crm_core.domain.words import Words
from crm_core.store import callbacks as promises
from crm_core.store import lead_promises as store
from crm_core.store.database import Transaction
from crm_core.store.leads import StoredLead
from crm_core.store.missed_calls import Caller

logger = structlog.get_logger(__name__)

_ALONG = Words(ru="Перешло вместе с лидом.", en="It went along with the lead.")
_ASKED = Words(ru="Просьба с заявкой: позвонить.", en="Asked for with the lead: to be called.")


async def promise_call(tx: Transaction, lead: StoredLead, due_at: datetime) -> None:
    """Owe them a call by ``due_at``; asked for again, what is due sooner stands for it."""
    if await store.is_owed_by(tx, lead.id, due_at):
        return
    agent_id = lead.owner_id or await store.find_supervisor(tx, lead.team_id)
    if agent_id is None:
        logger.warning("nobody works here who could owe a call", action="lead_call_unowed", lead_id=str(lead.id))
        return
    callback_id = await owe(
        tx,
        Caller(client_id=lead.client_id, address=lead.address, interaction_id=lead.id),
        Taker(because=Because.SUPERVISOR, agent_id=agent_id),
        due_at=due_at,
        promised_in=None,
        explanation=_ASKED,
    )
    await store.bind(tx, callback_id, lead.id, _ASKED.as_json())
    await announce(tx, callback_id, version=1)


async def take_along(tx: Transaction, lead_id: UUID, agent_id: UUID, *, by: UUID | None) -> None:
    """Whoever has the lead now owes what was promised for it, unless somebody is calling at this moment."""
    for callback_id in await store.lock_of_others(tx, lead_id, agent_id):
        callback = await promises.lock(tx, callback_id)
        assert callback is not None, "it is held"
        reason = HistoryReason.GIVEN
        await hand_over(tx, callback, agent_id, reason=reason, explanation=_ALONG, by=by, counts=False)


async def call_off(tx: Transaction, lead_id: UUID, *, reason: str) -> None:
    """The lead is lost: nobody needs to be called for it, unless somebody is calling at this moment."""
    for callback_id in await store.lock_all(tx, lead_id):
        await mark_cancelled(tx, callback_id, reason=reason)
