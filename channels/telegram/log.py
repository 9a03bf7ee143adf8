"""From what Telegram tells to what the log holds.

What is said in a chat becomes messages of a conversation; the raw update is kept
beside each, with everything we do not show yet. What makes no sense is parked.
Files are fetched before the message is stored, because Telegram keeps them for an
hour only for sure; one that cannot be had does not hold up what was said with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from channels.telegram.api import LARGEST_DOWNLOAD, TelegramApi
from channels.telegram.refusals import TelegramBusy, TelegramRefused, TelegramUnavailable
from channels.telegram.values import File, FileKind, MessageHeard, Parked, Passed, Update, external_id
from config.sections import TelegramSettings
from crm_core.actions.calls import FactTakenElsewhere
from crm_core.actions.messages import record_edit, record_messages
from crm_core.actions.raw_inputs import record_rejected
from crm_core.domain.written import HeardFile, HeardMessage, WrittenChannel
from crm_core.store.database import Database, Transaction

logger = structlog.get_logger(__name__)

_FETCH_WITHIN_S: Final = 30.0

#: Name and type of what Telegram gives no name: a person sends it, and never sees a file.
_USUAL: Final = {
    FileKind.PHOTO: ("photo.jpg", "image/jpeg"),
    FileKind.VOICE: ("voice.ogg", "audio/ogg"),
    FileKind.VIDEO: ("video.mp4", "video/mp4"),
    FileKind.VIDEO_NOTE: ("video.mp4", "video/mp4"),
    FileKind.AUDIO: ("audio.mp3", "audio/mpeg"),
    FileKind.ANIMATION: ("animation.mp4", "video/mp4"),
    FileKind.STICKER: ("sticker.webp", "image/webp"),
    FileKind.FILE: ("file", "application/octet-stream"),
}


class Fetching(Protocol):
    """What gives us the content of a file."""

    async def fetch(self, file: File) -> bytes | None: ...


class TelegramLog:
    """The other end of the room: ``store`` returns after the commit."""

    def __init__(self, bot: TelegramSettings, database: Database, *, username: str, files: Fetching) -> None:
        self._bot = bot
        self._database = database
        self._username = username
        self._files = files

    async def store(self, updates: Sequence[Update]) -> None:
        """Keep what they mean; what is held already is passed over.

        Raises:
            one of ``DATABASE_AWAY``: tell it again.
        """
        heard = await asyncio.gather(*(self._heard(update) for update in updates))
        while True:
            try:
                async with self._database.begin() as tx:
                    await self._record(tx, updates, [one for one in heard if one is not None])
            except FactTakenElsewhere:
                continue  # by whoever had this bot before us: now it is known
            return

    async def _record(
        self, tx: Transaction, updates: Sequence[Update], heard: Sequence[tuple[HeardMessage, bool]]
    ) -> None:
        await record_messages(tx, [message for message, edited in heard if not edited])
        for message, edited in heard:
            if edited:
                await record_edit(tx, message)
        for update in updates:
            if isinstance(update.meaning, Parked):
                reason = update.meaning.reason
                await record_rejected(tx, source=f"telegram:{self._bot.name}", reason=reason, raw=update.raw_bytes)
            elif not isinstance(update.meaning, MessageHeard | Passed):
                kind = type(update.meaning).__name__
                logger.info("nothing is done with this yet", action="telegram_passed_over", kind=kind)

    async def _heard(self, update: Update) -> tuple[HeardMessage, bool] | None:
        """The message in the log's words, and whether it is an edit."""
        said = update.meaning
        if not isinstance(said, MessageHeard) or said.sender is None:
            return None
        fetched = await asyncio.gather(*(self._files.fetch(file) for file in said.files))
        files = [_named(file, data) for file, data in zip(said.files, fetched, strict=True) if data is not None]
        missing = [file for file, data in zip(said.files, fetched, strict=True) if data is None]
        message = HeardMessage(
            channel=WrittenChannel.TELEGRAM,
            source=self._bot.name,
            key=said.external_id,
            external_id=said.external_id,
            queue=self._bot.queue,
            from_address=str(said.sender.id),
            from_name=said.sender.name,
            our_address=f"@{self._username}",
            thread=str(said.chat.id),
            answers=(external_id(said.chat.id, said.reply_to),) if said.reply_to is not None else (),
            body=_words(said, missing),
            files=tuple(files),
            at=said.said_at,
            raw=update.raw_bytes,
        )
        return message, said.edited_at is not None


class FileFetcher:
    """Fetches from Telegram; what it will not give is None, and said why."""

    def __init__(self, api: TelegramApi) -> None:
        self._api = api

    async def fetch(self, file: File) -> bytes | None:
        if file.size is not None and file.size > LARGEST_DOWNLOAD:
            return None
        try:
            async with asyncio.timeout(_FETCH_WITHIN_S), self._api.open_file(file.file_id) as pieces:
                return b"".join([piece async for piece in pieces])
        except (TelegramRefused, TelegramBusy, TelegramUnavailable, TimeoutError) as failure:
            logger.warning("a file is not fetched", action="telegram_file_not_fetched", error=str(failure))
            return None


def _named(file: File, data: bytes) -> HeardFile:
    name, media_type = _USUAL[file.kind]
    return HeardFile(name=file.name or name, type=file.media_type or media_type, data=data)


def _words(said: MessageHeard, missing: Sequence[File]) -> str:
    """What was said, and in signs what cannot be said in words."""
    lines = [said.text] if said.text else []
    lines += [file.emoji for file in said.files if file.kind is FileKind.STICKER and file.emoji]
    if said.location is not None:
        place = f"{said.location.latitude:.6f}, {said.location.longitude:.6f}"
        lines.append(f"📍 {said.location.name}, {place}" if said.location.name else f"📍 {place}")
    if said.contact is not None:
        lines.append(f"☎ {said.contact.name}: {said.contact.number}")
    lines += [f"📎 {file.name or _USUAL[file.kind][0]}" for file in missing]
    if said.unshown is not None:
        lines.append(f"[{said.unshown}]")
    return "\n".join(lines)
