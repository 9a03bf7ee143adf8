"""Every recording there is, played to a client that is not ours, as fast as it goes and in time."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from panoramisk import Manager

from channels.telephony.player import AmiPlayer
from channels.telephony.recording_format import Recording, load

RECORDINGS = sorted((Path(__file__).parents[1] / "fixtures" / "ami").glob("*.ami.jsonl*"))


@pytest.mark.parametrize("speed", [0, 100.0])
async def test_every_recording_is_heard_whole_by_plain_panoramisk(speed: float) -> None:
    recordings = [load(path) for path in RECORDINGS]

    heard = await asyncio.gather(*(played_to_panoramisk(recording, speed) for recording in recordings))

    told = [counted(recording) for recording in recordings]
    assert {path.name: one for path, one in zip(RECORDINGS, heard, strict=True)} == {
        path.name: one for path, one in zip(RECORDINGS, told, strict=True)
    }


def counted(recording: Recording) -> Counter[str]:
    """What belongs to the calls: neither greetings nor answers to whoever recorded."""
    answers = {"FullyBooted", ""}
    return Counter(
        frame.event
        for frame in recording.frames
        if frame.event not in answers
        and (frame.event == "OriginateResponse" or not (frame.get("ActionID") or frame.get("EventList")))
    )


async def played_to_panoramisk(recording: Recording, speed: float) -> Counter[str]:
    expected = counted(recording).total()
    heard: Counter[str] = Counter()
    complete = asyncio.Event()

    def hear(_: Manager, message: object) -> None:
        name = str(getattr(message, "event", ""))
        if name not in {"FullyBooted", ""}:
            heard[name] += 1
        if heard.total() >= expected:
            complete.set()

    async with AmiPlayer(about=recording.about, speed=speed).listening() as ami:
        manager = Manager(host="127.0.0.1", port=ami.port, username="anybody", secret="any")
        manager.register_event("*", hear)
        try:
            await manager.connect()
            await ami.wait_for_login()
            call = ami.start_as_recorded(recording)
            async with asyncio.timeout(60):
                await call.over.wait()
                await complete.wait()
        finally:
            manager.close()
            manager.connect = manager.connection_lost = lambda *_: None  # it would come back for ever
    return heard
