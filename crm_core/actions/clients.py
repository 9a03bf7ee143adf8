"""Clients: written down, corrected, found to be one and the same, and told apart again.

One address may belong to several people: a family's telephone is not a
duplicate. A merge moves everything of one client to the other and remembers
what it moved, so that it can be undone; what comes after it stays with the survivor.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator, model_validator

from crm_core.actions import audit, blocked_clients, contacts
from crm_core.domain.contact_points import ContactPointKind, address
from crm_core.domain.errors import ClientBlocked, DecisionRefused, InputRejected, NotFound, VersionConflict
from crm_core.domain.events import ClientChanged
from crm_core.domain.ids import new_id
from crm_core.domain.viewer import Viewer
from crm_core.inputs import InputModel, Line, Prose, Sentence, TimezoneName, Word
from crm_core.store import client_merges
from crm_core.store.audience import audience
from crm_core.store.client_merges import Merge
from crm_core.store.clients import find_block, find_survivor, visible_clients
from crm_core.store.database import Transaction

_INSERT = """
INSERT INTO clients (id, name, language, owner_id, service_class, hint, timezone, birthday, note, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

# In id order, so that two merges never wait for each other in a ring.
_LOCK = """
SELECT id, version
FROM clients
WHERE id = ANY($1::uuid[]) AND merged_into IS NULL
ORDER BY id
FOR NO KEY UPDATE
"""

# Waits for whoever is being dismissed at this moment.
_FIND_OWNER = """
SELECT id
FROM users
WHERE id = $1 AND enabled
FOR KEY SHARE
"""

_SET_LANGUAGE = """
UPDATE clients
SET language = $2
WHERE id = $1 AND language IS DISTINCT FROM $2
RETURNING id
"""

_TOUCH = """
UPDATE clients
SET version = version + 1, updated_at = now()
WHERE id = $1
RETURNING version, owner_id
"""

# Who sends back what they read has not typed it anew.
_SAVE_POINT = """
INSERT INTO contact_points (id, client_id, kind, value, typed, label, position)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (client_id, kind, value) DO UPDATE
SET label = excluded.label, position = excluded.position,
    typed = CASE WHEN excluded.typed = excluded.value THEN contact_points.typed ELSE excluded.typed END
"""

_DROP_OTHER_POINTS = """
DELETE FROM contact_points
WHERE client_id = $1
    AND NOT EXISTS (
        SELECT 1
        FROM unnest($2::text[], $3::text[]) AS kept (kind, value)
        WHERE kept.kind = contact_points.kind AND kept.value = contact_points.value
    )
"""

# By interactions_live_idx: whoever has this client on the desk at this moment.
_FIND_SERVING = """
SELECT call.agent_id
FROM interactions call
WHERE call.state <> 'closed' AND call.client_id = $1
UNION
SELECT leg.agent_id
FROM interactions call
JOIN legs leg ON leg.interaction_id = call.id
WHERE call.state <> 'closed' AND call.client_id = $1 AND leg.ended_at IS NULL
"""


class OwnerUnknown(InputRejected):
    """There is no such manager, or they no longer work here."""

    code = "owner_unknown"


class SameClient(InputRejected):
    """This is one client already."""

    code = "same_client"


class NotMerged(DecisionRefused):
    """There is no merge to undo."""

    code = "not_merged"


class MergedFurther(DecisionRefused):
    """The survivor was merged as well: undo that first."""

    code = "merged_further"


LanguageTag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Birthday = Annotated[date, Field(ge=date(1850, 1, 1), lt=date(2200, 1, 1))]


class ContactPointIn(InputModel):
    """A number, address or account as a person wrote it."""

    kind: ContactPointKind
    value: Line
    label: Word | None = None


ContactPointsIn = Annotated[list[ContactPointIn], Field(max_length=50)]


class ClientIn(InputModel):
    """Somebody to be served."""

    name: Line
    language: LanguageTag | None = None
    owner_id: UUID | None = None
    service_class: Word | None = None
    hint: Sentence | None = None
    timezone: TimezoneName | None = None
    birthday: Birthday | None = None
    note: Prose | None = None
    contact_points: Annotated[ContactPointsIn, Field(default_factory=list)]


class ClientPatch(InputModel):
    """What is left out stays, null clears; ``contact_points`` are replaced as a whole.

    ``blocked`` with its ``reason`` takes every promise to them back.
    With ``version`` the change is refused when somebody else was faster.
    """

    name: Line | None = None
    language: LanguageTag | None = None
    owner_id: UUID | None = None
    service_class: Word | None = None
    hint: Sentence | None = None
    timezone: TimezoneName | None = None
    birthday: Birthday | None = None
    note: Prose | None = None
    contact_points: ContactPointsIn | None = None
    blocked: bool | None = None
    reason: Sentence | None = None
    version: int | None = None

    @field_validator("name")
    @classmethod
    def _is_somebody(cls, name: str | None) -> str:
        if name is None:
            raise ValueError("a client has a name")
        return name

    @model_validator(mode="after")
    def _is_blocked_for_a_reason(self) -> Self:
        if (self.reason is not None) != (self.blocked is True):
            raise ValueError("a block has a reason, and nothing else has one")
        return self


class ClientMergeIn(InputModel):
    """``other_id`` becomes part of the client in the path."""

    other_id: UUID


_COLUMNS = ("name", "language", "owner_id", "service_class", "hint", "timezone", "birthday", "note")


async def create(tx: Transaction, given: ClientIn, *, country: str) -> UUID:
    """Write a client down; ``country`` says how their numbers are read.

    Raises:
        OwnerUnknown: nobody such can own a client.
        ContactPointRejected: an address is none.
    """
    await _check_owner(tx, given.owner_id)
    client_id = new_id(tx.now)
    await tx.execute(_INSERT, client_id, *(getattr(given, column) for column in _COLUMNS), tx.now)
    await _save_points(tx, client_id, given.contact_points, country)
    await _tell(tx, client_id, version=1, owner_id=given.owner_id)
    return client_id


async def edit(tx: Transaction, client_id: UUID, by: Viewer, given: ClientPatch, *, country: str) -> UUID:
    """Correct a card; returns the client's id, the survivor's when it was merged.

    Raises:
        NotFound: there is none that ``by`` may see.
        Forbidden: ``by`` may not block anybody.
        VersionConflict: it has changed since ``given.version``.
        OwnerUnknown: nobody such can own a client.
        ContactPointRejected: an address is none.
    """
    [(survivor, version)] = (await _lock(tx, [client_id], by)).items()
    if given.version not in (None, version):
        raise VersionConflict(version=version)
    changed = [column for column in _COLUMNS if column in given.model_fields_set]
    with_points = "contact_points" in given.model_fields_set
    if not changed and not with_points and given.blocked is None:
        return survivor
    await _check_owner(tx, given.owner_id)
    before = await tx.fetchval("SELECT owner_id FROM clients WHERE id = $1", survivor)
    if changed:
        places = ", ".join(f"{column} = ${place}" for place, column in enumerate(changed, start=2))
        # Columns are ours, from the list above; values travel apart.
        await tx.execute(
            f"UPDATE clients SET {places} WHERE id = $1",  # noqa: S608
            survivor,
            *(getattr(given, column) for column in changed),
        )
    if with_points:
        await _replace_points(tx, survivor, given.contact_points or [], country)
    if given.reason is not None:
        await blocked_clients.block(tx, survivor, by, reason=given.reason)
    elif given.blocked is False:
        await blocked_clients.unblock(tx, survivor, by)
    await _touch(tx, survivor, also=before)
    return survivor


async def set_language(tx: Transaction, client_id: UUID, language: str) -> None:
    """The client has said which language is theirs: a fact."""
    if await tx.fetchval(_SET_LANGUAGE, client_id, language) is not None:
        await _touch(tx, client_id)


async def merge(tx: Transaction, client_id: UUID, by: Viewer, *, other_id: UUID) -> UUID:
    """Two cards of one person become one; returns the survivor's id.

    What the survivor does not know of itself it takes from the other.

    Raises:
        NotFound: one of them does not exist, or not for ``by``.
        SameClient: they are one already.
        ClientBlocked: only one of them is: a merge would block the other, or lift the block, without a word.
    """
    locked = await _lock(tx, [client_id, other_id], by)
    if len(locked) < 2:
        raise SameClient
    survivor, other = locked
    blocks = [await find_block(tx, one) for one in (survivor, other)]
    if blocks.count(None) == 1:
        raise ClientBlocked("One of these clients is blocked: unblock them first, or block both.")
    await client_merges.merge(tx, survivor_id=survivor, merged_id=other, by=by.user_id)
    await contacts.forget(tx, [survivor, other])
    await audit.write(
        tx,
        "client.merged",
        by=by.user_id,
        subject_kind="client",
        subject_id=survivor,
        details={"merged": str(other)},
    )
    await _touch(tx, other)
    await _touch(tx, survivor)
    return survivor


async def keep_apart(tx: Transaction, client_id: UUID, by: Viewer, *, other_id: UUID) -> None:
    """They are two people, whatever they share: a family, a mailbox of an office.

    Raises:
        NotFound: one of them does not exist, or not for ``by``.
        SameClient: they are one already.
    """
    locked = await _lock(tx, [client_id, other_id], by)
    if len(locked) < 2:
        raise SameClient
    one, other = locked
    await client_merges.keep_apart(tx, one, other, by=by.user_id)


async def unmerge(tx: Transaction, client_id: UUID, by: Viewer) -> UUID:
    """Undo the last merge of this client, be it the survivor or the one that went; returns ``client_id``.

    Raises:
        NotFound: there is none that ``by`` may see.
        NotMerged: there is no merge to undo.
        MergedFurther: the survivor has itself been merged since.
    """
    survivor = await find_survivor(tx, client_id)
    if survivor is None or survivor not in await visible_clients(tx, by, [survivor]):
        raise NotFound
    last = await client_merges.lock_last(tx, client_id)
    if last is None:
        raise NotMerged
    if last.survivor_id != survivor:
        raise MergedFurther
    await _undo(tx, last, by)
    return client_id


async def _undo(tx: Transaction, last: Merge, by: Viewer) -> None:
    await client_merges.undo(tx, last)
    await contacts.forget(tx, [last.survivor_id, last.merged_id])
    await audit.write(
        tx,
        "client.unmerged",
        by=by.user_id,
        subject_kind="client",
        subject_id=last.survivor_id,
        details={"merged": str(last.merged_id)},
    )
    await _touch(tx, last.merged_id)
    await _touch(tx, last.survivor_id)


async def _lock(tx: Transaction, client_ids: Sequence[UUID], by: Viewer) -> dict[UUID, int]:
    """The clients, or their survivors, in the order asked for, held until the end; with their versions."""
    survivors = [await find_survivor(tx, client_id) for client_id in client_ids]
    wanted = list(dict.fromkeys(client_id for client_id in survivors if client_id is not None))
    if None in survivors or len(await visible_clients(tx, by, wanted)) < len(wanted):
        raise NotFound
    versions = {row["id"]: row["version"] for row in await tx.fetch(_LOCK, wanted)}
    if len(versions) < len(wanted):
        raise VersionConflict  # merged by somebody else between our two looks
    return {client_id: versions[client_id] for client_id in wanted}


async def _check_owner(tx: Transaction, owner_id: UUID | None) -> None:
    if owner_id is not None and await tx.fetchval(_FIND_OWNER, owner_id) is None:
        raise OwnerUnknown(owner_id=owner_id)


async def _replace_points(tx: Transaction, client_id: UUID, points: Sequence[ContactPointIn], country: str) -> None:
    kept = await _save_points(tx, client_id, points, country)
    await tx.execute(_DROP_OTHER_POINTS, client_id, [kind for kind, _ in kept], [value for _, value in kept])


async def _save_points(
    tx: Transaction, client_id: UUID, points: Sequence[ContactPointIn], country: str
) -> list[tuple[ContactPointKind, str]]:
    """In their order; the same address written twice is one, as it was written first."""
    places: dict[tuple[ContactPointKind, str], ContactPointIn] = {}
    for point in points:
        places.setdefault((point.kind, address(point.kind, point.value, country)), point)
    await tx.executemany(
        _SAVE_POINT,
        [
            (new_id(tx.now), client_id, kind, value, point.value, point.label, position)
            for position, ((kind, value), point) in enumerate(places.items())
        ],
    )
    return list(places)


async def _touch(tx: Transaction, client_id: UUID, *, also: UUID | None = None) -> None:
    row = await tx.fetchrow(_TOUCH, client_id)
    assert row is not None
    await _tell(tx, client_id, version=row["version"], owner_id=row["owner_id"], also=also)


async def _tell(
    tx: Transaction, client_id: UUID, *, version: int, owner_id: UUID | None, also: UUID | None = None
) -> None:
    """To the owner, to ``also`` (the owner before), and to whoever serves this client now."""
    serving = [row["agent_id"] for row in await tx.fetch(_FIND_SERVING, client_id)]
    rooms = await audience(tx, [owner_id, also, *serving])
    tx.emit(ClientChanged(rooms=rooms, client_id=client_id, version=version))
