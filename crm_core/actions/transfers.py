"""Several calls of the log turn out to be one: a consultation became a transfer.

The client's call goes on; what stood in the log as a consultation gives it its
phones, recordings and fact keys, and is left as a row that points there. Which
of the two was stored first, and whether they were ever stored apart, makes no
difference in the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from crm_core.actions.contacts import forget
from crm_core.domain.calls import CallSnapshot, Direction, InteractionState
from crm_core.domain.events import CallEnded, InteractionChanged, Room
from crm_core.domain.interactions import StoredCall, absorb, absorbed
from crm_core.store import calls as log
from crm_core.store.database import Transaction

# All by the indexes on interaction_id, of a handful of rows.
_MOVE = (
    """
DELETE FROM legs twice
USING legs kept
WHERE twice.interaction_id = ANY($2::uuid[]) AND kept.interaction_id = $1 AND kept.uniqueid = twice.uniqueid
""",
    "UPDATE legs SET interaction_id = $1 WHERE interaction_id = ANY($2::uuid[])",
    """
DELETE FROM recordings twice
USING recordings kept
WHERE twice.interaction_id = ANY($2::uuid[]) AND kept.interaction_id = $1 AND kept.name = twice.name
""",
    "UPDATE recordings SET interaction_id = $1 WHERE interaction_id = ANY($2::uuid[])",
    "UPDATE fact_keys SET interaction_id = $1 WHERE interaction_id = ANY($2::uuid[])",
    "UPDATE interactions SET merged_into = $1 WHERE id = ANY($2::uuid[])",
    "UPDATE callbacks SET promised_in = $1 WHERE promised_in = ANY($2::uuid[])",
)

# By callbacks_client_id_idx: a promise is kept by a call with its own client.
_MOVE_KEPT = "UPDATE callbacks SET kept_in = $1 WHERE client_id = ANY($3::uuid[]) AND kept_in = ANY($2::uuid[])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the log holds of one heard call."""

    call: StoredCall | None  # None: nobody knows it yet
    parts: Sequence[StoredCall] = ()  # what stood apart until now


def sort_out(heard: CallSnapshot, named: UUID | None, found: Mapping[UUID, StoredCall]) -> Known:
    """Which of the ``found`` calls is the heard one, and which are only parts of it.

    ``named`` is the one that the call's own Linkedid led to. A client's call is
    never a part of colleagues talking among themselves.
    """
    calls = sorted(found.values(), key=lambda call: (call.direction != heard.direction, call.id != named, call.id))
    if not calls:
        return Known(call=None)
    if len(calls) == 1 and (named is not None or not _begins_elsewhere(heard, calls[0])):
        return Known(call=calls[0])
    if _begins_elsewhere(heard, calls[0]):
        return Known(call=None, parts=calls)
    return Known(call=calls[0], parts=calls[1:])


def as_it_began(heard: CallSnapshot) -> CallSnapshot:
    """The call before anything happened to it: what its parts are moved into when nobody knew it."""
    return replace(
        heard, state=InteractionState.OFFERED, legs=(), stays=(), recordings=(), answered_at=None, ended_at=None
    )


def _begins_elsewhere(heard: CallSnapshot, call: StoredCall) -> bool:
    """Is the client's call new, and only a consultation of it known."""
    return call.direction == Direction.INTERNAL and heard.direction is not Direction.INTERNAL


async def join(tx: Transaction, known: Known, begun: StoredCall | None) -> StoredCall:
    """The call with the phones of its parts; ``begun`` is stored first when nobody knew it."""
    call = known.call
    if call is None:
        assert begun is not None
        await log.insert_calls(tx, [begun])
        call = begun
    await _move(tx, call.id, known.parts)
    return absorb(call, known.parts)


async def _move(tx: Transaction, call_id: UUID, parts: Sequence[StoredCall]) -> None:
    """Give the call what its parts have, and leave those as pointers."""
    ids = [part.id for part in parts]
    for statement in _MOVE:
        await tx.execute(statement, call_id, ids)
    if clients := [part.client_id for part in parts if part.client_id is not None]:
        await tx.execute(_MOVE_KEPT, call_id, ids, clients)
    await forget(tx, [who for part in parts if part.contact_number for who in (part.client_id, part.client_address)])
    await log.update_calls(tx, [(part, absorbed(part, tx.now)) for part in parts])


def tell_moved(tx: Transaction, part: StoredCall, rooms: tuple[Room, ...]) -> None:
    """Tell the screens that showed a part that it is gone: as it is read now, it names the call it went into."""
    event = InteractionChanged if part.is_over else CallEnded
    tx.emit(event(rooms=rooms, interaction_id=part.id, version=part.version + 1))
