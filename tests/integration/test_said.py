"""A search costs what its own words cost, whatever was searched for before it."""

from __future__ import annotations

from datetime import UTC, datetime

from crm_core.actions.messages import record_messages
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store.database import Database
from crm_core.views.said import SaidFilters, search_said
from tests.integration.desk import owner
from tests.people import add_agent

#: From the sixth time on PostgreSQL would take one plan for all words, if that looks cheap to it.
_TIMES = 8

_PLANS = """
SELECT sum(custom_plans) AS for_its_words, sum(generic_plans) AS for_any
FROM pg_prepared_statements
WHERE statement LIKE '%hit AS MATERIALIZED%' AND statement NOT LIKE '%pg_prepared_statements%'
"""


async def test_every_question_is_planned_for_its_own_words(database: Database) -> None:
    anna = owner(await add_agent(database, "anna", extension=None))
    async with database.begin() as tx:
        await record_messages(tx, [_mail("Сколько стоит Хайнань на двоих?")])

    async with database.read() as db:
        for _ in range(_TIMES):
            found = await search_said(db, anna, SaidFilters(q="хайнань"))
            assert len(found.items) == 1
        plans = await db.fetchrow(_PLANS)
        kept = await db.fetchval("SHOW plan_cache_mode")

    assert plans is not None
    assert plans["for_any"] == 0
    assert plans["for_its_words"] >= _TIMES
    assert kept == "auto"  # for whoever asks next on this connection


def _mail(body: str) -> HeardMessage:
    return HeardMessage(
        channel=WrittenChannel.EMAIL,
        source="sales",
        key="1@client.example",
        external_id="1@client.example",
        queue=None,
        from_address="anna@client.example",
        our_address="sales@agency.example",
        body=body,
        at=datetime(2026, 3, 2, 6, tzinfo=UTC),
    )
