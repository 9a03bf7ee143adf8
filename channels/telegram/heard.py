"""A message of Telegram in the log's words.

What cannot be said in words is said in signs, and named where nothing of it can be shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from channels.telegram.marks import marks_of
from channels.telegram.threads import Thread
from channels.telegram.values import CommandName, File, FileKind, MessageHeard
from crm_core.domain.written import HeardFile, HeardMessage, WrittenChannel

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

#: What the bot answers by itself, wholly: nobody is owed anything for it.
_ANSWERED_BY_THE_BOT: Final = frozenset({CommandName.START, CommandName.CALL, CommandName.LANGUAGE})


def as_heard(
    said: MessageHeard, *, source: str, queue: str, username: str, fetched: Mapping[File, bytes | None], raw: bytes
) -> HeardMessage:
    """``fetched``: the files it came with; None is one that Telegram did not give us."""
    assert said.sender is not None  # what nobody said is not heard
    thread = Thread.of(said)
    name = thread.message(said.message_id)
    return HeardMessage(
        channel=WrittenChannel.TELEGRAM,
        source=source,
        key=name,
        external_id=name,
        queue=queue,
        from_address=str(said.sender.id),
        from_name=said.sender.name,
        our_address=f"@{username}",
        thread=str(thread),
        answers=(thread.message(said.reply_to),) if said.reply_to is not None else (),
        body=_words(said, [file for file, data in fetched.items() if data is None]),
        marks=marks_of(said.text, said.entities),
        files=tuple(_named(file, data) for file, data in fetched.items() if data is not None),
        at=said.said_at,
        album=said.album_id,
        automatic=said.command is not None and said.command.name in _ANSWERED_BY_THE_BOT,
        raw=raw,
    )


def _named(file: File, data: bytes) -> HeardFile:
    name, media_type = _USUAL[file.kind]
    return HeardFile(name=file.name or name, type=file.media_type or media_type, data=data)


def _words(said: MessageHeard, missing: Sequence[File]) -> str:
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
