"""What waits for one browser is counted until its writer comes back for more."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from sockets.frame import Frame
from sockets.line import Backlog, Outbound

STEPS = st.lists(st.one_of(st.integers(1, 50).map(lambda size: Frame(b"x" * size)), st.just("batch")), max_size=60)


async def take_all(queue: Outbound) -> list[Frame]:
    """As engineio's writer does: wait for one, take the rest."""
    taken = [await queue.get()]
    while True:
        try:
            taken.append(queue.get_nowait())
        except asyncio.QueueEmpty:
            return [packet for packet in taken if isinstance(packet, Frame)]


@given(steps=STEPS)
async def test_everything_offered_is_counted_and_comes_out_in_order(steps: list[Frame | str]) -> None:
    queue = Outbound(Backlog())
    offered: list[Frame] = []
    read: list[Frame] = []
    in_hand: list[Frame] = []

    for step in steps:
        if isinstance(step, Frame):
            queue.put_nowait(step)
            offered.append(step)
        elif len(offered) > len(read):
            in_hand = await take_all(queue)
            read += in_hand

        waiting = offered[len(read) :] + in_hand
        assert queue.packets == len(waiting)
        assert queue.size == sum(map(len, waiting))
    assert read == offered[: len(read)]


async def test_a_writer_that_waits_is_handed_the_packet_at_once() -> None:
    queue = Outbound(Backlog())
    coming = queue.get()
    assert queue.resting

    queue.put_nowait(Frame(b"hello"))

    assert not queue.resting
    assert await coming == b"hello"


async def test_a_writer_that_has_stopped_waiting_misses_nothing() -> None:
    queue = Outbound(Backlog())
    queue.get().cancel()

    queue.put_nowait(Frame(b"hello"))

    assert await queue.get() == b"hello"


async def test_too_much_and_too_much_for_too_long_are_overfull() -> None:
    queue = Outbound(Backlog(packets=5, crowded_packets=2, crowded_s=10))
    for _ in range(3):
        queue.put_nowait(Frame(b"x"))
    assert [queue.overfull(now) for now in (0, 9, 10, 11)] == [False, False, False, True]

    await queue.get()
    await queue.get()
    assert not queue.overfull(12)

    for _ in range(5):
        queue.put_nowait(Frame(b"x"))
    assert queue.overfull(12)


async def test_what_is_discarded_no_longer_counts_but_the_last_word_passes() -> None:
    queue = Outbound(Backlog())
    queue.put_nowait(Frame(b"never read"))

    queue.discard()
    queue.put_nowait(Frame(b"too late"))
    queue.put_nowait(None)

    assert await queue.get() is None
    assert queue.size == 0
