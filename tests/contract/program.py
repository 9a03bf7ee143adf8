"""The installed program in processes of its own, as an operator starts it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

PEREZVON = Path(sys.executable).with_name("perezvon")
RECORDINGS = Path(__file__).parent.parent / "fixtures" / "ami"
START_S = 60.0
COMMAND_S = 60.0
#: The contract's time for a drain.
DRAIN_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a command answered."""

    code: int
    out: str
    err: str


@dataclass(slots=True, kw_only=True)
class Program:
    """An installation: a data directory, settings in the environment, a port."""

    data_dir: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Nothing of ours but what this installation sets."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PEREZVON_")}
        own = {"PEREZVON_DATA_DIR": str(self.data_dir), "PEREZVON_HTTP__PORT": str(self.port)}
        return inherited | own | self.settings | dict(more or {})

    async def run(self, *arguments: str, typed: str = "", **more: str) -> Typed:
        """One command, to its end."""
        process = await asyncio.create_subprocess_exec(
            PEREZVON,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment(more),
            cwd=self.data_dir.parent,
        )
        async with asyncio.timeout(COMMAND_S):
            out, err = await process.communicate(typed.encode())
        assert process.returncode is not None
        return Typed(code=process.returncode, out=out.decode(), err=err.decode())

    async def token(self, login: str) -> str:
        """As a script reads it: last on its line."""
        made = await self.run("token", "create", login)
        assert made.code == 0, made.err
        return made.out.strip().splitlines()[-1].split()[-1]

    @asynccontextmanager
    async def serving(self, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """``perezvon serve`` from when it is ready; ended by SIGTERM, with 0, in time."""
        log = (self.data_dir.parent / "serve.log").open("ab")
        process = await asyncio.create_subprocess_exec(
            PEREZVON,
            "serve",
            *arguments,
            stdout=log,
            stderr=log,
            env=self.environment(),
            cwd=self.data_dir.parent,
        )
        try:
            await self._until_ready(process)
            yield process
        finally:
            log.close()
            await stop(process)

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        async with asyncio.timeout(START_S), aiohttp.ClientSession() as client:
            while True:
                assert process.returncode is None, (self.data_dir.parent / "serve.log").read_text()
                try:
                    async with client.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass  # it does not listen yet
                await asyncio.sleep(0.05)


async def stop(process: asyncio.subprocess.Process) -> None:
    """SIGTERM drains, and ends with 0."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(DRAIN_S):
            code = await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert code == 0


@asynccontextmanager
async def played(*recordings: str, port: int = 0, speed: float = 1.0) -> AsyncIterator[int]:
    """``perezvon ami serve`` with these recordings; gives the port it says."""
    files = [str(next(RECORDINGS.glob(f"{name}.ami.jsonl*"))) for name in recordings]
    process = await asyncio.create_subprocess_exec(
        PEREZVON,
        *("ami", "serve", *files, "--port", str(port), "--speed", str(speed)),
        stdout=asyncio.subprocess.PIPE,
        cwd=RECORDINGS,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            said = (await process.stdout.readline()).decode().strip()
        assert said.startswith("listening on 127.0.0.1:"), said
        yield int(said.rpartition(":")[2])
    finally:
        await stop(process)


def truth(recording: str) -> list[dict[str, Any]]:
    """What really happened, in the words of the contract."""
    calls: list[dict[str, Any]] = json.loads((RECORDINGS / f"{recording}.expected.json").read_text())["calls"]
    return calls


def recordings() -> Sequence[str]:
    """All short ones, by name."""
    names = (path.name.removesuffix(".expected.json") for path in RECORDINGS.glob("*.expected.json"))
    return sorted(name for name in names if name != "heavy")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def pbx(name: str, port: int, **more: object) -> dict[str, object]:
    """One PBX as the settings name it; any user and secret will do."""
    login = {"host": "127.0.0.1", "port": port, "username": "crm", "secret": "any"}
    return {"name": name, **login, "trunk_prefixes": ["PJSIP/trunk"], **more}
