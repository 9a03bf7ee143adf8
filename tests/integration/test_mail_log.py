"""Whatever lies in a mailbox comes to rest somewhere: read, shown as unreadable, or put aside whole. Nothing stops."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice, product
from uuid import UUID

import pytest

from channels.email import log as module
from channels.email.imap import FetchedMail
from channels.email.log import MailLog
from channels.email.watermark import Watermark, from_stored
from config.settings import Settings
from crm_core.actions import automatic
from crm_core.actions.channel_links import open_link
from crm_core.actions.messages import record_messages
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store.database import Database, Transaction
from tests.integration.http.house import MAILBOX

HEAD = b"From: Anna <anna@client.example>\r\nMessage-ID: <1@client.example>\r\nSubject: Tour\r\n"


def head(name: bytes) -> bytes:
    return HEAD.replace(b"<1@", b"<%b@" % name)


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

    await log.keep([fetched(raw)], Watermark(validity=1, highest=7, taken=frozenset({7})))

    async with database.read() as db:
        stored = await db.fetchrow(
            "SELECT message.body, blob.size FROM messages message JOIN blobs blob ON blob.digest = message.raw"
        )
    assert stored is not None
    assert words.startswith(stored["body"][:-1])
    assert stored["size"] == len(raw)


async def test_a_mail_too_big_to_fetch_is_seen_by_whom_it_is(database: Database, log: MailLog) -> None:
    await log.keep([fetched(HEAD + b"\r\n", whole=False)], Watermark(validity=1, highest=7, taken=frozenset({7})))

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
    mark = Watermark(validity=1, highest=7, taken=frozenset({7}), last=frozenset({7}))

    await log.keep([fetched(HEAD + b"\r\nHello")], mark)

    async with database.read() as db:
        [aside] = await db.fetch("SELECT source, reason, raw FROM rejected_inputs")
    assert (aside["source"], aside["reason"]) == ("email:sales", "it could not be stored: ValueError")
    assert aside["raw"] == HEAD + b"\r\nHello"
    assert await mark_of(database) == mark


async def test_of_mails_that_came_together_one_that_cannot_be_stored_keeps_none_of_the_others_back(
    database: Database, log: MailLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stumbles(tx: Transaction, heard: Sequence[HeardMessage]) -> list[UUID]:
        if any("second" in one.body for one in heard):
            raise ValueError("a fault of ours")
        return await record_messages(tx, heard)

    monkeypatch.setattr(module, "record_messages", stumbles)
    together = [fetched(head(name) + b"\r\n" + name) for name in (b"first", b"second", b"third")]
    mark = Watermark(validity=1, highest=9, taken=frozenset({7, 8, 9}), last=frozenset({7, 8, 9}))

    for _ in range(2):  # as after a kill between the storing of one by one and the mark
        await log.keep(together, mark)

    async with database.read() as db:
        bodies = [row["body"] for row in await db.fetch("SELECT body FROM messages ORDER BY id")]
        asides = await db.fetch("SELECT raw FROM rejected_inputs")
    assert bodies == ["first", "third"]
    assert [bytes(row["raw"]) for row in asides] == [together[1].raw]
    assert await mark_of(database) == mark


async def test_mails_that_came_together_are_one_conversation_where_one_answers_the_other(
    database: Database, log: MailLog
) -> None:
    first = head(b"first") + b"\r\nfirst"
    answer = head(b"answer") + b"In-Reply-To: <first@client.example>\r\n\r\nanswer"

    await log.keep([fetched(first), fetched(answer)], TAKEN)

    async with database.read() as db:
        rows = await db.fetch("SELECT interaction_id, body FROM messages ORDER BY id")
    assert [row["body"] for row in rows] == ["first", "answer"]
    assert len({row["interaction_id"] for row in rows}) == 1


INFO = {**MAILBOX, "name": "info", "address": "info@agency.example", "queue": "info"}
TAKEN = Watermark(validity=1, highest=7, taken=frozenset({7}))


@pytest.fixture
async def logs(database: Database) -> tuple[MailLog, MailLog]:
    """Of two mailboxes."""
    settings = Settings(mailbox=[MAILBOX, INFO])
    async with database.begin() as tx:
        for mailbox in settings.mailbox:
            await open_link(tx, WrittenChannel.EMAIL, mailbox.name)
    sales, info = (MailLog(one, settings, database, secret=UUID(int=1).bytes) for one in settings.mailbox)
    return sales, info


async def test_a_mail_to_two_of_our_mailboxes_is_a_conversation_in_the_queue_of_each_and_once_in_each(
    database: Database, logs: tuple[MailLog, MailLog]
) -> None:
    for mailbox in (*logs, *logs):
        await mailbox.keep([fetched(HEAD + b"To: sales@agency.example, info@agency.example\r\n\r\nHello")], TAKEN)

    async with database.read() as db:
        stored = await db.fetch(
            """SELECT call.queue, message.external_id
               FROM messages message JOIN interactions call ON call.id = message.interaction_id ORDER BY call.queue"""
        )
    assert [tuple(row) for row in stored] == [("info", "1@client.example"), ("sales", "1@client.example")]


async def test_a_mail_of_ours_that_comes_into_a_mailbox_of_ours_is_nothing_a_client_said(
    database: Database, logs: tuple[MailLog, MailLog]
) -> None:
    sales, info = logs
    await sales.keep([fetched(HEAD + b"\r\nHello")], TAKEN)
    async with database.begin() as tx:
        conversation = await tx.fetchval("SELECT interaction_id FROM conversations")
        ours = await automatic.say(tx, conversation, "We have your mail")
    raw = f"From: sales@agency.example\r\nMessage-ID: <{ours}@agency.example>\r\n\r\nWe have it".encode()

    await sales.keep([fetched(raw)], TAKEN)
    await info.keep([fetched(raw)], TAKEN)
    await info.keep([fetched(raw.replace(b"From: sales", b"From: eve"))], TAKEN)

    async with database.read() as db:
        heard = await db.fetch("SELECT from_address FROM messages WHERE direction = 'inbound' ORDER BY id")
    assert [row["from_address"] for row in heard] == ["anna@client.example", "eve@agency.example"]
