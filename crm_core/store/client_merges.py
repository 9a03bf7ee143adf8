"""Merges of two clients: what was moved, kept so that exactly that can be moved back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from crm_core.domain.ids import new_id
from crm_core.store.database import Reader, Transaction, to_json

#: Whatever belongs to a client by its ``client_id``; those with a version tell by it that they changed.
_VERSIONED = ("interactions", "callbacks", "leads")
_PLAIN = ("client_relations", "trips", "deals", "contact_points")

#: Everything that a merge moves.
MOVED = (*_VERSIONED, *_PLAIN)

#: What the survivor takes over where it knows nothing itself.
FILLED = ("language", "owner_id", "service_class", "hint", "timezone", "birthday", "note")

_MOVE = {
    **{
        table: f"UPDATE {table} SET client_id = $1, version = version + 1 WHERE client_id = $2 RETURNING id"  # noqa: S608
        for table in _VERSIONED
    },
    **{
        table: f"UPDATE {table} SET client_id = $1 WHERE client_id = $2 RETURNING id"  # noqa: S608
        for table in _PLAIN
    },
    # An address both have stays where it is, twice.
    "contact_points": """
        UPDATE contact_points moving
        SET client_id = $1
        WHERE client_id = $2 AND NOT EXISTS (
            SELECT 1
            FROM contact_points same
            WHERE same.client_id = $1 AND same.kind = moving.kind AND same.value = moving.value
        )
        RETURNING id
    """,
}

_MOVE_BACK = {
    table: f"UPDATE {table} SET client_id = $1 WHERE id = ANY($2::uuid[]) AND client_id = $3"  # noqa: S608
    for table in MOVED
}

_FIND_FILLED = f"""
SELECT {", ".join(f"survivor.{name} IS NULL AND other.{name} IS NOT NULL AS {name}" for name in FILLED)}
FROM clients survivor, clients other
WHERE survivor.id = $1 AND other.id = $2
"""  # noqa: S608

_FILL = f"""
UPDATE clients survivor
SET {", ".join(f"{name} = COALESCE(survivor.{name}, other.{name})" for name in FILLED)}
FROM clients other
WHERE survivor.id = $1 AND other.id = $2
"""  # noqa: S608

# What a person has corrected since the merge is theirs and stays.
_EMPTY = f"""
UPDATE clients survivor
SET {
    ", ".join(
        f"{name} = CASE WHEN '{name}' <> ALL($3::text[]) OR survivor.{name} <> other.{name} THEN survivor.{name} END"
        for name in FILLED
    )
}
FROM clients other
WHERE survivor.id = $1 AND other.id = $2
"""  # noqa: S608

_MARK = """
UPDATE clients
SET merged_into = $2
WHERE id = $1
"""

_INSERT = """
INSERT INTO client_merges (id, survivor_id, merged_id, moved, by, at)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_LOCK_LAST = """
SELECT id, survivor_id, merged_id, moved
FROM client_merges
WHERE (survivor_id = $1 OR merged_id = $1) AND undone_at IS NULL
ORDER BY merged_id = $1 DESC, id DESC
LIMIT 1
FOR NO KEY UPDATE
"""

_MARK_UNDONE = """
UPDATE client_merges
SET undone_at = $2
WHERE id = $1
"""


_COUNTS = [f"(SELECT count(*) FROM {table} WHERE client_id = $1) AS {table}" for table in _MOVE_BACK]  # noqa: S608
_COUNT = f"SELECT {', '.join(_COUNTS)}"

_APART = """
INSERT INTO clients_apart (one_id, other_id, by, at)
VALUES (LEAST($1::uuid, $2::uuid), GREATEST($1::uuid, $2::uuid), $3, $4)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A merge that still stands."""

    id: UUID
    survivor_id: UUID
    merged_id: UUID
    moved: Mapping[str, list[str]]  # ids by table; under "clients" the names of the survivor's filled fields


async def merge(tx: Transaction, *, survivor_id: UUID, merged_id: UUID, by: UUID) -> None:
    """Move everything of ``merged_id`` to ``survivor_id``; both are locked by the caller."""
    moved = {
        table: [str(row["id"]) for row in await tx.fetch(statement, survivor_id, merged_id)]
        for table, statement in _MOVE.items()
    }
    filled = await tx.fetchrow(_FIND_FILLED, survivor_id, merged_id)
    assert filled is not None
    moved["clients"] = [name for name in FILLED if filled[name]]
    await tx.execute(_FILL, survivor_id, merged_id)
    await tx.execute(_MARK, merged_id, survivor_id)
    await tx.execute(_INSERT, new_id(tx.now), survivor_id, merged_id, to_json(moved), by, tx.now)


async def would_move(db: Reader, client_id: UUID) -> dict[str, int]:
    """How much of what belongs to this client, by table."""
    row = await db.fetchrow(_COUNT, client_id)
    assert row is not None
    return dict(row)


async def keep_apart(tx: Transaction, one: UUID, other: UUID, *, by: UUID) -> None:
    """Nobody suggests any more that these two are one."""
    await tx.execute(_APART, one, other, by, tx.now)


async def lock_last(tx: Transaction, client_id: UUID) -> Merge | None:
    """The merge this client vanished in, else the last one it survived."""
    row = await tx.fetchrow(_LOCK_LAST, client_id)
    return Merge(**dict(row)) if row else None


async def undo(tx: Transaction, last: Merge) -> None:
    for table, statement in _MOVE_BACK.items():
        await tx.execute(statement, last.merged_id, last.moved[table], last.survivor_id)
    await tx.execute(_EMPTY, last.survivor_id, last.merged_id, last.moved["clients"])
    await tx.execute(_MARK, last.merged_id, None)
    await tx.execute(_MARK_UNDONE, last.id, tx.now)
