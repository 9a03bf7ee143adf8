"""The headers of a mail as one value."""

from __future__ import annotations

from email.message import Message

from channels.email.automatic import Headers, why_automatic
from channels.email.headers import Address, addresses, message_ids, moment, words
from channels.email.message import Head

#: Which of a header's repetitions counts is not agreed on; the first is what most programs show.
_DELIVERED_TO = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")


def headers_of(part: Message) -> Headers:
    found: dict[str, list[str]] = {}
    for name, value in part.raw_items():
        found.setdefault(name.lower(), []).append(str(value))
    return found


def first(headers: Headers, name: str) -> str:
    return headers[name][0] if name in headers else ""


def head_of(headers: Headers) -> Head:
    authors = addresses(first(headers, "from"))
    sender = authors[0] if authors else None
    subject = words(first(headers, "subject"))
    own_ids = message_ids(first(headers, "message-id"))
    return Head(
        message_id=own_ids[0] if own_ids else None,
        in_reply_to=message_ids(first(headers, "in-reply-to")),
        references=message_ids(first(headers, "references")),
        sender=sender,
        reply_to=addresses(first(headers, "reply-to")),
        to=_all(headers, "to"),
        cc=_all(headers, "cc"),
        delivered_to=tuple(one for name in _DELIVERED_TO for one in _all(headers, name)),
        subject=subject,
        date=moment(first(headers, "date")),
        automatic=why_automatic(headers, sender, subject),
        # Two senders are none: who is meant, nobody has checked.
        vouched=tuple(headers.get("authentication-results", ())[:5]) if len(headers.get("from", ())) == 1 else (),
        receipt_to=next(iter(addresses(first(headers, "disposition-notification-to"))), None),
    )


def _all(headers: Headers, name: str) -> tuple[Address, ...]:
    """Of every header of that name: senders split long lists."""
    return tuple(one for raw in headers.get(name, ())[:20] for one in addresses(raw))
