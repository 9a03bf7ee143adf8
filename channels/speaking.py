"""Saying what people wrote, whatever the channel: taken under a lease, begun, said, and its fate told.

A channel gives one function that says one message, at most once, and tells what
became of it. Everything that must hold for all channels is here: nobody speaks
before the database knows that they begin, what may have been said is never said
again, and a fate is told until the database has heard it. A message that leaves in parts
goes this way once for each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import TypeVar, assert_never

import structlog

from crm_core.actions import delivery
from crm_core.domain.written import Trouble, WrittenChannel
from crm_core.store import outgoing
from crm_core.store.database import DATABASE_AWAY, Database, Transaction, woken_within
from crm_core.store.messages import Saying, find_saying
from crm_core.store.outage import Outage
from crm_core.store.outgoing import TO_SEND, Taken

Answer = TypeVar("Answer")

logger = structlog.get_logger(__name__)

#: Wake-ups come at once; this is the safety net.
_POLL_S = 1.0
_AT_ONCE = 20

#: After a refusal for now, unless the other side says when: doubled each time.
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=30)
#: So often it is tried, which with these pauses is about two days.
_MOST_TRIES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The other side has it, and calls it so; None: by the name we gave it."""

    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidPart:
    """The other side has its next part; others are still to be said. ``external_id``: what all of it is called."""

    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """It has certainly not left; ``after``: when the other side wants it again. ``words``: why, in its own."""

    words: str
    after: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """It will not be taken as it is."""

    words: str
    why: Trouble = Trouble.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may have left."""

    words: str


Fate = Said | SaidPart | Later | Never | Unknown
Say = Callable[[Saying], Awaitable[Fate]]


class Speaker:
    """The mouth of one mailbox, bot or site; ``run`` lives until it is cancelled."""

    def __init__(self, database: Database, *, channel: WrittenChannel, source: str, say: Say, timezone: tzinfo) -> None:
        self._database = database
        self._channel = channel
        self._source = source
        self._say = say
        self._timezone = timezone
        self._outage = Outage(f"the database, for what {source} says")

    async def run(self) -> None:
        async with self._database.wakeups.waiter(TO_SEND) as woken:
            while True:
                woken.clear()
                taken = await self._persistently(self._take)
                async with asyncio.TaskGroup() as tasks:
                    for one in taken:
                        tasks.create_task(self._speak(one))
                if not taken:
                    await woken_within(woken, _POLL_S)

    async def _take(self, tx: Transaction) -> list[Taken]:
        await delivery.settle_abandoned(tx, self._channel, self._source)
        return await outgoing.take(tx, self._channel, self._source, limit=_AT_ONCE)

    async def _speak(self, taken: Taken) -> None:
        saying = await self._persistently(lambda tx: self._begin(tx, taken))
        if saying is None:
            return  # taken back, or somebody else's by now
        try:
            fate = await self._say(saying)
        except Exception as fault:
            logger.exception("a message could not be said", action="message_not_said", source=self._source)
            fate = Unknown(words=f"{type(fault).__name__}")
        await self._persistently(lambda tx: self._tell(tx, taken, fate))

    async def _begin(self, tx: Transaction, taken: Taken) -> Saying | None:
        return await find_saying(tx, taken.message_id) if await outgoing.begin(tx, taken) else None

    async def _tell(self, tx: Transaction, taken: Taken, fate: Fate) -> None:
        match fate:
            case Said(external_id=external_id):
                await delivery.record_sent(tx, taken.message_id, external_id=external_id, timezone=self._timezone)
            case SaidPart(external_id=external_id):
                await delivery.record_part(tx, taken, external_id=external_id)
            case Later() if taken.attempts < _MOST_TRIES:
                await delivery.put_off(tx, taken, max(fate.after, _pause(taken.attempts)), words=fate.words)
            case Later(words=words):
                await delivery.record_failed(tx, taken.message_id, why=Trouble.GIVEN_UP, words=words)
            case Never(words=words, why=why):
                await delivery.record_failed(tx, taken.message_id, why=why, words=words)
            case Unknown(words=words):
                await delivery.record_uncertain(tx, taken.message_id, why=Trouble.NO_ANSWER, words=words)
            case _:
                assert_never(fate)

    async def _persistently(self, verb: Callable[[Transaction], Awaitable[Answer]]) -> Answer:
        """In a transaction of its own, as often as it takes: what is asked here is harmless when done twice."""
        while True:
            try:
                async with self._database.begin() as tx:
                    answer = await verb(tx)
            except DATABASE_AWAY as away:
                await self._outage.wait(away)
            else:
                self._outage.over()
                return answer


def _pause(attempts: int) -> timedelta:
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 16)), _LONGEST_PAUSE)
