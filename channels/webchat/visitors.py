"""Whose sockets are open here: several of one visitor, many of one address, and an end to both."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from crm_core.actions.webchat import Site
from crm_core.domain.errors import TooManyAttempts
from crm_core.domain.webchat import Visit
from crm_core.store.webchat import Thread
from sockets.frame import Frame
from sockets.line import Line

#: For whom there is no room.
_COME_AGAIN = timedelta(seconds=30)
#: Tabs of one visitor.
MOST_TABS = 20


@dataclass(slots=True, kw_only=True, eq=False)
class Visitor:
    """One socket of one visitor."""

    line: Line
    site: Site
    thread: Thread
    visit: Visit
    address: str
    hello: Frame
    until: datetime | None = None  # so long the site vouches for them
    _lapse: asyncio.TimerHandle | None = field(default=None, init=False)

    def begin(self) -> None:
        """Greet them; when nobody vouches for them any more they must come anew, as whoever they are then."""
        self.line.offer(self.hello)
        if self.until is not None:
            left = (self.until - datetime.now(UTC)).total_seconds()
            self._lapse = asyncio.get_running_loop().call_later(left, self.line.cut, "no longer vouched for")

    def end(self) -> None:
        if self._lapse is not None:
            self._lapse.cancel()


class Visitors:
    """All of this node."""

    def __init__(self, *, most: int, most_of_address: int) -> None:
        self._most = most
        self._most_of_address = most_of_address
        self._by_thread: dict[Thread, set[Visitor]] = {}
        self._addresses: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._addresses.total()

    def check_room(self, address: str) -> None:
        """Raises:
        TooManyAttempts: no more may come, or no more from there.
        """
        if len(self) >= self._most or self._addresses[address] >= self._most_of_address:
            raise TooManyAttempts(retry_after=_COME_AGAIN)

    def add(self, visitor: Visitor) -> None:
        tabs = self._by_thread.setdefault(visitor.thread, set())
        tabs.add(visitor)
        self._addresses[visitor.address] += 1
        if len(tabs) > MOST_TABS:
            next(one for one in tabs if one is not visitor).line.cut("too many tabs")

    def remove(self, visitor: Visitor) -> None:
        tabs = self._by_thread[visitor.thread]
        tabs.remove(visitor)
        if not tabs:
            del self._by_thread[visitor.thread]
        self._addresses[visitor.address] -= 1
        if not self._addresses[visitor.address]:
            del self._addresses[visitor.address]

    def among(self, threads: Iterable[Thread]) -> set[Thread]:
        """Those of them that somebody here is."""
        return {thread for thread in threads if thread in self._by_thread}

    def of(self, thread: Thread) -> Collection[Visitor]:
        return self._by_thread.get(thread, ())

    def tell(self, thread: Thread, frame: Frame) -> None:
        """In all tabs."""
        for visitor in list(self.of(thread)):
            visitor.line.offer(frame)
