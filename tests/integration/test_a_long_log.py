"""What is heard costs the same however much was heard before it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from crm_core.actions.messages import record_messages
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store.database import Database

#: From so many on PostgreSQL gains by an index, whatever it expects.
_BEFORE = 5_000

# Of this transaction. A table of which more than this mail's own rows were passed was read from its beginning.
_READ_THROUGH = """
SELECT relname, seq_tup_read
FROM pg_stat_xact_user_tables
WHERE seq_tup_read > 1000
"""


async def test_a_mail_that_answers_another_is_placed_without_reading_the_log(database: Database) -> None:
    async with database.begin() as tx:
        await record_messages(tx, [_mail(f"{number}@client.example") for number in range(_BEFORE)])
    async with database.begin() as tx:
        await tx.execute("ANALYZE")

    async with database.begin() as tx:
        [placed] = await record_messages(tx, [_mail(f"{uuid4()}@client.example", answers=("7@client.example",))])
        read_through = await tx.fetch(_READ_THROUGH)
    async with database.read() as db:
        about = await db.fetchval("SELECT interaction_id FROM messages WHERE external_id = '7@client.example'")

    assert placed == about
    assert [dict(row) for row in read_through] == []


def _mail(name: str, answers: tuple[str, ...] = ()) -> HeardMessage:
    return HeardMessage(
        channel=WrittenChannel.EMAIL,
        source="sales",
        key=name,
        external_id=name,
        queue=None,
        from_address="anna@client.example",
        our_address="sales@agency.example",
        answers=answers,
        body="Сколько стоит Хайнань на двоих?",
        at=datetime(2026, 3, 2, 6, tzinfo=UTC),
    )
