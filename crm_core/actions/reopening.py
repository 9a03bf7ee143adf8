"""Promises owed again: a wrong "done" or a wrong cancellation is undone, or the promise is made for a new time.

Whoever may close a promise may open it again. It is owed by whom it was owed
before; somebody who does not work here any more owes nothing.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from crm_core.actions.callbacks import announce, check_agent, terms
from crm_core.domain.callbacks import HistoryReason, check_due
from crm_core.domain.errors import ClientBlocked, NotFound
from crm_core.domain.reopening import PROMISED_AGAIN, CallbackOpen, check_undo_close, given_back, taken_back
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.store import callbacks as promises
from crm_core.store import reopening as store
from crm_core.store.callbacks import StoredCallback
from crm_core.store.clients import find_block
from crm_core.store.database import Transaction
from crm_core.store.watch import DUE


async def reopen(tx: Transaction, callback_id: UUID, by: Viewer, *, due_at: datetime | None) -> None:
    """It is owed again: for ``due_at`` under the rules of today, or, said within minutes, as it was.

    Raises:
        NotFound: there is none that ``by`` may see.
        CallbackOpen: it is owed for another time.
        NewTimeRequired: it was closed too long ago to be undone.
        AgentUnknown: whoever owed it does not work here any more.
        ClientBlocked: nothing is promised to this client any more.
        DueTimeRejected, CalendarHasNoHours: it cannot be promised for that time.
    """
    callback = await promises.lock_visible(tx, callback_id, by)
    if callback is None:
        raise NotFound
    if not callback.is_closed:
        if due_at not in (None, callback.due_at):
            raise CallbackOpen(due_at=callback.due_at)
        return
    await _check_owed_again(tx, callback)
    if due_at is None:
        check_undo_close((await store.read_closed(tx, callback.id)).closed_at, tx.now)
        await undo_close(tx, callback, by=by.user_id)
    else:
        await _renew(tx, callback, due_at, by=by.user_id)


async def undo_close(tx: Transaction, callback: StoredCallback, *, by: UUID) -> None:
    """It was not done, or not called off, after all; what ran out meanwhile is given back."""
    closed = await store.read_closed(tx, callback.id)
    warn_at, notify_at, escalate_at = (
        given_back(moment, closed.closed_at, tx.now)
        for moment in (closed.warn_at, closed.notify_at, closed.escalate_at)
    )
    version = await store.undo(tx, callback.id, warn_at=warn_at, notify_at=notify_at, escalate_at=escalate_at)
    await _owed_again(tx, callback, HistoryReason.UNDONE, taken_back(callback.state), by=by, version=version)


async def undo_call_off(tx: Transaction, lead_id: UUID, closed_at: datetime, *, by: UUID) -> None:
    """A lead is open again: what was called off with it at ``closed_at`` is owed again."""
    for callback_id in await store.called_off_with(tx, lead_id, closed_at):
        callback = await promises.lock(tx, callback_id)
        assert callback is not None
        await undo_close(tx, callback, by=by)


async def _renew(tx: Transaction, callback: StoredCallback, due_at: datetime, *, by: UUID) -> None:
    check_due(due_at, tx.now)
    closed = await store.read_closed(tx, callback.id)
    rules, made = await terms(
        tx,
        due_at,
        client_id=callback.client_id,
        agent_id=callback.agent_id,
        queue=callback.queue,
        lead_id=closed.lead_id,
    )
    version = await store.renew(tx, callback.id, due_at=due_at, rules=rules, moments=made)
    await _owed_again(tx, callback, HistoryReason.PROMISED, PROMISED_AGAIN, by=by, version=version)


async def _check_owed_again(tx: Transaction, callback: StoredCallback) -> None:
    if callback.agent_id is not None:
        await check_agent(tx, callback.agent_id)
    if callback.client_id is not None:
        reason = await find_block(tx, callback.client_id)
        if reason is not None:
            raise ClientBlocked(reason=reason)


async def _owed_again(
    tx: Transaction, callback: StoredCallback, reason: HistoryReason, words: Words, *, by: UUID, version: int
) -> None:
    await promises.open_history(tx, callback.id, callback.agent_id, reason=reason, explanation=words, by=by)
    await announce(tx, callback.id, version=version)
    tx.wake(DUE)
