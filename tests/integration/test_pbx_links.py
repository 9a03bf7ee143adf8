"""The log knows until when a PBX was heard, whatever became of the process that heard it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crm_core.actions.links import close_gap, last_run, open_gap, record_boot, record_link
from crm_core.actions.raw_inputs import RawEvents, record_raw_events
from crm_core.store.database import Database, Transaction
from crm_core.store.locks import holding
from crm_core.views.links import list_links

_NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _after(seconds: float) -> datetime:
    return _NOON + timedelta(seconds=seconds)


async def test_a_pbx_never_heard_has_no_last_run(database: Database) -> None:
    async with database.begin() as tx:
        await record_link(tx, pbx="main", state="down", since=_NOON, error="not connected yet")

        assert await last_run(tx, "main") == (None, None)


async def test_a_link_that_is_lost_was_stored_until_while_it_was_up(database: Database) -> None:
    async with database.begin() as tx:
        await record_link(tx, pbx="main", state="up", since=_NOON, heard_at=_after(5), stored_at=_after(4))
        await record_boot(tx, "main", "first")
        await record_link(tx, pbx="main", state="down", since=_after(6), error="the link was lost")

        assert await last_run(tx, "main") == ("first", _after(4))


async def test_what_was_stored_after_the_last_heartbeat_was_heard(database: Database) -> None:
    async with database.begin() as tx:
        await record_link(tx, pbx="main", state="up", since=_NOON, stored_at=_after(4))
        await record_boot(tx, "main", "first")
        heard = RawEvents({"1790000000.1": [(_after(5), {"Event": "Newstate"}), (_after(7), {"Event": "Hangup"})]})
        await record_raw_events(tx, "main", "first", _after(5), heard)

        assert await last_run(tx, "main") == ("first", _after(7))


async def test_a_link_is_up_only_while_the_process_that_says_so_lives_and_speaks(database: Database) -> None:
    async with holding(database, "pbx:main") as lock, database.begin() as tx:
        await record_link(tx, pbx="main", state="up", since=tx.now, owner=lock.backend, heard_at=tx.now)
        alive = await _state(tx)
        await tx.execute("UPDATE pbx_links SET told_at = now() - interval '1 minute'")
        frozen = await _state(tx)
        await tx.execute("UPDATE pbx_links SET told_at = now()")
    async with database.begin() as tx:
        killed = await _state(tx)

    assert (alive, frozen, killed) == ("up", "down", "down")


async def test_a_line_that_flaps_makes_one_gap_and_a_later_loss_another(database: Database) -> None:
    async with database.begin() as tx:
        for lost_at, cause in ((0, "cut"), (3, "cut again"), (8, "and again"), (60, "later")):
            await open_gap(tx, source="main", from_at=_after(lost_at), cause=cause)
            await open_gap(tx, source="main", from_at=_after(lost_at), cause="refused")
            await close_gap(tx, source="main", to_at=_after(lost_at + 1), affected=2)
        rows = await tx.fetch("SELECT from_at, to_at, cause, affected FROM gaps ORDER BY from_at")

    assert [tuple(row.values()) for row in rows] == [
        (_NOON, _after(9), "cut", 6),
        (_after(60), _after(61), "later", 2),
    ]


async def _state(tx: Transaction) -> str:
    [link] = await list_links(tx, ["main"])
    return "up" if link.up else "down"
