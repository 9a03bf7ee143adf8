"""Promises: made, claimed, kept, moved, cancelled; taken over and given back in ``handovers``.

What one may not see is not found. A promise under somebody's living claim is
left alone by everybody else: they are calling the client at this moment. What
is asked for twice is done once: a kept promise may be kept again, in peace.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from crm_core.domain.callbacks import (
    CLAIM_LEASE,
    CallbackState,
    HistoryReason,
    LateBy,
    PromisedCallback,
    check_due,
    lateness,
)
from crm_core.domain.errors import (
    CallbackAlreadyClaimed,
    CallbackClosed,
    ClientBlocked,
    InputRejected,
    NotFound,
)
from crm_core.domain.events import CallbackChanged, CallbackMoved, Room, agent_room, team_room
from crm_core.domain.outages import late_by
from crm_core.domain.policies import Moments, Rules, moments, rules_for
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.inputs import InputModel, Moment, Sentence, Word
from crm_core.store import calendars, policies
from crm_core.store import callbacks as store
from crm_core.store.appointments import TO_TELL
from crm_core.store.audience import audience
from crm_core.store.callbacks import StoredCallback
from crm_core.store.clients import find_block, find_survivor, may_see_client
from crm_core.store.database import Record, Transaction
from crm_core.store.outages import outages

# Waits for whoever is being dismissed at this moment.
_FIND_AGENT = """
SELECT id
FROM users
WHERE id = $1 AND enabled
FOR KEY SHARE
"""

_FIND_CONTACT = """
SELECT client_id, client_address, COALESCE(answered_at, started_at) AS at
FROM interactions
WHERE id = $1
"""

_FIND_OWNER = """
SELECT agent_id, via
FROM callbacks
WHERE id = $1
"""

_PROMISED = Words(ru="Обещано клиенту.", en="Promised to the client.")

_FIND_ROOMS = """
SELECT callback.agent_id, client.owner_id, callback.queue, queue.team_id,
       ARRAY(SELECT user_id FROM queue_members member WHERE member.queue = callback.queue) AS members
