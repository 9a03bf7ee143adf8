"""The shape of everything that is stored, a module for each kind of thing.

PostgreSQL is the only truth, so it keeps the promises it can: what may be
absent, which words a state may have, what is unique, what belongs to what.
Times are ``timestamptz``; a moment is stored, never the rule that made it.
"""

from __future__ import annotations

from crm_core.store.tables import (
    answering,
    catalogues,
    clients,
    interactions,
    people,
    promises,
    system,
    telegram,
    written,
)
from crm_core.store.tables.columns import metadata

__all__ = [
    "answering",
    "catalogues",
    "clients",
    "interactions",
    "metadata",
    "people",
    "promises",
    "system",
    "telegram",
    "written",
]
