"""Many desks in a process of their own: engine.io by hand on raw websockets, to cost as little as may be.

They are told where to connect and with which tokens, and note the moment at
which each ``call.offered`` comes, by the clock that all processes share.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass

import aiohttp
import orjson
import uvloop

_OFFERED = '42/desk,["call.offered",'
_NEWS = '42/desk,["agent.changed",'
_HELLO = '42/desk,["hello",'
_PING, _PONG = "2", "3"
#: So many connect at the same time.
_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class Seen:
    """One screen pop at one desk."""

    desk: int  # the place of its token in the list
    at: float  # seconds of the monotonic clock
    linkedid: str
    client: str | None  # whose card came with it


@dataclass(frozen=True, slots=True)
class Report:
    """What all desks together heard."""

    offers: list[Seen]
    news: int  # how often any of them was told of a changed agent


@dataclass(slots=True)
class Browsers:
    """The open desks; ``pid`` is the process they live in."""

    pid: int
    _process: asyncio.subprocess.Process

    async def report(self) -> Report:
        """Close them all; gives what they heard."""
        told, _ = await self._process.communicate(b"")  # the end of its input
        report = json.loads(told)
        return Report([Seen(*seen) for seen in report["offers"]], report["news"])


@asynccontextmanager
async def open_browsers(url: str, tokens: Sequence[str]) -> AsyncIterator[Browsers]:
    """A desk for each token, all of them greeted already; ``url`` begins with ``ws://``."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps({"url": url, "tokens": tokens}).encode() + b"\n")
        async with asyncio.timeout(120):
            if await process.stdout.readline() != b"open\n":
                raise RuntimeError("the browsers could not connect")
        yield Browsers(process.pid, process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


class _Desk:
    def __init__(self, number: int, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._number = number
        self._socket = socket
        self.offers: list[Seen] = []
        self.news = 0
        self.greeted = asyncio.Event()

    async def live(self, token: str) -> None:
        await self._socket.send_str("40/desk," + json.dumps({"token": token}))
        async for message in self._socket:
            at = time.monotonic()
            text = str(message.data)
            if text == _PING:
                await self._socket.send_str(_PONG)
            elif text.startswith(_OFFERED):
                self._note(text, at)
            elif text.startswith(_NEWS):
                self.news += 1
            elif text.startswith(_HELLO):
                self.greeted.set()
            elif text.startswith("44"):
                raise RuntimeError(f"refused: {text}")
        raise ConnectionError("a desk was closed")

    def _note(self, text: str, at: float) -> None:
        offer = orjson.loads(text.removeprefix("42/desk,"))[1]
        client = offer["card"]["client"]
        self.offers.append(Seen(self._number, at, offer["interaction"]["external_id"], client and client["name"]))


async def _live() -> None:
    asked = json.loads(sys.stdin.readline())
    admission = asyncio.Semaphore(_AT_ONCE)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as lives:

        async def open_desk(number: int, token: str) -> tuple[_Desk, asyncio.Task[None]]:
            async with admission:
                socket = await session.ws_connect(f"{asked['url']}/socket.io/?EIO=4&transport=websocket")
                desk = _Desk(number, socket)
                life = lives.create_task(desk.live(token))
                await desk.greeted.wait()
                return desk, life

        desks = await asyncio.gather(*(open_desk(number, token) for number, token in enumerate(asked["tokens"])))
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        offers = [astuple(offer) for desk, _ in desks for offer in desk.offers]
        print(json.dumps({"offers": offers, "news": sum(desk.news for desk, _ in desks)}), flush=True)
        for _, life in desks:
            life.cancel()


if __name__ == "__main__":
    uvloop.run(_live())