FROM callbacks callback
LEFT JOIN clients client ON client.id = callback.client_id
LEFT JOIN queues queue ON queue.name = callback.queue
WHERE callback.id = $1
"""


class AgentUnknown(InputRejected):
    """There is no such agent, or they no longer work here."""

    code = "agent_unknown"


class ClientRequired(InputRejected):
    """A promise is made to a client: say who it was first."""

    code = "client_required"


class ContactUnknown(InputRejected):
    """This contact cannot have kept the promise: it was with somebody else, or before it."""

    code = "contact_unknown"


class PromiseIn(InputModel):
    """A promise to make, but for its time; without ``agent_id`` the caller owes it."""

    client_id: UUID
    subject: Sentence | None = None
    via: Literal["call", "email", "telegram", "webchat", "meeting"] = "call"
    agent_id: UUID | None = None
    policy: Word | None = None


class CallbackIn(PromiseIn):
    """A promise to make, for this moment."""

    due_at: Moment


class CallbackKeepIn(InputModel):
    """``interaction_id``: the contact by which it was kept, when there was one."""

    interaction_id: UUID | None = None


class CallbackMoveIn(InputModel):
    """To whom, and why, in words."""

    agent_id: UUID
    reason: Sentence


class CallbackCancelIn(InputModel):
    """Why nobody needs to keep it."""

    reason: Sentence


async def create(tx: Transaction, by: Viewer, given: CallbackIn) -> UUID:
    """Promise a client a contact.

    Raises:
        NotFound: there is no such client, or none ``by`` may see.
        AgentUnknown, DueTimeRejected, PolicyUnknown: nobody can promise that.
    """
    client_id = await find_survivor(tx, given.client_id)
    if client_id is None or not await may_see_client(tx, by, client_id):
        raise NotFound("There is no such client.")
    return await promise(
        tx,
        client_id=client_id,
        due_at=given.due_at,
        subject=given.subject,
        via=given.via,
        agent_id=given.agent_id or by.user_id,
        promised_in=None,
        by=by.user_id,
        policy=given.policy,
    )


async def promise(
    tx: Transaction,
    *,
    client_id: UUID,
    due_at: datetime,
    subject: str | None,
    via: str,
    agent_id: UUID,
    promised_in: UUID | None,
    by: UUID | None,
    policy: str | None = None,
    lead_id: UUID | None = None,
) -> UUID:
    """Write a promise down under the policies of today; ``by`` is null for the system.

    Raises:
        AgentUnknown, DueTimeRejected, PolicyUnknown: nobody can promise that.
        ClientBlocked: nothing is promised to this client any more.
    """
    check_due(due_at, tx.now)
    reason = await find_block(tx, client_id)
    if reason is not None:
        raise ClientBlocked(reason=reason)
    await check_agent(tx, agent_id)
    rules, made = await terms(tx, due_at, client_id=client_id, agent_id=agent_id, lead_id=lead_id, policy=policy)
    callback_id = await store.insert(
        tx,
        client_id=client_id,
        agent_id=agent_id,
        due_at=due_at,
        subject=subject,
        via=via,
        promised_in=promised_in,
        lead_id=lead_id,
        rules=rules,
        moments=made,
    )
    await store.open_history(
        tx,
        callback_id,
        agent_id,
        reason=HistoryReason.PROMISED,
        explanation=_PROMISED,
        by=None if by == agent_id else by,
    )
    await announce(tx, callback_id, version=1)
    if via == "telegram":
        tx.wake(TO_TELL)
    return callback_id


async def terms(
    tx: Transaction,
    due_at: datetime,
    *,
    client_id: UUID | None,
    agent_id: UUID | None = None,
    queue: str | None = None,
    lead_id: UUID | None = None,
    policy: str | None = None,
) -> tuple[Rules, Moments]:
    """The rules of today for a promise made now, and the moments that follow from them.

    Raises:
        PolicyUnknown: there is no policy called ``policy``, it is off, or it concerns others.
        CalendarHasNoHours: a rule counts working time, and the owner's calendar has none.
    """
    around = await policies.surroundings(tx, client_id, agent_id, queue, lead_id)
    rules = rules_for(await policies.newest(tx), around, asked=policy)
    calendar = await calendars.calendar_of_owner(tx, agent_id, queue)
    return rules, moments(rules, due_at, since=tx.now, calendar=calendar)


async def promise_in_interaction(
    tx: Transaction,
    *,
    interaction_id: UUID,
    client_id: UUID | None,
    agent_id: UUID,
    by: UUID,
    callback: PromisedCallback | None,
) -> UUID | None:
    """Write down what was agreed at the end of a contact; said again, it replaces what was said before.

    Without ``callback`` an earlier promise stays: a corrected note does not take back a word given.
    Gives the promise that stands after it, if one does.

    Raises:
        ClientRequired: the contact has no client yet.
        DueTimeRejected: the time cannot be.
    """
    earlier = await store.lock_promised_in(tx, interaction_id)
    if callback is None:
        return earlier
    if client_id is None:
        raise ClientRequired
    if earlier is None:
        return await promise(
            tx,
            client_id=client_id,
            due_at=callback.due_at,
            subject=callback.subject,
            via=callback.via,
            agent_id=agent_id,
            promised_in=interaction_id,
            by=by,
        )
    check_due(callback.due_at, tx.now)
    rules, made = await terms(tx, callback.due_at, client_id=client_id, agent_id=agent_id)
    version = await store.replace(
        tx,
        earlier,
        client_id=client_id,
        due_at=callback.due_at,
        subject=callback.subject,
        via=callback.via,
        rules=rules,
        moments=made,
    )
    await announce(tx, earlier, version=version)
    return earlier


async def claim(tx: Transaction, callback_id: UUID, by: Viewer) -> None:
    """Say "I am calling now"; said again, the lease begins again. What is a queue's becomes theirs.

    Raises:
        NotFound: there is none that ``by`` may see.
        CallbackClosed: it is kept or cancelled.
        CallbackAlreadyClaimed: somebody else is calling.
    """
    callback = await lock_owed(tx, callback_id, by)
    if callback.agent_id is None:
        await _take_from_queue(tx, callback, by.user_id)
    version = await store.claim(tx, callback.id, by=by.user_id, until=tx.now + CLAIM_LEASE)
    await announce(tx, callback.id, version=version)


async def keep(tx: Transaction, callback_id: UUID, by: Viewer, *, interaction_id: UUID | None = None) -> None:
    """The client has had what was promised, by ``interaction_id`` when it was a contact of ours.

    Raises:
        NotFound: there is none that ``by`` may see.
        CallbackClosed: it was cancelled.
        CallbackAlreadyClaimed: somebody else is calling the client now.
        ContactUnknown: that contact was not with this client, or was before the promise.
    """
    callback = await _lock(tx, callback_id, by)
    if callback.state is CallbackState.KEPT:
        return
    check_owed(callback, by)
    kept_at = await _contact_at(tx, callback, interaction_id) if interaction_id else tx.now
    await mark_kept(tx, callback.id, due_at=callback.due_at, kept_at=kept_at, kept_in=interaction_id)


async def move(tx: Transaction, callback_id: UUID, by: Viewer, *, agent_id: UUID, reason: str) -> None:
    """Give it to a colleague; the deadline stays, the new owner has the whole grace.

    Raises:
        NotFound: there is none that ``by`` may see.
        CallbackClosed: it is kept or cancelled.
        CallbackAlreadyClaimed: somebody is calling the client now.
        AgentUnknown: there is no such colleague.
    """
    callback = await lock_owed(tx, callback_id, by)
    await check_agent(tx, agent_id)
    await hand_over(tx, callback, agent_id, reason=HistoryReason.MOVED, explanation=reason, by=by.user_id)


async def cancel(tx: Transaction, callback_id: UUID, by: Viewer, *, reason: str) -> None:
    """Nobody needs to keep it any more.

    Raises:
        NotFound: there is none that ``by`` may see.
        CallbackClosed: it is kept.
        CallbackAlreadyClaimed: somebody else is calling the client now.
    """
    callback = await _lock(tx, callback_id, by)
    if callback.state is CallbackState.CANCELLED:
        return
    check_owed(callback, by)
    await mark_cancelled(tx, callback.id, reason=reason)


async def _lock(tx: Transaction, callback_id: UUID, by: Viewer) -> StoredCallback:
    callback = await store.lock_visible(tx, callback_id, by)
    if callback is None:
        raise NotFound
    return callback


async def lock_owed(tx: Transaction, callback_id: UUID, by: Viewer) -> StoredCallback:
    callback = await _lock(tx, callback_id, by)
    check_owed(callback, by)
    return callback


def check_owed(callback: StoredCallback, by: Viewer) -> None:
    if callback.is_closed:
        raise CallbackClosed(state=callback.state)
    if callback.state is CallbackState.CLAIMED and callback.claimed_by != by.user_id:
        raise CallbackAlreadyClaimed(
            agent_id=callback.claimed_by, agent_name=callback.claimed_by_name, claimed_until=callback.claimed_until
        )


async def check_agent(tx: Transaction, agent_id: UUID) -> None:
    if await tx.fetchval(_FIND_AGENT, agent_id) is None:
        raise AgentUnknown(agent_id=agent_id)


async def _contact_at(tx: Transaction, callback: StoredCallback, interaction_id: UUID) -> datetime:
    row = await tx.fetchrow(_FIND_CONTACT, interaction_id)
    if row is None or not _was_with(row, callback) or row["at"] < callback.created_at:
        raise ContactUnknown(interaction_id=interaction_id)
    at: datetime = row["at"]
    return at


def _was_with(contact: Record, callback: StoredCallback) -> bool:
    if callback.client_id is None:
        return bool(contact["client_address"] == callback.address)
    return bool(contact["client_id"] == callback.client_id)


async def mark_kept(
    tx: Transaction, callback_id: UUID, *, due_at: datetime, kept_at: datetime, kept_in: UUID | None
) -> None:
    """The client has had what was promised, and how late it was is now a fact."""
    late = lateness(due_at, kept_at)
    version = await store.close(
        tx,
        callback_id,
        state=CallbackState.KEPT,
        at=kept_at,
        late=late,
        late_by=await _whose_lateness(tx, callback_id, due_at, kept_at) if late else None,
        kept_in=kept_in,
    )
    await announce(tx, callback_id, version=version)


async def _whose_lateness(tx: Transaction, callback_id: UUID, due_at: datetime, kept_at: datetime) -> LateBy | None:
    row = await tx.fetchrow(_FIND_OWNER, callback_id)
    assert row is not None
    owners = {row["agent_id"]} - {None}
    gaps = (await outages(tx, owners, since=due_at, now=kept_at)).of(row["agent_id"], row["via"])
    return late_by(due_at, kept_at, gaps)


async def mark_cancelled(tx: Transaction, callback_id: UUID, *, reason: str) -> None:
    """It is owed no longer, and this is why."""
    version = await store.close(tx, callback_id, state=CallbackState.CANCELLED, at=tx.now, cancel_reason=reason)
    await announce(tx, callback_id, version=version)


async def _take_from_queue(tx: Transaction, callback: StoredCallback, agent_id: UUID) -> None:
    """The first to take what is everybody's owes it from now on."""
    await store.take(tx, callback.id, agent_id)
    await store.close_history(tx, callback.id, tx.now)
    explanation = Words(ru=f"Взято из очереди {callback.queue}.", en=f"Taken from the queue {callback.queue}.")
    await store.open_history(
        tx, callback.id, agent_id, reason=HistoryReason.GIVEN, explanation=explanation, by=agent_id
    )


