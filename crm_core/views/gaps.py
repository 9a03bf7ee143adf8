"""The ledger of times in which something was not heard."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm_core.store.database import Reader
from crm_core.views.model import WireModel
from crm_core.views.paging import Page, decode_id, encode_cursor

# By primary key: an id is made of the moment the gap began.
_LIST = """
SELECT id, source, from_at, to_at, cause, affected, repaired
FROM gaps
WHERE $1::uuid IS NULL OR id < $1
ORDER BY id DESC
LIMIT $2
"""


class Gap(WireModel):
    """Figures over it are not complete; ``to`` is null while it lasts."""

    id: UUID
    source: str
    from_at: Annotated[datetime, Field(serialization_alias="from")]
    to_at: Annotated[datetime | None, Field(serialization_alias="to")]
    cause: str
    affected: int
    repaired: int


async def list_gaps(db: Reader, *, limit: int, cursor: str | None) -> Page[Gap]:
    """Newest first."""
    rows = await db.fetch(_LIST, decode_id(cursor) if cursor else None, limit + 1)
    items = [Gap.model_validate(dict(row)) for row in rows[:limit]]
    return Page[Gap](items=items, next=encode_cursor(str(items[-1].id)) if len(rows) > limit else None)
