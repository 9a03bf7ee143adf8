"""What people decide about a contact: whose it was, and how it ended.

A disposition ends wrap-up. Given while the client still talks it is kept, and
there is no wrap-up at all; given again it edits, and its promise is replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from crm_core.actions import agents, missed_calls
from crm_core.actions.callbacks import promise_in_interaction
from crm_core.actions.contacts import renumber_contact
from crm_core.domain.callbacks import PromisedCallback
from crm_core.domain.calls import InteractionState
from crm_core.domain.errors import (
    DispositionRequiresCallback,
    DispositionUnknown,
    NotFound,
    NotYourInteraction,
)
from crm_core.domain.events import FLOOR, InteractionChanged, Room, agent_room, team_room
from crm_core.domain.interactions import USUAL_RULE
from crm_core.domain.viewer import Viewer
from crm_core.store.calls import load_calls
from crm_core.store.database import Record, Transaction

AUTO_TIMEOUT = "AUTO_TIMEOUT"

_FIND_DISPOSITION = """
SELECT code, resultative, callback
FROM dispositions
WHERE code = $1 AND enabled
"""

_LOCK = """
SELECT call.id, call.state, call.agent_id, call.client_id, call.queues, call.ended_at, call.wrap_up_s,
       call.wrap_up_until, queue.wrap_up_limit_s, call.version, agent.team_id
FROM interactions call
LEFT JOIN users agent ON agent.id = call.agent_id
LEFT JOIN queues queue ON queue.name = call.queue
WHERE call.id = $1 AND call.merged_into IS NULL
FOR NO KEY UPDATE OF call
"""

_DISPOSE = """
UPDATE interactions
SET disposition_code = $2, disposition_resultative = $3, disposition_note = $4, disposition_by = $5,
    disposition_at = $6, state = $7, wrap_up_s = $8, closed_at = COALESCE(closed_at, $9),
    wrap_up_until = NULL, version = version + 1, updated_at = now()
WHERE id = $1
"""

# By interactions_live_idx: only what is in wrap-up, a handful of rows.
_DUE_WRAP_UPS = """
SELECT id
FROM interactions
WHERE state <> 'closed' AND state = 'wrap_up' AND wrap_up_until <= $1
ORDER BY id
LIMIT 100
FOR NO KEY UPDATE SKIP LOCKED
"""

_ATTACH = """
UPDATE interactions
SET client_id = $2, contact_number = $3, version = version + 1, updated_at = now()
WHERE id = $1
"""

_FIND_QUEUE_TEAMS = """
SELECT DISTINCT team_id
FROM queues
WHERE name = ANY($1::text[]) AND team_id IS NOT NULL
"""


_IMPORT_DISPOSITION = """
UPDATE interactions
SET disposition_code = $2, disposition_note = $3, disposition_by = agent_id, disposition_at = $4,
    disposition_resultative = (SELECT resultative FROM dispositions WHERE code = $2),
    wrap_up_s = $5, version = version + 1
WHERE id = $1
"""


async def set_disposition(
    tx: Transaction,
    interaction_id: UUID,
    by: Viewer,
    *,
    code: str,
    note: str | None,
    callback: PromisedCallback | None,
) -> None:
    """Say how the contact ended; ends wrap-up.

    Raises:
        NotFound: there is no such interaction.
        NotYourInteraction: an agent may close only what they had.
        DispositionUnknown: the code is not in the list.
        DispositionRequiresCallback: this outcome needs the time of the next contact.
        InputRejected: the promised time cannot be, or nobody knows yet who the client was.
    """
    row = await _lock(tx, interaction_id)
    if not by.supervises and row["agent_id"] != by.user_id:
        raise NotYourInteraction
    disposition = await tx.fetchrow(_FIND_DISPOSITION, code)
    if disposition is None:
        raise DispositionUnknown(code=code)
    promised = await promise_in_interaction(
        tx,
        interaction_id=interaction_id,
        client_id=row["client_id"],
        agent_id=row["agent_id"] or by.user_id,
        by=by.user_id,
        callback=callback,
    )
    if disposition["callback"] == "required" and promised is None:
        raise DispositionRequiresCallback(disposition=code)
    await _dispose(tx, row, code=code, resultative=disposition["resultative"], note=note, by=by.user_id)
    await agents.refresh_phones(tx, _in_wrap_up([row]))


async def close_due_wrap_ups(tx: Transaction) -> int:
    """Close what was not disposed of within its queue's limit; returns how many."""
    due = [await _lock(tx, row["id"]) for row in await tx.fetch(_DUE_WRAP_UPS, tx.now)]
    for row in due:
        await _dispose(tx, row, code=AUTO_TIMEOUT, resultative=False, note=None, by=None)
    # All people at once, and in id order: one by one, we and whoever else locks several could wait in a ring.
    await agents.refresh_phones(tx, _in_wrap_up(due))
    return len(due)


