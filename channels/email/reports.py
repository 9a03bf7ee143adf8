"""What became of a mail of ours, as servers and mail programs tell it: RFC 3464, RFC 8098, and bounces in prose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.message import Message
from email.parser import HeaderParser

from channels.email.automatic import Headers
from channels.email.head import first, headers_of
from channels.email.headers import addresses, is_address, message_ids, value_of, words
from channels.email.message import DeliveryReport, Fate, ReadReceipt, RecipientFate

_MOST_RECIPIENTS = 200
_LONGEST_DIAGNOSTIC = 500
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_QUOTED_ID = re.compile(r"^[ \t>]*message-id:[ \t]*(<[^<>\r\n]{1,500}>)", re.IGNORECASE | re.MULTILINE)
#: qmail and those that copy it: "<address>:" on a line, the reason below.
_PROSE_RECIPIENT = re.compile(r"^<([^<>\s]{3,320})>:[ \t]*\r?\n(.{1,500})", re.MULTILINE)
_PROSE_OPENING = re.compile(
    r"this is the qmail-send program|mail delivery failed|undelivered mail returned", re.IGNORECASE
)


def delivery_report(parts: Iterable[Message]) -> DeliveryReport | None:
    """From the parts of a ``multipart/report; report-type=delivery-status``."""
    original_id: str | None = None
    envelope_id: str | None = None
    recipients: list[RecipientFate] = []
    for part in parts:
        match part.get_content_type():
            case "message/delivery-status" | "message/global-delivery-status":
                for fields in _blocks(part):
                    envelope_id = envelope_id or words(first(fields, "original-envelope-id")) or None
                    if (fate := _recipient(fields)) is not None:
                        recipients.append(fate)
            case _:
                original_id = original_id or _returned_id(part)
    if not recipients:
        return None
    return DeliveryReport(
        original_id=original_id, envelope_id=envelope_id, recipients=tuple(recipients[:_MOST_RECIPIENTS])
    )


def read_receipt(parts: Iterable[Message]) -> ReadReceipt | None:
    """From the parts of a ``multipart/report; report-type=disposition-notification``."""
    for part in parts:
        if part.get_content_type() != "message/disposition-notification":
            continue
        for fields in _blocks(part):
            mode, _, kind = first(fields, "disposition").partition(";")
            if kind:
                ids = message_ids(first(fields, "original-message-id"))
                return ReadReceipt(
                    original_id=ids[0] if ids else None,
                    recipient=_address(first(fields, "final-recipient")),
                    displayed=kind.strip().lower().partition("/")[0] == "displayed",
                    by_person="manual-action" in mode.lower(),
                )
    return None


def bounce_in_prose(headers: Headers, text: str) -> DeliveryReport | None:
    """Exim tells the recipients in a header, qmail in the text; the mail itself is quoted below."""
    failed = [one.key for raw in headers.get("x-failed-recipients", ()) for one in addresses(raw)]
    reasons: dict[str, str] = {}
    if failed or _PROSE_OPENING.search(text[:2000]):
        reasons = {address.lower(): words(why) for address, why in _PROSE_RECIPIENT.findall(text[:20_000])}
    told = dict.fromkeys([*failed, *(one for one in reasons if is_address(one))])
    if not told:
        return None
    quoted = _QUOTED_ID.search(text)
    return DeliveryReport(
        original_id=message_ids(quoted[1])[0] if quoted and message_ids(quoted[1]) else None,
        envelope_id=None,
        recipients=tuple(_failed(one, reasons.get(one, "")) for one in list(told)[:_MOST_RECIPIENTS]),
    )


def _failed(address: str, why: str) -> RecipientFate:
    return RecipientFate(address=address, fate=Fate.FAILED, status=_status(why), diagnostic=why[:_LONGEST_DIAGNOSTIC])


def _recipient(fields: Headers) -> RecipientFate | None:
    action = value_of(first(fields, "action"))
    if action not in set(Fate):
        return None
    told = first(fields, "original-recipient") or first(fields, "final-recipient")
    diagnostic = words(first(fields, "diagnostic-code").rpartition(";")[2])
    return RecipientFate(
        address=_address(told) or _address(first(fields, "final-recipient")),
        fate=Fate(action),
        status=_status(first(fields, "status")),
        diagnostic=diagnostic[:_LONGEST_DIAGNOSTIC],
    )


def _status(raw: str) -> str | None:
    found = _STATUS.search(raw)
    return found.group() if found else None


def _address(typed: str) -> str | None:
    """Of ``rfc822;name@example.com``."""
    address = words(typed.rpartition(";")[2]).strip("<>").lower()
    return address if is_address(address) else None


def _blocks(part: Message) -> Iterator[Headers]:
    """The groups of fields in a status part, however the parser left it."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (headers_of(block) for block in payload if isinstance(block, Message))
    else:
        text = part.get_payload(decode=True)
        for block in re.split(rb"(?:\r?\n){2,}", text if isinstance(text, bytes) else b"")[: _MOST_RECIPIENTS + 1]:
            yield headers_of(HeaderParser().parsestr(block.decode("ascii", "surrogateescape")))


def _returned_id(part: Message) -> str | None:
    """Of our own mail, which comes back whole or as its headers."""
    payload = part.get_payload()
    if isinstance(payload, list):
        returned = headers_of(payload[0]) if payload and isinstance(payload[0], Message) else {}
    elif part.get_content_type() == "text/rfc822-headers":
        data = part.get_payload(decode=True)
        text = data.decode("ascii", "surrogateescape") if isinstance(data, bytes) else ""
        returned = headers_of(HeaderParser().parsestr(text))
    else:
        return None
    ids = message_ids(first(returned, "message-id"))
    return ids[0] if ids else None
