"""Where a recording's sound is, for those who may hear it.

Who may see a call hears it; but a consultation, in which colleagues talked
while the client waited, is heard by those who took part and by supervisors only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_core.domain.errors import NotFound
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Reader
from crm_core.views.interactions import get_interaction


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFile:
    """A file as the PBX named it; the telephony room knows where it stands."""

    id: UUID
    interaction_id: UUID
    pbx: str
    file: str
    place: str | None  # where it was found, below the place that the settings name
    state: str
    started_at: datetime
    ended_at: datetime | None  # of its call


_COLUMNS = """
    recording.id, recording.interaction_id, recording.pbx, recording.file, recording.place, recording.state,
    recording.started_at, call.ended_at
"""

_FIND = f"""
SELECT {_COLUMNS}
FROM recordings recording
JOIN interactions call ON call.id = recording.interaction_id
WHERE recording.id = $1
"""  # noqa: S608

# By recordings_next_look_at_idx.
_DUE = f"""
SELECT {_COLUMNS}
FROM recordings recording
JOIN interactions call ON call.id = recording.interaction_id
WHERE recording.pbx = $1 AND recording.next_look_at <= now() AND call.ended_at IS NOT NULL
ORDER BY recording.next_look_at
LIMIT 100
"""  # noqa: S608


async def get_recording(db: Reader, recording_id: UUID, viewer: Viewer) -> RecordingFile:
    """
    Raises:
        NotFound: there is none, or the viewer may not hear it.
    """
    row = await db.fetchrow(_FIND, recording_id)
    if row is None:
        raise NotFound
    call = await get_interaction(db, row["interaction_id"], viewer)
    heard = next((one for one in call.recordings if one.id == recording_id), None)
    if heard is None or (heard.consultation and not viewer.supervises and viewer.user_id not in heard.agent_ids):
        raise NotFound
    return RecordingFile(**dict(row))


async def due_recordings(db: Reader, pbx: str) -> list[RecordingFile]:
    """Recordings of ended calls whose file is to be looked for now, the longest due first."""
    return [RecordingFile(**dict(row)) for row in await db.fetch(_DUE, pbx)]
