"""A set of ids as one parameter, for queries that are asked all day.

Of an array PostgreSQL counts the elements and plans anew each time, which over
the partitions of ``interactions`` costs several times what the query does. Of a
jsonb it always guesses the same length, so each connection keeps one plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from crm_core.store.database import to_json

#: ``WHERE id = {AMONG_FIRST}``: one of the ids given as ``$1`` by :func:`as_ids`.
AMONG_FIRST: Final = "ANY(ARRAY(SELECT jsonb_array_elements_text($1::jsonb)::uuid))"


def as_ids(ids: Iterable[UUID]) -> str:
    """The parameter."""
    return to_json(list(ids))
