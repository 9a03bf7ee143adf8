"""Which trip a group of travellers is about: bound by a person, and then so is every question asked there."""

from __future__ import annotations

from uuid import UUID

from crm_core.actions import audit
from crm_core.domain.errors import InputRejected, NotFound
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


async def bind(tx: Transaction, by: Viewer, chat_id: int, given: GroupIn) -> None:
    """From now on the group is about that trip.

    Raises:
        NotFound: no bot of ours is in such a group.
        TripUnknown: there is no such trip.
    """
    if given.trip_id is not None and not await store.is_trip(tx, given.trip_id):
        raise TripUnknown(trip_id=given.trip_id)
    if not await store.bind(tx, chat_id, given.trip_id):
        raise NotFound("No bot of ours is in such a group.")
    details: dict[str, object] = {"chat_id": chat_id, "trip_id": str(given.trip_id) if given.trip_id else None}
    await audit.write(tx, "telegram_group.bound", by=by.user_id, subject_kind="telegram_group", details=details)
