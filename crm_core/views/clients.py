"""Clients as others read them: by id, in search, and through everything that ever passed between us.

Anybody may be found, or duplicates would be made; whose card one may not open
is shown without the addresses and notes that make a client base worth stealing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from crm_core.domain import search
from crm_core.domain.errors import NotFound
from crm_core.domain.phones import masked, searched_digits
from crm_core.domain.viewer import Viewer
from crm_core.store.clients import find_survivor, visible_clients
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.store.ids import AMONG_FIRST, as_ids
from crm_core.store.namesakes import keys_of
from crm_core.views.model import WireModel
from crm_core.views.paging import DEFAULT_LIMIT, CursorInvalid, Page, decode_cursor, decode_id, encode_cursor


class ContactPoint(WireModel):
    """A number, address or account that reaches a client; ``typed`` is how a person wrote it."""

    id: UUID
    kind: Literal["phone", "email", "telegram", "webchat"]
    value: str
    typed: str
    label: str | None
    verified: bool
    unreachable_at: datetime | None


class Client(WireModel):
    """A person or company we serve.

    ``restricted``: found, but the card is another's; numbers are masked, and the rest of it is left out. ``alike``: a
    search has found only a name that resembles what was asked for.
    """

    id: UUID
    name: str
    language: str | None
    service_class: str | None
    hint: str | None
    owner_id: UUID | None
    owner_name: str | None
    since: datetime
    timezone: str | None
    birthday: date | None
    note: str | None
    blocked_at: datetime | None
    blocked_reason: str | None
    contact_points: list[ContactPoint]
    restricted: bool = False
    alike: bool = False
    version: int


_COLUMNS = """
SELECT client.id, client.name, client.language, client.service_class, client.hint, client.owner_id,
       owner.name AS owner_name, client.created_at AS since, client.timezone, client.birthday, client.note,
       client.blocked_at, client.blocked_reason, client.version,
       (SELECT jsonb_agg(jsonb_build_object(
                   'id', point.id, 'kind', point.kind, 'value', point.value, 'typed', point.typed,
                   'label', point.label, 'verified', point.verified,
                   'unreachable_at', point.unreachable_at) ORDER BY point.position, point.id)
        FROM contact_points point
        WHERE point.client_id = client.id) AS contact_points
FROM clients client
LEFT JOIN users owner ON owner.id = client.owner_id
"""

# By primary key.
_LOAD = f"{_COLUMNS} WHERE client.id = {AMONG_FIRST}"

#: Of a common name no more than these are ranked: nobody reads further, and ranking is what costs.
_RANKED = 2000
#: Fewer hits than this, and the word may have been misspelt.
_FEW = 5
#: Digits of a number within a country.
_NATIONAL = 10
#: The index on names knows groups of three letters.
_TRIGRAM = 3

# The inner limit is also what keeps the planner from walking all clients in the order asked for.
_AMONG_POINTS = """
SELECT found.client_id AS id
FROM (
    SELECT point.client_id, {rank} AS rank
    FROM contact_points point
    WHERE point.kind = '{kind}' AND {condition}
    LIMIT {most}
) found
JOIN clients client ON client.id = found.client_id AND client.merged_into IS NULL
GROUP BY found.client_id
ORDER BY min(found.rank), found.client_id DESC
"""

# By contact_points_phone_tail_idx.
_FIND_BY_TAIL = _AMONG_POINTS.format(kind="phone", rank="0", condition="reverse(point.value) LIKE $1", most=_RANKED)

# By contact_points_phone_trgm_idx and contact_points_phone_tail_idx; the ends of numbers stand first.
_FIND_BY_DIGITS = _AMONG_POINTS.format(
    kind="phone",
    rank="CASE WHEN reverse(point.value) LIKE $1 THEN 0 ELSE 1 END",
    condition="(reverse(point.value) LIKE $1 OR point.value LIKE $2 OR point.value LIKE $3)",
    most=_RANKED,
)

# By contact_points_address_idx.
_FIND_BY_EMAIL = _AMONG_POINTS.format(kind="email", rank="point.value", condition="point.value LIKE $1", most=_RANKED)

# By contact_points_kind_value_idx.
_FIND_BY_TELEGRAM = _AMONG_POINTS.format(kind="telegram", rank="0", condition="point.value = $1", most=_RANKED)

# By clients_name_key_trgm_idx. The threshold is set for this statement alone, before the scan that reads it:
# at the default 0.6 one wrong letter in the middle of a short surname finds nothing.
_FIND_ALIKE = f"""
SELECT found.id
FROM (SELECT set_config('pg_trgm.word_similarity_threshold', '0.45', true) AS threshold) AS chosen,
LATERAL (
    SELECT client.id, client.name_key AS name
    FROM clients client
    WHERE $1 <% client.name_key AND client.merged_into IS NULL AND chosen.threshold IS NOT NULL
    LIMIT {_RANKED}
) AS found
ORDER BY word_similarity($1, found.name) DESC, similarity($1, found.name) DESC, found.id DESC
"""  # noqa: S608


async def load_clients(db: Reader, ids: Iterable[UUID]) -> dict[UUID, Client]:
    """Whole cards by id, without a scope: for delivery to rooms an action has chosen, and to answer it."""
    wanted = set(ids)
    rows = await db.fetch(_LOAD, as_ids(wanted)) if wanted else []
    return {row["id"]: _client(row) for row in rows}


async def shown_to(db: Reader, viewer: Viewer, clients: Mapping[UUID, Client]) -> dict[UUID, Client]:
    """The same, of others' clients only what everybody may find."""
    visible = await visible_clients(db, viewer, clients)
    return {one: client if one in visible else _restricted(client) for one, client in clients.items()}


