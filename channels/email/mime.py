"""A mail's bytes read into one value, whatever they are.

The tree of parts is the standard library's; what each part is for is decided
here: which is the body, which pictures belong to it, which are files, reports or
invitations. Whatever cannot be read is parked with its reason. A mail never
raises, and what it may cost is bounded before it is parsed.
"""

from __future__ import annotations

import hashlib
import html as markup
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from functools import lru_cache

from channels.email import tnef
from channels.email.automatic import Headers
from channels.email.charsets import decoded
from channels.email.flowed import unflowed
from channels.email.head import first, head_of, headers_of
from channels.email.headers import message_ids, parameters, value_of, words
from channels.email.invitations import invitation
from channels.email.message import (
    Attachment,
    DeliveryReport,
    Head,
    Invitation,
    Limits,
    Mail,
    Parked,
    ParkReason,
    ReadReceipt,
)
from channels.email.rendition import text_of
from channels.email.reports import bounce_in_prose, delivery_report, read_receipt
from crm_core.domain.strangers_words import file_name, storable

LIMITS = Limits()
#: Of a mail that is parked, so much is looked at for its headers.
_HEAD_BYTES = 256 * 1024
_UNNAMED = {
    "text/plain": "text.txt",
    "text/html": "page.html",
    "text/calendar": "invitation.ics",
    "message/rfc822": "mail.eml",
}


def read(raw: bytes, limits: Limits = LIMITS) -> Mail | Parked:
    """What the mail says, or why it cannot be read; never raises."""
    try:
        _weigh(raw, limits)
        return _Reader(raw, limits).mail()
    except _Refused as refused:
        return Parked(reason=refused.reason, detail=str(refused), head=head_alone(raw))
    except RecursionError:
        return Parked(reason=ParkReason.TOO_DEEP, detail="nested deeper than can be parsed", head=head_alone(raw))
    except Exception as error:  # the parser's own faults: the mail waits for a person, the others flow on
        return Parked(reason=ParkReason.BROKEN, detail=f"{type(error).__name__} while reading", head=head_alone(raw))


