"""PostgreSQL: tables, queries, the outbox, migrations, the embedded server."""
