"""After a gap of a minute in which 50 of 200 calls ended and 50 began: how soon the log is right again.

A made-up PBX (``tests.integration.live_pbx``) has 200 talks when the link is
cut. While it is away 50 of them end and 50 others begin. Ours: from the moment
at which the next login is through until every live call stands in the log as it
is. Baseline, in the same run: the bare lists of the same PBX, asked over a link
that does nothing else, and the same snapshots recorded again into another
database, where they are as new as here.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from channels.telephony.ami import AmiLink, LinkState, LinkStatus
from channels.telephony.dialect import PbxDialect
from channels.telephony.resync import ask_standing
from channels.telephony.tracker import CallTracker
from config.sections import PbxSettings
from crm_core.actions.calls import record_calls
from crm_core.store.database import Database
from tests.benchmarks.result import Figure
from tests.benchmarks.rounds import ROUNDS
from tests.benchmarks.server import fresh_database
from tests.integration.ami_peer import ami_peer
from tests.integration.live_pbx import LivePbx, hearing, settings_of
from tests.people import add_agent
from tests.unit.telephony.exchange import Line
from tests.waiting import eventually
from tests.wire import Wire

AGENTS = 60
TARGET_S = 2.0


def run(scale: float) -> list[Figure]:
    """Always the whole 200 calls; the scale says how often."""
    return asyncio.run(_run(max(round(ROUNDS * min(scale * 10, 1)), 2)))


async def _run(rounds: int) -> list[Figure]:
    live, change = 200, 50
    recovered: list[float] = []
    baselines: list[float] = []
    async with fresh_database() as database, fresh_database() as other:
        for place in (database, other):
            for number in range(AGENTS):
                await add_agent(place, f"agent{number}", extension=str(1001 + number), present=False)
        for number in range(rounds):
            pbx = LivePbx(boot=f"2026-11-21 09:{number:02}:00")
            async with ami_peer(pbx.peer):
                recovered.append(await _recover(pbx, database, live=live, change=change))
                baselines.append(await _only_ask_and_store(pbx, other))
    sizes = f"{rounds} × {live} live calls, {change} ended and {change} begun"
    ratios = [ours / bare for ours, bare in zip(recovered, baselines, strict=True)]
    return [
        Figure(
            name="gap recovery: right after the login",
            measured=max(recovered),
            target=TARGET_S,
            unit="s",
            higher_is_better=False,
            sizes=sizes,
            detail=f"median {median(recovered):.2f} s, the worst is measured",
        ),
        Figure(
            name="gap recovery / bare lists and storing the same snapshots",
            measured=median(ratios),
            target=3,
            higher_is_better=False,
            sizes=sizes,
            detail=f"{median(recovered):.2f} against {median(baselines):.2f} s; worst of {rounds} {max(ratios):.2f} ×",
        ),
    ]


async def _recover(pbx: LivePbx, database: Database, *, live: int, change: int) -> float:
    """Seconds from the login after the gap to a log that is right."""
    wire = Wire("127.0.0.1", pbx.peer.port)
    await wire.mend()
    with tempfile.TemporaryDirectory(prefix="perezvon-") as directory:
        async with hearing(wire.port, database, Path(directory), ami_reconnect_max_s=1) as room:
            talks = [_talk(pbx, number) for number in range(live)]
            await eventually(lambda: _stands(database, pbx, live=live))
            await wire.cut()
            await eventually(lambda: _is(room.link, LinkStatus.DOWN))
            for talk in talks[:change]:
                pbx.ends(*talk)
            for number in range(live, live + change):
                _talk(pbx, number)
            await wire.mend()
            await eventually(lambda: _is(room.link, LinkStatus.UP))
            begun = time.perf_counter()
            await eventually(lambda: _stands(database, pbx, live=live), patience_s=60)
            taken = time.perf_counter() - begun
            await _is_whole(database, pbx, calls=live + change, ended=change)
    await wire.cut()
    return taken


def _talk(pbx: LivePbx, number: int) -> tuple[Line, Line]:
    return pbx.talks(f"+7701{number:07}", str(1001 + number % AGENTS))


async def _is(link: AmiLink, status: LinkStatus) -> bool:
    return link.state.status is status


async def _stands(database: Database, pbx: LivePbx, *, live: int) -> bool:
    """Exactly the calls that are alive are active in the log."""
    async with database.read() as db:
        rows = await db.fetch(
            "SELECT external_id FROM interactions WHERE state = 'active' AND boot = $1", pbx.boot.replace(" ", "T")
        )
    alive = {one.headers["Linkedid"] for one in pbx.alive.values()}
    return len(rows) == len(alive) == live and {row["external_id"] for row in rows} == alive


async def _is_whole(database: Database, pbx: LivePbx, *, calls: int, ended: int) -> None:
    async with database.read() as db:
        row = await db.fetchrow(
            "SELECT count(*) AS calls, count(*) FILTER (WHERE ended_at IS NOT NULL AND NOT complete) AS ended"
            " FROM interactions WHERE boot = $1",
            pbx.boot.replace(" ", "T"),
        )
    assert row is not None
    assert (row["calls"], row["ended"]) == (calls, ended), dict(row)


async def _only_ask_and_store(pbx: LivePbx, database: Database) -> float:
    """Seconds for the lists alone, and for recording what they say into a log that has never heard of it."""
    settings = PbxSettings.model_validate(settings_of(pbx.peer.port))
    up = asyncio.Event()

    def tell(state: LinkState) -> None:
        if state.status is LinkStatus.UP:
            up.set()

    link = AmiLink(settings, on_event=lambda event: None, on_state=tell)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(link.run())
        await up.wait()
        begun = time.perf_counter()
        standing = await ask_standing(link)
        assert standing.alive is not None
        dialect = PbxDialect(pbx=settings.name, trunk_prefixes=tuple(settings.trunk_prefixes))
        tracker = CallTracker(dialect, boot=pbx.boot)
        tracker.resync(standing.alive, pbx.now)
        async with database.begin() as tx:
            await record_calls(tx, [tracker.snapshot(one) for one in tracker.live_calls()], country="KZ")
        taken = time.perf_counter() - begun
        running.cancel()
    return taken
