"""The program itself, as ``perezvon serve`` runs it, in a process of its own that a benchmark can watch."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import uvloop

from config.logging import configure_logging
from config.settings import load_settings
from gateway.app import serve


@asynccontextmanager
async def running_gateway(settings: Mapping[str, str]) -> AsyncIterator[int]:
    """Start it with these settings and give its process id once it serves; it drains at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        env={**os.environ, **settings},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30):
            while line := await process.stderr.readline():
                if b'"action":"serving"' in line:
                    break
                sys.stderr.buffer.write(line)
            else:
                raise RuntimeError(f"it ended with {await process.wait()}")
        complaints = asyncio.create_task(_pass_on(process.stderr))
        yield process.pid
        process.terminate()
        await process.wait()
        await complaints
    finally:
        if process.returncode is None:
            process.kill()


async def _pass_on(stderr: asyncio.StreamReader) -> None:
    """What it warns of is not to be missed."""
    while line := await stderr.readline():
        if b'"level":"info"' not in line:
            sys.stderr.buffer.write(line)


if __name__ == "__main__":
    configure_logging()
    uvloop.run(serve(load_settings(None, os.environ)))
