"""The flight recorder keeps the last of what was said, within its limits, whatever happens to it."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.telephony import player
from channels.telephony.player import AmiPlayer
from channels.telephony.recorder import record
from channels.telephony.recording_format import About, Recording, load, load_all, segments_of
from channels.telephony.recording_segments import Limits, SegmentedWriter
from tests.integration.ami_link import PATIENT, link_to, pbx

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ami"
CALL = load(FIXTURES / "blind_transfer_answered.ami.jsonl")
ABOUT = About(pbx="main", boot="2026-11-21T09:30:00", started_at="2026-11-21T09:30:05+00:00")
#: A segment of 4 KiB: the recorded call needs several.
SMALL = Limits(size_bytes=64 * 1024)


def write_call(writer: SegmentedWriter, *, times: int = 1) -> None:
    for turn in range(times):
        for frame in CALL.frames:
            writer.recorded(frame)
            writer.flush()
        writer.note(turn, "told")


def test_a_long_recording_is_cut_into_segments_and_read_as_one(tmp_path: Path) -> None:
    writer = SegmentedWriter(tmp_path, ABOUT, SMALL)

    write_call(writer)
    open_segments = [path for path in segments_of(tmp_path) if path.suffix != ".gz"]
    writer.close()

    segments = segments_of(tmp_path)
    assert len(segments) > 3
    assert len(open_segments) == 1
    assert {path.suffix for path in segments} == {".gz"}
    assert load(tmp_path) == Recording(about=ABOUT, frames=CALL.frames)
    assert load_all(segments) == [load(tmp_path)]


def test_the_oldest_is_thrown_away_and_the_newest_kept(tmp_path: Path) -> None:
    writer = SegmentedWriter(tmp_path, ABOUT, Limits(size_bytes=30_000))

    write_call(writer, times=30)
    writer.close()

    kept = load(tmp_path).frames
    assert sum(path.stat().st_size for path in segments_of(tmp_path)) <= 30_000
    assert kept[-len(CALL.frames) :] == CALL.frames
    assert len(kept) < 30 * len(CALL.frames)


def test_what_is_older_than_its_days_goes(tmp_path: Path) -> None:
    before = SegmentedWriter(tmp_path, ABOUT, SMALL)
    write_call(before)
    before.close()
    long_ago = (datetime.now(UTC) - timedelta(days=8)).timestamp()
    for path in segments_of(tmp_path):
        os.utime(path, (long_ago, long_ago))

    later = About(pbx="main", started_at="2026-11-29T09:30:05+00:00")
    SegmentedWriter(tmp_path, later, Limits(age=timedelta(days=7))).close()

    assert load(tmp_path) == Recording(about=later, frames=())


def test_a_killed_recorder_loses_half_a_line_and_the_next_one_goes_on(tmp_path: Path) -> None:
    killed = SegmentedWriter(tmp_path, ABOUT, Limits())
    killed.recorded(CALL.frames[0])
    killed.flush()
    [path] = segments_of(tmp_path)
    with path.open("ab") as torn:
        torn.write(b'{"at": 0.5, "hea')
    (tmp_path / "half.ami.jsonl.part").write_bytes(b"\x1f\x8b")

    after = SegmentedWriter(tmp_path, About(pbx="main", started_at="2026-11-21T09:31:05+00:00"), Limits())
    after.recorded(CALL.frames[1])
    after.close()

    frames = load(tmp_path).frames
    assert [frame.headers for frame in frames] == [frame.headers for frame in CALL.frames[:2]]
    assert frames[1].at == pytest.approx(CALL.frames[1].at + 60)
    assert not list(tmp_path.glob("*.part"))


async def test_a_pbx_is_recorded_in_segments_of_other_people_and_played_again(tmp_path: Path) -> None:
    folder = tmp_path / "main"
    async with AmiPlayer(speed=0, about=CALL.about).listening() as ami:
        recording = asyncio.create_task(
            record(pbx(ami.port), folder, limits=Limits(size_bytes=2**20), anonymise=True, timings=PATIENT)
        )
        await ami.wait_for_login()
        await ami.start_as_recorded(CALL).over.wait()
        ends = sum(frame.event == "Hangup" for frame in CALL.frames)
        while sum(path.read_bytes().count(b'"Hangup"') for path in recorded(folder)) < ends:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)

    kept = b"".join(gzip.decompress(path.read_bytes()) for path in segments_of(folder))
    assert b"8880011" not in kept
    async with served([folder]) as port, link_to(port, timings=PATIENT) as (_, told):
        await told.until(lambda told: sum(event["Event"] == "Hangup" for event in told.events) == ends)


def recorded(folder: Path) -> list[Path]:
    return segments_of(folder) if folder.is_dir() else []


@asynccontextmanager
async def served(files: list[Path]) -> AsyncIterator[int]:
    said: asyncio.Queue[str] = asyncio.Queue()
    serving = asyncio.create_task(player.serve(files, speed=0, announce=said.put_nowait))
    try:
        yield int((await said.get()).rpartition(":")[2])
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
