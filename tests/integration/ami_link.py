"""A running link for tests, what it tells, and a way to wait for more of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from channels.telephony.ami import AmiLink, LinkState, LinkStatus, LinkTimings
from channels.telephony.frames import Event
from config.sections import PbxSettings

MILLISECOND = timedelta(milliseconds=1)

QUICK = LinkTimings(
    connect=500 * MILLISECOND,
    fully_booted=20 * MILLISECOND,
    ping=20 * MILLISECOND,
    answer=100 * MILLISECOND,
    retry_first=5 * MILLISECOND,
    retry_max=20 * MILLISECOND,
    retry_refused=timedelta(seconds=30),
)
#: No timer of the link fires by itself within a test.
PATIENT = LinkTimings(fully_booted=20 * MILLISECOND, retry_first=5 * MILLISECOND, retry_max=20 * MILLISECOND)


def pbx(port: int, **settings: object) -> PbxSettings:
    return PbxSettings.model_validate(
        {"name": "main", "host": "127.0.0.1", "port": port, "username": "crm", "secret": "s3cret", **settings}
    )


@dataclass
class Listener:
    """What a link told, and a way to wait for more of it."""

    events: list[Event] = field(default_factory=list)
    states: list[LinkState] = field(default_factory=list)
    fault: Exception | None = None

    def __post_init__(self) -> None:
        self._changed = asyncio.Condition()
        self._woken: set[asyncio.Task[None]] = set()

    def hear(self, event: Event) -> None:
        self.events.append(event)
        self._wake()
        if self.fault is not None:
            raise self.fault

    def note(self, state: LinkState) -> None:
        self.states.append(state)
        self._wake()

    async def until(self, condition: Callable[[Listener], bool]) -> None:
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: condition(self))

    async def until_status(self, status: LinkStatus, *, times: int = 1) -> LinkState:
        await self.until(lambda told: sum(state.status is status for state in told.states) >= times)
        return [state for state in self.states if state.status is status][times - 1]

    def _wake(self) -> None:
        async def notify() -> None:
            async with self._changed:
                self._changed.notify_all()

        task = asyncio.get_running_loop().create_task(notify())
        self._woken.add(task)
        task.add_done_callback(self._woken.discard)


@asynccontextmanager
async def link_to(
    port: int, *, timings: LinkTimings = QUICK, **settings: object
) -> AsyncIterator[tuple[AmiLink, Listener]]:
    """A running link and what it tells."""
    listener = Listener()
    link = AmiLink(pbx(port, **settings), on_event=listener.hear, on_state=listener.note, timings=timings)
    running = asyncio.create_task(link.run())
    try:
        yield link, listener
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
