"""Whatever lies in a mailbox comes to rest somewhere: read, shown as unreadable, or put aside whole. Nothing stops."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice, product
from uuid import UUID

import pytest

from channels.email import log as module
from channels.email.imap import FetchedMail
from channels.email.log import MailLog
from channels.email.watermark import Watermark, from_stored
from config.settings import Settings
from crm_core.actions.channel_links import open_link
from crm_core.domain.written import WrittenChannel
from crm_core.store.database import Database
from tests.integration.http.house import MAILBOX

HEAD = b"From: Anna <anna@client.example>\r\nMessage-ID: <1@client.example>\r\nSubject: Tour\r\n"


def fetched(raw: bytes, *, whole: bool = True) -> FetchedMail:
    return FetchedMail(uid=7, raw=raw, whole=whole, size=10**9, arrived_at=datetime.now(UTC))


@pytest.fixture
async def log(database: Database) -> MailLog:
    settings = Settings(mailbox=[MAILBOX])
    async with database.begin() as tx:
        await open_link(tx, WrittenChannel.EMAIL, "sales")
    return MailLog(settings.mailbox[0], settings, database, secret=UUID(int=1).bytes)


async def mark_of(database: Database) -> Watermark | None:
    async with database.begin() as tx:
        return from_stored((await open_link(tx, WrittenChannel.EMAIL, "sales")).position)


async def test_a_text_of_more_words_than_a_search_can_hold_is_stored_and_whole_in_its_raw_mail(
    database: Database, log: MailLog
) -> None:
    words = " ".join("".join(letters) for letters in islice(product("абвгдежзиклмнопрст", repeat=5), 160_000))
    raw = HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + words.encode()

    await log.keep(fetched(raw), Watermark(validity=1, highest=7, taken=frozenset({7})))

    async with database.read() as db:
        stored = await db.fetchrow(
            "SELECT message.body, blob.size FROM messages message JOIN blobs blob ON blob.digest = message.raw"
        )
    assert stored is not None
    assert words.startswith(stored["body"][:-1])
    assert stored["size"] == len(raw)


async def test_a_mail_too_big_to_fetch_is_seen_by_whom_it_is(database: Database, log: MailLog) -> None:
    await log.keep(fetched(HEAD + b"\r\n", whole=False), Watermark(validity=1, highest=7, taken=frozenset({7})))

    async with database.read() as db:
        stored = await db.fetchrow("SELECT from_address, subject, body FROM messages")
    assert stored is not None
    assert (stored["from_address"], stored["subject"]) == ("anna@client.example", "Tour")
    assert "слишком большое" in stored["body"]


async def test_what_cannot_be_stored_is_put_aside_whole_and_the_next_is_read(
    database: Database, log: MailLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(module, "record_messages", fails)
    mark = Watermark(validity=1, highest=7, taken=frozenset({7}), last=7)

    await log.keep(fetched(HEAD + b"\r\nHello"), mark)

    async with database.read() as db:
        [aside] = await db.fetch("SELECT source, reason, raw FROM rejected_inputs")
    assert (aside["source"], aside["reason"]) == ("email:sales", "it could not be stored: ValueError")
    assert aside["raw"] == HEAD + b"\r\nHello"
    assert await mark_of(database) == mark
