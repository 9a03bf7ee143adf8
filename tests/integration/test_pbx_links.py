"""The log knows since when a PBX was not heard, whatever became of the process that heard it."""

from __future__ import annotations

from datetime import UTC, datetime

from crm_core.actions.links import last_heard, record_link
from crm_core.store.database import Database

_NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def test_a_pbx_that_is_up_at_the_first_word_about_it_has_been_heard(database: Database) -> None:
    async with database.begin() as tx:
        await record_link(tx, pbx="main", state="up", since=_NOON)

    async with database.begin() as tx:
        assert await last_heard(tx, "main") is not None


async def test_a_link_that_is_lost_was_heard_last_while_it_was_up(database: Database) -> None:
    async with database.begin() as tx:
        await record_link(tx, pbx="main", state="down", since=_NOON, error="not connected yet")
        never = await last_heard(tx, "main")
    async with database.begin() as tx:
        await record_link(tx, pbx="main", state="up", since=_NOON)
        heard = await last_heard(tx, "main")

    async with database.begin() as tx:
        await record_link(tx, pbx="main", state="down", since=_NOON, error="the link was lost")
        assert (never, await last_heard(tx, "main")) == (None, heard)
