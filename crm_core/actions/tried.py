"""A client was called and did not answer: an attempt, which the policy of the promise counts.

Part of recording the call's end, in its transaction: told twice, it counts
once. It counts for the promise that a talk would have kept, whoever of ours
called, and for whoever owed it when the call began. And who has called is not
calling any more: their claim ends with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import assert_never

from crm_core.actions.callbacks import announce, mark_kept
from crm_core.actions.reached import undo
from crm_core.domain.attempts import KeptByTrying, TryAgain, after_attempt
from crm_core.domain.callbacks import Contact, OwedCallback, which_is_kept
from crm_core.domain.calls import Direction
from crm_core.domain.interactions import StoredCall
from crm_core.domain.undone import undone_by
from crm_core.store import calendars
from crm_core.store import callbacks as promises
from crm_core.store import reached as store
from crm_core.store.database import Transaction

#: Of a promise that never moves by itself.
_NO_DEADLINE = datetime.max.replace(tzinfo=UTC)


def was_tried(call: StoredCall) -> bool:
    """Did one of us call somebody outside, and is it over without an answer."""
    return call.direction == Direction.OUTBOUND and call.ended_at is not None and call.answered_at is None


async def record_tried(tx: Transaction, calls: Iterable[StoredCall], *, timezone: tzinfo = UTC) -> None:
    """What these calls, which have just ended unanswered, mean to the promises; times are told in ``timezone``."""
    for call in calls:
        if call.client_id is None and call.client_address is None:
            continue
        owed = await promises.lock_owed_to(tx, call.client_id, call.id, address=call.client_address)
        if not owed:
            continue
        for callback_id, version in await store.release_claims(tx, call):
            await announce(tx, callback_id, version=version)
        tried = which_is_kept(owed, _as_contact(call))
        if tried is not None:
            await _count(tx, call, tried, timezone)


def _as_contact(call: StoredCall) -> Contact:
    """What it would have been, had the client answered at once."""
    return Contact(interaction_id=call.id, begun_at=call.started_at, answered_at=call.started_at)


async def _count(tx: Transaction, call: StoredCall, tried: OwedCallback, timezone: tzinfo) -> None:
    rules = await promises.rules_of(tx, tried.id)
    policy = next((policy for policy in rules.all if policy.attempts is not None), None)
    if policy is None:
        return
    clock = await store.clock_of(tx, tried.id)
    undone = undone_by(await store.turns_of(tx, tried.id), call.started_at)
    escalate_at = undone.escalate_at if undone else clock.escalate_at
    owner_id = undone.owner_id if undone else clock.agent_id
    after = after_attempt(
        policy,
        await store.attempts_for(tx, tried),
        escalate_at=escalate_at or _NO_DEADLINE,
        calendar=await calendars.calendar_of_owner(tx, owner_id, clock.queue),
    )
    if after is None:
        return
    if undone is not None:
        await undo(tx, tried.id, undone, begun_at=call.started_at, timezone=timezone)
    match after:
        case KeptByTrying(at=at):
            await mark_kept(tx, tried.id, due_at=tried.due_at, kept_at=at, kept_in=call.id)
        case TryAgain():
            if escalate_at is not None:
                version = await store.try_again(tx, tried.id, clock, after)
                await announce(tx, tried.id, version=version)
        case _:
            assert_never(after)
