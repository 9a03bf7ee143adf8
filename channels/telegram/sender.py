"""Saying things in Telegram: one message is at most one call, and its fate is always known or known to be unknown.

In a chat messages go out one after another, in the order in which they were asked
for. Whoever asks waits while Telegram's limits are about to let the message through;
when that would take long, or Telegram itself says when, the message comes back to be
sent later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Protocol

import structlog

from channels.telegram.calls import Call, answering, editing, sending
from channels.telegram.outgoing import Edit, Failed, Fate, Outgoing, RetryLater, Sent, Text, Uncertain, objection
from channels.telegram.pacing import Pacing
from channels.telegram.refusals import Reason, TelegramBusy, TelegramRefused, TelegramUnavailable

logger = structlog.get_logger(__name__)

#: A wait longer than this is not waited here.
PATIENCE = timedelta(seconds=5)
#: After a failure of ours, not the message's: a wrong token, no network.
_RETRY = timedelta(seconds=30)
#: Uploads are given time for the slowest line they are worth sending over, bytes a second.
_SLOWEST_UPLOAD = 64 * 1024


class Asking(Protocol):
    """What the sender needs of :class:`channels.telegram.api.TelegramApi`."""

    async def ask(self, method: Call, *, longer: timedelta = ...) -> Any: ...


class Sender:
    """One bot's mouth."""

    def __init__(self, bot: str, api: Asking, *, pacing: Pacing | None = None, patience: timedelta = PATIENCE) -> None:
        self._bot = bot
        self._api = api
        self._pacing = pacing or Pacing()
        self._patience = patience
        self._turns: dict[int, _Turn] = {}
        self._clock = asyncio.get_running_loop().time

    async def send(self, outgoing: Outgoing) -> Fate:
        """Say it, now or within the patience, at most once."""
        refused = objection(outgoing)
        if refused is not None:
            return refused
        return await self._in_turn(outgoing.chat_id, sending(outgoing), count=outgoing.count, size=outgoing.size)

    async def edit(self, edit: Edit) -> Fate:
        """Say it otherwise; a message that already says so is sent."""
        fate = await self._in_turn(edit.chat_id, editing(edit))
        if isinstance(fate, Failed) and fate.reason is Reason.NOT_MODIFIED:
            return Sent(chat_id=edit.chat_id, message_ids=(edit.message_id,))
        return fate

    async def answer_button(self, query_id: str, notice: str = "") -> bool:
        """Let the client's app stop waiting; False when it no longer waits, which harms nobody."""
        try:
            await self._api.ask(answering(query_id, notice))
        except (TelegramRefused, TelegramBusy, TelegramUnavailable) as failure:
            logger.debug(
                "a button is not answered", action="telegram_button_unanswered", bot=self._bot, error=str(failure)
            )
            return False
        return True

    async def remark(self, chat_id: int, text: str, *, reply_to: int) -> None:
        """Say it if it can be said now: nobody has it to say, and strangers who provoke it hold up nobody."""
        if self._pacing.wait(chat_id, self._clock()) > 0:
            return
        fate = await self.send(Outgoing(chat_id=chat_id, content=Text(text=text), reply_to=reply_to))
        if not isinstance(fate, Sent):
            logger.debug("a remark is not made", action="telegram_remark_not_made", bot=self._bot, fate=repr(fate))

    async def _in_turn(self, chat_id: int, method: Call, *, count: int = 1, size: int = 0) -> Fate:
        async with self._turn(chat_id):
            while (pause := self._pacing.wait(chat_id, self._clock())) > 0:
                if pause > self._patience.total_seconds():
                    return RetryLater(after=timedelta(seconds=pause), words="Telegram's limit for this chat")
                await asyncio.sleep(pause)
            self._pacing.note(chat_id, self._clock(), count=count)
            return await self._say(chat_id, method, size)

    async def _say(self, chat_id: int, method: Call, size: int) -> Fate:
        try:
            told = await self._api.ask(method, longer=timedelta(seconds=size / _SLOWEST_UPLOAD))
        except TelegramBusy as busy:
            self._pacing.hold(chat_id, self._clock() + busy.wait.total_seconds())
            return RetryLater(after=busy.wait, words=str(busy))
        except TelegramRefused as refusal:
            if refusal.reason is Reason.NOT_US:  # the message is not to blame
                return RetryLater(after=_RETRY, words=str(refusal))
            return Failed(reason=refusal.reason, words=str(refusal), moved_to=refusal.moved_to)
        except TelegramUnavailable as failure:
            return (
                Uncertain(words=str(failure)) if failure.may_be_done else RetryLater(after=_RETRY, words=str(failure))
            )
        messages = told if isinstance(told, list) else [told]
        ids = tuple(one["message_id"] for one in messages if isinstance(one, dict) and "message_id" in one)
        return Sent(chat_id=chat_id, message_ids=ids)

    @asynccontextmanager
    async def _turn(self, chat_id: int) -> AsyncIterator[None]:
        """One at a time in a chat, first come first served; remembered only while somebody is there."""
        turn = self._turns.setdefault(chat_id, _Turn())
        turn.people += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.people -= 1
            if not turn.people:
                del self._turns[chat_id]


class _Turn:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.people = 0
