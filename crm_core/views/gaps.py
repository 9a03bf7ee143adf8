"""The ledger of times in which something was not heard.

A figure over such a time says so, until the PBX's own books have mended it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm_core.domain.gaps import GapKind, GapState, kind_of
from crm_core.inputs import InputModel, Moment
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.views.model import WireModel
from crm_core.views.paging import Page, decode_id, encode_cursor

# By primary key: an id is made of the moment the gap began.
_LIST = """
SELECT id, source, from_at, to_at, cause,
       CASE WHEN state = 'open' AND to_at IS NOT NULL THEN 'repairing' ELSE state END AS state,
       affected, repaired, sources, trouble
FROM gaps
{where}
ORDER BY id DESC
LIMIT {limit}
"""

# By gaps_unrepaired_idx: few are.
_OVER = """
SELECT id, source, from_at, to_at, cause, affected, repaired
FROM gaps
WHERE state <> 'repaired' AND from_at < $2 AND (to_at IS NULL OR to_at > $1)
ORDER BY from_at
"""

#: As the wire names the state of a gap that is over and not looked up yet.
_STATE = "CASE WHEN state = 'open' AND to_at IS NOT NULL THEN 'repairing' ELSE state END = {}"


class _Span(WireModel):
    id: UUID
    source: str
    from_at: Annotated[datetime, Field(serialization_alias="from")]
    to_at: Annotated[datetime | None, Field(serialization_alias="to")]
    cause: str  # in the words of whoever noticed it
    affected: int
    repaired: int
    kind: GapKind  # the same in one word


class Gap(_Span):
    """``to`` is null while it lasts; ``repaired`` of the ``affected`` calls are whole again, by these ``sources``."""

    state: GapState
    sources: list[str]
    trouble: str | None  # why a book of the PBX gave nothing


class GapMark(_Span):
    """What stands beside figures that are not complete because of it."""


class GapFilters(InputModel):
    """What the ledger can be narrowed to; ``from`` and ``to`` are of a time it touches."""

    source: Annotated[str | None, Field(max_length=64)] = None
    state: GapState | None = None
    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None


async def list_gaps(db: Reader, filters: GapFilters, *, limit: int, cursor: str | None) -> Page[Gap]:
    """Newest first."""
    conditions = Conditions()
    conditions.add_known("source = {}", filters.source)
    conditions.add_known(_STATE, filters.state)
    conditions.add_known("(to_at IS NULL OR to_at > {})", filters.from_)
    conditions.add_known("from_at < {}", filters.to)
    conditions.add_known("id < {}", decode_id(cursor) if cursor else None)
    statement = _LIST.format(where=conditions.where, limit=conditions.value(limit + 1))
    rows = await db.fetch(statement, *conditions.args)
    items = [Gap.model_validate(_with_kind(row)) for row in rows[:limit]]
    return Page[Gap](items=items, next=encode_cursor(str(items[-1].id)) if len(rows) > limit else None)


async def gaps_over(db: Reader, since: datetime, until: datetime) -> list[GapMark]:
    """The holes, not repaired, that touch this time: figures over it are not complete."""
    return [GapMark.model_validate(_with_kind(row)) for row in await db.fetch(_OVER, since, until)]


def _with_kind(row: Record) -> dict[str, object]:
    return {**row, "kind": kind_of(row["cause"])}
