"""What was decided about a lead by mistake: accepted, or closed as won or lost.

Accepting is taken back for a few minutes, by whoever accepted: a lead that was
given waits for them as before, one they took is nobody's again. A closed lead
may be opened again at any time, because clients come back; said within minutes
it is an undo, and the calls that were called off with it are owed again.
"""

from __future__ import annotations

from uuid import UUID

from crm_core.actions import form_log, leads
from crm_core.actions.reopening import undo_call_off
from crm_core.domain.errors import Forbidden, NotFound
from crm_core.domain.handovers import UNDO_WITHIN, UndoTooLate
from crm_core.domain.lead_watching import accept_by
from crm_core.domain.leads import LeadReason, LeadStage, OpenStage
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.inputs import InputModel
from crm_core.store import leads as store
from crm_core.store.database import Transaction
from crm_core.store.leads import StoredLead

_WORKS_HERE = """
SELECT EXISTS (SELECT 1 FROM users WHERE id = $1 AND enabled)
"""

_NOT_TAKEN = Words(ru="Взят по ошибке.", en="Taken by mistake.")
_OPENED = Words(ru="Снова открыт.", en="Opened again.")


class LeadReopenIn(InputModel):
    """How far it has come; one that nobody had accepted is new all the same."""

    stage: OpenStage = LeadStage.IN_WORK


async def take_acceptance_back(tx: Transaction, lead_id: UUID, by: Viewer) -> None:
    """The owner had not meant to accept it.

    Raises:
        NotFound: there is none that ``by`` may see.
        Forbidden: somebody else has accepted it.
        LeadClosed: it is won or lost.
        UndoTooLate: they accepted it more than ten minutes ago.
    """
    lead = await leads.lock_open(tx, lead_id, by)
    if lead.accepted_at is None:
        return
    if lead.owner_id != by.user_id:
        raise Forbidden
    if tx.now - lead.accepted_at > UNDO_WITHIN:
        raise UndoTooLate(accepted_at=lead.accepted_at)
    if await store.came_by(tx, lead.id) is LeadReason.TAKEN:
        await leads.give_back(tx, lead, reason=LeadReason.UNDONE, explanation=_NOT_TAKEN, by=by.user_id)
        return
    source = await store.find_source(tx, lead.source)
    until = accept_by(await leads.terms_for(tx, source, by.user_id), tx.now)
    version = await store.take_acceptance_back(tx, lead.id, accept_by=until)
    await leads.announce(tx, lead.id, version=version, before=lead)


async def reopen(tx: Transaction, lead_id: UUID, by: Viewer, given: LeadReopenIn) -> None:
    """It is followed again by whoever had it; when they have gone, by whom the engine finds.

    Raises:
        NotFound: there is none that ``by`` may see.
        Forbidden: it is not theirs, and they supervise nobody.
    """
    lead = await store.lock_visible(tx, lead_id, by)
    if lead is None:
        raise NotFound
    if lead.owner_id != by.user_id and not by.supervises:
        raise Forbidden
    if lead.closed_at is None:
        return
    owner_id = lead.owner_id if await tx.fetchval(_WORKS_HERE, lead.owner_id) else None
    version = await _open(tx, lead, owner_id, given.stage)
    await store.open_history(tx, lead.id, owner_id, reason=LeadReason.UNDONE, explanation=_OPENED, by=by.user_id)
    await form_log.open_again(tx, lead, owner_id)
    await leads.announce(tx, lead.id, version=version, before=lead)
    if tx.now - lead.closed_at <= UNDO_WITHIN:
        await undo_call_off(tx, lead.id, lead.closed_at, by=by.user_id)


async def _open(tx: Transaction, lead: StoredLead, owner_id: UUID | None, stage: LeadStage) -> int:
    if owner_id is None:
        return await store.reopen(tx, lead.id, stage, owner_id=None, accept_by=None, next_at=tx.now)
    if lead.accepted_at is not None:
        return await store.reopen(tx, lead.id, stage, owner_id=owner_id, accept_by=lead.accept_by, next_at=None)
    source = await store.find_source(tx, lead.source)
    until = accept_by(await leads.terms_for(tx, source, owner_id), tx.now)
    return await store.reopen(tx, lead.id, LeadStage.NEW, owner_id=owner_id, accept_by=until, next_at=until)
