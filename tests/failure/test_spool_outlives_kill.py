"""``kill -9`` while events wait on disk: the next start stores them first, in order, and says what is lost."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from crm_core.store.database import Database
from tests.failure.program import Program, call_in, gaps_of, log_of, told_twice
from tests.integration.ami_peer import ami_peer
from tests.integration.live_pbx import LivePbx, settings_of
from tests.people import add_agent
from tests.waiting import eventually

_CALLS = 100
_PACE_S = 0.01


async def test_what_lies_on_disk_is_stored_after_a_kill_in_order_and_before_anything_newer(
    database: Database, tmp_path: Path
) -> None:
    pbx = LivePbx()
    await add_agent(database, "anna", extension="1001", present=False)
    async with (
        ami_peer(pbx.peer),
        Program(database.url, tmp_path, settings_of(pbx.peer.port), ami_inbox=500) as program,
    ):
        lasting = pbx.talks("+77010000999", "1001")
        await call_in(database, "+77010000999", "active")
        async with database.begin() as tx:
            await tx.execute("LOCK TABLE raw_call_events IN ACCESS EXCLUSIVE MODE")
            for number in range(_CALLS):
                pbx.ends(*pbx.talks(f"+77010000{number:03}", "1001"))
                await asyncio.sleep(_PACE_S)  # the pace of the calls
            last = pbx.talks(f"+77010000{_CALLS:03}", "1001")
            await eventually(lambda: _is_on_disk(tmp_path, last[1].uniqueid), patience_s=60)
            await program.kill()
        await program.start()
        pbx.ends(*last)
        pbx.ends(*lasting)
        ended = await call_in(database, f"+77010000{_CALLS:03}", "closed")
        through = await call_in(database, "+77010000999", "closed")
        spooled = [call for call in await log_of(database) if call.external_id != lasting[0].linkedid]
        stored = await _in_order_of_storing(database)
        stopped = await program.stop()
    [gap] = await gaps_of(database)

    # What the killed process held in memory is lost, what it had put on disk is not.
    callers = [call.client_address for call in spooled]
    assert callers == [f"+77010000{number:03}" for number in range(_CALLS + 1 - len(spooled), _CALLS + 1)]
    assert len(spooled) > _CALLS // 4
    assert all(call.state == "closed" for call in spooled)
    assert (ended.outcome, through.outcome, through.complete) == ("answered", "answered", False)
    assert stored == sorted(stored)
    assert await told_twice(database) == []
    assert gap["cause"] == "Perezvon was not running"
    assert gap["to_at"] is not None
    assert stopped == 0


async def _is_on_disk(data_dir: Path, uniqueid: str) -> bool:
    """The last thing said of that phone is in the spool."""
    return any(
        b"BridgeEnter" in tail and uniqueid.encode() in tail
        for tail in (path.read_bytes()[-2_000:] for path in (data_dir / "spool" / "main").glob("*.spool"))
    )


async def _in_order_of_storing(database: Database) -> list[datetime]:
    """When each event was heard, in the order in which the log got it."""
    async with database.read() as db:
        rows = await db.fetch("SELECT heard_at[1] AS at FROM raw_call_events ORDER BY xmin::text::bigint, heard_at[1]")
    return [row["at"] for row in rows]
