"""A mail of ours, as the bytes that are sent.

It has its Message-ID before anything is tried, so that every try is the same
mail. Threading headers are written here and not left to a library's folding,
which turns long ids into encoded words that nobody finds again. Whoever puts a
line break into a field is refused, whatever field it is.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from uuid import UUID

from channels.email.headers import Address, is_address
from crm_core.domain.errors import InputRejected
from crm_core.domain.strangers_words import file_name, storable

_POLICY = SMTP.clone(cte_type="7bit")
#: RFC 5322 asks for 78; an id stands alone on its line and may be longer.
_LINE = 76
#: Bytes of UTF-8 that fill one encoded word.
_WORD_BYTES = 42
#: The thread's first mail and the nearest ones; longer lists are cut by servers on the way.
_LAST_REFERENCES = 19
_CONTROL = re.compile("[\x00-\x1f\x7f\x80-\x9f\u2028\u2029\ud800-\udfff]")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ANSWERED = re.compile(r"\s*(?:(?:re|aw|ответ|отв)(?:\[\d+\]|\(\d+\))?\s*:\s*)+", re.IGNORECASE)


class MailRefused(InputRejected):
    """This cannot stand in the head of a mail."""

    code = "mail_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFile:
    name: str
    type: str  # "application/pdf"
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    message_id: str
    date: datetime  # aware
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    reply_to: Address | None = None  # our plus-address of the conversation
    subject: str
    text: str = field(repr=False)
    html: str | None = field(default=None, repr=False)  # the same in better clothes; already safe
    files: tuple[OutgoingFile, ...] = ()
    answers: str | None = None  # Message-ID of the mail that is answered
    references: tuple[str, ...] = ()  # see ``references_of_answer``
    automatic: bool = False  # nobody wrote it by hand: says so, and asks not to be answered by a program
    ask_receipt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the servers are told beside the mail, with the words of RFC 3461 for those that know it."""

    sender: str  # "" for what must never bounce back
    recipients: tuple[str, ...]
    mail_options: tuple[str, ...]
    recipient_options: tuple[str, ...]


def message_id_for(message: UUID, sender: str) -> str:
    """Made of our own id of the message: known before the first try, and the same at each."""
    return f"{message}@{_ascii_host(sender.rpartition('@')[2])}"


def references_of_answer(
    answered: str | None, its_references: Sequence[str], its_in_reply_to: Sequence[str] = ()
) -> tuple[str, ...]:
    """What an answer to that mail names (RFC 5322 3.6.4): its forebears and itself, the first and the nearest."""
    forebears = its_references or (its_in_reply_to if len(its_in_reply_to) == 1 else ())
    ids = tuple(dict.fromkeys([*forebears, *([answered] if answered else [])]))
    return ids if len(ids) <= 1 + _LAST_REFERENCES else (ids[0], *ids[-_LAST_REFERENCES:])


def subject_of_answer(subject: str) -> str:
    """One ``Re:``, however many answers were before and in whatever language."""
    return f"Re: {_ANSWERED.sub('', subject, count=1) if _ANSWERED.match(subject) else subject}".strip()


def built(mail: OutgoingMail) -> bytes:
    """The mail in ASCII, lines ended by CR LF.

    Raises:
        MailRefused: a field of the head holds a line break or another control sign, or an address is none.
    """
    head = "".join(f"{name}: {value}\r\n" for name, value in _head(mail))
    return head.encode("ascii") + _body(mail).as_bytes(policy=_POLICY)


def envelope(mail: OutgoingMail, message: UUID) -> Envelope:
    """With a report asked for to the address the mail is from, under our id of the message.

    Raises:
        MailRefused: an address is none.
    """
    return Envelope(
        sender="" if mail.automatic else _address(mail.sender),
        recipients=tuple(dict.fromkeys(_address(one) for one in (*mail.to, *mail.cc))),
        mail_options=("RET=HDRS", f"ENVID={message}"),
        recipient_options=() if mail.automatic else ("NOTIFY=SUCCESS,DELAY,FAILURE",),
    )


def _head(mail: OutgoingMail) -> Iterator[tuple[str, str]]:
    yield "Date", format_datetime(mail.date)
    yield "Message-ID", _id(mail.message_id)
    yield "From", _people([mail.sender])
    yield "To", _people(mail.to)
    if mail.cc:
        yield "Cc", _people(mail.cc)
    if mail.reply_to is not None:
        yield "Reply-To", _people([mail.reply_to])
    yield "Subject", _words(mail.subject)
    if mail.answers is not None:
        yield "In-Reply-To", _id(mail.answers)
    if mail.references:
        yield "References", "\r\n ".join(_id(one) for one in mail.references)
    if mail.automatic:
        yield "Auto-Submitted", "auto-replied" if mail.answers is not None else "auto-generated"
        yield "X-Auto-Response-Suppress", "All"
    if mail.ask_receipt and not mail.automatic:
        yield "Disposition-Notification-To", _people([mail.sender])


def _body(mail: OutgoingMail) -> EmailMessage:
    body = EmailMessage(policy=_POLICY)
    body.set_content(storable(mail.text))
    if mail.html is not None:
        body.add_alternative(storable(mail.html), subtype="html")
    for file in mail.files:
        kind, _, subtype = _checked(file.type).partition("/")
        if not (kind.isalnum() and subtype.isascii()) or kind in {"multipart", "message"}:
            kind, subtype = "application", "octet-stream"
        body.add_attachment(file.data, maintype=kind, subtype=subtype or "octet-stream", filename=file_name(file.name))
    # The library's own boundaries are random, and every try must be the same mail.
    name = sha256(mail.message_id.encode()).hexdigest()[:32]
    for number, part in enumerate(part for part in body.walk() if part.is_multipart()):
        part.set_boundary(f"=_{number}_{name}")
    return body


def _people(addresses: Sequence[Address]) -> str:
    if not addresses:
        return "undisclosed-recipients:;"
    return ",\r\n ".join(_person(one) for one in addresses)


def _person(one: Address) -> str:
    name = _checked(one.name).strip()
    if not name:
        return _address(one)
    if _PLAIN_NAME.fullmatch(name) and len(name) <= _LINE // 2:
        return f"{name} <{_address(one)}>"
    return f"{_encoded(name)}\r\n <{_address(one)}>"


def _address(one: Address) -> str:
    """In ASCII: the host as the domain name system knows it."""
    address = _checked(one.address)
    local, _, host = address.rpartition("@")
    if not is_address(address) or not local.isascii():
        raise MailRefused("This is no address that mail can be sent to", field="address")
    return f"{local}@{_ascii_host(host)}"


def _ascii_host(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise MailRefused("This host name cannot be", field="address") from error


def _id(one: str) -> str:
    if not one.isascii() or not one.isprintable() or set(one) & set("<> "):
        raise MailRefused("This is no Message-ID", field="message_id")
    return f"<{one}>"


def _words(text: str) -> str:
    text = _checked(text)
    return text if text.isascii() and len(text) <= _LINE - len("Subject: ") and "=?" not in text else _encoded(text)


def _encoded(text: str) -> str:
    """Encoded words (RFC 2047), each whole letters of UTF-8, each on a line."""
    words: list[bytes] = [b""]
    for letter in text:
        if len(words[-1]) + len(letter.encode()) > _WORD_BYTES:
            words.append(b"")
        words[-1] += letter.encode()
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def _checked(text: str) -> str:
    if _CONTROL.search(text):
        raise MailRefused
    return text
