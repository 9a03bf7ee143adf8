"""Hearing a call again: the right people, any part of it, and never unnoticed."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from crm_core.actions.calls import record_calls
from crm_core.actions.recordings import record_found
from crm_core.domain.calls import CallSnapshot, LegResult, LegSnapshot, RecordingSnapshot
from crm_core.domain.people import Role
from crm_core.store.database import Database
from tests.builders import NOON, after, ended, leg
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


async def test_one_listening_is_one_hearing_whatever_the_player_asks_for(sounding: tuple[House, bytes]) -> None:
    house, _ = sounding
    anna = await house.program("anna", extension="1001")
    boss = await house.program("boss", Role.OWNER)
    address = await recorded(house)
    first, second = uuid4(), uuid4()

    await asyncio.gather(
        anna.get(f"{address}?listening={first}"),  # the picture of the sound
        anna.get(f"{address}?listening={first}", headers={"Range": "bytes=0-"}),
        anna.get(f"{address}?listening={first}", headers={"Range": "bytes=900-"}),
    )
    assert await hearings(house) == 1
    await anna.get(f"{address}?listening={second}")
    assert await hearings(house) == 2
    await boss.get(f"{address}?listening={first}")
    assert await hearings(house) == 3


async def test_a_name_for_a_listening_does_not_last_for_ever(sounding: tuple[House, bytes]) -> None:
    house, _ = sounding
    anna = await house.program("anna", extension="1001")
    address = f"{await recorded(house)}?listening={uuid4()}"

    await anna.get(address)
    async with house.database.begin() as tx:
        await tx.execute("UPDATE audit_log SET at = at - interval '2 hours'")
    await anna.get(address)

    assert await hearings(house) == 2


async def test_only_supervisors_take_a_sound_away_and_it_is_noted(sounding: tuple[House, bytes]) -> None:
    house, sound = sounding
    anna = await house.program("anna", extension="1001")
    boss = await house.program("boss", Role.SUPERVISOR)
    address = f"{await recorded(house)}?download=true"

    refused = await anna.get(address)
    taken = await boss.get(address)

    assert (refused.status, refused.code) == (403, "forbidden")
    assert (taken.status, taken.content) == (200, sound)
    assert taken.headers["Content-Disposition"] == "attachment; filename*=UTF-8''1790000000.1.wav"
    async with house.database.read() as reader:
        assert await reader.fetchval("SELECT count(*) FROM audit_log WHERE action = 'recording.downloaded'") == 1


async def test_a_consultation_is_heard_by_who_took_part_and_by_supervisors(sounding: tuple[House, bytes]) -> None:
    house, _ = sounding
    anna = await house.program("anna", extension="1001")
    boris = await house.program("boris", extension="1002")
    carl = await house.program("carl", extension="1003")
    boss = await house.program("boss", Role.SUPERVISOR)
    aside = RecordingSnapshot(file=FILE, started_at=NOON, consultation=("leg-1001", "leg-1002"))
    call = ended(legs=tuple(talked(one) for one in ("1001", "1002", "1003")), recordings=(aside,))
    async with house.database.begin() as tx:
        await record_calls(tx, [call], country="KZ")
        recording: UUID = await tx.fetchval("SELECT id FROM recordings")
        interaction: UUID = await tx.fetchval("SELECT id FROM interactions")
    address = f"/api/v1/recordings/{recording}/audio"

    heard = [(await who.get(address)).status for who in (anna, boris, boss, carl)]
    shown = (await carl.get(f"/api/v1/interactions/{interaction}")).body

    assert heard == [200, 200, 200, 404]
    assert shown["recordings"][0]["consultation"] is True
    assert len(shown["recordings"][0]["agent_ids"]) == 2


def talked(extension: str) -> LegSnapshot:
    return leg(
        extension,
        uniqueid=f"leg-{extension}",
        answered_at=after(5),
        ended_at=after(65),
        result=LegResult.ANSWERED,
    )


async def test_a_sound_that_is_there_no_more_is_said_to_be_gone(sounding: tuple[House, bytes], tmp_path: Path) -> None:
    house, _ = sounding
    anna = await house.program("anna", extension="1001")
    address = await recorded(house)
    async with house.database.begin() as tx:
        await record_found(tx, UUID(address.split("/")[-2]), duration_s=1.0, place=FILE)
    (tmp_path / "monitor" / FILE).unlink()

    answer = await anna.get(address)

    calls = (await anna.get("/api/v1/interactions")).body["items"]
    assert (answer.status, answer.code) == (404, "recording_missing")
    assert [(one["state"], one["available"]) for one in calls[0]["recordings"]] == [("gone", False)]
    assert await hearings(house) == 0


async def test_answered_calls_without_a_recording_are_listed_with_whose_and_since_when(
    sounding: tuple[House, bytes],
) -> None:
    house, _ = sounding
    await house.person("anna", extension="1001")
    boss = await house.program("boss", Role.SUPERVISOR)
    anna = await house.program("anya", extension="1009")
    started = datetime.now(UTC) - timedelta(hours=2)
    named = RecordingSnapshot(file="named.wav", started_at=started)
    calls = [
        lately(started, "1.1", recordings=(RecordingSnapshot(file="heard.wav", started_at=started),)),
        lately(started + timedelta(minutes=10), "1.2"),
        lately(started + timedelta(minutes=20), "1.3", recordings=(named,)),
        lately(datetime.now(UTC) - timedelta(minutes=2), "1.4"),  # its file may still come
    ]
    async with house.database.begin() as tx:
        await record_calls(tx, calls, country="KZ")
        heard: UUID = await tx.fetchval("SELECT id FROM recordings WHERE name = 'heard.wav'")
        await record_found(tx, heard, duration_s=1.0)

    listed = (await boss.get("/api/v1/recordings/unrecorded")).body["items"]
    groups = (await boss.get("/api/v1/recordings/unrecorded/groups")).body

    assert [(one["reason"], one["queue"], one["agent_name"]) for one in listed] == [
        ("awaited", "sales", "Anna"),
        ("not_named", "sales", "Anna"),
    ]
    assert groups["expected"] is True
    [group] = groups["items"]
    assert (group["queue"], group["agent_name"], group["answered"], group["unrecorded"]) == ("sales", "Anna", 3, 2)
    assert datetime.fromisoformat(group["since"]) == started + timedelta(minutes=10)
    assert datetime.fromisoformat(group["last_recorded_at"]) == started
    assert (await anna.get("/api/v1/recordings/unrecorded")).status == 403


def lately(started: datetime, linkedid: str, **what: object) -> CallSnapshot:
    """An answered minute of talk, begun at that moment."""
    answered, over = started + timedelta(seconds=5), started + timedelta(seconds=65)
    theirs = leg(uniqueid=f"{linkedid}1", offered_at=started, answered_at=answered, ended_at=over,
                 result=LegResult.ANSWERED)  # fmt: skip
    return ended(linkedid=linkedid, keys=(linkedid,), started_at=started, answered_at=answered, ended_at=over,
                 legs=(theirs,), **what)  # fmt: skip


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
