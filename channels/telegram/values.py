"""What an update of Telegram means to us, in our own words.

Each is a fact: it can be heard twice, late and out of order, and is then the same.
All names, texts and numbers in them are a stranger's and nobody has checked them; they
are only cut to size and rid of what no database or socket can carry. Moments are
Telegram's, aware, UTC; ids are Telegram's whole numbers.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class ChatKind(StrEnum):
    PRIVATE = "private"
    GROUP = "group"  # moves to another id when it becomes a supergroup
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Where something was said."""

    id: int
    kind: ChatKind
    title: str = ""  # of a group

    @property
    def is_private(self) -> bool:
        return self.kind is ChatKind.PRIVATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account of Telegram, as it calls itself; only the id stays the same."""

    id: int
    name: str
    username: str | None = None
    language: str | None = None  # of their app: "ru", "en-GB"
    is_bot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A part of a text that is more than text. ``offset`` and ``length`` count UTF-16 units, as browsers do."""

    kind: str  # bold, url, text_link, mention …
    offset: int
    length: int
    url: str | None = None  # of a text_link; whatever the stranger wrote


class FileKind(StrEnum):
    PHOTO = "photo"
    FILE = "file"
    VOICE = "voice"
    VIDEO = "video"
    VIDEO_NOTE = "video_note"
    AUDIO = "audio"
    ANIMATION = "animation"
    STICKER = "sticker"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that lies at Telegram's: only its description comes with the message."""

    kind: FileKind
    file_id: str  # what this bot fetches it by
    unique_id: str  # the same for every bot and every time
    name: str | None = None  # the sender's choice
    media_type: str | None = None  # the sender's claim
    size: int | None = None  # bytes
    duration: timedelta | None = None
    emoji: str | None = None  # of a sticker


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place on the map; a live one goes on moving by edits."""

    latitude: float
    longitude: float
    accuracy_m: float | None = None
    live_for: timedelta | None = None
    name: str | None = None  # of a venue


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedContact:
    """A telephone number that was sent as a contact."""

    number: str  # as Telegram sent it, without a plus as often as with one
    name: str
    #: It is the sender's own, and Telegram vouches for that. Only then may it be linked to the client.
    is_own: bool


class CommandName(StrEnum):
    START = "start"
    HOTLINE = "hotline"
    CALL = "call"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command to this bot that it knows; of ``/start`` the argument is the source tag of the link."""

    name: CommandName
    argument: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHeard:
    """Somebody wrote. An edit is the same message again, with ``edited_at``."""

    message_id: int
    chat: Chat
    sender: Person | None  # None: a channel, or an anonymous administrator
    at: datetime
    edited_at: datetime | None = None
    text: str = ""  # or the caption
    entities: tuple[Entity, ...] = ()
    files: tuple[File, ...] = ()
    location: Location | None = None
    contact: SharedContact | None = None
    command: Command | None = None
    reply_to: int | None = None  # a message of the same chat
    answers_us: bool = False  # and that is one of the bot's own
    thread_id: int | None = None  # the topic of a group that has topics
    album_id: str | None = None  # what is sent together comes one by one and shares this
    business_connection: str | None = None  # said to a person for whom the bot answers
    is_forwarded: bool = False
    unshown: str | None = None  # nothing else is in it: poll, dice, story … or unknown
    odd: tuple[str, ...] = ()  # fields that could not be meant; the raw update is worth keeping

    @property
    def external_id(self) -> str:
        """What the log knows the message by."""
        return external_id(self.chat.id, self.message_id)

    @property
    def said_at(self) -> datetime:
        """When this wording was written: of two that are heard in any order the later one holds."""
        return self.edited_at or self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesDeleted:
    """Told of business connections only; in all other chats Telegram keeps silent about deletions."""

    business_connection: str
    chat: Chat
    message_ids: tuple[int, ...]

    @property
    def external_ids(self) -> tuple[str, ...]:
        return tuple(external_id(self.chat.id, message_id) for message_id in self.message_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPressed:
    """A button under one of our messages. ``data`` may be forged: see :mod:`channels.telegram.buttons`."""

    query_id: str  # answered within seconds, or the client's app keeps waiting
    sender: Person
    chat: Chat | None  # None: the message is too old
    message_id: int | None
    data: str


class Standing(StrEnum):
    """What the bot itself may do in a chat."""

    PRESENT = "present"
    ADMINISTRATOR = "administrator"
    SILENCED = "silenced"  # there, and may not write
    GONE = "gone"  # in a private chat: the person has blocked it


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingChanged:
    """The bot was blocked or unblocked, taken into a group or put out of it."""

    chat: Chat
    by: Person
    at: datetime
    was: Standing
    now: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMoved:
    """A group became a supergroup: the same people under another id. It is told in both chats."""

    from_id: int
    to_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessConnected:
    """A person lets the bot answer for them, or no longer."""

    connection: str
    person: Person
    at: datetime
    is_enabled: bool
    may_reply: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Well formed, and nothing to a call centre: counted by ``kind`` and passed over."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """It makes no sense to us: kept whole for a person to look at."""

    reason: str


Meaning = (
    MessageHeard | MessagesDeleted | ButtonPressed | StandingChanged | GroupMoved | BusinessConnected | Passed | Parked
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One update of one bot; ``(bot, update_id)`` is its fact key."""

    update_id: int | None  # None: there was none, or it was no number
    meaning: Meaning
    raw: object  # the JSON as Telegram wrote it

    @property
    def key(self) -> str:
        """What the fact is known by, beside the bot: nothing with the same key is stored twice."""
        if self.update_id is not None:
            return str(self.update_id)
        return f"sha256:{hashlib.sha256(self.raw_bytes).hexdigest()}"

    @property
    def raw_bytes(self) -> bytes:
        """JSON in ASCII: also what cannot be said in UTF-8 is kept."""
        return json.dumps(self.raw, sort_keys=True).encode("ascii")


def external_id(chat_id: int, message_id: int) -> str:
    """A message's number is unique in its chat only."""
    return f"{chat_id}:{message_id}"
