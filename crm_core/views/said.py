"""The search over everything that was said, in mails, chats and notes.

Messages are looked through from the newest backwards, in pieces of the past
that grow: a word that stands everywhere is found in the last hours, without
its millions of other places being sorted, and one that hardly ever stood
anywhere after a handful of looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sized
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from crm_core.domain.ids import first_id, moment_of
from crm_core.domain.looking_back import looks
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import WrittenChannel
from crm_core.inputs import InputModel, Moment
from crm_core.store.conditions import Conditions
from crm_core.store.database import Reader, Record
from crm_core.store.ids import AMONG_FIRST, as_ids
from crm_core.store.interactions import OF_WHOM, narrow_to_scope
from crm_core.views.model import WireModel
from crm_core.views.paging import DEFAULT_LIMIT, Page, decode_id, encode_cursor


class Passage(WireModel):
    """A piece of what was said; ``hit``: it is what was looked for."""

    text: str
    hit: bool


class Found(WireModel):
    """A message in which it was said."""

    message_id: UUID
    interaction_id: UUID
    channel: str
    client_id: UUID | None
    client_name: str | None
    agent_id: UUID | None
    direction: str
    author_name: str | None
    from_name: str | None
    subject: str | None
    at: datetime
    passages: list[Passage]


#: So many refusals in a row PostgreSQL still reads; of 32 and more it makes an error of its own.
_MOST_LEFT_OUT = 20


def _readable(asked: str) -> str:
    if len(re.findall(r"(?<!\w)-", asked)) > _MOST_LEFT_OUT:
        raise ValueError(f"at most {_MOST_LEFT_OUT} words are left out")
    return asked


class SaidFilters(InputModel):
    """What to look for, as people type it: words, "a phrase", -without; ``from ≤ at < to`` of the message."""

    q: Annotated[str, Field(min_length=2, max_length=200), AfterValidator(_readable)]
    channel: WrittenChannel | None = None
    client_id: UUID | None = None
    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None


# By messages_search_idx.
_MATCHES = "message.words @@ {}"
_QUERY = "websearch_to_tsquery('russian', translate({}, 'ёЁ', 'еЕ'))"

# By primary key, from its end.
_NEWEST = """
SELECT id
FROM messages
WHERE $1::uuid IS NULL OR id < $1
ORDER BY id DESC
LIMIT 1
"""

# Each conversation is looked up once and by itself: PostgreSQL would read all interactions to join a handful.
_WHERE_SEEN = f"""
WHERE interaction_id IN (
    SELECT call.id
    FROM (SELECT DISTINCT interaction_id FROM hit) AS held
    JOIN LATERAL (SELECT * FROM interactions WHERE id = held.interaction_id OFFSET 0) call ON true
    {OF_WHOM}
    {{}}
)
"""  # noqa: S608  (a condition of our own)

# No text of ours or theirs holds these: what they surround is found again after the headline was made.
_OPENS, _CLOSES = "\ue000", "\ue001"
_HEADLINE = f"StartSel={_OPENS}, StopSel={_CLOSES}, MaxFragments=2, MinWords=8, MaxWords=25, FragmentDelimiter= … "

# By primary keys.
_SHOW = f"""
SELECT message.id, message.interaction_id, message.subject, message.direction, message.at, message.from_name,
       call.channel, call.client_id, client.name AS client_name, call.agent_id, author.name AS author_name,
       ts_headline('russian', message.body, {_QUERY.format("$2")}, $3) AS headline
FROM messages message
JOIN interactions call ON call.id = message.interaction_id
LEFT JOIN clients client ON client.id = call.client_id
LEFT JOIN users author ON author.id = message.author_id
WHERE message.id = {AMONG_FIRST}
ORDER BY message.id DESC
"""  # noqa: S608  (expressions of our own)


async def search_said(
    db: Reader, viewer: Viewer, filters: SaidFilters, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Found]:
    """Messages and notes in which it was said, the newest first; forms of a word are the word."""
    before = decode_id(cursor) if cursor is not None else None
    newest = await db.fetchval(_NEWEST, before)
    found: list[UUID] = []
    async with db.planned_anew():
        for begin, end in _looks(newest, filters, found, limit + 1) if newest is not None else ():
            found += await _look(db, viewer, filters, begin, end, before=before, most=limit + 1 - len(found))
            if len(found) > limit:
                break
    rows = await db.fetch(_SHOW, as_ids(found[:limit]), filters.q, _HEADLINE) if found else []
    more = encode_cursor(str(found[limit - 1])) if len(found) > limit else None
    return Page[Found](items=[_found(row) for row in rows], next=more)


def _looks(
    newest: UUID, filters: SaidFilters, found: Sized, wanted: int
) -> Iterable[tuple[datetime | None, datetime | None]]:
    if filters.client_id is not None:  # what one client has said is little, wherever it stands
        return [(filters.from_, None)]
    return looks(moment_of(newest), filters.from_, found=found, wanted=wanted)


async def _look(
    db: Reader,
    viewer: Viewer,
    filters: SaidFilters,
    begin: datetime | None,
    end: datetime | None,
    *,
    before: UUID | None,
    most: int,
) -> list[UUID]:
    """The newest that were written down from ``begin`` on and before ``end``."""
    hits, seen = Conditions(), Conditions()
    hits.add(_MATCHES.replace("{}", _QUERY), filters.q)
    hits.add_known("message.id >= {}", first_id(begin) if begin else None)
    hits.add_known("message.id < {}", min((one for one in (before, end and first_id(end)) if one), default=None))
    hits.add_known("message.interaction_id IN (SELECT id FROM interactions WHERE client_id = {})", filters.client_id)
    hits.add_known("message.at >= {}", filters.from_)
    hits.add_known("message.at < {}", filters.to)
    seen.args = hits.args
    seen.add_known("call.channel = {}", filters.channel)
    narrow_to_scope(seen, viewer)
    # Found apart: asked for the newest of them as well, PostgreSQL would rather read every message from the end and
    # parse it, because it takes rare words to be less rare than they are.
    rows = await db.fetch(
        f"""
        WITH hit AS MATERIALIZED (
            SELECT message.id, message.interaction_id FROM messages message {hits.where}
        )
        SELECT id
        FROM hit
        {_WHERE_SEEN.format(seen.where) if seen.where else ""}
        ORDER BY id DESC
        LIMIT {seen.value(most)}
        """,  # noqa: S608  (placeholders and conditions of our own)
        *seen.args,
    )
    return [row["id"] for row in rows]


def _found(row: Record) -> Found:
    values = {name: row[name] for name in Found.model_fields if name in row}
    return Found.model_validate({**values, "message_id": row["id"], "passages": _passages(row["headline"])})


def _passages(headline: str) -> list[Passage]:
    found = []
    for place, piece in enumerate(headline.split(_OPENS)):
        hit, _, rest = piece.partition(_CLOSES) if place else ("", "", piece)
        found += [Passage(text=hit, hit=True)] if hit else []
        found += [Passage(text=rest, hit=False)] if rest else []
    return found
