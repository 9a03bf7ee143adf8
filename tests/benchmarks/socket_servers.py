"""Two servers for the same desks: our hub on its database, and a bare python-socketio that lets anybody in.

Each in a process of its own, with the same loop, the same HTTP library and the
same clients, so that what a desk costs can be told by comparing. A server is
asked by lines on its input and answers each with a number.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import socketio
import uvloop
from aiohttp import web

from crm_core.actions import sessions
from crm_core.actions.sessions import Principal
from crm_core.domain.ids import new_id
from crm_core.store.database import Database
from crm_core.views.agents import Agent
from crm_core.views.wire_events import AgentChanged
from realtime.frames import NAMESPACE, Encoded, event_frame
from realtime.hub import DeskHub
from tests.benchmarks.gateway_process import free_port

#: The room whose members are told; every agent is in it, in ours by right.
ROOM = "staff"
NEWS = "agent.changed"
#: Between two pieces of news the desks may read.
PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class SocketServer:
    """A running one."""

    url: str
    _process: asyncio.subprocess.Process

    async def resident_bytes(self) -> float:
        """What it occupies now."""
        return await self._ask("memory")

    async def tell_all(self, times: int) -> float:
        """Tell everybody something, so often; gives the seconds of processor time it took."""
        return await self._ask(f"tell {times}")

    async def _ask(self, question: str) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(question.encode() + b"\n")
        return float(await self._process.stdout.readline())


@asynccontextmanager
async def running_server(kind: str, database_url: str) -> AsyncIterator[SocketServer]:
    """``kind`` is ``ours`` or ``bare``."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, kind, str(port), database_url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        server = SocketServer(f"ws://127.0.0.1:{port}", process)
        await server.resident_bytes()  # it answers once it serves
        yield server
        await process.communicate(b"")
    finally:
        if process.returncode is None:
            process.kill()


Tell = Callable[[], Awaitable[None]]


@asynccontextmanager
async def _ours(app: web.Application, database_url: str) -> AsyncIterator[Tell]:
    async with Database(database_url) as database:

        async def authenticate(request: web.Request, token: str | None) -> Principal:
            return await sessions.authenticate_token(database, token or "")

        hub = DeskHub(
            database,
            authenticate=authenticate,
            problem=lambda error: {"title": repr(error)},
            public_url="http://127.0.0.1",
            version="0",
        )
        hub.attach(app)
        hub.begin(0)
        told = 0

        async def tell() -> None:
            nonlocal told
            told += 1
            news = Encoded(seq=told, name=NEWS, rooms=(ROOM,), frame=event_frame(NEWS, _news(told)))
            hub.give([news])

        async with asyncio.TaskGroup() as tasks:
            looking_after = tasks.create_task(hub.run())
            yield tell
            looking_after.cancel()


@asynccontextmanager
async def _bare(app: web.Application, database_url: str) -> AsyncIterator[Tell]:
    server = socketio.AsyncServer(async_mode="aiohttp", namespaces=[NAMESPACE], transports=["websocket"])
    server.attach(app, "socket.io")

    @server.on("connect", namespace=NAMESPACE)
    async def connect(sid: str, environ: object, auth: object) -> None:
        await server.enter_room(sid, ROOM, namespace=NAMESPACE)
        await server.emit("hello", {}, to=sid, namespace=NAMESPACE)

    told = 0

    async def tell() -> None:
        nonlocal told
        told += 1
        await server.emit(NEWS, _news(told).model_dump(mode="json"), room=ROOM, namespace=NAMESPACE)

    yield tell


def _news(seq: int) -> AgentChanged:
    """Something everybody hears, of the usual size."""
    now = datetime.now(UTC)
    agent = Agent(
        id=new_id(now),
        login="aigerim",
        name="Айгерим Сулейменова",
        role="agent",
        team_id=new_id(now),
        extension="1001",
        state="talking",
        reason=None,
        since=now,
        present=True,
        interaction_id=new_id(now),
        version=seq,
    )
    return AgentChanged(seq=seq, version=seq, at=now, agent=agent)


_KINDS: dict[str, Callable[[web.Application, str], AbstractAsyncContextManager[Tell]]] = {"ours": _ours, "bare": _bare}


async def _serve(kind: str, port: int, database_url: str) -> None:
    app = web.Application()
    async with _KINDS[kind](app, database_url) as tell:
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        while question := (await asyncio.to_thread(sys.stdin.readline)).split():
            answer = _resident_bytes() if question[0] == "memory" else await _tell(tell, int(question[1]))
            print(answer, flush=True)
        await runner.cleanup()


async def _tell(tell: Tell, times: int) -> float:
    begun = time.process_time()
    for _ in range(times):
        await tell()
        await asyncio.sleep(PAUSE_S)
    return time.process_time() - begun


def _resident_bytes() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
