"""The collector of cycles looks at what is new, and at everything only now and then."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from gateway.garbage import Garbage
from tests.waiting import eventually


class _Chat:
    """Something that holds itself, as a socket and its session do."""

    def __init__(self) -> None:
        self.itself = self


async def test_what_lives_is_not_looked_at_again_by_the_next_full_collection() -> None:
    async with _running(every=timedelta(hours=1)):
        aside = gc.get_freeze_count()
        chats = [_Chat() for _ in range(1_000)]

        gc.collect()

        assert gc.get_freeze_count() >= aside + len(chats)


async def test_a_cycle_that_dies_after_it_was_set_aside_goes_when_everything_is_looked_at() -> None:
    chat = _Chat()
    seen = weakref.ref(chat)

    async with _running(every=timedelta(milliseconds=50)):
        del chat
        gc.collect()
        assert seen() is not None, "it was looked at, so nothing was set aside"

        await eventually(lambda: _is_gone(seen))


async def test_a_process_that_ends_leaves_the_collector_as_it_found_it() -> None:
    before = list(gc.callbacks)

    async with _running(every=timedelta(hours=1)):
        assert gc.callbacks != before

    assert gc.callbacks == before
    assert gc.get_freeze_count() == 0


async def _is_gone(seen: weakref.ref[_Chat]) -> bool:
    return seen() is None


@asynccontextmanager
async def _running(*, every: timedelta) -> AsyncIterator[None]:
    task = asyncio.create_task(Garbage(whole_every=every).run())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
