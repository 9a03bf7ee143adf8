"""From the outbox to visitors: each node tells those who are with it, whoever made the news.

The outbox says which conversations changed, not what a visitor may know of it,
so what they are told is read anew. A visitor who comes reads everything by
themselves, and so news of a time when nobody was here is nobody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import orjson

from channels.webchat.visitors import Visitors
from crm_core.domain.events import InteractionChanged, MessageChanged, MessageReceived
from crm_core.store import outbox
from crm_core.store import webchat as store
from crm_core.store.database import DATABASE_AWAY, Database, Reader, woken_within
from crm_core.store.outage import Outage
from crm_core.store.outbox import OutboxRow
from crm_core.store.webchat import Thread
from crm_core.views.webchat import chat_messages
from sockets.frame import Frame, event_frame

_AT_ONCE = 200
_POLL_S = 0.5
_ABOUT_CHATS = frozenset({MessageReceived.type, MessageChanged.type, InteractionChanged.type})


class News:
    """Follows the outbox for the visitors of this node."""

    def __init__(self, db: Database, visitors: Visitors) -> None:
        self._db = db
        self._visitors = visitors
        self._seq: int | None = None  # the last event that was looked at

    async def run(self) -> None:
        """Until cancelled."""
        outage = Outage("news for visitors")
        async with self._db.wakeups.waiter(outbox.STAMPED) as woken:
            while True:
                woken.clear()
                try:
                    more = await self._follow()
                    outage.over()
                except DATABASE_AWAY as away:
                    await outage.wait(away)
                else:
                    if not more:
                        await woken_within(woken, _POLL_S)

    async def _follow(self) -> bool:
        """Look at the next piece; true when there may be more."""
        async with self._db.read() as db:
            if not self._visitors or self._seq is None:
                return await self._skip(db)
            rows = await outbox.read_after(db, self._seq, limit=_AT_ONCE)
            if not rows:
                return await self._begin_again(db)
            await self._tell(db, [row for row in rows if row.type in _ABOUT_CHATS])
            self._seq = rows[-1].seq
        return len(rows) == _AT_ONCE

    async def _skip(self, db: Reader) -> bool:
        """To the newest event, unless somebody came while we asked which that is."""
        last = await outbox.last_seq(db)
        if self._visitors and self._seq is not None:
            return True
        self._seq = last
        return False

    async def _begin_again(self, db: Reader) -> bool:
        """Where the numbers stand behind us, another database is there now, or an older one."""
        last = await outbox.last_seq(db)
        if self._seq is None or last < self._seq:
            self._seq = last
        return False

    async def _tell(self, db: Reader, rows: Sequence[OutboxRow]) -> None:
        threads = await store.threads_of(db, {_interaction(row) for row in rows}) if rows else {}
        here = self._visitors.among(threads.values())
        concerned = [row for row in rows if threads.get(_interaction(row)) in here]
        messages = await chat_messages(db, {UUID(str(row.body["message_id"])) for row in concerned if _is_said(row)})
        for row in concerned:
            message = messages.get(UUID(str(row.body["message_id"]))) if _is_said(row) else None
            if message is not None:
                self._visitors.tell(threads[_interaction(row)], _frame("message", message.model_dump_json()))
        for thread in {threads[_interaction(row)] for row in concerned if row.type == InteractionChanged.type}:
            self._visitors.tell(thread, await _read_frame(db, thread))


async def _read_frame(db: Reader, thread: Thread) -> Frame:
    until = await store.read_until(db, thread)
    return _frame("read", orjson.dumps({"until": None if until is None else str(until)}).decode())


def _frame(name: str, body: str) -> Frame:
    return event_frame("/", name, body)


def _interaction(row: OutboxRow) -> UUID:
    return UUID(str(row.body["interaction_id"]))


def _is_said(row: OutboxRow) -> bool:
    return row.type != InteractionChanged.type
