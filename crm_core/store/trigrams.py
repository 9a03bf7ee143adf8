"""Whether a database can search names: trigrams need to know what a letter is."""

from __future__ import annotations

import asyncpg


async def finds_cyrillic_trigrams(connection: asyncpg.Connection) -> bool:
    """False for a database made with LC_CTYPE=C: pg_trgm finds nothing in Cyrillic there, and does not say so."""
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        found: int = await connection.fetchval("SELECT cardinality(show_trgm('Иванов'))")
    finally:
        await attempt.rollback()  # whether the extension is there is the migrations' affair
    return found > 0
