"""``perezvon serve`` itself, in a process of its own that a benchmark can watch."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

_COMMAND = Path(sys.executable).with_name("perezvon")


@asynccontextmanager
async def running_gateway(settings: Mapping[str, str]) -> AsyncIterator[int]:
    """Start it with these settings and give its process id once it serves; it drains at the end."""
    process = await asyncio.create_subprocess_exec(
        _COMMAND, "serve", env={**os.environ, **settings}, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30):
            while b'"action":"serving"' not in (line := await process.stderr.readline()):
                if not line:
                    raise RuntimeError(f"it ended with {await process.wait()}")
                _complain(line)
        complaints = asyncio.create_task(_pass_on(process.stderr))
        yield process.pid
        process.terminate()
        await process.wait()
        await complaints
    finally:
        if process.returncode is None:
            process.kill()


async def _pass_on(stderr: asyncio.StreamReader) -> None:
    while line := await stderr.readline():
        _complain(line)


def _complain(line: bytes) -> None:
    """What it warns of is not to be missed, least of all when it never serves."""
    if b'"level":"info"' not in line:
        sys.stderr.buffer.write(line)


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
