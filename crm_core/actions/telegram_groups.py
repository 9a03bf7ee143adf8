"""Which trip a group of travellers is about: bound by a person, and then so is every question asked there.

A supervisor chooses the trip of a group they see, or has a code made for a trip, which
whoever makes the group types there once.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from crm_core.actions import audit
from crm_core.domain.errors import InputRejected, NotFound
from crm_core.domain.trip_codes import LIVES, fresh_code, read_code
from crm_core.domain.viewer import Viewer
from crm_core.inputs import InputModel
from crm_core.store import telegram_groups as store
from crm_core.store.database import Transaction


class TripUnknown(InputRejected):
    """There is no such trip."""

    code = "trip_unknown"


class GroupIn(InputModel):
    """The trip that the group is about; null: none."""

    trip_id: UUID | None


class TripCodeIn(InputModel):
    """The trip that a group is to be bound to."""

    trip_id: UUID


async def bind(tx: Transaction, by: Viewer, chat_id: int, given: GroupIn) -> None:
    """From now on the group is about that trip.

    Raises:
        NotFound: no bot of ours is in such a group.
        TripUnknown: there is no such trip.
    """
    if given.trip_id is not None and await store.title_of_trip(tx, given.trip_id) is None:
        raise TripUnknown(trip_id=given.trip_id)
    if not await store.bind(tx, chat_id, given.trip_id):
        raise NotFound("No bot of ours is in such a group.")
    details: dict[str, object] = {"chat_id": chat_id, "trip_id": str(given.trip_id) if given.trip_id else None}
    await audit.write(tx, "telegram_group.bound", by=by.user_id, subject_kind="telegram_group", details=details)


async def make_code(tx: Transaction, by: Viewer, given: TripCodeIn) -> tuple[str, datetime]:
    """A code that binds one group to that trip, and until when it does.

    Raises:
        TripUnknown: there is no such trip.
    """
    if await store.title_of_trip(tx, given.trip_id) is None:
        raise TripUnknown(trip_id=given.trip_id)
    await store.forget_old_codes(tx)
    code, expires_at = fresh_code(), tx.now + LIVES
    await store.put_code(tx, code, given.trip_id, by=by.user_id, expires_at=expires_at)
    return code, expires_at


async def bind_by_code(tx: Transaction, source: str, chat_id: int, *, title: str, typed: str) -> str | None:
    """Somebody typed a code in that group; gives the title of the trip that it is about from now on.

    None: the code is none, too old, or was typed in another group. Typed again in this one it changes nothing.
    """
    code, group = read_code(typed), f"{source}:{chat_id}"
    held = await store.hold_code(tx, code) if code is not None else None
    if held is None or not (held.is_fresh or held.used_in == group):
        return None
    if held.is_fresh:
        await store.use_code(tx, held.code, used_in=group)
        await store.be_in(tx, source, chat_id, title=title, is_in=True)
        await store.bind(tx, chat_id, held.trip_id)
        details: dict[str, object] = {"chat_id": chat_id, "trip_id": str(held.trip_id), "by_code": True}
        await audit.write(tx, "telegram_group.bound", by=held.made_by, subject_kind="telegram_group", details=details)
    return await store.title_of_trip(tx, held.trip_id)
