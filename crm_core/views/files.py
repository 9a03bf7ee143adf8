"""Files of messages, and messages as they came: for whoever may see the conversation.

A file that is not sent yet is for whoever handed it over.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from crm_core.domain.errors import NotFound
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import WrittenChannel
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.store.interactions import FROM_INTERACTIONS, narrow_to_scope

_FROM_MESSAGES = f"{FROM_INTERACTIONS} JOIN messages message ON message.interaction_id = call.id"

# By primary key.
_UPLOADED = """
SELECT name, type, size
FROM uploads
WHERE id = $1 AND user_id = $2
"""

# By primary keys; what is stored outside its row and not compressed is read piece by piece.
_PIECE = """
SELECT substring(data FROM $2 FOR $3)
FROM (
    SELECT blob.data
    FROM message_files file
    JOIN blobs blob ON blob.digest = file.digest
    WHERE file.id = $1
    UNION ALL
    SELECT data
    FROM uploads
    WHERE id = $1
) kept
"""

# By message_files_message_id_idx.
_IN_PLACE = """
SELECT file.inline_id, file.type, blob.data
FROM message_files file
JOIN blobs blob ON blob.digest = file.digest
WHERE file.message_id = $1 AND file.inline_id IS NOT NULL
ORDER BY file.position
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What is known of a file beside its bytes; its name and type are a stranger's words."""

    id: UUID
    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMessage:
    """A message as it came over its channel."""

    channel: WrittenChannel
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """What of a message is to be shown; ``pictures``: (content id, type, bytes) of those its HTML shows."""

    html: str | None
    text: str
    pictures: tuple[tuple[str, str, bytes], ...]


async def get_file(db: Reader, file_id: UUID, viewer: Viewer) -> File:
    """
    Raises:
        NotFound: there is none, or none the viewer may see.
    """
    row = await _find(
        db,
        viewer,
        "file.name, file.type, file.size",
        "JOIN message_files file ON file.message_id = message.id",
        "file.id = {}",
        file_id,
    ) or await db.fetchrow(_UPLOADED, file_id, viewer.user_id)
    if row is None:
        raise NotFound("There is no such file.")
    return File(id=file_id, **row)


async def read_file(db: Reader, file: File, *, begin: int, length: int) -> bytes:
    """``length`` bytes of it from the ``begin``-th on, counted from 0."""
    data: bytes = await db.fetchval(_PIECE, file.id, begin + 1, length)
    return data


async def get_raw(db: Reader, message_id: UUID, viewer: Viewer) -> RawMessage:
    """
    Raises:
        NotFound: there is none, or none the viewer may see, or it is one of ours.
    """
    row = await _find(
        db,
        viewer,
        "call.channel, blob.data",
        "JOIN blobs blob ON blob.digest = message.raw",
        "message.id = {}",
        message_id,
    )
    if row is None:
        raise NotFound("There is no such message, or it did not come from outside.")
    return RawMessage(channel=WrittenChannel(row["channel"]), data=row["data"])


async def get_shown(db: Reader, message_id: UUID, viewer: Viewer) -> ShownMessage:
    """
    Raises:
        NotFound: there is none, or none the viewer may see.
    """
    row = await _find(db, viewer, "message.html, message.body", "", "message.id = {}", message_id)
    if row is None:
        raise NotFound("There is no such message.")
    pictures = await db.fetch(_IN_PLACE, message_id) if row["html"] is not None else []
    return ShownMessage(
        html=row["html"],
        text=row["body"],
        pictures=tuple((one["inline_id"], one["type"], one["data"]) for one in pictures),
    )


async def _find(db: Reader, viewer: Viewer, columns: str, joined: str, which: str, wanted: UUID) -> Record | None:
    conditions = Conditions()
    conditions.add(which, wanted)
    narrow_to_scope(conditions, viewer)
    return await db.fetchrow(
        f"SELECT {columns} {_FROM_MESSAGES} {joined} {conditions.where}",
        *conditions.args,
    )