async def get_client(db: Reader, client_id: UUID, viewer: Viewer) -> Client:
    """One client; an id that was merged into another answers with the survivor.

    Raises:
        NotFound: there is none, or none whose card the viewer may open.
    """
    survivor = await find_survivor(db, client_id)
    if survivor is None or survivor not in await visible_clients(db, viewer, [survivor]):
        raise NotFound
    return (await load_clients(db, [survivor]))[survivor]


async def list_clients(
    db: Reader, viewer: Viewer, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Client]:
    """The clients of the viewer and those nobody owns, newest first; others are found by searching."""
    conditions = Conditions()
    conditions.parts.append("client.merged_into IS NULL")
    if not viewer.sees_everything:
        mine = ("owner.team_id = {}", viewer.team_id) if viewer.supervises else ("owner.id = {}", viewer.user_id)
        conditions.add(f"(client.owner_id IS NULL OR {mine[0]})", mine[1])
    conditions.add_known("client.id < {}", decode_id(cursor) if cursor else None)
    rows = await db.fetch(
        f"{_COLUMNS} {conditions.where} ORDER BY client.id DESC LIMIT {conditions.value(limit + 1)}",
        *conditions.args,
    )
    items = [_client(row) for row in rows[:limit]]
    return Page[Client](items=items, next=encode_cursor(str(items[-1].id)) if len(rows) > limit else None)


