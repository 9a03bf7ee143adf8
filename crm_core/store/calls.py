"""Calls in the interaction log, read and written in batches.

The log is written by one recorder per PBX, but nothing here relies on it:
rows are locked in id order, and a fact key another recorder took first is
reported, so that the batch is simply told again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import zip_longest
from typing import Any
from uuid import UUID

from crm_core.domain.interactions import StoredCall
from crm_core.domain.legs import StoredLeg
from crm_core.domain.path import Span, Stay, StopKind
from crm_core.store.database import Record, Transaction, to_json
from crm_core.store.ids import AMONG_FIRST, as_ids

CALL = "call"

_LEG_COLUMNS = tuple(field.name for field in fields(StoredLeg))
_CALL_COLUMNS = tuple(field.name for field in fields(StoredCall) if field.name not in {"legs", "disposed"})

# By primary key; locked in id order so that two recorders never wait for each other in a ring.
_LOAD_CALLS = f"""
SELECT {", ".join(_CALL_COLUMNS)}, disposition_code IS NOT NULL AS disposed
FROM interactions
WHERE id = {AMONG_FIRST}
ORDER BY id
FOR NO KEY UPDATE
"""  # noqa: S608  (column names of our own dataclass)

# By legs_interaction_id_uniqueid_key.
_LOAD_LEGS = f"""
SELECT interaction_id, {", ".join(_LEG_COLUMNS)}
FROM legs
WHERE interaction_id = {AMONG_FIRST}
"""  # noqa: S608

# By primary key of fact_keys.
_FIND_KEYS = """
SELECT known.source, known.external_id, known.interaction_id
FROM unnest($1::text[], $2::text[]) AS asked (source, external_id)
JOIN fact_keys known ON known.channel = 'call'
    AND known.source = asked.source
    AND known.external_id = asked.external_id
"""

_CLAIM_KEYS = """
INSERT INTO fact_keys (channel, source, external_id, interaction_id)
SELECT 'call', asked.source, asked.external_id, asked.interaction_id
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS asked (source, external_id, interaction_id)
ON CONFLICT DO NOTHING
"""

_MUTABLE_CALL = tuple(name for name in _CALL_COLUMNS if name not in {"id", "direction", "external_id", "pbx", "boot"})
_UPDATE_CALL = f"""
UPDATE interactions
SET {", ".join(f"{name} = ${position}" for position, name in enumerate(_MUTABLE_CALL, start=2))}, updated_at = now()
WHERE id = $1
"""  # noqa: S608

_MUTABLE_LEG = tuple(name for name in _LEG_COLUMNS if name not in {"id", "uniqueid", "interface"})
_UPDATE_LEG = f"""
UPDATE legs
SET {", ".join(f"{name} = ${position}" for position, name in enumerate(_MUTABLE_LEG, start=2))}
WHERE id = $1
"""  # noqa: S608


async def find_keys(tx: Transaction, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
    """``(source, external_id)`` → the interaction that holds that fact."""
    rows = await tx.fetch(_FIND_KEYS, [source for source, _ in keys], [external for _, external in keys])
    return {(row["source"], row["external_id"]): row["interaction_id"] for row in rows}


async def claim_keys(tx: Transaction, keys: Sequence[tuple[str, str, UUID]]) -> bool:
    """Bind facts to their interactions; False when somebody else bound one of them first."""
    if not keys:
        return True
    sources, externals, ids = zip(*keys, strict=True)
    tag = await tx.execute(_CLAIM_KEYS, sources, externals, ids)
    return tag.endswith(f" {len(keys)}")


async def load_calls(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, StoredCall]:
    """The rows of these calls with their legs, locked until the transaction ends."""
    if not (unique := set(ids)):
        return {}
    wanted = as_ids(unique)
    rows = await tx.fetch(_LOAD_CALLS, wanted)
    legs: dict[UUID, dict[str, StoredLeg]] = {row["id"]: {} for row in rows}
    for row in await tx.fetch(_LOAD_LEGS, wanted):
        leg = StoredLeg(**{name: row[name] for name in _LEG_COLUMNS} | {"had": as_spans(row["had"])})
        legs[row["interaction_id"]][leg.uniqueid] = leg
    return {row["id"]: _call(row, legs[row["id"]]) for row in rows}


def _call(row: Record, legs: dict[str, StoredLeg]) -> StoredCall:
    values = {name: row[name] for name in _CALL_COLUMNS}
    stays = as_stays(row["stays"])
    queues = tuple(row["queues"])
    return StoredCall(**values | {"queues": queues, "stays": stays, "disposed": row["disposed"], "legs": legs})


async def insert_calls(tx: Transaction, calls: Sequence[StoredCall]) -> None:
    """Calls that are in nobody's log yet: ``claim_keys`` has said so, so they may be copied in."""
    if not calls:
        return
    await tx.copy(
        "interactions", (*_CALL_COLUMNS, "channel"), [(*_values(call, _CALL_COLUMNS), CALL) for call in calls]
    )
    await _insert_legs(tx, ((call.id, leg) for call in calls for leg in call.legs.values()))


async def update_calls(tx: Transaction, pairs: Sequence[tuple[StoredCall, StoredCall]]) -> None:
    """Write what differs between each (before, after)."""
    if not pairs:
        return
    await tx.executemany(_UPDATE_CALL, [(after.id, *_values(after, _MUTABLE_CALL)) for _, after in pairs])
    changed, fresh = [], []
    for before, after in pairs:
        for uniqueid, leg in after.legs.items():
            known = before.legs.get(uniqueid)
            if known is None:
                fresh.append((after.id, leg))
            elif known is not leg and known != leg:
                changed.append((leg.id, *_values(leg, _MUTABLE_LEG)))
    if changed:
        await tx.executemany(_UPDATE_LEG, changed)
    await _insert_legs(tx, fresh)


async def _insert_legs(tx: Transaction, legs: Iterable[tuple[UUID, StoredLeg]]) -> None:
    rows = [(interaction_id, *_values(leg, _LEG_COLUMNS)) for interaction_id, leg in legs]
    if rows:
        await tx.copy("legs", ("interaction_id", *_LEG_COLUMNS), rows)


def as_spans(moments: Sequence[datetime]) -> tuple[Span, ...]:
    """Of from, until, from, until …; an odd one out still lasts."""
    return tuple(zip_longest(moments[::2], moments[1::2]))


def as_stays(places: Iterable[Mapping[str, str | None]]) -> tuple[Stay, ...]:
    return tuple(
        Stay(kind=StopKind(str(one["kind"])), name=str(one["name"]), start=_moment(one["from"]), end=_end(one["to"]))
        for one in places
    )


def _moment(text: str | None) -> datetime:
    assert text is not None
    return datetime.fromisoformat(text)


def _end(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)


def _values(row: StoredCall | StoredLeg, names: tuple[str, ...]) -> list[object]:
    return [_AS_STORED.get(name, _as_it_is)(getattr(row, name)) for name in names]


def _as_it_is(value: object) -> object:
    return value


def _had_as_stored(spans: Iterable[Span]) -> list[datetime]:
    return [moment for span in spans for moment in span if moment is not None]


def _stays_as_stored(stays: Iterable[Stay]) -> str:
    return to_json([{"kind": one.kind, "name": one.name, "from": one.start, "to": one.end} for one in stays])


_AS_STORED: Mapping[str, Callable[[Any], object]] = {"had": _had_as_stored, "stays": _stays_as_stored}
