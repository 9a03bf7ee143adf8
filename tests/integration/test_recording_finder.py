"""The file of a recording comes when it comes: what is there is measured, what is not is looked for again."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import encode_basic_auth, web

from channels.telephony.recordings import RecordingFinder
from crm_core.actions.calls import record_calls
from crm_core.domain.calls import RecordingSnapshot
from crm_core.domain.recordings import HOPE_LASTS, LONGEST_PATIENCE, next_look_at
from crm_core.store.database import Database
from tests.builders import NOON, ended
from tests.integration.ami_link import pbx

FILE = "/var/spool/asterisk/monitor/2026/11/21/in-1790000000.1.wav"
BELOW = "2026/11/21/in-1790000000.1.wav"


def sound(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((1, 2, 8000, 0, "NONE", ""))
        written.writeframes(bytes(range(200)) * int(80 * seconds))
    return file.getvalue()


async def call_with(database: Database, *files: str, ended_at: datetime = NOON) -> None:
    recordings = tuple(RecordingSnapshot(file=file, started_at=NOON) for file in files or (FILE,))
    async with database.begin() as tx:
        await record_calls(tx, [ended(ended_at=ended_at, recordings=recordings)], country="KZ")


async def looked(finder: RecordingFinder, database: Database, *, times: int = 1) -> dict[str, object]:
    """Look so often, each time when it is due; what is known of the recording then."""
    for _ in range(times):
        async with database.begin() as tx:
            await tx.execute("UPDATE recordings SET next_look_at = now() WHERE next_look_at IS NOT NULL")
        await finder.look_once()
    async with database.read() as db:
        row = await db.fetchrow("SELECT state, duration_s, encoding, place, looks, next_look_at FROM recordings")
        assert row is not None
        return dict(row)


def write(folder: Path, content: bytes, name: str = BELOW) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


async def test_a_file_is_found_below_the_shared_directory_and_measured(database: Database, tmp_path: Path) -> None:
    await call_with(database)
    write(tmp_path, sound(2))

    known = await looked(RecordingFinder(pbx(1, recordings=str(tmp_path)), database), database, times=2)

    assert known == {
        "state": "available",
        "duration_s": 2.0,
        "encoding": "pcm",
        "place": BELOW,
        "looks": 0,
        "next_look_at": None,
    }


async def test_a_file_that_still_grows_is_not_offered_before_it_is_whole(database: Database, tmp_path: Path) -> None:
    await call_with(database)
    finder = RecordingFinder(pbx(1, recordings=str(tmp_path)), database)
    states = []
    for seconds in (1, 2, 3, 3):
        write(tmp_path, sound(seconds))
        states.append((await looked(finder, database))["state"])

    known = await looked(finder, database)

    assert states == ["awaited", "awaited", "awaited", "available"]
    assert known["duration_s"] == 3.0


async def test_a_file_that_comes_minutes_later_is_found_then(database: Database, tmp_path: Path) -> None:
    await call_with(database, ended_at=datetime.now(NOON.tzinfo))
    finder = RecordingFinder(pbx(1, recordings=str(tmp_path)), database)

    missing = await looked(finder, database, times=4)
    write(tmp_path, sound(1))
    known = await looked(finder, database, times=2)

    assert (missing["state"], missing["looks"]) == ("awaited", 4)
    assert known["state"] == "available"


def test_patience_grows_and_ends() -> None:
    waits = [next_look_at(looks=looks, began=NOON, now=NOON) for looks in range(30)]

    assert [wait - NOON for wait in waits[:3] if wait] == [timedelta(seconds=3 * 2**turn) for turn in range(3)]
    assert waits[-1] == NOON + LONGEST_PATIENCE
    assert next_look_at(looks=5, began=NOON, now=NOON + HOPE_LASTS) is None


async def test_after_a_day_it_is_said_that_it_is_missing(database: Database, tmp_path: Path) -> None:
    await call_with(database, ended_at=datetime.now(NOON.tzinfo) - HOPE_LASTS)

    known = await looked(RecordingFinder(pbx(1, recordings=str(tmp_path)), database), database)

    assert (known["state"], known["next_look_at"]) == ("missing", None)


async def test_a_header_without_a_sound_is_no_recording(database: Database, tmp_path: Path) -> None:
    await call_with(database)
    write(tmp_path, sound(0))
    assert len(sound(0)) == 44

    known = await looked(RecordingFinder(pbx(1, recordings=str(tmp_path)), database), database, times=2)

    assert known["state"] == "empty"


async def test_a_directory_that_is_away_loses_no_patience(database: Database, tmp_path: Path) -> None:
    await call_with(database)

    known = await looked(RecordingFinder(pbx(1, recordings=str(tmp_path / "not mounted")), database), database, times=3)

    assert (known["state"], known["looks"]) == ("awaited", 0)


async def test_a_path_and_its_bare_name_are_one_recording(database: Database) -> None:
    await call_with(database, FILE)
    await call_with(database, BELOW)

    async with database.read() as db:
        assert await db.fetchval("SELECT count(*) FROM recordings") == 1


@dataclass
class Keeper:
    """A web server that keeps recordings, and what it was asked."""

    files: dict[str, bytes]
    knows_range: bool = True
    login: str | None = None  # the header that lets in
    elsewhere: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def give(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.raw_path)
        if self.login and request.headers.get("Authorization") != self.login:
            return web.Response(status=401)
        if request.path in self.elsewhere:
            return web.Response(status=302, headers={"Location": self.elsewhere[request.path]})
        content = self.files.get(request.path)
        if content is None:
            return web.Response(status=404)
        wanted = request.http_range
        if self.knows_range and wanted.start is not None:
            end = min(wanted.stop or len(content), len(content))
            told = f"bytes {wanted.start}-{end - 1}/{len(content)}"
            return web.Response(status=206, body=content[wanted], headers={"Content-Range": told})
        return web.Response(body=content)


@asynccontextmanager
async def kept(keeper: Keeper) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{path:.*}", keeper.give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("knows_range", [True, False])
async def test_a_file_on_a_web_server_is_measured_by_its_first_bytes(database: Database, *, knows_range: bool) -> None:
    await call_with(database)
    keeper = Keeper({f"/monitor/{BELOW}": sound(7)}, knows_range=knows_range)

    async with kept(keeper) as host:
        known = await looked(RecordingFinder(pbx(1, recordings=f"http://{host}/monitor"), database), database, times=2)

    assert (known["state"], known["duration_s"], known["place"]) == ("available", 7.0, BELOW)
    assert keeper.asked == [f"/monitor/{BELOW}"] * 2


async def test_every_name_is_only_a_name_to_the_web_server(database: Database) -> None:
    await call_with(database, "2026/a b#c?d=%41.wav")
    keeper = Keeper({"/2026/a b#c?d=%41.wav": sound(1)})

    async with kept(keeper) as host:
        known = await looked(RecordingFinder(pbx(1, recordings=f"http://{host}/"), database), database, times=2)

    assert keeper.asked[0] == "/2026/a%20b%23c%3Fd=%2541.wav"
    assert known["state"] == "available"


async def test_user_and_password_go_to_their_server_only(database: Database, capfd: pytest.CaptureFixture[str]) -> None:
    await call_with(database)
    stranger = Keeper({f"/{BELOW}": sound(1)})
    async with kept(stranger) as other:
        keeper = Keeper(
            {}, login=encode_basic_auth("crm", "pass word"), elsewhere={f"/{BELOW}": f"http://{other}/{BELOW}"}
        )
        async with kept(keeper) as host:
            finder = RecordingFinder(pbx(1, recordings=f"http://crm:pass%20word@{host}/"), database)
            refused = await looked(finder, database)
            keeper.elsewhere = {f"/{BELOW}": "/real.wav"}
            keeper.files = {"/real.wav": sound(1)}
            known = await looked(finder, database, times=2)

    assert (refused["state"], refused["looks"], stranger.asked) == ("awaited", 0, [])
    assert known["state"] == "available"
    assert "pass" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("settings", ["http://crm:wrong@{}/", "http://{}/"])
async def test_a_server_that_lets_us_not_in_loses_no_patience(database: Database, settings: str) -> None:
    await call_with(database)
    async with kept(Keeper({}, login=encode_basic_auth("crm", "right"))) as host:
        known = await looked(RecordingFinder(pbx(1, recordings=settings.format(host)), database), database, times=2)

    assert (known["state"], known["looks"]) == ("awaited", 0)
