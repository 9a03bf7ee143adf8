"""What was missed is put right after the next login: of calls that went on, ended and began meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from channels.telephony.room import PbxRoom
from crm_core.store.database import Database
from crm_core.views.interactions import Interaction
from tests.failure.program import call_in, gaps_of, log_of, told_twice
from tests.integration.ami_peer import ami_peer, refusal
from tests.integration.live_pbx import LivePbx, hearing
from tests.people import add_agent
from tests.waiting import eventually
from tests.wire import Wire


@pytest.fixture
async def pbx(database: Database) -> AsyncIterator[LivePbx]:
    for extension in ("1001", "1002", "1003", "1004"):
        await add_agent(database, extension, extension=extension, present=False)
    live = LivePbx()
    async with ami_peer(live.peer):
        yield live


@asynccontextmanager
async def wire_to(pbx: LivePbx) -> AsyncIterator[Wire]:
    wire = Wire("127.0.0.1", pbx.peer.port)
    await wire.mend()
    try:
        yield wire
    finally:
        await wire.cut()


def by_caller(log: Sequence[Interaction]) -> dict[str | None, Interaction]:
    found = {call.client_address: call for call in log}
    assert len(found) == len(log), "a call is doubled"
    return found


async def settled(database: Database, *, gaps: int = 1) -> None:
    """Wait until so many gaps are over."""

    async def closed() -> bool:
        ledger = await gaps_of(database)
        return len(ledger) == gaps and all(gap["to_at"] is not None for gap in ledger)

    await eventually(closed)


async def test_calls_that_ended_began_and_went_on_in_a_gap_are_right_after_it(
    pbx: LivePbx, database: Database, tmp_path: Path
) -> None:
    async with wire_to(pbx) as wire, hearing(wire.port, database, tmp_path):
        ended = pbx.talks("+77010000001", "1001")
        goes_on = pbx.talks("+77010000002", "1002")
        was_ringing = pbx.waits("+77010000003")
        phone = pbx.is_offered(was_ringing, "1003")
        await call_in(database, "+77010000002", "active")

        await wire.cut()
        pbx.ends(*ended)
        pbx.is_answered(was_ringing, phone)
        pbx.waits("+77010000004")
        await wire.mend()
        await settled(database)
        log = by_caller(await log_of(database))
        pbx.ends(*goes_on)
        after = await call_in(database, "+77010000002", "closed")
    [gap] = await gaps_of(database)

    assert {caller: call.state for caller, call in log.items()} == {
        "+77010000001": "closed",
        "+77010000002": "active",
        "+77010000003": "active",
        "+77010000004": "queued",
    }
    assert [leg.result for leg in log["+77010000003"].legs] == ["answered"]
    assert not any(log[caller].complete for caller in ("+77010000001", "+77010000003", "+77010000004"))
    assert (after.outcome, after.ended_by, after.queue) == ("answered", "client", "sales")
    assert await told_twice(database) == []
    assert gap["affected"] in {3, 4}  # the call that went on is doubted unless the gap was but a moment


async def test_after_our_own_restart_a_call_keeps_everything_that_was_known_of_it(
    pbx: LivePbx, database: Database, tmp_path: Path
) -> None:
    async with hearing(pbx.peer.port, database, tmp_path):
        client, phone = pbx.talks("+77010000001", "1001")
        pbx.holds(phone)
        before = await call_in(database, "+77010000001", "active")
        await eventually(lambda: on_hold(database))
    async with hearing(pbx.peer.port, database, tmp_path):
        still_held = await on_hold(database)
        pbx.takes_back(phone)
        pbx.ends(client, phone)
        after = await call_in(database, "+77010000001", "closed")

    assert still_held
    assert (after.id, after.queue, after.answered_at, after.wait_s) == (
        before.id,
        "sales",
        before.answered_at,
        before.wait_s,
    )
    assert (after.legs[0].id, after.legs[0].role, after.legs[0].result) == (before.legs[0].id, "queue", "answered")
    assert len(after.legs) == 1
    assert after.hold_s is not None
    assert after.hold_s > 0


async def on_hold(database: Database) -> bool:
    async with database.read() as db:
        return bool(await db.fetchval("SELECT bool_or(on_hold) FROM legs"))


async def test_a_call_of_several_linkedids_is_one_call_after_our_restart(
    pbx: LivePbx, database: Database, tmp_path: Path
) -> None:
    async with hearing(pbx.peer.port, database, tmp_path):
        client, phone = pbx.talks("+77010000001", "1001")
        consulting = pbx.agent_dials("1001", "1002")
        other = pbx.dial(consulting, "PJSIP/1002")
        pbx.rings(other)
        pbx.answers(consulting, other)
        pbx.enters("consulting", consulting, other)
        other.linkedid = consulting.linkedid = client.linkedid
        pbx.enters(f"bridge-{client.uniqueid}", other)
        pbx.hangs_up(phone, consulting)
        await eventually(lambda: talked_to(database, "1002"))
    async with hearing(pbx.peer.port, database, tmp_path):
        pbx.ends(client, other)
        after = await call_in(database, "+77010000001", "closed")
    told = [call for call in await log_of(database) if call.merged_into is None]

    assert [call.id for call in told] == [after.id]
    assert {leg.interface for leg in after.legs if leg.answered_at} >= {"PJSIP/1001", "PJSIP/1002"}


async def talked_to(database: Database, extension: str) -> bool:
    async with database.read() as db:
        return bool(
            await db.fetchval(
                "SELECT true FROM legs WHERE interface = $1 AND answered_at IS NOT NULL", f"PJSIP/{extension}"
            )
        )


@pytest.mark.parametrize("we_are", ["listening", "down"])
async def test_linkedids_that_repeat_after_a_restart_of_the_pbx_are_other_calls(
    pbx: LivePbx, database: Database, tmp_path: Path, we_are: str
) -> None:
    async with hearing(pbx.peer.port, database, tmp_path):
        first, _ = pbx.talks("+77010000001", "1001")
        waiting = pbx.waits("+77010000002")
        pbx.is_offered(waiting, "1002")
        await call_in(database, "+77010000001", "active")
        await call_in(database, "+77010000002", "queued")
        if we_are == "listening":
            pbx.restart("2026-11-21 10:00:00")
            again, _ = pbx.talks("+77010000003", "1003")
            await settled(database)
    if we_are == "down":
        pbx.restart("2026-11-21 10:00:00")
        again, _ = pbx.talks("+77010000003", "1003")
        async with hearing(pbx.peer.port, database, tmp_path):
            await settled(database)
    log = by_caller(await log_of(database))

    assert first.linkedid == again.linkedid
    assert {caller: (call.state, call.outcome, call.complete) for caller, call in log.items()} == {
        "+77010000001": ("closed", "answered", False),
        "+77010000002": ("closed", log["+77010000002"].outcome, False),
        "+77010000003": ("active", None, False),
    }
    assert log["+77010000002"].outcome in {"no_answer", "failed"}


async def test_a_line_that_flaps_makes_one_gap_and_doubles_nothing(
    pbx: LivePbx, database: Database, tmp_path: Path
) -> None:
    async with hearing(pbx.peer.port, database, tmp_path):
        talk = pbx.talks("+77010000001", "1001")
        await call_in(database, "+77010000001", "active")
        for _ in range(3):
            await stumbles(pbx)
        await settled(database)
        pbx.ends(*talk)
        ended = await call_in(database, "+77010000001", "closed")

    assert (len(await log_of(database)), ended.outcome) == (1, "answered")
    assert len(await gaps_of(database)) == 1
    assert await told_twice(database) == []


async def stumbles(pbx: LivePbx) -> None:
    """The connection breaks, and is made again."""
    before = pbx.peer.connections
    pbx.peer.drop()
    await pbx.peer.until(lambda peer: peer.connections > before)


async def test_lists_that_may_not_be_read_end_no_call(pbx: LivePbx, database: Database, tmp_path: Path) -> None:
    pbx.peer.answers["CoreShowChannels"] = lambda heard: refusal(heard, "Permission denied")
    async with wire_to(pbx) as wire, hearing(wire.port, database, tmp_path) as room:
        pbx.talks("+77010000001", "1001")
        await call_in(database, "+77010000001", "active")
        asked = pbx.peer.count("QueueStatus")
        wire.break_off()
        await pbx.peer.until(lambda peer: peer.count("QueueStatus") > asked)
        await asyncio.wait_for(room.in_line.wait(), 5)
        [call] = await log_of(database)

    assert call.state == "active"


async def test_what_found_no_room_on_disk_is_a_gap_and_its_calls_are_put_right(
    pbx: LivePbx, database: Database, tmp_path: Path
) -> None:
    async with hearing(pbx.peer.port, database, tmp_path, ami_inbox=20, ami_spool_bytes=20_000) as room:
        ends = pbx.talks("+77010000001", "1001")
        goes_on = pbx.talks("+77010000002", "1002")
        await call_in(database, "+77010000002", "active")
        async with database.begin() as tx:
            await tx.execute("LOCK TABLE raw_call_events IN ACCESS EXCLUSIVE MODE")
            for _ in range(300):
                pbx.holds(goes_on[1])
                pbx.takes_back(goes_on[1])
            await eventually(lambda: has_dropped(room))
            pbx.ends(*ends)
        lost = await call_in(database, "+77010000001", "closed")
        await settled(database)
        alive = await call_in(database, "+77010000002", "active")
    [gap] = await gaps_of(database)

    assert str(gap["cause"]).startswith("the spool on disk was full")
    assert (lost.outcome, alive.complete) == ("answered", False)
    assert isinstance(gap["affected"], int)
    assert gap["affected"] >= 1


async def has_dropped(room: PbxRoom) -> bool:
    return room.inbox.dropped > 0


async def test_the_gap_begins_with_the_last_thing_stored(pbx: LivePbx, database: Database, tmp_path: Path) -> None:
    async with hearing(pbx.peer.port, database, tmp_path):
        talk = pbx.talks("+77010000001", "1001")
        await call_in(database, "+77010000001", "active")
        pbx.holds(talk[1])
        await eventually(lambda: on_hold(database))
        last_said = pbx.now
    async with hearing(pbx.peer.port, database, tmp_path):
        await settled(database)
    [gap] = await gaps_of(database)

    assert gap["cause"] == "Perezvon was not running"
    assert abs(gap["from_at"] - last_said) < timedelta(seconds=1)  # type: ignore[operator]
