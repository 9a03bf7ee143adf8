"""One browser's websocket, and what waits for it.

engineio gives each socket a queue without an end and a writer task that takes
from it. Here the queue has a size, and a browser that stops reading is cut off
before it can hurt others. A frame for a browser that keeps up never enters the
queue at all: it goes to the transport at once, without a task for each recipient.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from sockets.counts import Counts
from sockets.frame import Frame

#: What a browser may say at all: goodbye, a pong, or a socket.io packet without attachments.
_SENSIBLE = re.compile(r"1$|3|4[0-3]")
_PING = "2"

#: The largest frame a browser may send; a message of a chat fits also when each of its letters is escaped.
MAX_INCOMING_BYTES = 64 * 1024
#: So many frames at once, and so many a second for ever.
INCOMING_BURST = 60.0
INCOMING_PER_S = 10.0

#: Below this the transport takes a frame at once; aiohttp would begin to wait at 64 KiB.
_TRANSPORT_AT_EASE_BYTES = 32 * 1024
#: The browser answers our closing within this, or is not asked again.
_GOODBYE_S = 2.0


class Packet(Protocol):
    """What engineio's writer takes from the queue: its own packets, or our frames."""

    def encode(self, b64: bool = False) -> str | bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How much may wait for one browser before it is cut off."""

    packets: int = 4_096
    size: int = 1024 * 1024
    crowded_packets: int = 1_024  # more than this …
    crowded_s: float = 10.0  # … for longer than this
    stuck_s: float = 30.0  # or any at all that the transport has not taken for longer than this

    @property
    def relieved_packets(self) -> int:
        """Whoever can wait sends no more before so few wait."""
        return self.crowded_packets // 4

    @property
    def relieved_size(self) -> int:
        return self.size // 4


class Outbound:
    """What waits for one browser, in the shape in which engineio wants its queue.

    What the writer has taken counts as waiting until it comes for more, because it takes all there is.
    """

    __slots__ = (
        "_closed",
        "_crowded_since",
        "_items",
        "_limits",
        "_relief",
        "_size",
        "_taken",
        "_taken_at",
        "_taken_size",
        "_taker",
    )

    def __init__(self, limits: Backlog) -> None:
        self._limits = limits
        self._items: deque[Packet | None] = deque()
        self._size = 0
        self._taken = 0
        self._taken_at = 0.0
        self._taken_size = 0
        self._taker: asyncio.Future[Packet | None] | None = None
        self._relief: asyncio.Future[None] | None = None
        self._crowded_since: float | None = None
        self._closed = False

    @property
    def resting(self) -> bool:
        """Everything has been handed to the transport, and the writer waits for more."""
        return self._taker is not None and not self._taker.done()

    @property
    def packets(self) -> int:
        return len(self._items) + self._taken

    @property
    def size(self) -> int:
        return self._size + self._taken_size

    def overfull(self, now: float) -> bool:
        """Too much waits, or too much for too long; ``now`` is the loop's clock."""
        if self.packets <= self._limits.crowded_packets:
            self._crowded_since = None
        elif self._crowded_since is None:
            self._crowded_since = now
        return (
            self.packets > self._limits.packets
            or self.size > self._limits.size
            or (self._crowded_since is not None and now - self._crowded_since > self._limits.crowded_s)
            or (self._taken > 0 and now - self._taken_at > self._limits.stuck_s)
        )

    async def relieved(self) -> None:
        """Wait until the browser has read most of what it was sent, or the line has ended."""
        limits = self._limits
        while not self._closed and (self.packets > limits.relieved_packets or self.size > limits.relieved_size):
            self._relief = asyncio.get_running_loop().create_future()
            await self._relief

    def discard(self) -> None:
        """The line has ended: nothing that waits will be read. engineio's last word to its writer still passes."""
        self._closed = True
        self._items.clear()
        self._size = 0
        self._relieve()

    def get(self) -> asyncio.Future[Packet | None]:
        """The next packet; a future and not a coroutine, so that engineio's wait for it needs no task."""
        self._taken = self._taken_size = 0
        self._relieve()
        future: asyncio.Future[Packet | None] = asyncio.get_running_loop().create_future()
        if self._items:
            future.set_result(self.get_nowait())
        else:
            self._taker = future
        return future

    def get_nowait(self) -> Packet | None:
        if not self._items:
            raise asyncio.QueueEmpty
        packet = self._items.popleft()
        size = _size(packet)
        self._size -= size
        self._take(size)
        return packet

    async def put(self, packet: Packet | None) -> None:
        self.put_nowait(packet)

    def put_nowait(self, packet: Packet | None) -> None:
        if self._closed and packet is not None:
            return
        if self._taker is not None and not self._taker.done():
            self._take(_size(packet))
            self._taker.set_result(packet)
        else:
            self._items.append(packet)
            self._size += _size(packet)

    def task_done(self) -> None:
        """engineio counts; we do not."""

    async def join(self) -> None:
        """engineio waits until a closed socket has read everything; nobody is waited for here."""

    def _take(self, size: int) -> None:
        if not self._taken:
            self._taken_at = asyncio.get_running_loop().time()
        self._taken += 1
        self._taken_size += size

    def _relieve(self) -> None:
        if self._relief is not None and not self._relief.done():
            self._relief.set_result(None)


