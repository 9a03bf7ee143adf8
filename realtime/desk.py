"""One socket of one person: which events it has been told, and which it is still owed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection

from crm_core.actions.sessions import Principal
from crm_core.domain.events import Room
from sockets.frame import Frame
from sockets.line import Line

#: A browser that has just been greeted may state within this what it saw last.
HOLD_S = 0.5
#: So many newer events may wait until a browser has been told the missed ones.
HELD_LIMIT = 4_096


class Desk:
    """One socket of one person."""

    __slots__ = ("held", "hold", "line", "newest", "principal", "resuming", "told_from")

    def __init__(self, line: Line, principal: Principal) -> None:
        self.line = line
        self.principal = principal
        self.told_from = 0  # everything after this has been told here, or will be without being asked for
        self.newest = 0  # the last event that was told, or that the browser has seen elsewhere
        self.held: deque[tuple[int, Frame]] | None = deque()  # None: events are passed on as they come
        self.hold: asyncio.TimerHandle | None = None
        self.resuming = False

    @property
    def rooms(self) -> Collection[Room]:
        return self.principal.viewer.rooms

    def begin(self, seq: int, first: Frame) -> None:
        """Say ``first``, and from then on what follows ``seq``."""
        self.told_from = self.newest = seq
        self.line.offer(first)

    def greet(self, seq: int, hello: Frame) -> None:
        """The same for a browser that has just come: it has a moment to state what it saw last."""
        self.begin(seq, hello)
        self.hold = asyncio.get_running_loop().call_later(HOLD_S, self.release)

    def tell(self, seq: int, frame: Frame) -> None:
        """An event of its rooms; each comes by once, in order."""
        if seq <= self.newest:
            return
        if self.held is None:
            self._pass_on(seq, frame)
        elif len(self.held) < HELD_LIMIT:
            self.held.append((seq, frame))
        else:
            self.line.cut("slow")

    def hold_back(self) -> None:
        """Keep what comes by until ``release``."""
        self.stop_waiting()
        if self.held is None:
            self.held = deque()

    def release(self) -> None:
        """Pass on what was held, and from now on everything as it comes."""
        self.stop_waiting()
        held, self.held = self.held or (), None
        for seq, frame in held:
            self.tell(seq, frame)

    async def release_in_step(self) -> None:
        """The same, no faster than the browser reads."""
        while self.held and not self.line.ended:
            seq, frame = self.held.popleft()
            if seq > self.newest:
                self._pass_on(seq, frame)
                await self.line.relieved()
        self.release()

    def stop_waiting(self) -> None:
        if self.hold is not None:
            self.hold.cancel()
            self.hold = None

    def _pass_on(self, seq: int, frame: Frame) -> None:
        self.newest = seq
        self.line.offer(frame)
