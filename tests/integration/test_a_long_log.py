"""What is heard costs the same however much was heard before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from crm_core.actions import callbacks
from crm_core.actions.callbacks import CallbackIn
from crm_core.actions.messages import record_messages
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store.database import Database, Transaction
from crm_core.store.partitions import make_months
from crm_core.views.callbacks import load_callbacks, load_owed_to
from tests.integration.desk import add_interaction, agent
from tests.people import add_agent, add_client

#: From so many on PostgreSQL gains by an index, whatever it expects.
_BEFORE = 5_000

# Of this transaction. A table of which more than this mail's own rows were passed was read from its beginning.
_READ_THROUGH = """
SELECT relname, seq_tup_read
FROM pg_stat_xact_user_tables
WHERE seq_tup_read > 1000
"""

# What a statement plans over or reads, its transaction holds: the months of the log among it.
_MONTHS_HELD = """
SELECT DISTINCT relation::regclass::text AS name
FROM pg_locks
WHERE pid = pg_backend_pid() AND relation IN (
    SELECT inhrelid FROM pg_inherits WHERE inhparent = 'interactions'::regclass)
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


async def test_the_card_of_a_client_who_is_owed_nothing_does_not_look_through_the_months(database: Database) -> None:
    client = await add_client(database, "Айгерим", phone="+77011234567")

    async with database.begin() as tx:
        owed = await load_owed_to(tx, [client])
        held = await _months_held(tx)

    assert (owed, held) == ({client: []}, set())


async def test_a_promise_is_read_with_the_calls_since_it_was_made_and_no_month_before(database: Database) -> None:
    async with database.begin() as tx:
        begun = tx.now
        await make_months(tx, now=begun - timedelta(days=720), ahead=26)
    client = await add_client(database, "Айгерим", phone="+77011234567")
    anna = await add_agent(database, "anna", extension="1001")
    async with database.begin() as tx:
        given = CallbackIn(client_id=client, due_at=tx.now + timedelta(hours=1))
        promise = await callbacks.create(tx, agent(anna), given)
    async with database.begin() as tx:
        await _not_answered(tx, client, anna)

    async with database.begin() as tx:
        shown = (await load_callbacks(tx, [promise]))[promise]
        held = await _months_held(tx)

    assert [one.agent_id for one in shown.attempts] == [anna]
    assert f"interactions_{begun:%Y_%m}" in held
    assert min(held - {"interactions_default"}) >= f"interactions_{begun:%Y_%m}"


async def _months_held(tx: Transaction) -> set[str]:
    return {row["name"] for row in await tx.fetch(_MONTHS_HELD)}


async def _not_answered(tx: Transaction, client: UUID, caller: UUID) -> None:
    call = await add_interaction(tx, client=client, agent=caller, direction="outbound")
    await tx.execute("UPDATE interactions SET ended_at = $2 WHERE id = $1", call, tx.now)


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
