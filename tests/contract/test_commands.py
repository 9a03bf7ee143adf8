"""What an operator types, in a fresh installation of their own, and what the program answers."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator

import pytest

from tests.contract.people import caller
from tests.contract.program import DRAIN_S, PEREZVON, Program, Typed, free_port, pbx, played
from tests.embedded_users import any_user_may_enter
from tests.waiting import eventually


@pytest.fixture
def program(database_url: str) -> Iterator[Program]:
    """On an external database of its own."""
    with any_user_may_enter() as place:
        place.data_dir.mkdir()
        yield Program(data_dir=place.data_dir, port=free_port(), settings={"PEREZVON_DATABASE_URL": database_url})


async def hire(program: Program, login: str) -> Typed:
    return await program.run("user", "add", login, "--name", login.title(), "--role", "owner")


async def test_a_restore_brings_back_what_the_backup_saw_and_nothing_later(program: Program) -> None:
    file = str(program.data_dir / "perezvon.backup")
    await hire(program, "anna")
    saved = await program.run("backup", file)
    await hire(program, "boris")

    restored = await program.run("restore", file, "--yes")

    assert (saved.code, restored.code) == (0, 0), (saved.err, restored.err)
    assert await program.token("anna")
    assert (await program.run("token", "create", "boris")).code == 1


async def test_sigterm_drains_and_ends_with_0(program: Program) -> None:
    async with program.serving("--roles", "web,jobs") as process, caller(program.url) as stranger:
        assert (await stranger.get("/healthz")).status == 200
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DRAIN_S):
            assert await process.wait() == 0


async def test_the_doctor_says_what_is_wrong_and_what_to_do(program: Program) -> None:
    migrated = await program.run("migrate")
    ill = await program.run("check", PEREZVON_PBX=json.dumps([pbx("main", free_port())]))

    assert migrated.code == 0
    assert (ill.code, "main" in ill.out) == (1, True)
    assert "→" in ill.out


async def test_wrong_settings_stop_the_start_each_with_its_name_value_and_what_is_allowed(program: Program) -> None:
    wrong = {
        "PEREZVON_HTTP__PORT": ("99999", "1 to 65535"),
        "PEREZVON_LOCALE": ("fr", "ru or en"),
        "PEREZVON_COLOUR": ("red", "PEREZVON_LOCALE"),
        "PEREZVON_TIMEZONE": ("Mars/Olympus", "IANA"),
        "PEREZVON_PBX": ('[{"name": "main"}]', "host"),
        "PEREZVON_DATABASE_URL": ("sqlite:///x", "postgresql://"),
    }

    answer = await program.run("serve", **{name: value for name, (value, _) in wrong.items()})

    assert answer.code != 0
    for name, (_, allowed) in wrong.items():
        assert name in answer.err
        assert allowed in answer.err
    for value in ("99999", "fr", "red", "Mars/Olympus"):
        assert value in answer.err
    assert "Traceback" not in answer.err


async def test_a_settings_file_is_read_and_the_tests_own_names_are_passed_over(program: Program) -> None:
    file = program.data_dir / "my.toml"
    file.write_text('[[pbx]]\nname = "main"\nhost = "127.0.0.1"\nusername = "u"\nsecret = "s"\nports = 1\n')

    answer = await program.run("check", "--config", str(file), PEREZVON_TEST_ANYTHING="1", PEREZVON_REQUIRE_LABS="1")

    assert answer.code != 0
    assert "pbx" in answer.err
    assert "ports" in answer.err
    assert "PEREZVON_TEST" not in answer.err
    assert "REQUIRE_LABS" not in answer.err


async def test_an_ami_server_plays_a_recording_to_any_user_and_answers_as_asterisk_does() -> None:
    async with played("direct_busy") as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def ask(**action: str) -> str:
            writer.write(("".join(f"{name}: {value}\r\n" for name, value in action.items()) + "\r\n").encode())
            async with asyncio.timeout(10):
                while True:
                    frame = (await reader.readuntil(b"\r\n\r\n")).decode()
                    if f"ActionID: {action['ActionID']}\r\n" in frame:
                        return frame

        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"Asterisk Call Manager/")
        login = await ask(Action="Login", ActionID="1", Username="anybody", Secret="anything")
        ping = await ask(Action="Ping", ActionID="2")
        answers = [
            await ask(Action=name, ActionID=f"3-{name}") for name in ("CoreShowChannels", "BridgeList", "QueueStatus")
        ]
        unknown = await ask(Action="Fly", ActionID="4")
        async with asyncio.timeout(10):
            hangup = await reader.readuntil(b"Event: Hangup\r\n")
        writer.close()
        await writer.wait_closed()

    assert "Response: Success" in login
    assert "Ping: Pong" in ping
    assert all("Response: Success" in answer for answer in answers)
    assert "Response: Error" in unknown
    assert hangup


async def test_the_flight_recorder_writes_what_the_pbx_says(program: Program) -> None:
    file = program.data_dir / "flight.ami.jsonl"
    async with played("direct_answered", speed=0) as port:
        environment = program.environment({"PEREZVON_PBX": json.dumps([pbx("main", port)])})
        recorder = await asyncio.create_subprocess_exec(
            PEREZVON, "ami", "record", "--pbx", "main", str(file), env=environment, stderr=asyncio.subprocess.PIPE
        )

        async def is_written() -> bool:
            return file.exists() and "Hangup" in file.read_text()

        await eventually(is_written, patience_s=30)
        recorder.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            await recorder.communicate()

    assert recorder.returncode == 0
    assert '"Linkedid"' in file.read_text()