async def attach_client(tx: Transaction, interaction_id: UUID, client_id: UUID, by: Viewer) -> None:
    """Say who it was: one of several people behind the number, or a new card for an unknown one.

    Raises:
        NotFound: there is no such interaction or client, or the agent had no part in it.
    """
    call = (await load_calls(tx, [interaction_id])).get(interaction_id)
    if call is None or not (by.supervises or by.user_id in call.people):
        raise NotFound
    if await tx.fetchval("SELECT id FROM clients WHERE id = $1 AND merged_into IS NULL", client_id) is None:
        raise NotFound
    number = call.contact_number
    if number is not None:
        number = await renumber_contact(tx, call, client_id=client_id)
    await tx.execute(_ATTACH, interaction_id, client_id, number)
    await missed_calls.attach_client(tx, interaction_id, client_id)
    await _tell(tx, await _lock(tx, interaction_id), people=call.people)


async def _lock(tx: Transaction, interaction_id: UUID) -> Record:
    row = await tx.fetchrow(_LOCK, interaction_id)
    if row is None:
        raise NotFound
    return row


async def _dispose(
    tx: Transaction, row: Record, *, code: str, resultative: bool, note: str | None, by: UUID | None
) -> None:
    wrapping_up = row["state"] == InteractionState.WRAP_UP
    await tx.execute(
        _DISPOSE,
        row["id"],
        code,
        resultative,
        note,
        by,
        tx.now,
        InteractionState.CLOSED if wrapping_up else row["state"],
        _wrapped_up_s(row, tx.now) if wrapping_up else row["wrap_up_s"],
        tx.now if wrapping_up else None,
    )
    await _tell(tx, await _lock(tx, row["id"]), people={row["agent_id"]} - {None})


def _in_wrap_up(rows: Sequence[Record]) -> set[UUID]:
    """Whose phone these contacts kept until they were disposed of."""
    return {row["agent_id"] for row in rows if row["agent_id"] and row["state"] == InteractionState.WRAP_UP}


def _wrapped_up_s(row: Record, now: datetime) -> float:
    """Since the desk was told of the end, which the limit was counted from."""
    limit_s = row["wrap_up_limit_s"]
    limit = USUAL_RULE.wrap_up_limit if limit_s is None else timedelta(seconds=limit_s)
    began: datetime = max(row["wrap_up_until"] - limit, row["ended_at"])
    return max((now - began).total_seconds(), 0.0)


async def _tell(tx: Transaction, row: Record, *, people: set[UUID]) -> None:
    teams = {record["team_id"] for record in await tx.fetch(_FIND_QUEUE_TEAMS, row["queues"])}
    if row["team_id"]:
        teams.add(row["team_id"])
    rooms: list[Room] = [FLOOR, *(team_room(team) for team in teams), *(agent_room(person) for person in people)]
    tx.emit(InteractionChanged(rooms=tuple(rooms), interaction_id=row["id"], version=row["version"]))


async def import_disposition(
    tx: Transaction, interaction_id: UUID, *, code: str, note: str | None, at: datetime, wrap_up_s: float
) -> None:
    """The verdict of a contact that ended before it came into this log; nobody's screen waits for it."""
    await tx.execute(_IMPORT_DISPOSITION, interaction_id, code, note, at, wrap_up_s)