async def search_clients(
    db: Reader, viewer: Viewer, query: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Client]:
    """Clients by a fragment of the name, digits of a number, or the beginning of a mail address; best first.

    A page may be followed by the next of the same query; it is a place in the ranking, not a moment.
    """
    offset = _place(cursor) if cursor else 0
    found = await _find(db, search.readable(query), limit + 1, offset)
    page = found.ids[:limit]
    clients = await shown_to(db, viewer, await load_clients(db, page))
    return Page[Client](
        items=[clients[one].model_copy(update={"alike": one in found.alike}) for one in page if one in clients],
        next=encode_cursor("search", str(offset + limit)) if len(found.ids) > limit else None,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """The best first; ``alike``: those among them with a name that only resembles what was asked for."""

    ids: list[UUID]
    alike: frozenset[UUID] = frozenset()


async def _find(db: Reader, query: str, limit: int, offset: int) -> _Found:
    if not query:
        return _Found([])
    if query.startswith("@"):
        return _Found(await _page_of(db, _FIND_BY_TELEGRAM, [query[1:].lower()], limit, offset))
    if "@" in query:
        return _Found(await _page_of(db, _FIND_BY_EMAIL, [search.like_prefix(query.lower())], limit, offset))
    digits = searched_digits(query)
    if digits is not None:
        return _Found(await _find_by_digits(db, digits, limit, offset))
    return await _find_by_name(db, query, limit, offset)


async def _find_by_digits(db: Reader, digits: str, limit: int, offset: int) -> list[UUID]:
    """A whole number by its end, however it begins; a part of one anywhere, the end first."""
    # The last ten are the same whether it was begun with 8, +7 or 007.
    tail = search.like_prefix(digits[-_NATIONAL:][::-1])
    if len(digits) >= _NATIONAL:
        return await _page_of(db, _FIND_BY_TAIL, [tail], limit, offset)
    anywhere = search.like_fragment(digits)
    return await _page_of(db, _FIND_BY_DIGITS, [tail, anywhere, _beginning(digits)], limit, offset)


async def _find_by_name(db: Reader, query: str, limit: int, offset: int) -> _Found:
    """As written, then in the other keyboard layout; when that is little, those with a name much like it."""
    found: list[UUID] = []
    for spelling in (query, search.in_other_layout(query)):
        found = await _find_by_words(db, search.words(spelling), limit, offset)
        if len(found) >= _FEW or offset:
            return _Found(found)
        if found:
            break
    # What is only alike has no further pages: it stands below the first one, to be recognised.
    alike = await _page_of(db, _FIND_ALIKE, await keys_of(db, [query]), limit - 1, 0)
    return _Found(list(dict.fromkeys([*found, *alike]))[: limit - 1], alike=frozenset(alike) - frozenset(found))


async def _find_by_words(db: Reader, wanted: list[str], limit: int, offset: int) -> list[UUID]:
    conditions = Conditions()
    keys = {word: key for word, key in zip(wanted, await keys_of(db, wanted), strict=True) if key}
    if not keys:
        return []  # signs that are no part of a name
    for word, key in keys.items():
        if min(len(word), len(key)) < _TRIGRAM:
            # Too short for the index but at the beginning of a word, where the space before it counts.
            beginning = conditions.value(search.like_prefix(key))
            conditions.parts.append(f"(client.name_key LIKE {beginning} OR client.name_key LIKE '% ' || {beginning})")
        else:
            conditions.add("client.name_key LIKE {}", search.like_fragment(key))
    first = conditions.value(search.like_prefix(next(iter(keys.values()))))
    statement = f"""
        SELECT found.id
        FROM (
            SELECT client.id, client.name_key AS name
            FROM clients client
            {conditions.where} AND client.merged_into IS NULL
            LIMIT {_RANKED}
        ) AS found
        ORDER BY found.name LIKE {first} DESC, found.name, found.id
    """  # noqa: S608
    return await _page_of(db, statement, conditions.args, limit, offset)


async def _page_of(db: Reader, statement: str, args: Sequence[object], limit: int, offset: int) -> list[UUID]:
    rows = await db.fetch(f"{statement} LIMIT {limit} OFFSET {offset}", *args)
    return [row["id"] for row in rows]


def _beginning(digits: str) -> str:
    """A number begun with the trunk prefix begins with the country code in E.164: ``8701`` is ``+7701``."""
    return search.like_prefix(f"+7{digits[1:]}" if digits[0] == "8" else f"+{digits}")


def _place(cursor: str) -> int:
    kind, offset = decode_cursor(cursor, 2)
    if kind != "search" or not (offset.isascii() and offset.isdigit() and len(offset) < 6):
        raise CursorInvalid
    return int(offset)


def _client(row: Record) -> Client:
    values = dict(row)
    values["contact_points"] = values["contact_points"] or []
    return Client.model_validate(values)


def _restricted(client: Client) -> Client:
    phones = [
        point.model_copy(update={"value": masked(point.value), "typed": masked(point.value), "label": None})
        for point in client.contact_points
        if point.kind == "phone"
    ]
    return client.model_copy(
        update={
            "hint": None,
            "birthday": None,
            "note": None,
            "blocked_reason": None,
            "contact_points": phones,
            "restricted": True,
        }
    )
