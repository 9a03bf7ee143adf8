"""What answering needs: whom else a mail went to, copies in "Sent", codes of groups, parts, the words of a search."""

from __future__ import annotations

from crm_core.store.migration_sql import run_beside

revision = "0004"
down_revision = "0003"
phase = "before"


def upgrade() -> None:
    run_beside(__file__)
