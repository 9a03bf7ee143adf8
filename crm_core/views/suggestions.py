"""Who might be the same person, and what a merge of two cards would do: nothing is decided here."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from crm_core.domain.contact_points import ContactPointKind
from crm_core.domain.errors import NotFound
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import WrittenChannel, address_kind
from crm_core.store.client_merges import FILLED, would_move
from crm_core.store.clients import clients_by_addresses, find_survivor
from crm_core.store.database import Reader
from crm_core.store.namesakes import find_namesakes
from crm_core.views.clients import Client, get_client, load_clients, shown_to
from crm_core.views.conversations import get_listed_conversation
from crm_core.views.model import WireModel

#: More would be a list to search in, not a suggestion.
MOST = 20

# By contact_points_kind_value_idx; ``$3``: who is called the same. A family and those told apart are not suggested.
_ALIKE = """
WITH shared AS (
    SELECT same.client_id AS id, same.kind AS reason
    FROM contact_points mine
    JOIN contact_points same ON same.kind = mine.kind AND same.value = mine.value AND same.client_id <> $1
    WHERE mine.client_id = $1
    UNION
    SELECT id, 'name' FROM unnest($3::uuid[]) AS called (id) WHERE id <> $1
)
SELECT shared.id, array_agg(DISTINCT shared.reason ORDER BY shared.reason) AS reasons
FROM shared
JOIN clients client ON client.id = shared.id AND client.merged_into IS NULL
WHERE NOT EXISTS (
        SELECT 1 FROM clients_apart apart
        WHERE apart.one_id = LEAST($1, shared.id) AND apart.other_id = GREATEST($1, shared.id))
    AND NOT EXISTS (
        SELECT 1 FROM client_relations family
        WHERE (family.client_id, family.related_client_id) IN (($1, shared.id), (shared.id, $1)))
GROUP BY shared.id
ORDER BY count(DISTINCT shared.reason) DESC, shared.id
LIMIT $2
"""

_PROVEN = """
SELECT proven
FROM conversations
WHERE interaction_id = $1
"""

Why = Literal["phone", "email", "telegram", "webchat", "name"]


class Suggestion(WireModel):
    """Somebody who might be meant; ``reasons``: the kinds of address they share, or the name."""

    client: Client
    reasons: list[Why]


class Suggestions(WireModel):
    """The likeliest first. ``proven``: what the writer has shown to be theirs, by kind."""

    items: list[Suggestion]
    next: None = None
    proven: dict[str, str]


class Difference(WireModel):
    """A field in which both say something else: the survivor's stays."""

    field: str
    stays: str
    goes: str


class MergePreview(WireModel):
    """What a merge of ``other`` into ``survivor`` would do.

    ``moves`` counts what would become the survivor's, by kind; ``fills`` names what the survivor does not know of
    itself and would take over.
    """

    survivor: Client
    other: Client
    moves: dict[str, int]
    fills: list[str]
    differs: list[Difference]


async def suggest_for_client(db: Reader, viewer: Viewer, client_id: UUID) -> Suggestions:
    """Other cards that may be this very person.

    Raises:
        NotFound: there is no such client, or none the viewer may see.
    """
    client = await get_client(db, client_id, viewer)
    called = await find_namesakes(db, client.name, most=MOST + 1)
    rows = await db.fetch(_ALIKE, client.id, MOST, called)
    return await _suggestions(db, viewer, {row["id"]: row["reasons"] for row in rows}, proven={})


async def suggest_for_conversation(db: Reader, viewer: Viewer, interaction_id: UUID) -> Suggestions:
    """Clients who may be writing in it: by what the writer has proven, by their address, by their name.

    Raises:
        NotFound: there is no such conversation, or none the viewer may see.
    """
    conversation = await get_listed_conversation(db, interaction_id, viewer)
    proven: dict[str, str] = await db.fetchval(_PROVEN, interaction_id)
    asked = [(ContactPointKind(kind), value) for kind, value in proven.items()]
    if conversation.client_address:
        kind = address_kind(WrittenChannel(conversation.channel), conversation.client_address)
        asked.append((kind, conversation.client_address))
    found: dict[UUID, list[Why]] = {}
    for (kind, _), people in (await clients_by_addresses(db, asked)).items():
        for person in people:
            found.setdefault(person, []).append(kind.value)
    if conversation.caller_name:
        for one in await find_namesakes(db, conversation.caller_name, most=MOST):
            found.setdefault(one, []).append("name")
    return await _suggestions(db, viewer, dict(list(found.items())[:MOST]), proven=proven)


async def preview_merge(db: Reader, viewer: Viewer, client_id: UUID, other_id: UUID) -> MergePreview:
    """What would be, if ``other_id`` became part of ``client_id``; nothing is changed.

    Raises:
        NotFound: one of them does not exist, or not for the viewer, or they are one already.
    """
    survivor, other = await get_client(db, client_id, viewer), await get_client(db, other_id, viewer)
    if survivor.id == other.id or await find_survivor(db, other_id) != other.id:
        raise NotFound
    fills, differs = [], []
    for field in ("name", *FILLED):
        stays, goes = getattr(survivor, field), getattr(other, field)
        if field == "owner_id":
            stays, goes = survivor.owner_name, other.owner_name
        if stays is None and goes is not None:
            fills.append(field)
        elif goes is not None and stays != goes:
            differs.append(Difference(field=field, stays=str(stays), goes=str(goes)))
    return MergePreview(
        survivor=survivor, other=other, moves=await would_move(db, other.id), fills=fills, differs=differs
    )


async def _suggestions(
    db: Reader, viewer: Viewer, found: dict[UUID, list[Why]], *, proven: dict[str, str]
) -> Suggestions:
    clients = await shown_to(db, viewer, await load_clients(db, found))
    items = [
        Suggestion(client=clients[client_id], reasons=reasons)
        for client_id, reasons in found.items()
        if client_id in clients
    ]
    return Suggestions(items=items, proven=proven)
