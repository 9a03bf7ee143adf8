"""One message of ours as one call of the Bot API, and its fate in the words of every channel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from channels.speaking import Fate, Later, Never, Said, Unknown
from channels.telegram import outgoing
from channels.telegram.outgoing import Album, Outgoing, Text, Upload, shown
from channels.telegram.refusals import Reason
from channels.telegram.sender import Sender
from channels.telegram.threads import Thread
from channels.telegram.values import FileKind
from crm_core.store import telegram_groups as groups
from crm_core.store import telegram_people as people
from crm_core.store.database import DATABASE_AWAY, Database, Transaction
from crm_core.store.messages import SaidFile, Saying

#: They hear nothing of us until they write again.
_SHUT_OUT: Final = frozenset({Reason.BLOCKED, Reason.DEACTIVATED})

#: What whoever wrote it can do about it.
_CLEARER: Final = {
    Reason.BLOCKED: "The client has blocked the bot. They hear from us again when they write to it; try another way.",
    Reason.DEACTIVATED: "The client's Telegram account is no more; try another way.",
    Reason.PUT_OUT: "The bot was put out of this group; somebody of it must take it in again.",
    Reason.NO_RIGHTS: "The bot may not write in this group; its administrator must allow it.",
    Reason.NO_CHAT: "There is no such chat, or the bot has never been in it.",
}

#: What Telegram shows as a picture; everything else goes as a file.
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})


class TelegramSpeech:
    """How one bot says what people write, and what it learns of chats by that."""

    def __init__(self, bot: str, sender: Sender, database: Database) -> None:
        self._bot = bot
        self._sender = sender
        self._database = database

    async def say(self, saying: Saying) -> Fate:
        """Say it, at most once."""
        thread = Thread.read(saying.thread)
        if thread is None:
            return Never(words="There is no chat with this person: they must write to the bot first.")
        if thread.asker is not None and saying.extras.get("privately") is True:
            thread = Thread(chat_id=thread.asker)
        fate = await self._send(thread, saying)
        if isinstance(fate, outgoing.Failed) and fate.moved_to is not None:
            # Certainly not sent: said where the group is now, it is said once.
            thread = await self._moved(thread, fate.moved_to)
            fate = await self._send(thread, saying)
        return await self._told(thread, fate)

    async def _moved(self, before: Thread, chat_id: int) -> Thread:
        await self._learn(lambda tx: groups.move(tx, self._bot, before.chat_id, chat_id))
        return replace(before, chat_id=chat_id)

    async def _send(self, thread: Thread, saying: Saying) -> outgoing.Fate:
        buttons, asks_number = shown(saying.extras)
        return await self._sender.send(
            Outgoing(
                chat_id=thread.chat_id,
                content=_content(saying),
                reply_to=_answered(thread, saying),
                business_connection=thread.connection,
                buttons=buttons,
                asks_number=asks_number,
            )
        )

    async def _told(self, thread: Thread, fate: outgoing.Fate) -> Fate:
        match fate:
            case outgoing.Sent(message_ids=(number, *_)):
                return Said(external_id=thread.message(number))
            case outgoing.Sent():
                return Said()
            case outgoing.RetryLater(after=after, words=words):
                return Later(words=words, after=after)
            case outgoing.Failed():
                return await self._failed(thread, fate)
            case outgoing.Uncertain(words=words):
                return Unknown(words=words)

    async def _failed(self, thread: Thread, failed: outgoing.Failed) -> Fate:
        if failed.reason in _SHUT_OUT and not thread.is_group and thread.connection is None:
            await self._learn(lambda tx: people.block(tx, self._bot, thread.chat_id))
        return Never(words=_CLEARER.get(failed.reason, failed.words))

    async def _learn(self, verb: Callable[[Transaction], Awaitable[None]]) -> None:
        """Without the database it is learned at the next try: the fate of this message is known all the same."""
        with suppress(*DATABASE_AWAY):
            async with self._database.begin() as tx:
                await verb(tx)


def _content(saying: Saying) -> Text | Upload | Album:
    """One call says all of it: the words stand under the first file."""
    if not saying.files:
        return Text(text=saying.body)
    as_pictures = all(_is_picture(file) for file in saying.files)
    uploads = tuple(
        _upload(file, FileKind.PHOTO if as_pictures else FileKind.FILE, caption="" if place else saying.body)
        for place, file in enumerate(saying.files)
    )
    return uploads[0] if len(uploads) == 1 else Album(uploads=uploads)


def _upload(file: SaidFile, kind: FileKind, *, caption: str) -> Upload:
    return Upload(kind=kind, name=file.name, data=file.data, caption=caption)


def _is_picture(file: SaidFile) -> bool:
    return file.type in _PICTURES and len(file.data) <= outgoing.LARGEST_PHOTO


def _answered(thread: Thread, saying: Saying) -> int | None:
    """In a group it is said which message is answered; two who talk know."""
    return thread.number(saying.answers) if thread.is_group and saying.answers is not None else None
