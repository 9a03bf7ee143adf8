"""A mail that was read, as the fact that the core records."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote

from channels.email.headers import Address
from channels.email.html import SafeHtml, safe_html
from channels.email.message import Mail
from channels.email.quotes import folded
from channels.email.reply_address import conversation_meant
from crm_core.domain.written import HeardFile, HeardMessage, WrittenChannel, named_ids

#: Of text. A word of three letters is three times as long in the index of words, which holds a megabyte.
_MOST_BYTES = 300_000
#: Beside the page on which the HTML is shown; behind it the picture's content id.
PICTURES = "pictures/"


def heard(
    mail: Mail, raw: bytes, *, mailbox: str, address: str, queue: str | None, secret: bytes, arrived_at: datetime
) -> HeardMessage:
    """What came into ``mailbox``, whose address is ``address``; ``secret`` signs the addresses we answer from.

    It counts from its arrival, whatever the sender's clock says: an answer is never older than its question.
    """
    head = mail.head
    meant = conversation_meant((*head.to, *head.cc, *head.delivered_to), address, secret)
    body = _searchable(mail.text.strip("\n"))
    text = folded(body)
    shown = _shown(mail)
    return HeardMessage(
        channel=WrittenChannel.EMAIL,
        source=mailbox,
        key=f"{head.message_id or ''} {mail.digest}",
        external_id=head.message_id or mail.digest,
        queue=queue,
        from_address=head.sender.key if head.sender is not None else None,
        from_name=head.sender.name or None if head.sender is not None else None,
        to=_keys(head.to),
        cc=_keys(head.cc),
        reply_to=_keys(head.reply_to),
        our_address=address,
        thread=meant.hex if meant is not None else None,
        answers=named_ids(head.in_reply_to, head.references),
        subject=head.subject or None,
        body=body,
        own=text.own if text.quoted or text.signature else None,
        html=shown.html if shown is not None else None,
        files=_files(mail, shown),
        at=arrived_at,
        automatic=head.automatic is not None,
        raw=raw,
    )


def _searchable(text: str) -> str:
    """As much as PostgreSQL can look through: it refuses a message of more words. The raw mail has the rest."""
    data = text.encode()
    return text if len(data) <= _MOST_BYTES else data[:_MOST_BYTES].decode("utf-8", "ignore") + "…"


def _keys(people: Iterable[Address]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.key for one in people))


def _shown(mail: Mail) -> SafeHtml | None:
    if mail.html is None:
        return None
    ids = [one.content_id for one in mail.attachments if one.content_id is not None]
    return safe_html(mail.html, pictures={one: f"{PICTURES}{quote(one, safe='')}" for one in ids})


def _files(mail: Mail, shown: SafeHtml | None) -> tuple[HeardFile, ...]:
    """What the text shows in its place says so, whatever else it says of itself."""
    in_place = set(shown.content_ids) if shown is not None else set()
    return tuple(
        HeardFile(
            name=one.name,
            type=one.type,
            data=one.data,
            inline_id=one.content_id if one.content_id in in_place else None,
        )
        for one in mail.attachments
    )
