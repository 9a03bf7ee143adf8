"""Mail from bytes to what is stored: parsed, its own words found, placed in its thread, sanitised.

Against the standard library twice, with nh3 over the HTML as it comes: with the
parse that its documentation gives for reading mail (``email.policy.default``:
heads and bodies decoded), and with its quickest one, which leaves the heads
encoded and believes every charset. The same mails, by turns, in one process.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from uuid import UUID

import nh3

from channels.email.heard import heard
from channels.email.message import Mail
from channels.email.mime import read
from crm_core.domain.written import Conversation, InboxState, WrittenChannel, joining
from tests.benchmarks.result import Figure
from tests.benchmarks.rounds import by_turns
from tests.unit.email import corpus

SEED = 5
#: What the mailbox of an agency holds; the others of the corpus are one in twenty.
PEOPLE = (
    "gmail_ru_reply",
    "outlook_ru_reply",
    "iphone_ru_photo",
    "yandex_ru_reply",
    "mailru_reply",
    "thunderbird_en_between",
    "newsletter",
    "gmail_de_reply",
)


_AT = datetime(2026, 3, 2, 6, tzinfo=UTC)
_KNOWN = Conversation(
    interaction_id=UUID(int=1),
    channel=WrittenChannel.EMAIL,
    source="sales",
    thread=UUID(int=1).hex,
    inbox_state=InboxState.WAITING,
    participants=frozenset({"aigerim@client.example"}),
    agent_id=None,
    client_id=None,
)


def run(scale: float) -> list[Figure]:
    mails = _mails(int(10_000 * scale))
    sizes = f"{len(mails):,} mails, {sum(len(raw) for raw in mails) / 1e6:.1f} MB"
    figures = []
    for name, baseline in (("stdlib parse", _documented), ("stdlib parse, heads left encoded,", _quickest)):
        rounds = by_turns(lambda: _ours(mails), lambda: baseline(mails), rounds=3)  # noqa: B023 (called at once)
        figures.append(
            Figure(
                name=f"mail parsed, threaded, sanitised / {name} + nh3",
                measured=rounds.ratio,
                target=0.5,
                sizes=sizes,
                detail=rounds.detail(len(mails), "mails"),
            )
        )
    return figures


def _mails(count: int) -> list[bytes]:
    """Of the corpus, each made another one by an id of its own and by more of the same words."""
    chosen = random.Random(SEED)
    names = [name for name in corpus.NAMES if name != "file_names"]
    mails = []
    for number in range(count):
        name = chosen.choice(PEOPLE if chosen.random() < 0.95 else names)
        mails.append(corpus.raw(name).replace(b"Message-ID: <", b"Message-ID: <%d." % number))
    return mails


def _ours(mails: list[bytes]) -> None:
    for raw in mails:
        mail = read(raw)
        assert isinstance(mail, Mail)
        told = heard(
            mail, raw, mailbox="sales", address="sales@agency.example", queue=None, secret=b"secret", arrived_at=_AT
        )
        joining(told, [_KNOWN] if told.answers else [])


def _documented(mails: list[bytes]) -> None:
    for raw in mails:
        mail = message_from_bytes(raw, policy=default)
        assert isinstance(mail, EmailMessage)
        for name in ("from", "to", "subject", "date", "message-id", "references"):
            str(mail[name])
        for part in mail.walk():
            if part.get_content_type() in {"text/plain", "text/html"}:
                text = _declared_text(part)
                if part.get_content_type() == "text/html":
                    nh3.clean(text)


def _quickest(mails: list[bytes]) -> None:
    for raw in mails:
        for part in message_from_bytes(raw).walk():
            if part.get_content_type() in {"text/plain", "text/html"}:
                text = _declared_text(part)
                if part.get_content_type() == "text/html":
                    nh3.clean(text)


def _declared_text(part: Message) -> str:
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    try:
        return data.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return data.decode("latin-1")