class _Refused(Exception):
    def __init__(self, reason: ParkReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def _weigh(raw: bytes, limits: Limits) -> None:
    """Before parsing: the parser compares each line with every boundary that is open."""
    if len(raw) > limits.mail_bytes:
        raise _Refused(ParkReason.TOO_BIG, f"{len(raw)} bytes, at most {limits.mail_bytes} are read")
    comparisons = raw.count(b"\n") * (raw.lower().count(b"boundary") + 1)
    if comparisons > limits.comparisons:
        raise _Refused(ParkReason.TOO_DEEP, f"{comparisons} comparisons of lines with boundaries")


def head_alone(raw: bytes) -> Head | None:
    """Of a mail that need not be read whole, or cannot."""
    try:
        return head_of(headers_of(BytesHeaderParser().parsebytes(raw[:_HEAD_BYTES])))
    except Exception:  # a parked mail may be broken in its head too
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """A piece of what is to be read, in one or both of its renditions."""

    text: str | None = None
    html: str | None = None


class _Reader:
    """Walks the parts of one mail once, and remembers what it found beside the body."""

    def __init__(self, raw: bytes, limits: Limits) -> None:
        self._raw = raw
        self._limits = limits
        self._parts = 0
        self._attachments: list[Attachment] = []
        self._parcel = _Body()  # what winmail.dat says, for a mail that says it nowhere else
        self._report: DeliveryReport | ReadReceipt | None = None
        self._invitation: Invitation | None = None
        self._encrypted = False
        self._defects: list[str] = []

    def mail(self) -> Mail:
        message = message_from_bytes(self._raw)
        headers = headers_of(message)
        body = self._part(message, depth=0, default="text/plain")
        if body is None or not (body.text or body.html):
            body = self._parcel
        html = storable(body.html) if body.html is not None else None
        text = storable(body.text or "")
        if html is not None and not text.strip():
            text = text_of(html)
        return Mail(
            head=(head := head_of(headers)),
            text=text,
            html=html,
            attachments=tuple(_named_apart(self._attachments)),
            report=self._report or (bounce_in_prose(headers, text) if head.automatic else None),
            invitation=self._invitation,
            encrypted=self._encrypted,
            digest=_digest(self._raw, headers),
            defects=tuple(dict.fromkeys(self._defects)),
        )

    def _part(self, part: Message, *, depth: int, default: str) -> _Body | None:
        """What of this part is to be read; files and reports in it are put aside."""
        self._parts += 1
        if self._parts > self._limits.parts:
            raise _Refused(ParkReason.TOO_MANY_PARTS, f"more than {self._limits.parts} parts")
        if depth > self._limits.depth:
            raise _Refused(ParkReason.TOO_DEEP, f"parts nested more than {self._limits.depth} deep")
        self._defects += [type(defect).__name__ for defect in part.defects]
        headers = headers_of(part)
        kind = _kind(headers, default)
        payload = part.get_payload()
        if kind.startswith("multipart/") and isinstance(payload, list):
            children = [child for child in payload if isinstance(child, Message)]
            return self._several(kind, headers, children, depth=depth + 1)
        return self._leaf(part, headers, "text/plain" if kind.startswith("multipart/") else kind)

    def _several(self, kind: str, headers: Headers, children: list[Message], *, depth: int) -> _Body | None:
        if kind == "multipart/related":
            return self._related(headers, children, depth=depth)
        if kind == "multipart/report":
            self._report = self._report or read_receipt(children) or delivery_report(children)
            children = children[:1] if self._report else children  # the others are our own mail, come back
        if kind == "multipart/encrypted":
            self._encrypted = True
        inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        found = [self._part(child, depth=depth, default=inner) for child in children]
        bodies = [body for body in found if body is not None]
        if kind == "multipart/alternative":
            return _alternatives(bodies)
        return _one_after_another(bodies)

    def _related(self, headers: Headers, children: list[Message], *, depth: int) -> _Body | None:
        """The root is shown, the others are pictures in it."""
        start = message_ids(parameters(first(headers, "content-type")).get("start", ""))
        root = next((child for child in children if start and _content_id(headers_of(child)) == start[0]), None)
        bodies: list[_Body] = []
        for child in children:
            if child is (root or children[0]) or child.is_multipart():
                body = self._part(child, depth=depth, default="text/plain")
                bodies += [body] if body is not None else []
            else:
                self._parts += 1
                self._keep(child, headers_of(child), child.get_content_type(), inline=True)
        return _one_after_another(bodies)

    def _leaf(self, part: Message, headers: Headers, kind: str) -> _Body | None:
        disposition = first(headers, "content-disposition")
        named = bool(_file_name(headers))
        if kind in {"text/plain", "text/html"} and value_of(disposition) != "attachment" and not named:
            return self._text(part, headers, kind)
        if kind in {"message/delivery-status", "message/disposition-notification", "text/rfc822-headers"}:
            return None  # the report says what they say
        attachment = self._keep(part, headers, kind, inline=value_of(disposition) == "inline")
        if kind == "text/calendar":
            self._invitation = self._invitation or invitation(attachment.data)
        if kind == "application/pkcs7-mime" and "enveloped" in first(headers, "content-type").lower():
            self._encrypted = True
        if kind in {"application/ms-tnef", "application/vnd.ms-tnef"} or attachment.name.lower() == "winmail.dat":
            self._unpack(attachment)
        return None

    def _text(self, part: Message, headers: Headers, kind: str) -> _Body:
        declared = parameters(first(headers, "content-type"))
        text = decoded(_data(part), declared.get("charset")).replace("\r\n", "\n").replace("\r", "\n")
        if len(text) > self._limits.text_chars:
            self._defects.append("body cut")
            text = text[: self._limits.text_chars]
        if kind == "text/html":
            return _Body(html=text)
        if declared.get("format", "").lower() == "flowed":
            text = unflowed(text, delete_space=declared.get("delsp", "").lower() == "yes")
        return _Body(text=text)

    def _unpack(self, packed: Attachment) -> None:
        """Outlook's parcel: its files stand for it, unless nothing could be taken out."""
        found = tnef.unpacked(packed.data)
        if found is None or not (found.files or found.text or found.html):
            self._defects.append("winmail.dat not understood")
            return
        self._attachments.remove(packed)
        for file in found.files[: self._limits.parts]:
            self._attachments.append(
                Attachment(
                    name=file_name(words(file.name)),
                    type=_media_type(file.type or ""),
                    data=file.data,
                    content_id=words(file.content_id).strip("<>") if file.content_id else None,
                )
            )
        self._parcel = _Body(text=found.text, html=found.html)

    def _keep(self, part: Message, headers: Headers, kind: str, *, inline: bool) -> Attachment:
        payload = part.get_payload()
        fallback = _UNNAMED.get(kind, "file")
        if isinstance(payload, list):
            data = b"\n".join(bytes(child) for child in payload if isinstance(child, Message))
            if kind == "message/rfc822" and payload and isinstance(payload[0], Message):
                subject = words(first(headers_of(payload[0]), "subject"))
                fallback = file_name(f"{subject}.eml") if subject else fallback
        else:
            data = _data(part)
        attachment = Attachment(
            name=file_name(_file_name(headers), fallback),
            type=_media_type(kind),
            data=data,
            content_id=_content_id(headers),
            inline=inline,
        )
        self._attachments.append(attachment)
        return attachment


def _kind(headers: Headers, default: str) -> str:
    return _media_type(first(headers, "content-type"), default)


@lru_cache(maxsize=1024)
def _media_type(raw: str, default: str = "application/octet-stream") -> str:
    kind = value_of(raw)
    kind = "text/plain" if kind == "text" else kind
    well_formed = kind.count("/") == 1 and kind.isascii() and kind.replace("/", "").replace("-", "").strip("+._")
    return kind if well_formed and kind.isprintable() and not set(kind) & set(" \"'<>()=,") else default


def _content_id(headers: Headers) -> str | None:
    raw = words(first(headers, "content-id"))
    return raw.strip("<> ")[:500] or None


def _file_name(headers: Headers) -> str | None:
    said = parameters(first(headers, "content-disposition"))
    name = said.get("filename") or said.get("name")
    return name or parameters(first(headers, "content-type")).get("name")


def _data(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _alternatives(bodies: list[_Body]) -> _Body | None:
    """The same thing said several times: the simplest text, and of the others the last and best."""
    texts = [body.text for body in bodies if body.text is not None]
    pages = [body.html for body in bodies if body.html is not None]
    return _Body(text=texts[0] if texts else None, html=pages[-1] if pages else None) if bodies else None


def _one_after_another(bodies: list[_Body]) -> _Body | None:
    """Apple Mail writes text, picture, text: all of it is the body."""
    if len(bodies) < 2:
        return bodies[0] if bodies else None
    texts = [body.text for body in bodies if body.text is not None]
    pages = [body.html if body.html is not None else _as_html(body.text or "") for body in bodies]
    whole_text = all(body.text is not None for body in bodies)
    return _Body(
        text="\n".join(texts) if whole_text else None,
        html="\n".join(pages) if any(body.html is not None for body in bodies) else None,
    )


def _as_html(text: str) -> str:
    return "<div>" + markup.escape(text).replace("\n", "<br>") + "</div>"


def _named_apart(attachments: list[Attachment]) -> list[Attachment]:
    """Two files of one mail never have the same name."""
    taken: set[str] = set()
    apart: list[Attachment] = []
    for number, attachment in enumerate(attachments, start=1):
        name = attachment.name if attachment.name.lower() not in taken else f"{number}-{attachment.name}"
        taken.add(name.lower())
        apart.append(replace(attachment, name=name))
    return apart


def _digest(raw: bytes, headers: Headers) -> str:
    """The same however it travelled: not of what servers put on top, nor of how lines end.

    A mail without an id of its own has only what its author wrote to be told by.
    """
    _, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    told = hashlib.sha256(body.rstrip(b"\n"))
    if not message_ids(first(headers, "message-id")):
        for name in ("from", "to", "date", "subject"):
            told.update(b"\0" + first(headers, name).encode("utf-8", "surrogateescape"))
    return told.hexdigest()
