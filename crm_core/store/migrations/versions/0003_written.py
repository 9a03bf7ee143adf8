"""What is written: conversations, messages, files, what is still to be sent."""

from __future__ import annotations

from crm_core.store.migration_sql import run_beside

revision = "0003"
down_revision = "0002"
phase = "before"


def upgrade() -> None:
    run_beside(__file__)
