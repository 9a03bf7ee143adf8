"""Recordings: named by the PBX while it records, playable once the file is found."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from crm_core.actions import audit
from crm_core.domain.events import FLOOR, InteractionChanged, agent_room
from crm_core.store.database import Transaction

#: Seeking this long after the beginning still belongs to the same hearing.
HEARING_LASTS = timedelta(hours=1)

# By audit_log_subject_id_idx.
_HEARD_LATELY = """
SELECT EXISTS (
    SELECT 1
    FROM audit_log
    WHERE subject_id = $1 AND user_id = $2 AND action = 'recording.heard' AND at > $3
)
"""

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


async def note_hearing(tx: Transaction, recording_id: UUID, *, by: UUID, address: str, from_the_start: bool) -> None:
    """Somebody listens; a piece from the middle is part of the hearing it follows, if there was one."""
    if from_the_start or not await tx.fetchval(_HEARD_LATELY, recording_id, by, tx.now - HEARING_LASTS):
        await audit.write(
            tx, "recording.heard", by=by, subject_kind="recording", subject_id=recording_id, address=address
        )
