"""AMI on panoramisk's bookkeeping, with our own ears and mouth.

Kept of panoramisk: its Manager opens the connection, and its matching of
answers to actions by ActionID. Replaced, each for a reason found by running it:
the parser (it loses characters cut between two reads), the writer (it lets a
line break in a value add headers), the delivery of events (a raising callback
closed the link), what becomes of actions at a disconnect (they hung for ever,
or were sent again: a client was called twice) and the timers (fixed, unchecked).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from panoramisk import Manager
from panoramisk.actions import Action as PanoramiskAction
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from channels.telephony.actions import Action, ActionRejected, serialise
from channels.telephony.frames import BANNER, EOL, Event, EventParser, FrameCutter, as_event, read_headers
from crm_core.domain.errors import PbxUnavailable

MAX_BANNER_BYTES = 1024


class PendingAction(PanoramiskAction):  # type: ignore[misc]  # panoramisk has no types
    """An action waiting for its answer: one response, or a list that ends with its own Complete event."""

    future: asyncio.Future[list[Message] | Message]

    def __init__(self, action: Action, *, as_list: bool) -> None:
        super().__init__(dict(action), as_list=as_list)
        self.wire = serialise({**action, "ActionID": self.id})

    def add_message(self, message: Message) -> bool | None:
        """As panoramisk, but an error ends a list too: nothing follows it."""
        if self.as_list and message.response == "Error" and not self.future.done():
            self.future.set_result([message])
            return True
        answered: bool | None = super().add_message(message)
        return answered


class AmiProtocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """One connection: reads always, hands events on at once, and never outlives its first failure.

    ``hear`` gets every wanted event, ``on_frame`` every frame as it came,
    ``on_bytes`` is told of every read; none of them may wait or raise.
    """

    # Set by panoramisk when the connection is made.
    responses: dict[str, PendingAction]
    version: str | None
    closed: bool
    transport: asyncio.Transport

    def __init__(
        self,
        *,
        cutter: FrameCutter,
        parser: EventParser,
        hear: Callable[[Event], None],
        on_bytes: Callable[[], None],
        on_frame: Callable[[bytes], None] | None = None,
    ) -> None:
        self._cutter = cutter
        self._parser = parser
        self._hear = hear
        self._on_bytes = on_bytes
        self._on_frame = on_frame
        self._banner = b""
        self._writable = True
        loop = asyncio.get_running_loop()
        self.greeted: asyncio.Future[str] = loop.create_future()  # the version in the peer's first line
        self.ended: asyncio.Future[str] = loop.create_future()  # why the connection is over, in words

    def data_received(self, data: bytes) -> None:
        self._on_bytes()
        if self.version is None:
            data = self._greet(data)
        for frame in self._cutter.feed(data):
            if self._on_frame is not None:
                self._on_frame(frame)
            event = self._parser.parse(frame)
            if event is None:
                if self.responses and b"ActionID: " in frame:
                    self._answer(as_event(read_headers(frame)[0]))
            elif self._belongs_to_a_list(event):
                self._answer(event)
            else:
                self._hear(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self.end(f"the connection broke: {exc}" if exc else "the other side closed the connection")

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True

    def send(self, data: Action, as_list: bool | None = None) -> asyncio.Future[list[Message] | Message]:
        """Write a checked action; its future holds the answer, or :class:`PbxUnavailable` at a disconnect.

        Raises:
            ActionRejected: before anything is written.
            PbxUnavailable: the connection is over, or the peer does not read.
        """
        action = PendingAction(data, as_list=bool(as_list))
        if self.closed or not self._writable:
            raise PbxUnavailable("The telephone system does not listen now.")
        if action.id in self.responses:
            raise ActionRejected("An action with this ActionID still waits for its answer.")
        self.responses[action.id] = action
        self.transport.write(action.wire)
        return action.future

    def forget(self, future: asyncio.Future[list[Message] | Message]) -> None:
        """Nobody waits for this answer any more; when it comes it is passed over."""
        for action_id, action in list(self.responses.items()):
            if action.future is future:
                del self.responses[action_id]

    def end(self, reason: str) -> None:
        """Hang up, and tell everyone who waits. The first reason given is the one that is kept."""
        if not self.ended.done():
            self.ended.set_result(reason)
        self.close()

    def close(self) -> None:
        """What panoramisk calls to hang up. Nothing is kept to be sent again on the next connection."""
        if not self.ended.done():
            self.ended.set_result("closed by us")
        for action in self.responses.values():
            if not action.future.done():
                action.future.set_exception(PbxUnavailable(f"the link was lost: {self.ended.result()}"))
        self.responses.clear()
        if not self.closed:
            self.closed = True
            # Not close(): that waits until a peer that is gone has read what was written.
            self.transport.abort()

    def _greet(self, data: bytes) -> bytes:
        """Read the banner; what stands after it is AMI."""
        self._banner += data
        line, eol, rest = self._banner.partition(EOL)
        is_banner = line.startswith(BANNER) if eol else BANNER.startswith(line[: len(BANNER)])
        if not is_banner or len(line) > MAX_BANNER_BYTES:
            self.end(f"no Asterisk manager is there: it says {line[:40].decode('ascii', 'replace')!r}")
            return b""
        if not eol:
            return b""
        self.version = line.removeprefix(BANNER).decode("ascii", "replace").strip()
        self.greeted.set_result(self.version)
        return rest

    def _belongs_to_a_list(self, event: Event) -> bool:
        """Items of a list may bear the name of an event that also comes by itself, ParkedCall for one."""
        action = self.responses.get(event.get("ActionID", "")) if self.responses else None
        return action is not None and bool(action.as_list)

    def _answer(self, headers: Event) -> None:
        if headers.get("ActionID") in self.responses:
            self.handle_message(Message(headers))


class LinkManager(Manager):  # type: ignore[misc]  # panoramisk has no types
    """panoramisk's Manager without its own ideas of when to reconnect, log in and ping: the link decides."""

    def connection_made(self, f: asyncio.Task[tuple[asyncio.Transport, AmiProtocol]]) -> None:
        """As panoramisk; but a failed attempt is told to whoever awaits it, and nothing is tried again here."""
        if not f.cancelled() and f.exception() is None:
            super().connection_made(f)

    def ping(self) -> None:
        """panoramisk's timer sends pings whose answers nobody checks."""
