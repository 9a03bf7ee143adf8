"""Names are compared as they sound, in whichever alphabet they were written."""

from __future__ import annotations

from crm_core.store.migration_sql import run_beside

revision = "0005"
down_revision = "0004"
phase = "before"


def upgrade() -> None:
    run_beside(__file__)
