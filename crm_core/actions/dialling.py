"""Deciding about calls: placing one, declining one, ending one.

The log has the interaction before the PBX hears of it, under an id of ours
that the PBX will call it by; what is asked goes to the PBX through the
database, and expires.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from crm_core.actions.promised_calls import claim_for_call
from crm_core.domain.calls import ORIGINATE_EXPIRY
from crm_core.domain.errors import (
    CallNotLive,
    CallNotRinging,
    ClientBlocked,
    NoExtension,
    NoOutboundContext,
    NotFound,
    NumberNotDiallable,
    PbxUnavailable,
)
from crm_core.domain.events import FLOOR, InteractionChanged, agent_room
from crm_core.domain.ids import new_id
from crm_core.domain.interactions import StoredCall
from crm_core.domain.phones import normalise
from crm_core.domain.viewer import Viewer
from crm_core.store import calls as log
from crm_core.store import commands
from crm_core.store.clients import clients_by_phones, find_block
from crm_core.store.database import Transaction
from crm_core.store.links import IS_ALIVE

#: A decline or a hang-up that comes later would end another ringing.
COMMAND_EXPIRY = timedelta(seconds=5)

_CALLER = """
SELECT device.extension, device.pbx
FROM devices device
WHERE device.user_id = $1
ORDER BY device.position
LIMIT 1
"""

# The PBX a person's phone belongs to, or any that is up; of those that may dial clients.
_FIND_LINK = f"""
SELECT link.pbx
FROM pbx_links link
WHERE link.state = 'up' AND {IS_ALIVE} AND ($1 = '' OR link.pbx = $1) AND link.pbx = ANY($2::text[])
ORDER BY link.pbx
LIMIT 1
"""  # noqa: S608  (a condition of our own)

_FIND_PHONE_OF_CLIENT = """
SELECT value
FROM contact_points
WHERE client_id = $1 AND kind = 'phone'
ORDER BY position, id
LIMIT 1
"""

_PLACE = """
INSERT INTO interactions
    (id, channel, direction, state, external_id, pbx, client_id, client_address, agent_id, started_at)
VALUES ($1, 'call', 'outbound', 'offered', $2, $3, $4, $5, $6, $7)
"""


async def place_call(
    tx: Transaction,
    caller: Viewer,
    *,
    client_id: UUID | None,
    number: str | None,
    country: str,
    dialling: Collection[str],
    callback_id: UUID | None = None,
    anyway: bool = False,
) -> UUID:
    """Ring the caller's phone, then the client; the interaction stands in the log before the PBX is asked.

    ``dialling``: the PBXs whose settings say where clients are dialled. ``callback_id``: the promise this call
    is to keep; ``anyway``: even when it is somebody else's by now.

    Raises:
        CallbackMoved, CallbackClosed: the promise is not the caller's to keep any more.
        NoOutboundContext: there is no such PBX at all.
        NoExtension: the caller has no phone to ring.
        NumberNotDiallable: there is no number in it, or the client has none.
        ClientBlocked: nobody calls this client but a supervisor.
        PbxUnavailable: no PBX link is up; nothing was asked of it and nothing will be.
    """
    if callback_id is not None:
        await claim_for_call(tx, callback_id, caller, anyway=anyway)
    device = await tx.fetchrow(_CALLER, caller.user_id)
    if device is None:
        raise NoExtension
    address = await _number_to_dial(tx, client_id, number, country)
    if not dialling:
        raise NoOutboundContext
    pbx: str | None = await tx.fetchval(_FIND_LINK, device["pbx"], list(dialling))
    if pbx is None:
        raise PbxUnavailable
    if client_id is None:
        people = (await clients_by_phones(tx, [address])).get(address, [])
        client_id = people[0] if len(people) == 1 else None
    if client_id is not None and not caller.supervises:
        reason = await find_block(tx, client_id)
        if reason is not None:
            raise ClientBlocked(reason=reason)
    interaction_id = new_id(tx.now)
    await tx.execute(_PLACE, interaction_id, str(interaction_id), pbx, client_id, address, caller.user_id, tx.now)
    await log.claim_keys(tx, [(pbx, str(interaction_id), interaction_id)])
    await commands.ask(
        tx,
        pbx=pbx,
        kind="originate",
        payload={"extension": device["extension"], "number": address, "channel_id": str(interaction_id)},
        interaction_id=interaction_id,
        requested_by=caller.user_id,
        expires_in=ORIGINATE_EXPIRY,
    )
    tx.emit(InteractionChanged(rooms=(FLOOR, agent_room(caller.user_id)), interaction_id=interaction_id, version=1))
    return interaction_id


async def _number_to_dial(tx: Transaction, client_id: UUID | None, number: str | None, country: str) -> str:
    if number is None:
        number = await tx.fetchval(_FIND_PHONE_OF_CLIENT, client_id)
    address = normalise(number, country) if number else None
    if address is None:
        raise NumberNotDiallable
    return address


async def decline(tx: Transaction, interaction_id: UUID, viewer: Viewer) -> None:
    """Stop ringing the viewer's phone; the queue offers the call to the next.

    Raises:
        CallNotRinging: it rings there no longer.
    """
    call = await _my_call(tx, interaction_id, viewer)
    for leg in call.legs.values():
        if leg.agent_id == viewer.user_id and leg.ended_at is None and leg.answered_at is None and leg.is_offer:
            await _ask_hangup(tx, call, viewer, leg.channel, kind="decline")
            return
    raise CallNotRinging


async def hang_up(tx: Transaction, interaction_id: UUID, viewer: Viewer) -> None:
    """End the viewer's part of a call, or the whole call before the client answered.

    Raises:
        CallNotLive: it is over already, or the viewer is not in it.
    """
    call = await _my_call(tx, interaction_id, viewer)
    if not call.is_over:
        for leg in call.legs.values():
            if leg.ended_at is None and (leg.agent_id == viewer.user_id or viewer.supervises):
                await _ask_hangup(tx, call, viewer, leg.channel, kind="hangup")
                return
    raise CallNotLive


async def _my_call(tx: Transaction, interaction_id: UUID, viewer: Viewer) -> StoredCall:
    call = (await log.load_calls(tx, [interaction_id])).get(interaction_id)
    if call is None or not (viewer.supervises or _was_asked(call, viewer.user_id)):
        raise NotFound
    return call


def _was_asked(call: StoredCall, person: UUID) -> bool:
    """Did it ever ring or speak at a phone of theirs."""
    return any(leg.agent_id == person for leg in call.legs.values()) or call.agent_id == person


async def _ask_hangup(tx: Transaction, call: StoredCall, viewer: Viewer, channel: str, *, kind: str) -> None:
    await commands.ask(
        tx,
        pbx=call.pbx,
        kind=kind,
        payload={"channel": channel},
        interaction_id=call.id,
        requested_by=viewer.user_id,
        expires_in=COMMAND_EXPIRY,
    )