async def hand_over(
    tx: Transaction,
    callback: StoredCallback,
    agent_id: UUID,
    *,
    reason: HistoryReason,
    explanation: str | Words,
    by: UUID | None,
    record: Mapping[str, object] | None = None,
    counts: bool = True,
) -> None:
    """The new owner has the whole grace: nobody is late with what was not theirs.

    ``record``: everything it was decided by, when the engine chose; ``counts``: among the moves a promise may make.
    """
    if agent_id == callback.agent_id:
        return
    rules = await store.rules_of(tx, callback.id)
    calendar = await calendars.calendar_of_owner(tx, agent_id)
    made = moments(rules, callback.due_at, since=tx.now, calendar=calendar)
    await store.close_history(tx, callback.id, tx.now)
    version = await store.assign(tx, callback.id, agent_id, made, counts=counts)
    await store.open_history(tx, callback.id, agent_id, reason=reason, explanation=explanation, by=by, record=record)
    if callback.agent_id is None:  # it was nobody's own: there is no loser to tell
        await announce(tx, callback.id, version=version)
        return
    rooms = await audience(tx, {callback.agent_id, agent_id, callback.owner_id})
    tx.emit(
        CallbackMoved(
            rooms=rooms,
            callback_id=callback.id,
            from_agent_id=callback.agent_id,
            to_agent_id=agent_id,
            explanation=explanation.en if isinstance(explanation, Words) else explanation,
            version=version,
        )
    )


async def announce(tx: Transaction, callback_id: UUID, *, version: int) -> None:
    """Tell everybody who sees this promise that it has changed."""
    tx.emit(CallbackChanged(rooms=await _rooms(tx, callback_id), callback_id=callback_id, version=version))


async def _rooms(tx: Transaction, callback_id: UUID) -> tuple[Room, ...]:
    """Who owes it, who owns the client and the queue it was given to, with their supervisors."""
    row = await tx.fetchrow(_FIND_ROOMS, callback_id)
    assert row is not None
    rooms = await audience(tx, {row["agent_id"], row["owner_id"]})
    members = map(agent_room, row["members"])
    return (*rooms, *members, *([team_room(row["team_id"])] if row["team_id"] else []))
