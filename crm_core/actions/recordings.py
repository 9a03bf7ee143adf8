"""Recordings: named by the PBX while it records, playable once the file was seen, and never heard without a trace."""

from __future__ import annotations

from uuid import UUID

from crm_core.actions import audit
from crm_core.domain.events import FLOOR, InteractionChanged, agent_room
from crm_core.domain.recordings import FIRST_PATIENCE, HEARING_LASTS, Encoding, RecordingState, next_look_at
from crm_core.store.database import Transaction

# By audit_log_subject_id_idx. A program that names no listening is taken at its pieces: those from the
# middle belong to the hearing before them.
_HEARD_LATELY = """
SELECT EXISTS (
    SELECT 1
    FROM audit_log
    WHERE subject_id = $1 AND user_id = $2 AND action = $3 AND at > $4
        AND ($5::text IS NULL OR details->>'listening' = $5)
)
"""

# The player and the picture of the sound ask at the same moment: one of them waits for the other.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"

_FOUND = """
UPDATE recordings
SET state = 'available', duration_s = $2, encoding = $3, place = $4, next_look_at = NULL
WHERE id = $1 AND state <> 'available'
RETURNING interaction_id
"""

_ENDS = """
UPDATE recordings
SET state = $2, next_look_at = NULL
WHERE id = $1 AND state <> $2
RETURNING interaction_id
"""

_LOOK_AGAIN = """
UPDATE recordings
SET looks = looks + $2, next_look_at = $3
WHERE id = $1 AND state = 'awaited'
"""

_LOAD_LOOKS = """
SELECT recording.looks, coalesce(call.ended_at, recording.started_at) AS began
FROM recordings recording
JOIN interactions call ON call.id = recording.interaction_id
WHERE recording.id = $1
"""

_TOUCH = """
UPDATE interactions
SET version = version + 1, updated_at = now()
WHERE id = $1
RETURNING agent_id, version
"""


async def record_found(
    tx: Transaction,
    recording_id: UUID,
    *,
    duration_s: float | None,
    encoding: Encoding = Encoding.PCM,
    place: str | None = None,
) -> None:
    """The whole file was seen; ``duration_s`` is None for a format we cannot measure."""
    await _announce(tx, await tx.fetchval(_FOUND, recording_id, duration_s, encoding, place))


async def record_growing(tx: Transaction, recording_id: UUID) -> None:
    """The file is there and not whole yet: it will be soon."""
    await tx.execute(_LOOK_AGAIN, recording_id, 0, tx.now + FIRST_PATIENCE)


async def record_absent(tx: Transaction, recording_id: UUID) -> None:
    """The file is not there yet; after a day of looking it is missing."""
    row = await tx.fetchrow(_LOAD_LOOKS, recording_id)
    if row is None:
        return
    again_at = next_look_at(looks=row["looks"], began=row["began"], now=tx.now)
    if again_at is None:
        await _ends(tx, recording_id, RecordingState.MISSING)
    else:
        await tx.execute(_LOOK_AGAIN, recording_id, 1, again_at)


async def record_empty(tx: Transaction, recording_id: UUID) -> None:
    """The file is there and holds no sound: it is no recording."""
    await _ends(tx, recording_id, RecordingState.EMPTY)


async def record_gone(tx: Transaction, recording_id: UUID) -> None:
    """Somebody wanted to hear it and the file was there no more."""
    await _ends(tx, recording_id, RecordingState.GONE)


async def note_hearing(
    tx: Transaction, recording_id: UUID, *, by: UUID, address: str, listening: UUID | None, from_the_start: bool
) -> None:
    """Somebody listens: noted once a listening, whatever pieces of the sound are asked for during it.

    ``listening`` is the player's own name for it; without one, the sound from
    its start is a hearing, and a piece from the middle is part of the one before.
    """
    await tx.execute(_ONE_AT_A_TIME, f"{recording_id} {by}")
    named = str(listening) if listening else None
    if named is None and from_the_start:
        known = False
    else:
        since = tx.now - HEARING_LASTS
        known = await tx.fetchval(_HEARD_LATELY, recording_id, by, "recording.heard", since, named)
    if not known:
        details: dict[str, object] = {"listening": named} if named else {}
        await _write(tx, "recording.heard", recording_id, by=by, address=address, details=details)


async def note_download(tx: Transaction, recording_id: UUID, *, by: UUID, address: str) -> None:
    """Somebody takes the sound away as a file."""
    await _write(tx, "recording.downloaded", recording_id, by=by, address=address, details={})


async def _write(
    tx: Transaction, action: str, recording_id: UUID, *, by: UUID, address: str, details: dict[str, object]
) -> None:
    await audit.write(
        tx, action, by=by, subject_kind="recording", subject_id=recording_id, address=address, details=details
    )


async def _ends(tx: Transaction, recording_id: UUID, state: RecordingState) -> None:
    await _announce(tx, await tx.fetchval(_ENDS, recording_id, state))


async def _announce(tx: Transaction, interaction_id: UUID | None) -> None:
    """Tell those who look at the call, if anything changed."""
    if interaction_id is None:
        return
    row = await tx.fetchrow(_TOUCH, interaction_id)
    assert row is not None
    rooms = (FLOOR, agent_room(row["agent_id"])) if row["agent_id"] else (FLOOR,)
    tx.emit(InteractionChanged(rooms=rooms, interaction_id=interaction_id, version=row["version"]))
