"""People and telephones for a scene: a whole floor to steer, or a floor that follows scripts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from tests.lab.exchange import Queue
from tests.lab.expected import in_order
from tests.lab.laboratory import Lab
from tests.lab.sipp import SippParty
from tests.lab.sipp_scenarios import Manner
from tests.lab.softphone import PhoneCall, SoftPhone
from tests.lab.truth import Side


@asynccontextmanager
async def floor(lab: Lab, queue: str) -> AsyncIterator[list[SoftPhone]]:
    """All the phones of a queue, in the scene's own hands."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(lab.soft_phone(agent.extension))
            for agent in lab.office.queue(queue).members
        ]


@asynccontextmanager
async def scripted_floor(lab: Lab, queue: Queue, manners: Sequence[Manner]) -> AsyncIterator[list[SippParty]]:
    """All the phones of a queue, each with a manner of its own."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(lab.phone(agent.extension, manner))
            for agent, manner in zip(queue.members, manners, strict=True)
        ]


async def first_ring(phones: Sequence[SoftPhone]) -> PhoneCall:
    """The next call on whichever phone rings first."""
    waits = [asyncio.ensure_future(phone.ringing()) for phone in phones]
    done, waiting = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waiting:
        wait.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    [ring] = [wait.result() for wait in done]
    return ring


def rings_of(phones: Sequence[SippParty], caller: str) -> list[Side]:
    return in_order(side for phone in phones for side in phone.sides if side.number == caller)


def sales(lab: Lab) -> Queue:
    return lab.office.queue("sales")


async def moment(seconds: float) -> None:
    """People take their time."""
    await asyncio.sleep(seconds)
