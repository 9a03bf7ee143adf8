"""What we say in Telegram, and what can become of it.

One outgoing message is one call of the Bot API. Telegram has no key by which it
would know a message it has heard already, so one of unknown fate is *uncertain* and
is never sent again by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from channels.telegram.refusals import Reason
from channels.telegram.values import FileKind, external_id

LONGEST_TEXT: Final = 4096
LONGEST_CAPTION: Final = 1024
LARGEST_UPLOAD: Final = 50 * 2**20
LARGEST_PHOTO: Final = 10 * 2**20
SMALLEST_ALBUM: Final = 2
LARGEST_ALBUM: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Under a message; ``data`` comes back when it is pressed, at most 64 bytes."""

    label: str
    data: str


#: Side by side in a row, one row below the other.
Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A photo, a video, a voice message or any file."""

    kind: FileKind
    name: str
    data: bytes = field(repr=False)
    caption: str = ""

    @property
    def size(self) -> int:
        return len(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Album:
    """Two to ten photos and videos, or as many files."""

    uploads: tuple[Upload, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message of ours."""

    chat_id: int
    content: Text | Upload | Album
    reply_to: int | None = None
    thread_id: int | None = None
    business_connection: str | None = None
    buttons: Rows = ()
    asks_number: str | None = None  # the label of a button that shares the person's own number

    @property
    def uploads(self) -> tuple[Upload, ...]:
        match self.content:
            case Text():
                return ()
            case Upload() as upload:
                return (upload,)
            case Album(uploads=uploads):
                return uploads

    @property
    def count(self) -> int:
        """How many messages Telegram makes of it."""
        return len(self.uploads) or 1

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(upload.size for upload in self.uploads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Another wording, or other buttons, for a message of ours."""

    chat_id: int
    message_id: int
    text: str
    buttons: Rows = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """It is there."""

    chat_id: int
    message_ids: tuple[int, ...]

    @property
    def external_ids(self) -> tuple[str, ...]:
        return tuple(external_id(self.chat_id, message_id) for message_id in self.message_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLater:
    """It was not sent, and may be sent again then."""

    after: timedelta
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """It will never be sent as it is."""

    reason: Reason
    words: str
    moved_to: int | None = None  # the group's id by now: there it can be sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """It may be there; a person decides whether to say it again."""

    words: str


def number_asked(label: str) -> dict[str, object]:
    """What the log keeps of a button that shares the person's own number."""
    return {"asks_number": label}


def buttons_shown(rows: Rows) -> dict[str, object]:
    """What the log keeps of the buttons under a message until it is sent."""
    return {"buttons": [[[one.label, one.data] for one in row] for row in rows]}


def shown(extras: Mapping[str, object]) -> tuple[Rows, str | None]:
    """Both again, of a message that is to be sent."""
    rows, label = extras.get("buttons"), extras.get("asks_number")
    kept = rows if isinstance(rows, list) else []
    buttons = tuple(tuple(Button(label=one[0], data=one[1]) for one in row) for row in kept)
    return buttons, label if isinstance(label, str) else None


Fate = Sent | RetryLater | Failed | Uncertain


def objection(outgoing: Outgoing) -> Failed | None:
    """Why Telegram would refuse this whatever happens; such a message is not even tried."""
    match outgoing.content:
        case Text(text=text):
            return _too_much(text, LONGEST_TEXT) or (None if text.strip() else _failed(Reason.EMPTY, "no text"))
        case Upload() as upload:
            return _upload_objection(upload)
        case Album(uploads=uploads):
            if not SMALLEST_ALBUM <= len(uploads) <= LARGEST_ALBUM:
                return _failed(Reason.OTHER, f"an album has {SMALLEST_ALBUM} to {LARGEST_ALBUM} parts")
            if len({upload.kind is FileKind.FILE for upload in uploads}) > 1:
                return _failed(Reason.OTHER, "files and pictures do not go together in an album")
            return next((no for upload in uploads if (no := _upload_objection(upload))), None)


def _upload_objection(upload: Upload) -> Failed | None:
    largest = LARGEST_PHOTO if upload.kind is FileKind.PHOTO else LARGEST_UPLOAD
    if upload.size > largest:
        return _failed(Reason.TOO_BIG, f"{upload.size} bytes, at most {largest}")
    if not upload.size:
        return _failed(Reason.EMPTY, "an empty file")
    return _too_much(upload.caption, LONGEST_CAPTION)


def units(text: str) -> int:
    """Its length as Telegram counts: in UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _too_much(text: str, longest: int) -> Failed | None:
    long = units(text)
    return _failed(Reason.TOO_LONG, f"{long} characters, at most {longest}") if long > longest else None


def _failed(reason: Reason, words: str) -> Failed:
    return Failed(reason=reason, words=words)
