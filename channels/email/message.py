"""A mail that was read, and a mail that was not and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from channels.email.headers import Address


class Automatic(StrEnum):
    """No person sat down to write this. None of it is ever answered automatically (RFC 3834)."""

    REPLY = "reply"  # out of office, "we received your letter"
    REPORT = "report"  # a mail server or program says what became of a mail of ours
    LIST = "list"  # a mailing list or newsletter
    ROBOT = "robot"  # anything else that says so, or wants no answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the headers say. All of it is the sender's word: nothing here proves who they are."""

    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sender: Address | None  # the first of From
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[Address, ...]  # by our own server, nearest first: the plus-address that was really used
    subject: str
    date: datetime | None
    automatic: Automatic | None
    vouched: tuple[str, ...]  # Authentication-Results, topmost first; anybody can write one: ask ``proof``
    receipt_to: Address | None  # asks that its reading be told there; only a person may agree


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file, or a picture of the body."""

    name: str  # safe to show and to save under
    type: str  # the sender's word; it is served as a download whatever it says
    data: bytes = field(repr=False)
    content_id: str | None = None  # without its angle brackets: by this the HTML shows it
    inline: bool = False


class Fate(StrEnum):
    """What a mail server did with a mail for one recipient (RFC 3464 ``Action``)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientFate:
    address: str | None  # lower case
    fate: Fate
    status: str | None  # RFC 3463, "5.1.1"
    diagnostic: str  # the other server's words


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """A bounce or a delivery report. Anybody can write one: it says something only of a mail that we did send there."""

    original_id: str | None  # Message-ID of the mail it is about
    envelope_id: str | None  # what we called it in the envelope (ENVID)
    recipients: tuple[RecipientFate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReceipt:
    """A mail program's word on what its user did with our mail (RFC 8098)."""

    original_id: str | None
    recipient: str | None  # lower case
    displayed: bool  # otherwise deleted, or passed on unread
    by_person: bool  # they agreed to telling us


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a calendar part asks (RFC 5546)."""

    method: str  # REQUEST CANCEL REPLY COUNTER PUBLISH …
    uid: str | None
    summary: str
    location: str
    organizer: str | None  # lower-case address
    starts_at: datetime | None  # None too where it is a whole day or has no zone: see ``starts``
    starts: str  # as written by the sender's calendar, ISO 8601


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    head: Head
    text: str  # all of it, with quotes; where there is only HTML, its words
    html: str | None = field(repr=False)  # as it was sent: never show it before ``channels.email.html`` was there
    attachments: tuple[Attachment, ...]
    report: DeliveryReport | ReadReceipt | None
    invitation: Invitation | None
    encrypted: bool
    digest: str  # SHA-256 of what was said: with the Message-ID it names the fact
    defects: tuple[str, ...]  # what was odd and got over, for whoever looks into it


class ParkReason(StrEnum):
    """Why a mail is kept whole and not read."""

    TOO_BIG = "too_big"
    TOO_MANY_PARTS = "too_many_parts"
    TOO_DEEP = "too_deep"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    reason: ParkReason
    detail: str  # in English, for the log of what was parked
    head: Head | None  # as far as it can be read, so that a person sees whose mail waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one mail may cost. 25 MB of files are 34 MB of mail."""

    mail_bytes: int = 64 * 1024 * 1024
    parts: int = 1000
    depth: int = 30
    text_chars: int = 1_000_000  # of a body; the rest is in the mail as it was kept
    #: Lines times nested boundaries: what the parser has to compare.
    comparisons: int = 20_000_000
