"""Promises that are kept: the watchdog's moments, working hours, who is given what, leads.

An *after* migration: what the previous release promised, nobody would watch.
"""

from __future__ import annotations

from crm_core.store.migration_sql import run_beside

revision = "0002"
down_revision = "0001"
phase = "after"


def upgrade() -> None:
    run_beside(__file__)
