"""Hearing a call again: the right people, any part of it, and never unnoticed."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from crm_core.actions.calls import record_calls
from crm_core.domain.calls import RecordingSnapshot
from crm_core.store.database import Database
from tests.builders import NOON, ended
from tests.integration.http.house import House, open_house

FILE = "2026/11/21/1790000000.1.wav"


def write_sound(folder: Path) -> bytes:
    path = folder / FILE
    path.parent.mkdir(parents=True)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(range(256)) * 50)
    return path.read_bytes()


def pbx(recordings: str) -> dict[str, object]:
    return {
        "name": "main",
        "host": "127.0.0.1",
        "username": "crm",
        "secret": "s3cret",
        "recordings": recordings,
    }


@pytest.fixture
async def sounding(database: Database, tmp_path: Path) -> AsyncIterator[tuple[House, bytes]]:
    """A house whose PBX keeps recordings in a directory, and the sound of its one call."""
    folder = tmp_path / "monitor"
    sound = write_sound(folder)
    async with open_house(database, static=tmp_path / "none", pbx=[pbx(str(folder))]) as house:
        yield house, sound


async def recorded(house: House, file: str = FILE) -> str:
    """The address of the recording of a call that Anna had."""
    call = ended(recordings=(RecordingSnapshot(file=file, started_at=NOON),))
    async with house.database.begin() as tx:
        await record_calls(tx, [call], country="KZ")
        recording: UUID = await tx.fetchval("SELECT id FROM recordings")
    return f"/api/v1/recordings/{recording}/audio"


async def hearings(house: House) -> int:
    async with house.database.read() as reader:
        return await reader.fetchval("SELECT count(*) FROM audit_log WHERE action = 'recording.heard'")


async def test_sound_is_played_whole_and_from_any_place(sounding: tuple[House, bytes]) -> None:
    house, sound = sounding
    anna = await house.program("anna", extension="1001")
    address = await recorded(house)

    whole = await anna.get(address)
    part = await anna.get(address, headers={"Range": "bytes=100-199"})
    tail = await anna.get(address, headers={"Range": "bytes=-50"})
    beyond = await anna.get(address, headers={"Range": "bytes=999999-"})

    assert (whole.status, whole.content, whole.headers["Content-Type"]) == (200, sound, "audio/wav")
    assert (part.status, part.content) == (206, sound[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(sound)}"
    assert (tail.status, tail.content) == (206, sound[-50:])
    assert beyond.status == 416


async def test_each_hearing_is_noted_once_however_one_seeks(sounding: tuple[House, bytes]) -> None:
    house, _ = sounding
    anna = await house.program("anna", extension="1001")
    address = await recorded(house)

    await anna.get(address, headers={"Range": "bytes=0-"})
    for start in (100, 5000, 300):
        await anna.get(address, headers={"Range": f"bytes={start}-"})
    assert await hearings(house) == 1
    await anna("HEAD", address)
    assert await hearings(house) == 1

    await anna.get(address)
    assert await hearings(house) == 2


async def test_a_piece_from_the_middle_alone_is_a_hearing_too(sounding: tuple[House, bytes]) -> None:
    house, _ = sounding
    anna = await house.program("anna", extension="1001")

    await anna.get(await recorded(house), headers={"Range": "bytes=1-"})

    assert await hearings(house) == 1


async def test_other_peoples_calls_make_no_sound(sounding: tuple[House, bytes]) -> None:
    house, _ = sounding
    await house.person("anna", extension="1001")
    boris = await house.program("boris", extension="1002")

    assert (await boris.get(await recorded(house))).code == "not_found"
    assert (await boris.get(f"/api/v1/recordings/{uuid4()}/audio")).code == "not_found"
    assert await hearings(house) == 0


@pytest.mark.parametrize("file", ["gone.wav", "../../etc/passwd", "/etc/passwd", "../outside.wav"])
async def test_nothing_outside_the_directory_is_ever_read(
    sounding: tuple[House, bytes], tmp_path: Path, file: str
) -> None:
    house, _ = sounding
    (tmp_path / "outside.wav").write_bytes(b"secret")
    anna = await house.program("anna", extension="1001")

    answer = await anna.get(await recorded(house, file))

    assert (answer.status, answer.code) == (404, "recording_missing")


@asynccontextmanager
async def sound_server(sound: bytes, folder: Path) -> AsyncIterator[str]:
    """A PBX that gives its recordings over HTTP."""
    file = folder / "sound.wav"
    file.write_bytes(sound)

    async def give(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(file) if request.path == "/monitor/1790000000.1.wav" else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{path:.*}", give)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/monitor/"
    finally:
        await runner.cleanup()


async def test_sound_that_another_server_keeps_is_passed_on(database: Database, tmp_path: Path) -> None:
    sound = bytes(range(256)) * 1000
    async with (
        sound_server(sound, tmp_path) as place,
        open_house(database, static=tmp_path / "none", pbx=[pbx(place)]) as house,
    ):
        anna = await house.program("anna", extension="1001")
        address = await recorded(house)

        whole = await anna.get(address)
        part = await anna.get(address, headers={"Range": "bytes=1000-1999"})

    assert (whole.status, whole.content) == (200, sound)
    assert (part.status, part.content) == (206, sound[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(sound)}"


async def test_a_silent_sound_server_is_said_in_words(database: Database, tmp_path: Path) -> None:
    async with open_house(database, static=tmp_path, pbx=[pbx("http://127.0.0.1:1/monitor")]) as house:
        anna = await house.program("anna", extension="1001")

        answer = await anna.get(await recorded(house))

    assert (answer.status, answer.code) == (503, "recordings_unavailable")
