"""Calling a client because of a promise: the promise is claimed in the same breath, or nothing is dialled.

A screen may be older than the truth. Who calls from a promise that has gone to
a colleague, or that a colleague is keeping at this moment, is told so before the
phone rings; to call all the same is a second, deliberate step.
"""

from __future__ import annotations

from uuid import UUID

from crm_core.actions import callbacks
from crm_core.domain.callbacks import CallbackState
from crm_core.domain.errors import CallbackClosed, CallbackMoved, NotFound
from crm_core.domain.viewer import Viewer
from crm_core.store.callbacks import StoredCallback, lock_visible
from crm_core.store.database import Transaction

_FIND_NAME = """
SELECT name
FROM users
WHERE id = $1
"""

# By callback_history_callback_id_idx. Who has lost a promise may see it no longer, but has it on an open screen.
_FIND_HEIR = """
SELECT callback.agent_id
FROM callbacks callback
WHERE callback.id = $1
    AND EXISTS (SELECT 1 FROM callback_history before WHERE before.callback_id = callback.id AND before.agent_id = $2)
"""


async def claim_for_call(tx: Transaction, callback_id: UUID, caller: Viewer, *, anyway: bool) -> None:
    """Say "I am calling now" for a call that is about to be placed; ``anyway``: knowing that it is not theirs.

    Raises:
        NotFound: there is none that ``caller`` sees or ever owed.
        CallbackMoved: somebody else owes it by now, or is calling this client.
        CallbackClosed: it is kept or cancelled.
    """
    callback = await lock_visible(tx, callback_id, caller)
    if callback is None:
        await _check_lost(tx, callback_id, caller, anyway=anyway)
        return
    if not anyway:
        await _check_theirs(tx, callback, caller)
    if not callback.is_closed and _claimer(callback) in (None, caller.user_id):
        await callbacks.claim(tx, callback_id, caller)


async def _check_lost(tx: Transaction, callback_id: UUID, caller: Viewer, *, anyway: bool) -> None:
    row = await tx.fetchrow(_FIND_HEIR, callback_id, caller.user_id)
    if row is None:
        raise NotFound("There is no such promise.")
    if not anyway:
        raise await _moved(tx, row["agent_id"])


async def _check_theirs(tx: Transaction, callback: StoredCallback, caller: Viewer) -> None:
    if callback.is_closed:
        raise CallbackClosed(state=callback.state)
    other = _claimer(callback) or callback.agent_id
    if other not in (None, caller.user_id) or callback.agent_id not in (None, caller.user_id):
        raise await _moved(tx, other if other != caller.user_id else callback.agent_id)


def _claimer(callback: StoredCallback) -> UUID | None:
    return callback.claimed_by if callback.state is CallbackState.CLAIMED else None


async def _moved(tx: Transaction, agent_id: UUID | None) -> CallbackMoved:
    return CallbackMoved(agent_id=agent_id, agent_name=await tx.fetchval(_FIND_NAME, agent_id))
