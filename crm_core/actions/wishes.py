"""Somebody wishes to be called, said in a menu or in writing: one promise, whatever else is owed to them.

Who asks after having been missed, or asks again, has said anew when to be called. Part
of the transaction that records what they said; a fact, so it is never refused, only
sometimes without anybody who could call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum, auto
from uuid import UUID

from crm_core.actions.callbacks import terms
from crm_core.actions.missed_calls import explain, owe
from crm_core.domain.missed_calls import USUAL_MISSED_RULE, AskedIn, Taker, taker_of_request
from crm_core.domain.words import Words
from crm_core.domain.working_time import add_working_time
from crm_core.store import calendars, inbox
from crm_core.store import callbacks as promises
from crm_core.store import missed_calls as store
from crm_core.store.database import Reader, Transaction
from crm_core.store.missed_calls import Caller, NamedQueue

#: Whoever is asked for a number and gives none for so long means something else by the next one.
NUMBER_AWAITED = timedelta(hours=1)

_OWNER = """
SELECT agent_id, queue
FROM callbacks
WHERE id = $1
"""

_DUE_AT = """
SELECT due_at
FROM callbacks
WHERE id = $1
"""

# By contact_points_client_id_kind_value_key.
_NUMBER_OF = """
SELECT value
FROM contact_points
WHERE client_id = $1 AND kind = 'phone'
ORDER BY position, id
LIMIT 1
"""

_AWAIT_NUMBER = """
UPDATE conversations
SET call_asked_at = $2
WHERE interaction_id = $1
"""

_AWAITS_NUMBER = """
SELECT call_asked_at > $2
FROM conversations
WHERE interaction_id = $1 AND call_asked_at IS NOT NULL
"""

# By callbacks_client_id_idx and callbacks_address_idx.
_OWED_ALREADY = """
SELECT id AS callback_id, due_at
FROM callbacks
WHERE (client_id = $1 OR client_id IS NULL AND address = $2) AND via = 'call' AND missed_at IS NULL
    AND state IN ('open', 'claimed')
ORDER BY due_at
LIMIT 1
"""

_SAID = {
    AskedIn.MENU: Words(ru="Клиент попросил в меню, чтобы ему перезвонили.", en="Asked by the client in the menu."),
    AskedIn.CHAT: Words(ru="Клиент попросил в переписке, чтобы ему перезвонили.", en="Asked by the client in writing."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What of it makes sense here and now."""

    asked_at: datetime
    asked_in: AskedIn
    due_at: datetime | None = None  # None: whenever is usual
    queue: NamedQueue | None = None
    asked_for: UUID | None = None  # the manager they want, or are talking with
    subject: str | None = None
    said_in: UUID | None = None  # the contact


class Fate(StrEnum):
    """What became of a wish."""

    PROMISED = auto()
    NUMBER_NEEDED = auto()
    IMPOSSIBLE = auto()  # nobody may call them, or nobody is there who could


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """The promise that stands for a wish, and its moment."""

    callback_id: UUID
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """What became of it, and what is promised."""

    fate: Fate
    promised: Promised | None = None


async def request_call(
    tx: Transaction, interaction_id: UUID, *, number: str | None, asked_at: datetime, timezone: tzinfo
) -> Wished:
    """They ask for it in that conversation. ``number``: what they gave themselves, in E.164, else their client's.

    Whoever is owed a call already gets that one.
    """
    conversation = await inbox.hold_conversation(tx, interaction_id)
    assert conversation is not None  # it is the one in which they ask
    client_id = conversation.client_id
    address = number or await tx.fetchval(_NUMBER_OF, client_id)
    await tx.execute(_AWAIT_NUMBER, interaction_id, asked_at if address is None else None)
    if address is None:
        return Wished(fate=Fate.NUMBER_NEEDED)
    caller = Caller(client_id=client_id, address=address, interaction_id=interaction_id)
    await store.hold_caller(tx, caller)
    if await store.is_blocked(tx, caller):
        return Wished(fate=Fate.IMPOSSIBLE)
    owed = await tx.fetchrow(_OWED_ALREADY, client_id, address)
    promised = Promised(**owed) if owed is not None else None
    if promised is None:
        wish = Wish(
            asked_at=asked_at,
            asked_in=AskedIn.CHAT,
            queue=await store.find_queue(tx, conversation.queue) if conversation.queue else None,
            asked_for=conversation.agent_id,
            said_in=interaction_id,
        )
        promised = await promise(tx, caller, wish, timezone=timezone)
    return Wished(fate=Fate.PROMISED if promised else Fate.IMPOSSIBLE, promised=promised)


async def awaits_number(db: Reader, interaction_id: UUID, *, at: datetime) -> bool:
    """They have asked to be called, not long before ``at``, and owe us a number."""
    awaited: bool = await db.fetchval(_AWAITS_NUMBER, interaction_id, at - NUMBER_AWAITED)
    return awaited


async def promise(tx: Transaction, caller: Caller, wish: Wish, *, timezone: tzinfo) -> Promised | None:
    """Owe them a call, or say anew when. None: there is nobody who could call."""
    await store.hold_caller(tx, caller)
    callback_id = await store.lock_open(tx, caller)
    if callback_id is not None:
        await _ask_anew(tx, callback_id, caller, wish)
    else:
        callback_id = await _owe(tx, caller, wish)
    if callback_id is None:
        return None
    await explain(tx, callback_id, timezone)
    return Promised(callback_id=callback_id, due_at=await tx.fetchval(_DUE_AT, callback_id))


async def _owe(tx: Transaction, caller: Caller, wish: Wish) -> UUID | None:
    people = await store.candidates(tx, caller, called=wish.asked_for)
    who = taker_of_request(
        asked_for=people.called,
        manager=people.manager,
        last_talked=people.last_talked,
        queue=wish.queue.name if wish.queue else None,
        supervisor=await store.find_supervisor(tx),
    )
    if who is None:
        return None
    return await owe(
        tx,
        caller,
        who,
        due_at=wish.due_at or await _usual_due(tx, who, wish),
        promised_in=wish.said_in,
        explanation=_SAID[wish.asked_in],
        subject=wish.subject,
        asked_at=wish.asked_at,
        asked_in=wish.asked_in,
    )


async def _usual_due(tx: Transaction, who: Taker, wish: Wish) -> datetime:
    """The menu is offered in the company's hours; a chat is open at night, and is promised the morning."""
    wait = wish.queue.due if wish.queue else USUAL_MISSED_RULE.due
    if wish.asked_in is AskedIn.MENU:
        return wish.asked_at + wait
    calendar = await calendars.calendar_of_owner(tx, who.agent_id, who.queue)
    return add_working_time(calendar, wish.asked_at, wait)


async def _ask_anew(tx: Transaction, callback_id: UUID, caller: Caller, wish: Wish) -> None:
    """What is owed already is owed at the moment they name now; without one it stays as it is."""
    await store.note_request(tx, callback_id, wish.asked_at, wish.asked_in)
    if wish.due_at is None:
        return
    owner = await tx.fetchrow(_OWNER, callback_id)
    assert owner is not None
    rules, made = await terms(
        tx, wish.due_at, client_id=caller.client_id, agent_id=owner["agent_id"], queue=owner["queue"]
    )
    await promises.replace(
        tx,
        callback_id,
        client_id=caller.client_id,
        due_at=wish.due_at,
        subject=wish.subject,
        via="call",
        rules=rules,
        moments=made,
    )
