"""Everything the first release stores.

A *before* migration: nothing runs on an empty database yet.
"""

from __future__ import annotations

from crm_core.store.migration_sql import run_beside

revision = "0001"
down_revision = None
phase = "before"


def upgrade() -> None:
    run_beside(__file__)
