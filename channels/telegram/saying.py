"""The next part of a message of ours as one call of the Bot API, and its fate in the words of every channel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from channels.speaking import Fate, Later, Never, Said, SaidPart, Unknown
from channels.telegram import outgoing
from channels.telegram.outgoing import Outgoing, shown
from channels.telegram.parts import parts_of
from channels.telegram.refusals import Reason
from channels.telegram.sender import Sender
from channels.telegram.threads import Thread
from crm_core.domain.written import Trouble
from crm_core.store import telegram_groups as groups
from crm_core.store import telegram_people as people
from crm_core.store.database import DATABASE_AWAY, Database, Transaction
from crm_core.store.messages import Saying

#: They hear nothing of us until they write again.
_SHUT_OUT: Final = frozenset({Reason.BLOCKED, Reason.DEACTIVATED})

#: What whoever wrote it can do something about; all else is Telegram's refusal, in its words.
_TROUBLES: Final = {
    Reason.BLOCKED: Trouble.BLOCKED,
    Reason.DEACTIVATED: Trouble.ACCOUNT_GONE,
    Reason.PUT_OUT: Trouble.PUT_OUT,
    Reason.NO_RIGHTS: Trouble.NO_RIGHTS,
    Reason.NO_CHAT: Trouble.NO_CHAT,
    Reason.TOO_BIG: Trouble.TOO_BIG,
    Reason.EMPTY: Trouble.EMPTY,
}


class TelegramSpeech:
    """How one bot says what people write, and what it learns of chats by that."""

    def __init__(self, bot: str, sender: Sender, database: Database) -> None:
        self._bot = bot
        self._sender = sender
        self._database = database

    async def say(self, saying: Saying) -> Fate:
        """Say its next part, at most once; when one of them would always be refused, not even the first is said."""
        thread = Thread.read(saying.thread)
        if thread is None:
            words = "There is no chat with this person: they must write to the bot first."
            return Never(words=words, why=Trouble.NO_CHAT)
        if thread.asker is not None and saying.privately:
            thread = Thread(chat_id=thread.asker)
        parts = _outgoing(thread, saying)
        refused = next((no for part in parts if (no := outgoing.objection(part)) is not None), None)
        if refused is not None:
            return Never(words=refused.words, why=_TROUBLES.get(refused.reason, Trouble.REFUSED))
        return await self._say_part(thread, parts, saying.parts_said)

    async def _say_part(self, thread: Thread, parts: Sequence[Outgoing], said: int) -> Fate:
        part = parts[said]
        fate = await self._sender.send(part)
        if isinstance(fate, outgoing.Failed) and fate.moved_to is not None:
            # Certainly not sent: said where the group is now, it is said once.
            thread = await self._moved(thread, fate.moved_to)
            fate = await self._sender.send(replace(part, chat_id=thread.chat_id))
        return await self._told(thread, fate, said=said, left=len(parts) - said - 1)

    async def _moved(self, before: Thread, chat_id: int) -> Thread:
        await self._learn(lambda tx: groups.move(tx, self._bot, before.chat_id, chat_id))
        return replace(before, chat_id=chat_id)

    async def _told(self, thread: Thread, fate: outgoing.Fate, *, said: int, left: int) -> Fate:
        match fate:
            case outgoing.Sent(message_ids=numbers):
                # All of it is called what its first part is called.
                name = thread.message(numbers[0]) if numbers and not said else None
                return SaidPart(external_id=name) if left else Said(external_id=name)
            case outgoing.RetryLater(after=after, words=words):
                return Later(words=words, after=after)
            case outgoing.Failed():
                refusal = await self._failed(thread, fate)
                return replace(refusal, why=Trouble.PARTLY) if said else refusal
            case outgoing.Uncertain(words=words):
                return Unknown(words=words)

    async def _failed(self, thread: Thread, failed: outgoing.Failed) -> Never:
        if failed.reason in _SHUT_OUT and not thread.is_group and thread.connection is None:
            await self._learn(lambda tx: people.block(tx, self._bot, thread.chat_id))
        return Never(words=failed.words, why=_TROUBLES.get(failed.reason, Trouble.REFUSED))

    async def _learn(self, verb: Callable[[Transaction], Awaitable[None]]) -> None:
        """Without the database it is learned at the next try: the fate of this message is known all the same."""
        with suppress(*DATABASE_AWAY):
            async with self._database.begin() as tx:
                await verb(tx)


def _outgoing(thread: Thread, saying: Saying) -> list[Outgoing]:
    """All its parts; the first answers, the last has the buttons."""
    buttons, asks_number = shown(saying.extras)
    contents = parts_of(saying)
    last = len(contents) - 1
    return [
        Outgoing(
            chat_id=thread.chat_id,
            content=content,
            reply_to=_answered(thread, saying) if place == 0 else None,
            business_connection=thread.connection,
            buttons=buttons if place == last else (),
            asks_number=asks_number if place == last else None,
        )
        for place, content in enumerate(contents)
    ]


def _answered(thread: Thread, saying: Saying) -> int | None:
    """In a group it is said which message is answered; two who talk know."""
    return thread.number(saying.answers) if thread.is_group and saying.answers is not None else None
