"""A missed call makes a promise to call back, and more tries of the same caller stand behind the same one.

Part of recording a call, in its transaction: what is told twice changes
nothing. A call that turns out to have been answered takes its promise back,
unless the caller asked for it as well (``callback_requests``). Whom nobody can
call (no number) nobody owes a call, nor whom nobody may call (a blocked client).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from uuid import UUID

from crm_core.actions.callbacks import announce, mark_cancelled, terms
from crm_core.domain.callbacks import HistoryReason
from crm_core.domain.interactions import USUAL_RULE, StoredCall, Surroundings
from crm_core.domain.missed_calls import (
    TOO_OLD,
    AskedIn,
    Because,
    MissedRule,
    Taker,
    explained,
    makes_callback,
    taker,
    was_missed,
)
from crm_core.domain.words import Words
from crm_core.store import callbacks as promises
from crm_core.store import missed_calls as store
from crm_core.store.database import Transaction
from crm_core.store.missed_calls import Caller

_NOT_MISSED = "The call was answered after all: the log of the PBX said so later."


async def record_missed(
    tx: Transaction,
    pairs: Sequence[tuple[StoredCall | None, StoredCall]],
    around: Surroundings,
    *,
    timezone: tzinfo,
) -> None:
    """What the difference of each (before, after) means; ``timezone`` is the one in which times are told."""
    for before, after in pairs:
        rule = around.queues.get(after.queue or "", USUAL_RULE).missed
        owed = _is_owed(after, rule)
        if owed and not (before and _is_owed(before, rule)):
            await _call_back(tx, after, rule, timezone)
        elif before and _was_missed(before) and not _was_missed(after):
            await _take_back(tx, after.id, timezone)


def _is_owed(call: StoredCall, rule: MissedRule) -> bool:
    return _was_missed(call) and makes_callback(call.outcome, rule)


def _was_missed(call: StoredCall) -> bool:
    return was_missed(call.direction, call.outcome)


async def _call_back(tx: Transaction, call: StoredCall, rule: MissedRule, timezone: tzinfo) -> None:
    address = call.client_address
    # An address that is no number is kept as it was sent: nobody can call it.
    if address is None or not address.startswith("+") or call.ended_at is None or call.ended_at < tx.now - TOO_OLD:
        return
    caller = Caller.of(call)
    await store.hold_caller(tx, caller)
    if await store.is_blocked(tx, caller) or await store.was_reached_after(tx, caller):
        return
    callback_id = await store.lock_open(tx, caller)
    if callback_id is None:
        callback_id = await _promise(tx, call, caller, rule)
    if callback_id is None or not await store.add_try(tx, callback_id, call.id):
        return
    if call.client_id is not None:
        await store.attach(tx, callback_id, call.client_id)
    await explain(tx, callback_id, timezone)


async def _promise(tx: Transaction, call: StoredCall, caller: Caller, rule: MissedRule) -> UUID | None:
    rang = [leg.agent_id for leg in sorted(call.legs.values(), key=lambda leg: leg.offered_at) if leg.agent_id]
    people = await store.candidates(tx, caller, called=rang[-1] if rang else None)
    who = taker(manager=people.manager, last_talked=people.last_talked, rang=people.called, queue=call.queue)
    if who is None:
        return None
    due_at = tx.now + rule.due
    return await owe(tx, caller, who, due_at=due_at, promised_in=call.id, explanation=_given(who))


async def owe(
    tx: Transaction,
    caller: Caller,
    who: Taker,
    *,
    due_at: datetime,
    promised_in: UUID | None,
    explanation: Words,
    subject: str | None = None,
    asked_at: datetime | None = None,
    asked_in: AskedIn = AskedIn.MENU,
) -> UUID:
    """Write a promise of the system's own down; its words are still to be told (``explain``)."""
    rules, made = await terms(tx, due_at, client_id=caller.client_id, agent_id=who.agent_id, queue=who.queue)
    callback_id = await promises.insert(
        tx,
        client_id=caller.client_id,
        address=caller.address,
        agent_id=who.agent_id,
        queue=who.queue,
        due_at=due_at,
        subject=subject,
        via="call",
        promised_in=promised_in,
        rules=rules,
        moments=made,
        why=store.reasons(who, asked_at, asked_in),
    )
    await promises.open_history(
        tx, callback_id, who.agent_id, reason=HistoryReason.GIVEN, explanation=explanation, by=None
    )
    return callback_id


def _given(who: Taker) -> Words:
    return Words(
        ru=f"По правилу о пропущенных звонках: {_BECAUSE[who.because]}.",
        en=f"By the rule for missed calls: {who.because.replace('_', ' ')}.",
    )


_BECAUSE = {
    Because.MANAGER: "менеджер клиента",
    Because.LAST_TALKED: "последний, кто говорил с клиентом",
    Because.RANG: "звонили на этот телефон",
    Because.QUEUE: "вся очередь",
}


async def explain(tx: Transaction, callback_id: UUID, timezone: tzinfo) -> None:
    """Tell in words what the promise stands for now."""
    debt = await store.debt_of(tx, callback_id)
    assert debt is not None
    version = await store.explain(tx, callback_id, debt, explained(debt, timezone))
    await announce(tx, callback_id, version=version)


async def _take_back(tx: Transaction, interaction_id: UUID, timezone: tzinfo) -> None:
    """The call is not missed any more: its promise stands for one try less, or for nothing."""
    callback_id = await store.lock_of_try(tx, interaction_id)
    await store.remove_try(tx, interaction_id)
    if callback_id is None:
        return
    if await store.debt_of(tx, callback_id) is None:
        await mark_cancelled(tx, callback_id, reason=_NOT_MISSED)
    else:
        await explain(tx, callback_id, timezone)


async def attach_client(tx: Transaction, interaction_id: UUID, client_id: UUID) -> None:
    """The caller has become a client: what is owed for this missed call is owed to them."""
    for callback_id in await store.strangers_of(tx, interaction_id):
        version = await store.attach(tx, callback_id, client_id)
        if version is not None:
            await announce(tx, callback_id, version=version)
