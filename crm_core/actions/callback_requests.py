"""Callers who asked in the menu to be called back: each is owed a call, whatever else was said.

A fact, in the transaction that records the calls it was said in: told twice, or
replayed after a spell of deafness, it makes one promise. A caller has one such
promise: who asks after having been missed, or asks again, has said anew when to
be called; who gives up after having asked is owed nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from uuid import UUID

import orjson
import structlog

from crm_core.actions.raw_inputs import record_rejected
from crm_core.actions.wishes import Wish, promise
from crm_core.domain.callback_requests import CALLBACK_REQUEST, CallbackRequest
from crm_core.domain.ids import new_id
from crm_core.domain.missed_calls import AskedIn
from crm_core.domain.phones import normalise
from crm_core.store import calls as log
from crm_core.store import missed_calls as store
from crm_core.store.clients import clients_by_phones
from crm_core.store.database import Transaction
from crm_core.store.missed_calls import Caller, NamedQueue

logger = structlog.get_logger(__name__)

_FIND_CALL = """
SELECT client_id, client_address, queue
FROM interactions
WHERE id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Understood:
    """What of a request makes sense here and now."""

    caller: Caller
    queue: NamedQueue | None
    asked_for: UUID | None
    rejected: tuple[str, ...]


async def record_callback_requests(
    tx: Transaction, requests: Sequence[CallbackRequest], *, country: str, timezone: tzinfo
) -> None:
    """Promise each of these callers a call; ``timezone`` is the one in which times are told."""
    for request in requests:
        call_id = await _call_of(tx, request)
        key = (f"{request.pbx}@{request.boot}", f"{CALLBACK_REQUEST}:{request.uniqueid}")
        if await log.claim_keys(tx, [(*key, call_id or new_id(request.asked_at))]):
            await _record(tx, request, call_id, country, timezone)


async def _call_of(tx: Transaction, request: CallbackRequest) -> UUID | None:
    key = (f"{request.pbx}@{request.boot}", request.linkedid)
    return (await log.find_keys(tx, [key])).get(key)


async def _record(
    tx: Transaction, request: CallbackRequest, call_id: UUID | None, country: str, timezone: tzinfo
) -> None:
    understood = await _understand(tx, request, call_id, country)
    rejected = understood.rejected
    if understood.caller.address is None:
        rejected = (*rejected, "there is no number to call")
    elif await store.is_blocked(tx, understood.caller):
        rejected = (*rejected, "the client is blocked")
    elif await promise(tx, understood.caller, _wish(request, understood, call_id), timezone=timezone) is None:
        rejected = (*rejected, "there is nobody who could call")
    if rejected:
        reason = f"{CALLBACK_REQUEST}: {'; '.join(rejected)}"
        await record_rejected(tx, source=f"pbx:{request.pbx}", reason=reason, raw=orjson.dumps(dict(request.told)))
        logger.warning(
            "parts of a callback request make no sense",
            action="callback_request_rejected",
            pbx=request.pbx,
            linkedid=request.linkedid,
            parts=len(rejected),
        )


def _wish(request: CallbackRequest, understood: _Understood, call_id: UUID | None) -> Wish:
    return Wish(
        asked_at=request.asked_at,
        asked_in=AskedIn.MENU,
        due_at=request.due_at,
        queue=understood.queue,
        asked_for=understood.asked_for,
        subject=request.subject,
        said_in=call_id,
    )


async def _understand(tx: Transaction, request: CallbackRequest, call_id: UUID | None, country: str) -> _Understood:
    row = await tx.fetchrow(_FIND_CALL, call_id) if call_id else None
    own = row["client_address"] if row else normalise(request.caller or "", country)
    number = normalise(request.number, country) if request.number else None
    rejected = list(request.rejected)
    if request.number and number is None:
        rejected.append("Number: no telephone number")
    address = number or (own if own and own.startswith("+") else None)
    client_id = row["client_id"] if row and address == own else await _client_at(tx, address)

    queue = await store.find_queue(tx, request.queue) if request.queue else None
    if request.queue and queue is None:
        rejected.append("Queue: there is no such queue")
    if queue is None and row and row["queue"]:
        queue = await store.find_queue(tx, row["queue"])

    asked_for = await store.find_by_extension(tx, request.extension, request.pbx) if request.extension else None
    if request.extension and asked_for is None:
        rejected.append("Agent: nobody has this extension")
    caller = Caller(client_id=client_id, address=address, interaction_id=call_id or new_id(request.asked_at))
    return _Understood(caller=caller, queue=queue, asked_for=asked_for, rejected=tuple(rejected))


async def _client_at(tx: Transaction, address: str | None) -> UUID | None:
    """Whose number it is, when it is one person's alone."""
    people = (await clients_by_phones(tx, [address])).get(address, []) if address else []
    return people[0] if len(people) == 1 else None
