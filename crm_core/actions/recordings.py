"""Recordings: named by the PBX while it records, playable once the file is found."""

from __future__ import annotations

from uuid import UUID

from crm_core.domain.events import FLOOR, InteractionChanged, agent_room
from crm_core.store.database import Transaction

_FOUND = """
UPDATE recordings
SET available = true, duration_s = $2
WHERE id = $1 AND NOT available
RETURNING interaction_id
"""

_TOUCH = """
UPDATE interactions
SET version = version + 1, updated_at = now()
WHERE id = $1
RETURNING agent_id, version
"""


async def record_found(tx: Transaction, recording_id: UUID, *, duration_s: float | None) -> None:
    """The file stands where the settings say; ``duration_s`` is None for a format we cannot measure."""
    interaction_id = await tx.fetchval(_FOUND, recording_id, duration_s)
    if interaction_id is None:
        return
    row = await tx.fetchrow(_TOUCH, interaction_id)
    assert row is not None
    rooms = (FLOOR, agent_room(row["agent_id"])) if row["agent_id"] else (FLOOR,)
    tx.emit(InteractionChanged(rooms=rooms, interaction_id=interaction_id, version=row["version"]))
