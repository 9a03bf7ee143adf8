"""What a message holds: text and its parts, files, a place, a contact, a command."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from channels.telegram.fields import Json, Odd, file_name, inner, items, line, natural, number, text, whole
from channels.telegram.values import Command, CommandName, Entity, File, FileKind, Location, SharedContact

#: A plain message has at most 4096, a caption of a paying account as many; the rest is Telegram's to invent.
LONGEST_TEXT: Final = 65_536
_MOST_ENTITIES: Final = 200
_MOST_SIZES: Final = 20
_LONGEST_NAME: Final = 256
_LONGEST_FILE_ID: Final = 512
_LONGEST_URL: Final = 2048
_LONGEST_ARGUMENT: Final = 200

_COMMAND: Final = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+(.*))?\s*", re.DOTALL)
#: What a link ``https://t.me/our_bot?start=…`` can carry.
_SOURCE_TAG: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COMMANDS: Final = {"lang": CommandName.LANGUAGE} | {name.value: name for name in CommandName}

_FILES: Final[dict[str, FileKind]] = {
    "document": FileKind.FILE,
    "voice": FileKind.VOICE,
    "video": FileKind.VIDEO,
    "video_note": FileKind.VIDEO_NOTE,
    "audio": FileKind.AUDIO,
    "animation": FileKind.ANIMATION,
    "sticker": FileKind.STICKER,
}


def read_text(message: Json, odd: Odd) -> tuple[str, tuple[Entity, ...]]:
    """The text, or the caption of what has one, with its parts."""
    if "text" in message:
        words, marks = text(message, "text", odd, longest=LONGEST_TEXT), "entities"
    else:
        words, marks = text(message, "caption", odd, longest=LONGEST_TEXT), "caption_entities"
    if not words:
        return "", ()
    if marks not in message:
        return words, ()
    units = len(words) if words.isascii() else len(words.encode("utf-16-le")) // 2
    found = (_entity(given, odd, units) for given in items(message, marks, odd, most=_MOST_ENTITIES))
    return words, tuple(entity for entity in found if entity is not None)


def _entity(given: Json, odd: Odd, units: int) -> Entity | None:
    kind = line(given, "type", odd, longest=64)
    offset, length = natural(given, "offset", odd), natural(given, "length", odd)
    if kind is None or offset is None or not length or offset + length > units:
        odd.append("entities")
        return None
    return Entity(kind=kind, offset=offset, length=length, url=line(given, "url", odd, longest=_LONGEST_URL))


def read_command(words: str, username: str) -> Command | None:
    """A command we know, said to us: ``/start spring_sale``, ``/lang@our_bot en``."""
    if not words.startswith("/") or (said := _COMMAND.fullmatch(words)) is None:
        return None
    told, addressee, argument = said.groups(default="")
    name = _COMMANDS.get(told.lower())
    if name is None or (addressee and addressee.lower() != username.lower()):
        return None
    argument = argument.strip()[:_LONGEST_ARGUMENT]
    if name is CommandName.START and not _SOURCE_TAG.fullmatch(argument):
        argument = ""  # typed by hand: no link of ours says so
    return Command(name=name, argument=argument)


def read_files(message: Json, odd: Odd) -> tuple[File, ...]:
    """The file of a message; of a photo the largest of its sizes."""
    if "photo" in message:
        sizes = items(message, "photo", odd, most=_MOST_SIZES)
        largest = max(sizes, key=_area, default=None)
        found = None if largest is None else _file(FileKind.PHOTO, largest, odd)
        return () if found is None else (found,)
    for name, kind in _FILES.items():
        if name in message:
            # An animation also comes as a document, for older programs.
            given = inner(message, name, odd) if name != "document" or "animation" not in message else None
            found = None if given is None else _file(kind, given, odd)
            if found is not None:
                return (found,)
    return ()


def _area(size: Json) -> int:
    ignored: Odd = []
    return (natural(size, "width", ignored) or 0) * (natural(size, "height", ignored) or 0)


def _file(kind: FileKind, given: Json, odd: Odd) -> File | None:
    file_id = line(given, "file_id", odd, longest=_LONGEST_FILE_ID)
    unique_id = line(given, "file_unique_id", odd, longest=_LONGEST_FILE_ID)
    if file_id is None or unique_id is None:
        odd.append(kind.value)
        return None
    return File(
        kind=kind,
        file_id=file_id,
        unique_id=unique_id,
        name=file_name(given, odd),
        media_type=line(given, "mime_type", odd, longest=_LONGEST_NAME),
        size=natural(given, "file_size", odd),
        duration=_span(given, "duration", odd),
        emoji=line(given, "emoji", odd, longest=64),
    )


def read_location(message: Json, odd: Odd) -> Location | None:
    venue = inner(message, "venue", odd)
    given = inner(message, "location", odd) or (inner(venue, "location", odd) if venue else None)
    if given is None:
        return None
    latitude = number(given, "latitude", odd, within=90)
    longitude = number(given, "longitude", odd, within=180)
    if latitude is None or longitude is None:
        odd.append("location")
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        accuracy_m=number(given, "horizontal_accuracy", odd, within=1500),
        live_for=_span(given, "live_period", odd),
        name=line(venue, "title", odd, longest=_LONGEST_NAME) if venue else None,
    )


def read_contact(message: Json, odd: Odd, *, sender_id: int | None, is_passed_on: bool) -> SharedContact | None:
    """A number that was shared.

    It is the sender's own when Telegram knows the number as that account's. A contact that was
    forwarded, or that another bot wrote in the sender's name, proves nothing.
    """
    given = inner(message, "contact", odd)
    if given is None:
        return None
    told = line(given, "phone_number", odd, longest=32)
    if told is None:
        odd.append("contact")
        return None
    owner = whole(given, "user_id", odd)
    return SharedContact(
        number=told,
        name=full_name(given, odd),
        is_own=sender_id is not None and owner == sender_id and not is_passed_on,
    )


def full_name(given: Json, odd: Odd) -> str:
    first = line(given, "first_name", odd, longest=_LONGEST_NAME)
    last = line(given, "last_name", odd, longest=_LONGEST_NAME)
    return f"{first} {last}" if first and last else first or last or ""


def _span(given: Json, name: str, odd: Odd) -> timedelta | None:
    """Seconds; a live location without an end says 2³¹ − 1."""
    seconds = natural(given, name, odd)
    if seconds is None:
        return None
    if seconds < 2**31:
        return timedelta(seconds=seconds)
    odd.append(name)
    return None
