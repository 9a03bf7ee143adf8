"""One message of ours as one call of the Bot API, and its fate in the words of every channel."""

from __future__ import annotations

from typing import Final

from channels.speaking import Fate, Later, Never, Said, Unknown
from channels.telegram import outgoing
from channels.telegram.outgoing import Album, Outgoing, Text, Upload, shown
from channels.telegram.sender import Sender
from channels.telegram.threads import Thread
from channels.telegram.values import FileKind
from crm_core.store.messages import SaidFile, Saying

#: What Telegram shows as a picture; everything else goes as a file.
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})


async def say(sender: Sender, saying: Saying) -> Fate:
    """Say it, at most once."""
    thread = Thread.read(saying.thread)
    if thread is None:
        return Never(words="There is no chat with this person: they must write to the bot first.")
    buttons, asks_number = shown(saying.extras)
    fate = await sender.send(
        Outgoing(
            chat_id=thread.chat_id,
            content=_content(saying),
            reply_to=_answered(thread, saying),
            business_connection=thread.connection,
            buttons=buttons,
            asks_number=asks_number,
        )
    )
    match fate:
        case outgoing.Sent(message_ids=(number, *_)):
            return Said(external_id=thread.message(number))
        case outgoing.Sent():
            return Said()
        case outgoing.RetryLater(after=after, words=words):
            return Later(words=words, after=after)
        case outgoing.Failed(words=words):
            return Never(words=words)
        case outgoing.Uncertain(words=words):
            return Unknown(words=words)


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