class Line:
    """One websocket, driven by engineio, which makes it, calls it with the request and waits for its end."""

    def __init__(self, handler: Callable[[Line], Awaitable[None]], engine: Any) -> None:
        self._handler = handler
        self._engine = engine
        self._counts: Counts = engine.counts
        # engineio hands over a bound method of its socket, and nothing else to know the socket by.
        self._peer: Any = handler.__self__  # type: ignore[attr-defined]
        # Its own check asks the wall clock: one that jumps would cut everybody off.
        self._peer.check_ping_timeout = self.answers_pings
        self._outbound: Outbound = self._peer.queue
        self._now = asyncio.get_running_loop().time
        self._pinged_at: float | None = None
        self._allowance = INCOMING_BURST
        self.opened_at = self._allowed_at = self._now()
        self.admitted = False
        self.ended = False

    async def __call__(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        environ[LINE] = self
        try:
            await self._open(environ["aiohttp.request"])
            self._engine.lines.add(self)
            await self._handler(self)
        finally:
            self.ended = True
            self._outbound.discard()
            self._engine.lines.discard(self)
            # engineio would keep a socket whose websocket never opened.
            await self._peer.close(wait=False, abort=True)
            self._engine.sockets.pop(self._peer.sid, None)
        return self._socket

    def offer(self, frame: Frame) -> None:
        """Send it, now or as soon as the browser has read what went before; never waits."""
        if self.ended:
            return
        if self._outbound.resting and self._transport.get_write_buffer_size() < _TRANSPORT_AT_EASE_BYTES:
            self._write(frame)
        else:
            self._outbound.put_nowait(frame)
            self.look_after()

    async def relieved(self) -> None:
        """Wait until the browser has caught up with most of what it was offered, or the line has ended."""
        await self._outbound.relieved()

    def forget(self) -> None:
        """Nobody is at the other end any more, unless they say who they are again, on a new line."""
        self.admitted = False
        self.opened_at = self._now()

    def look_after(self) -> None:
        """Cut the line if its browser no longer reads or no longer answers."""
        if self._outbound.overfull(self._now()):
            self.cut("slow")
        elif self._pinged_at is not None and self._now() - self._pinged_at > self._engine.ping_timeout:
            self.cut("silent")

    async def answers_pings(self) -> bool:
        """What engineio asks before it sends anything."""
        self.look_after()
        return not self.ended

    def cut(self, reason: str) -> None:
        """End it at once: what waits is thrown away, the browser may come back and resume."""
        if not self.ended:
            self.ended = True
            self._counts.cut.labels(reason).inc()
            self._outbound.discard()
            self._transport.abort()

    async def end(self, code: int, reason: str) -> None:
        """End it politely; a browser that comes back by itself will do so after a jittered pause."""
        if not self.ended:
            self.ended = True
            self._counts.cut.labels(reason).inc()
            self._outbound.discard()
            if not await self._socket.close(code=code, message=reason.encode()):
                self._transport.abort()

    # What engineio's reader and writer call.

    async def wait(self) -> str:
        """The next frame from the browser.

        Raises:
            OSError: there will be none, or none that we would read.
        """
        message = await self._socket.receive()
        if message.type is not WSMsgType.TEXT:
            raise OSError("closed, or not text")
        frame: str = message.data
        if not _SENSIBLE.match(frame):
            await self._hang_up(WSCloseCode.PROTOCOL_ERROR, "nonsense")
        if not self._allowed():
            await self._hang_up(WSCloseCode.POLICY_VIOLATION, "too many frames")
        if frame.startswith("3"):
            self._pinged_at = None
        return frame

    async def send(self, message: str | bytes) -> None:
        if isinstance(message, Frame):
            await self._socket.send_frame(message, WSMsgType.TEXT)
        elif isinstance(message, str):
            await self._socket.send_str(message)
            if message == _PING:
                self._pinged_at = self._now()

    async def close(self) -> None:
        await self._socket.close()

    async def _open(self, request: web.Request) -> None:
        if request.transport is None:
            raise ConnectionResetError
        self._transport = request.transport
        # Compression would be paid for each recipient, in time and in a window of memory.
        self._socket = web.WebSocketResponse(max_msg_size=MAX_INCOMING_BYTES, compress=False, timeout=_GOODBYE_S)
        await self._socket.prepare(request)

    def _write(self, frame: Frame) -> None:
        """Without a task: a transport at ease takes the frame before the coroutine could first wait."""
        writing = self._socket.send_frame(frame, WSMsgType.TEXT)
        try:
            writing.send(None)
        except StopIteration:
            return
        except OSError:
            self.cut("gone")
        finally:
            writing.close()  # a wait for the drain is given up; the frame is written

    def _allowed(self) -> bool:
        now = self._now()
        self._allowance = min(INCOMING_BURST, self._allowance + (now - self._allowed_at) * INCOMING_PER_S) - 1
        self._allowed_at = now
        return self._allowance >= 0

    async def _hang_up(self, code: int, reason: str) -> None:
        self._counts.ignored.labels(reason).inc()
        await self.end(code, reason)
        raise OSError(reason)


#: Where a line is found in engineio's environ.
LINE = "perezvon.line"


def _size(packet: Packet | None) -> int:
    return 0 if packet is None else len(packet.encode())
