"""What we change in python-socketio, all in one place.

The library keeps the protocol: handshake, packets, namespaces, heartbeats. Ours
are the ends of it that it leaves open: each socket's queue and websocket
(:mod:`sockets.line`), a word when a client has just been let in, and what
happens to packets that make no sense.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import engineio
import socketio
import structlog
from aiohttp import WSCloseCode, web

from sockets.counts import Counts
from sockets.line import MAX_INCOMING_BYTES, Backlog, Line, Outbound

logger = structlog.get_logger(__name__)

PING_INTERVAL_S = 15
PING_TIMEOUT_S = 10

# At INFO the library would write tokens and bodies into the log.
_library_log = logging.getLogger("socketio")
_library_log.setLevel(logging.ERROR)

#: All sockets are told goodbye within this.
GOODBYE_S = 3.0

OriginCheck = Callable[[str, web.Request], bool]


class _Engine(engineio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """Websockets only, each of them a :class:`Line`."""

    _async: dict[str, object]  # the library's driver for aiohttp

    def __init__(self, *, backlog: Backlog, counts: Counts, **options: Any) -> None:
        super().__init__(async_mode="aiohttp", **options)
        self.lines: set[Line] = set()
        self.stopping = False
        self._backlog = backlog
        self.counts = counts
        self._async = {**self._async, "websocket": Line}

    def create_queue(self, *args: object, **kwargs: object) -> Outbound:
        return Outbound(self._backlog)

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """What is no websocket ends here: the library would keep a socket for it, for ever."""
        if self.stopping:
            return web.Response(status=503, text="This node is about to stop.")
        if request.method == "GET" and not web.WebSocketResponse().can_prepare(request).ok:
            return web.Response(status=400, text="Only websockets are spoken here.")
        response: web.StreamResponse = await super().handle_request(request)
        return response


class _Clients(socketio.AsyncManager):  # type: ignore[misc]  # the library has no types
    """Tells when a client has been let in and knows it: only now may it be spoken to."""

    def __init__(self, connected: Callable[[str], None]) -> None:
        super().__init__()
        self._connected = connected

    async def connect(self, sid: str, namespace: str) -> str:
        await super().connect(sid, namespace)
        self._connected(sid)
        return sid


class SocketServer(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """A Socket.IO server for one namespace; ``connected`` is told of each client let in."""

    def __init__(
        self,
        *,
        namespace: str,
        connected: Callable[[str], None],
        origin_allowed: OriginCheck,
        backlog: Backlog,
        counts: Counts,
    ) -> None:
        self._counts = counts
        super().__init__(
            client_manager=_Clients(connected),
            namespaces=[namespace],
            logger=_library_log,
            engineio_logger=_library_log,
            transports=["websocket"],
            allow_upgrades=False,
            monitor_clients=False,  # lines are looked after by the hub, by a clock that never jumps
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            max_http_buffer_size=MAX_INCOMING_BYTES,
            cors_allowed_origins=lambda origin, environ: origin_allowed(origin, environ["aiohttp.request"]),
            backlog=backlog,
            counts=counts,
        )

    async def close(self) -> None:
        """Nobody new is let in; whoever is here is sent away, to come back to whoever serves then."""
        self.eio.stopping = True
        await say_goodbye(self.lines, WSCloseCode.SERVICE_RESTART, "restart")

    async def look_after_lines(self, every_s: float, *, admission_s: float) -> None:
        """Cut whoever is slow or silent, or has not said who they are within ``admission_s``, until cancelled."""
        now = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(every_s)
            for line in list(self.lines):
                line.look_after()
                if not line.admitted and now() - line.opened_at > admission_s:
                    line.cut("stranger")

    @property
    def lines(self) -> set[Line]:
        """All open websockets, also those whose owner is not known yet."""
        lines: set[Line] = self.eio.lines
        return lines

    def _engineio_server_class(self) -> type[_Engine]:
        return _Engine

    async def _handle_event(self, eio_sid: str, namespace: str | None, ack: int | None, data: list[object]) -> None:
        """What a client says. Under a name of the library's own our handlers would take it for the library's word."""
        if not isinstance(data[0], str) or data[0] in self.reserved_events:
            raise ValueError("no word of a client's")
        await super()._handle_event(eio_sid, namespace, ack, data)

    async def _handle_eio_message(self, eio_sid: str, data: object) -> None:
        """A browser's packet. A stranger can write anything here, so whatever it breaks ends at this place."""
        try:
            await super()._handle_eio_message(eio_sid, data)
        except Exception as error:
            self._counts.ignored.labels("malformed").inc()
            logger.info("socket packet malformed", action="socket_packet_malformed", error=type(error).__name__)


async def say_goodbye(lines: Iterable[Line], code: int, reason: str) -> None:
    """All at once; who does not answer in time is cut off."""
    leaving = list(lines)
    with suppress(TimeoutError):
        async with asyncio.timeout(GOODBYE_S), asyncio.TaskGroup() as goodbyes:
            for line in leaving:
                goodbyes.create_task(line.end(code, reason))
