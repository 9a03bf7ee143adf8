"""The database stands still for twenty seconds while the PBX talks on: the link stays up, and everything arrives."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog.testing

from channels.telephony.room import PbxRoom
from crm_core.store.database import Database
from crm_core.store.defaults import seed_defaults
from crm_core.store.migrate import migrate
from crm_core.store.partitions import make_months
from tests.embedded_users import Place, any_user_may_enter
from tests.failure.program import told_twice
from tests.integration.ami_peer import ami_peer
from tests.integration.live_pbx import LivePbx, hearing
from tests.people import add_agent
from tests.waiting import eventually

_FROZEN_S = 20.0
_EVENTS_A_SECOND = 2_000
_STEP_S = 0.05
_IN_MEMORY = 5_000
_AGENTS = ("1001", "1002", "1003", "1004")


@asynccontextmanager
async def _a_server_of_its_own() -> AsyncIterator[tuple[Place, Database]]:
    with any_user_may_enter() as place:
        async with place.server() as server:
            await migrate(server.url, everything=True)
            async with Database(server.url) as database:
                async with database.begin() as tx:
                    await make_months(tx, now=tx.now)
                    await seed_defaults(tx)
                yield place, database


async def test_a_frozen_database_delays_the_log_and_never_the_reading(tmp_path: Path) -> None:
    pbx = LivePbx()
    async with _a_server_of_its_own() as (place, database), ami_peer(pbx.peer):
        for extension in _AGENTS:
            await add_agent(database, extension, extension=extension, present=False)
        with structlog.testing.capture_logs() as logs:
            async with hearing(pbx.peer.port, database, tmp_path, ami_inbox=_IN_MEMORY, ami_ping_s=2) as room:
                with place.frozen():
                    pings = pbx.peer.count("Ping")
                    calls, most_waiting = await _storm(pbx, room)
                    answered_pings = pbx.peer.count("Ping") - pings
                    spilled = room.inbox.is_spilling and room.inbox.spooled_bytes > 0
                await eventually(lambda: _is_stored(room), patience_s=60)
                found = await _as_stored(database)
                outcomes = await _outcomes(database)
                twice = await told_twice(database)

    assert "ami_link_lost" not in [line["action"] for line in logs]
    assert answered_pings >= _FROZEN_S / 2 - 3
    assert spilled
    assert most_waiting <= 2 * _IN_MEMORY
    assert room.inbox.dropped == 0
    assert len(found) == calls
    assert found == pbx.said
    assert outcomes == {("answered", True): calls}
    assert twice == []


async def _storm(pbx: LivePbx, room: PbxRoom) -> tuple[int, int]:
    """Whole calls at that rate; how many, and how many events were ever waiting in memory."""
    loop = asyncio.get_running_loop()
    begun, calls, said, most_waiting = loop.time(), 0, 0, 0
    while (elapsed := loop.time() - begun) < _FROZEN_S:
        while said < elapsed * _EVENTS_A_SECOND:
            client, phone = pbx.talks(f"+7701{calls:07}", _AGENTS[calls % len(_AGENTS)])
            pbx.ends(client, phone)
            calls, said = calls + 1, said + len(pbx.said[client.linkedid])
        most_waiting = max(most_waiting, room.inbox.waiting)
        await asyncio.sleep(_STEP_S)  # the pace of the storm
    return calls, most_waiting


async def _is_stored(room: PbxRoom) -> bool:
    return room.inbox.is_done


async def _as_stored(database: Database) -> dict[str, list[str]]:
    """The names of the events of each call, in the order in which they arrived in the log."""
    async with database.read() as db:
        rows = await db.fetch("SELECT linkedid, events FROM raw_call_events ORDER BY heard_at[1], id")
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row["linkedid"]] += [event["Event"] for event in row["events"]]
    return dict(found)


async def _outcomes(database: Database) -> dict[tuple[str | None, bool], int]:
    async with database.read() as db:
        rows = await db.fetch("SELECT outcome, complete, count(*) AS calls FROM interactions GROUP BY 1, 2")
    return {(row["outcome"], row["complete"]): row["calls"] for row in rows}
