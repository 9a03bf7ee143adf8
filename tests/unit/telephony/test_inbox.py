"""Nothing that was heard is lost while the consumer is away, and nothing overtakes anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from channels.telephony.inbox import Dropped, Inbox
from channels.telephony.spool import Arrival, Spool

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLENTY = 10_000_000


def moment(number: int) -> datetime:
    return NOON + timedelta(seconds=number)


def put(inbox: Inbox, numbers: range) -> None:
    for number in numbers:
        inbox.put({"Event": "Hangup", "Number": str(number), "CallerIDName": "Айгүл"}, moment(number))


async def put_while_nobody_takes(inbox: Inbox, numbers: range) -> None:
    """Each event has the time to reach the disk before the next one comes."""
    for number in numbers:
        put(inbox, range(number, number + 1))
        await on_disk(inbox)


async def take(inbox: Inbox, count: int) -> list[int]:
    taken: list[int] = []
    while len(taken) < count:
        async with asyncio.timeout(5):
            batch = await inbox.take(min(7, count - len(taken)))
        taken += [int(arrival.event["Number"]) for arrival in batch]
        assert all(arrival.at == moment(int(arrival.event["Number"])) for arrival in batch)
    return taken


@asynccontextmanager
async def running(inbox: Inbox) -> AsyncIterator[Inbox]:
    task = asyncio.create_task(inbox.run())
    await asyncio.sleep(0)
    try:
        yield inbox
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def on_disk(inbox: Inbox) -> None:
    """Wait until what found no room in memory lies on disk."""
    async with asyncio.timeout(5):
        while inbox._overflow or inbox._disk.locked():  # noqa: ASYNC110 (it is no event of the inbox's)
            await asyncio.sleep(0)


async def test_events_pass_through_memory_while_the_consumer_keeps_up(tmp_path: Path):
    async with running(Inbox(tmp_path, size=100, spool_bytes=PLENTY)) as inbox:
        put(inbox, range(50))
        assert await take(inbox, 50) == list(range(50))

        assert inbox.spooled_bytes == 0
        await inbox.done()


async def test_a_waiting_consumer_is_woken(tmp_path: Path):
    async with running(Inbox(tmp_path, size=100, spool_bytes=PLENTY)) as inbox:
        waiting = asyncio.create_task(inbox.take())
        await asyncio.sleep(0)

        put(inbox, range(1))

        assert [arrival.event["Number"] for arrival in await asyncio.wait_for(waiting, 5)] == ["0"]
        await inbox.done()


async def test_while_the_consumer_is_away_events_go_to_disk_and_come_back_in_order(tmp_path: Path):
    async with running(Inbox(tmp_path, size=50, spool_bytes=PLENTY)) as inbox:
        with capture_logs() as logs:
            for start in range(0, 1000, 40):  # twenty times what memory holds
                put(inbox, range(start, start + 40))
                await on_disk(inbox)
            assert inbox.spooled_bytes > 0

            first = await take(inbox, 400)
            put(inbox, range(1000, 1040))  # newer ones wait behind what lies on disk
            rest = await take(inbox, 640)
            await inbox.done()

            put(inbox, range(1040, 1050))
            assert await take(inbox, 10) == list(range(1040, 1050))
            await inbox.done()

    assert first + rest == list(range(1040))
    assert (inbox.spooled_bytes, inbox.dropped, inbox.is_spilling) == (0, 0, False)
    assert [line["action"] for line in logs] == ["ami_inbox_full", "ami_inbox_caught_up"]


async def test_what_was_not_done_is_read_first_after_a_restart(tmp_path: Path):
    async with running(Inbox(tmp_path, size=10, spool_bytes=PLENTY)) as inbox:
        await put_while_nobody_takes(inbox, range(30))
        assert await take(inbox, 4) == [0, 1, 2, 3]  # taken, never done

    async with running(Inbox(tmp_path, size=10, spool_bytes=PLENTY)) as restarted:
        put(restarted, range(30, 35))
        assert await take(restarted, 35) == list(range(35))
        await restarted.done()
        assert restarted.spooled_bytes == 0


async def test_what_came_from_disk_and_was_not_done_is_still_there_after_a_kill(tmp_path: Path):
    async with running(Inbox(tmp_path, size=10, spool_bytes=PLENTY)) as inbox:
        await put_while_nobody_takes(inbox, range(30))
    killed = Inbox(tmp_path, size=10, spool_bytes=PLENTY)  # never runs to its end
    assert await take(killed, 7) == list(range(7))

    async with running(Inbox(tmp_path, size=10, spool_bytes=PLENTY)) as restarted:
        assert await take(restarted, 30) == list(range(30))
        await restarted.done()


async def test_only_a_full_spool_drops_and_the_hole_is_told_when_it_ends(tmp_path: Path):
    holes: list[Dropped] = []
    async with running(Inbox(tmp_path, size=10, spool_bytes=2000, on_dropped=holes.append)) as inbox:
        await put_while_nobody_takes(inbox, range(200))
        kept = inbox.dropped
        assert kept > 0
        assert holes == []

        before = await take(inbox, 200 - inbox.dropped)
        await inbox.done()
        await put_while_nobody_takes(inbox, range(200, 215))
        after = await take(inbox, 15)
        await inbox.done()

    assert before == list(range(200 - kept))
    assert after == list(range(200, 215))
    assert holes == [Dropped(count=kept, first_at=moment(200 - kept), last_at=moment(199))]


async def test_a_disk_that_fails_drops_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    holes: list[Dropped] = []
    with capture_logs() as logs:
        async with running(Inbox(tmp_path, size=5, spool_bytes=PLENTY, on_dropped=holes.append)) as inbox:
            monkeypatch.setattr("channels.telephony.spool._write_all", fail)
            put(inbox, range(10))
            await on_disk(inbox)
            assert await take(inbox, 5) == list(range(5))
            await inbox.done()

    assert holes == [Dropped(count=5, first_at=moment(5), last_at=moment(9))]
    assert "No space left on device" in [line.get("error") for line in logs]


def _arrivals(count: int) -> list[Arrival]:
    return [Arrival(moment(number), {"Event": "Hangup", "Number": str(number)}) for number in range(count)]


@given(kept=st.integers(0, 2000))
@settings(max_examples=50, deadline=None)
def test_a_segment_torn_anywhere_gives_back_all_its_whole_records(kept: int, tmp_path_factory: pytest.TempPathFactory):
    directory = tmp_path_factory.mktemp("spool")
    assert Spool(directory, max_bytes=PLENTY).append(_arrivals(20)) == []
    (segment,) = directory.iterdir()
    whole = segment.read_bytes()

    segment.write_bytes(whole[:kept])
    spool = Spool(directory, max_bytes=PLENTY)
    read = spool.read_oldest()

    assert read == _arrivals(20)[: len(read)]
    assert len(read) >= len(whole[:kept]) * 20 // len(whole) - 1


def test_segments_are_bounded_and_read_in_their_order(tmp_path: Path):
    spool = Spool(tmp_path, max_bytes=PLENTY, segment_bytes=500)
    assert spool.append(_arrivals(40)) == []
    assert len(list(tmp_path.iterdir())) > 3
    assert all(path.stat().st_size < 600 for path in tmp_path.iterdir())

    spool.prepend([Arrival(moment(-1), {"Number": "-1"})])
    read: list[Arrival] = []
    while not spool.is_empty:
        read += spool.read_oldest()
        spool.remove_oldest()

    assert [arrival.event["Number"] for arrival in read] == [str(number) for number in range(-1, 40)]
    assert list(tmp_path.iterdir()) == []


def test_after_a_failed_write_the_segment_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def write_half_and_fail(file, content: bytes) -> None:
        file.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    spool = Spool(tmp_path, max_bytes=PLENTY)
    spool.append(_arrivals(3))
    with monkeypatch.context() as broken:
        broken.setattr("channels.telephony.spool._write_all", write_half_and_fail)
        assert len(spool.append(_arrivals(2))) == 2
        assert spool.failure == "No space left on device"
    spool.append(_arrivals(1))

    assert spool.read_oldest() == _arrivals(3) + _arrivals(1)
