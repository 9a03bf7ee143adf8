"""Absences as they are written down: who is away, from when, and until when if anybody knows."""

from __future__ import annotations

from uuid import UUID

from crm_core.store.database import Reader, Record

#: For ``FROM absences absence``: it has begun and is not over, by the database's clock.
NOW_ABSENT = "absence.from_at <= now() AND (absence.to_at IS NULL OR absence.to_at > now())"

# By absences_user_id_from_at_idx.
_FIND_NOW = f"""
SELECT absence.id, absence.to_at
FROM absences absence
WHERE absence.user_id = $1 AND {NOW_ABSENT}
ORDER BY absence.to_at DESC NULLS FIRST
LIMIT 1
"""  # noqa: S608


async def find_absence_now(db: Reader, user_id: UUID) -> Record | None:
    """The absence they are in at this moment: ``id`` and ``to_at``."""
    return await db.fetchrow(_FIND_NOW, user_id)
