"""Where a recording's sound is, for those who may hear its call."""

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
    started_at: datetime


_COLUMNS = "recording.id, recording.interaction_id, recording.pbx, recording.file, recording.started_at"

_FIND = f"SELECT {_COLUMNS} FROM recordings recording WHERE recording.id = $1"  # noqa: S608

# By legs' and interactions' primary keys; the day bounds how long a lost file is looked for.
_MISSING = f"""
SELECT {_COLUMNS}
FROM recordings recording
JOIN interactions call ON call.id = recording.interaction_id
WHERE recording.pbx = $1 AND NOT recording.available AND call.ended_at IS NOT NULL
    AND recording.started_at > now() - interval '1 day'
ORDER BY recording.started_at DESC
LIMIT 100
"""  # noqa: S608


async def get_recording(db: Reader, recording_id: UUID, viewer: Viewer) -> RecordingFile:
    """
    Raises:
        NotFound: there is none, or it belongs to a call that the viewer may not see.
    """
    row = await db.fetchrow(_FIND, recording_id)
    if row is None:
        raise NotFound
    await get_interaction(db, row["interaction_id"], viewer)
    return RecordingFile(**dict(row))


async def missing_recordings(db: Reader, pbx: str) -> list[RecordingFile]:
    """Recordings of ended calls whose file has not been seen yet, newest first."""
    return [RecordingFile(**dict(row)) for row in await db.fetch(_MISSING, pbx)]
