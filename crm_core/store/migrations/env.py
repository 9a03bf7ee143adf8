"""Alembic's way into our engine; ``crm_core.store.migrate`` hands over the open connection."""

from __future__ import annotations

from alembic import context

from crm_core.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
