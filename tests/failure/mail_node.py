"""A program that reads one mailbox into the log, and is killed at the await that it is told.

``python -m tests.failure.mail_node IMAP_URL DATABASE_URL``: the product's mailbox and log, without the lock that a
killed node holds until the database notices.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractAsyncContextManager

import structlog

from channels.email.account import MailAccount
from channels.email.log import MailLog
from channels.email.mailbox import Mailbox
from channels.email.watermark import from_stored
from config.sections import MailboxSettings
from config.settings import Settings
from crm_core.actions.channel_links import open_link
from crm_core.domain.written import WrittenChannel
from crm_core.store.database import DATABASE_AWAY, Database
from tests.failure.lives import Lives, dying_at, live, mortal


def mail_node(imap_url: str, database_url: str) -> AbstractAsyncContextManager[Lives]:
    return mortal(__name__, imap_url, database_url)


async def _life(imap_url: str, database_url: str, dies_at: int) -> None:
    mailbox = MailboxSettings.model_validate(
        {
            "name": "sales",
            "address": "sales@agency.example",
            "imap_url": imap_url,
            "smtp_url": "smtps://nowhere.example",
            "queue": "sales",
        }
    )
    async with Database(database_url, pool_size=1) as database:
        async with database.begin() as tx:
            link = await open_link(tx, WrittenChannel.EMAIL, mailbox.name)
        log = MailLog(mailbox, Settings(), database, secret=link.secret.bytes)
        ear = Mailbox(
            mailbox.name,
            MailAccount.of(imap_url),
            mark=from_stored(link.position),
            since=None,
            keep=log.keep,
            away=DATABASE_AWAY,
        )
        await dying_at(dies_at, ear.run())


def main(imap_url: str, database_url: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    live(lambda dies_at: asyncio.run(_life(imap_url, database_url, dies_at)))


if __name__ == "__main__":
    main(*sys.argv[1:])
