"""Names as they sound, in whichever alphabet they were written, and whoever is called the same.

PostgreSQL makes the key of a name (``key_of_name``), so that what is searched and what is kept are folded by one rule:
Әйгерім, Айгерим and Aigerim are the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from uuid import UUID

from crm_core.domain import search
from crm_core.store.database import Reader

#: Initials say nothing.
_SHORTEST = 3
#: Given name, patronymic, family name; few names have more, and each pair of words is looked up by itself.
_MOST_WORDS = 5
#: Of two words so common that more people have both, no more are looked at.
_MOST_OF_PAIR = 200

_KEYS = """
SELECT COALESCE(key_of_name(name), '')
FROM unnest($1::text[]) WITH ORDINALITY AS asked (name, place)
ORDER BY place
"""

# By clients_name_key_trgm_idx, each pair by itself. ``$3``: all the words; one of the two names holds the whole other.
_NAMESAKES = f"""
SELECT DISTINCT named.id
FROM unnest($1::text[], $2::text[]) AS pair (one, other)
CROSS JOIN LATERAL (
    SELECT client.id, regexp_split_to_array(client.name_key, '[^[:alnum:]]+') AS words
    FROM clients client
    WHERE client.name_key LIKE pair.one AND client.name_key LIKE pair.other AND client.merged_into IS NULL
    LIMIT {_MOST_OF_PAIR}
) AS named
CROSS JOIN LATERAL (
    SELECT array_agg(word) AS words FROM unnest(named.words) AS word WHERE length(word) >= {_SHORTEST}
) AS told
WHERE told.words <@ $3::text[] OR told.words @> $3::text[]
ORDER BY named.id
LIMIT $4
"""  # noqa: S608  (numbers of our own)

# By the same index.
_CALLED = """
SELECT id
FROM clients
WHERE name_key = $1 AND merged_into IS NULL
ORDER BY id
LIMIT $2
"""


async def keys_of(db: Reader, names: Sequence[str]) -> list[str]:
    """The key of each, in the order of the names."""
    return [row[0] for row in await db.fetch(_KEYS, list(names))]


async def find_namesakes(db: Reader, name: str, *, most: int) -> list[UUID]:
    """Clients who may be called so: the same words in any order, where one may leave out a patronymic or initials.

    A single word is not enough of a name to be part of another: it must be all of it.
    """
    [key] = await keys_of(db, [name])
    words = [word for word in dict.fromkeys(re.findall(r"[^\W_]+", key)) if len(word) >= _SHORTEST][:_MOST_WORDS]
    if len(words) < 2:
        rows = await db.fetch(_CALLED, key, most) if key.strip() else []
    else:
        ones, others = zip(*combinations(map(search.like_fragment, words), 2), strict=True)
        rows = await db.fetch(_NAMESAKES, list(ones), list(others), words, most)
    return [row["id"] for row in rows]
