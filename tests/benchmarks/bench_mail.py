"""Mail from bytes to what is stored: parsed, its own words found, placed in its thread, sanitised.

Against the standard library twice, with nh3 over the HTML as it comes: with the
parse that its documentation gives for reading mail (``email.policy.default``:
heads and bodies decoded), and with its quickest one, which leaves the heads
encoded and believes every charset. The same mails, by turns, in one process.

And the whole of it: mails as a mailbox hands them over, until they are committed, on a real disk and by the clock,
against the documented parse, which stores nothing. Once alone, as they come by day, and once as many together as a
mailbox takes where many wait, as after a night or an outage.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from statistics import median
from uuid import UUID

import nh3

from channels.email.heard import heard
from channels.email.imap import FetchedMail
from channels.email.log import MailLog
from channels.email.mailbox import MOST_TOGETHER
from channels.email.message import Mail
from channels.email.mime import read
from channels.email.watermark import Watermark
from config.settings import Settings
from crm_core.actions.channel_links import open_link
from crm_core.domain.written import Conversation, InboxState, WrittenChannel, joining
from tests.benchmarks.result import Figure
from tests.benchmarks.rounds import by_turns
from tests.benchmarks.server import fresh_database
from tests.integration.http.house import MAILBOX
from tests.unit.email import corpus

SEED = 5
_ROUNDS = 3
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
    return [*figures, *asyncio.run(_whole_way(max(int(3_000 * scale), 100)))]


async def _whole_way(count: int) -> list[Figure]:
    """Rounds of other mails each, because a mail that is told twice is stored once."""
    mails = _mails(2 * _ROUNDS * count)
    parts = iter([mails[begins : begins + count] for begins in range(0, len(mails), count)])
    ours: dict[int, list[float]] = {1: [], MOST_TOGETHER: []}
    theirs: dict[int, list[float]] = {1: [], MOST_TOGETHER: []}
    async with fresh_database() as database:
        settings = Settings(mailbox=[MAILBOX])
        async with database.begin() as tx:
            await open_link(tx, WrittenChannel.EMAIL, "sales")
        log = MailLog(settings.mailbox[0], settings, database, secret=b"secret")
        for _ in range(_ROUNDS):
            for together in ours:
                part = next(parts)
                begun = time.perf_counter()
                for begins in range(0, len(part), together):
                    await log.keep([_fetched(raw) for raw in part[begins : begins + together]], Watermark(validity=1))
                ours[together].append(time.perf_counter() - begun)
                theirs[together].append(_timed(_documented, part))
        async with database.read() as db:
            assert await db.fetchval("SELECT count(*) FROM messages") == len(mails)
    return [_figure(together, count, ours[together], theirs[together]) for together in ours]


def _figure(together: int, count: int, ours: list[float], theirs: list[float]) -> Figure:
    ratios = [baseline / own for own, baseline in zip(ours, theirs, strict=True)]
    how = "alone" if together == 1 else f"{together} that waited together"
    return Figure(
        name=f"mail from bytes to its commit, {how} / stdlib parse + nh3, nothing stored",
        measured=median(ratios),
        target=0.5,
        sizes=f"{_ROUNDS} × {count:,} mails",
        detail=f"{count / median(ours):,.0f} against {count / median(theirs):,.0f} mails/s; worst {min(ratios):.2f} ×",
    )


def _fetched(raw: bytes) -> FetchedMail:
    return FetchedMail(uid=1, raw=raw, whole=True, size=len(raw), arrived_at=None)


def _timed(work: Callable[[list[bytes]], None], mails: list[bytes]) -> float:
    begun = time.perf_counter()
    work(mails)
    return time.perf_counter() - begun


def _mails(count: int) -> list[bytes]:
    """Of the corpus, each made another one by an id of its own and by more of the same words."""
    chosen = random.Random(SEED)
    names = [name for name in corpus.NAMES if name != "file_names"]
    mails = []
    for number in range(count):
        name = chosen.choice(PEOPLE if chosen.random() < 0.95 else names)
        raw = corpus.raw(name).replace(b"Message-ID: <", b"Message-ID: <%d." % number)
        mails.append(raw + b"\r\n%d\r\n" % number)  # where there is no id, a mail is what it says
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
