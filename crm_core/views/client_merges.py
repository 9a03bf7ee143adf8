"""Cards that have become part of a client: who made them one and when, and what would come apart again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from crm_core.domain.viewer import Viewer
from crm_core.store.client_merges import MOVED
from crm_core.store.database import Reader, Record
from crm_core.views.clients import get_client
from crm_core.views.model import WireModel


class ClientMerge(WireModel):
    """A card that is part of this one. Undone by ``unmerge`` of its ``client_id``.

    ``moves`` counts what would go back to it, by kind; ``fills`` names what this card would know no more.
    ``undo_first``: it came here as a part of that card, which must come apart before it.
    """

    client_id: UUID
    name: str | None
    at: datetime
    by_name: str | None
    moves: dict[str, int]
    fills: list[str]
    undo_first: UUID | None


class ClientMerges(WireModel):
    """The last one first."""

    items: list[ClientMerge]
    next: None = None


_COUNTS = ", ".join(
    f"""'{table}', (
           SELECT count(*)
           FROM {table} thing
           WHERE thing.client_id = $1
               AND thing.id = ANY(ARRAY(SELECT jsonb_array_elements_text(part.moved -> '{table}')::uuid)))"""  # noqa: S608
    for table in MOVED
)

# By client_merges_survivor_id_idx, then by primary keys. What was moved or corrected since the merge stays.
_PARTS = f"""
WITH RECURSIVE parts AS (
    SELECT id, survivor_id, merged_id, moved, by, at
    FROM client_merges
    WHERE survivor_id = $1 AND undone_at IS NULL
    UNION ALL
    SELECT further.id, further.survivor_id, further.merged_id, further.moved, further.by, further.at
    FROM client_merges further
    JOIN parts ON parts.merged_id = further.survivor_id
    WHERE further.undone_at IS NULL
)
SELECT part.merged_id AS client_id, gone.name, part.at, person.name AS by_name,
       NULLIF(part.survivor_id, $1) AS undo_first,
       jsonb_build_object({_COUNTS}) AS moves,
       ARRAY(SELECT field
             FROM jsonb_array_elements_text(part.moved -> 'clients') AS field
             WHERE to_jsonb(survivor) ->> field = to_jsonb(gone) ->> field) AS fills
FROM parts part
JOIN clients gone ON gone.id = part.merged_id
JOIN clients survivor ON survivor.id = $1
LEFT JOIN users person ON person.id = part.by
ORDER BY part.id DESC
"""  # noqa: S608  (tables of our own)


async def list_merges(db: Reader, viewer: Viewer, client_id: UUID) -> ClientMerges:
    """Every card that is part of this one now.

    Raises:
        NotFound: there is no such client, or none the viewer may see.
    """
    client = await get_client(db, client_id, viewer)
    return ClientMerges(items=[_merge(row) for row in await db.fetch(_PARTS, client.id)])


def _merge(row: Record) -> ClientMerge:
    return ClientMerge.model_validate(dict(row))
