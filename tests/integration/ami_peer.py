"""A scripted stand-in for Asterisk's manager port: answers what it is told to, remembers all it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

BANNER = b"Asterisk Call Manager/11.0.0\r\n"

Heard = dict[str, str]
Answer = Callable[[Heard], bytes]


def frame(**headers: str) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"


def success(heard: Heard, **headers: str) -> bytes:
    return frame(Response="Success", ActionID=heard["ActionID"], **headers)


def refusal(heard: Heard, message: str) -> bytes:
    return frame(Response="Error", ActionID=heard["ActionID"], Message=message)


def silence(heard: Heard) -> bytes:
    return b""


def a_list(heard: Heard, name: str, *items: dict[str, str], end: str) -> bytes:
    """A response list as Asterisk sends it: the response, the items, the Complete event."""
    action_id = heard["ActionID"]
    return (
        success(heard, EventList="start", Message="A list will follow")
        + b"".join(frame(Event=name, ActionID=action_id, **item) for item in items)
        + frame(Event=end, ActionID=action_id, EventList="Complete", ListItems=str(len(items)))
    )


def _log_in(heard: Heard) -> bytes:
    return success(heard, Message="Authentication accepted") + frame(
        Event="FullyBooted", Privilege="system,all", Status="Fully Booted"
    )


def _core_status(heard: Heard) -> bytes:
    return success(heard, CoreStartupDate="2026-11-21", CoreStartupTime="09:30:00")


@dataclass
class AmiPeer:
    """One listening port. ``answers`` may be changed at any time; what is not in it is refused as unknown."""

    greeting: bytes = BANNER
    answers: dict[str, Answer] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    received: bytearray = field(default_factory=bytearray)
    connections: int = 0
    port: int = 0

    def __post_init__(self) -> None:
        self._writers: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Condition()
        self.answers = {
            "Login": _log_in,
            "CoreStatus": _core_status,
            "Ping": lambda heard: success(heard, Ping="Pong"),
        } | self.answers

    def say(self, data: bytes) -> None:
        """Write to everyone connected."""
        for writer in self._writers:
            writer.write(data)

    def drop(self) -> None:
        """Break every connection."""
        for writer in self._writers:
            writer.transport.abort()

    @property
    def is_alone(self) -> bool:
        """Nobody is connected."""
        return not self._writers

    def count(self, action: str) -> int:
        return sum(heard.get("Action") == action for heard in self.heard)

    async def until(self, condition: Callable[[AmiPeer], bool]) -> None:
        """Wait until what was asked of this peer fulfils the condition."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: condition(self))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        writer.write(self.greeting)
        await self._notify()
        try:
            while data := await reader.readuntil(b"\r\n\r\n"):
                self.received += data
                heard = dict(line.split(": ", 1) for line in data.decode().strip().split("\r\n"))
                self.heard.append(heard)
                unknown: Answer = lambda heard: refusal(heard, "Invalid/unknown command")  # noqa: E731
                writer.write(self.answers.get(heard["Action"], unknown)(heard))
                await self._notify()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
            await self._notify()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def ami_peer(peer: AmiPeer | None = None) -> AsyncIterator[AmiPeer]:
    """A peer that listens on a port of its own while the context lasts."""
    peer = peer or AmiPeer()
    server = await asyncio.start_server(peer.serve, "127.0.0.1", peer.port)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        peer.drop()
        await peer.until(lambda peer: peer.is_alone)
        await server.wait_closed()
