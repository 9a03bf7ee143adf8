"""Copies of what we sent, in the mailbox's "Sent" folder, where whoever opens it with a mail program looks for them.

Beside the sending and after it: a copy that cannot be filed delays nobody's mail and
waits. Each is looked for by its Message-ID before it is put there, so that a death
between the two leaves one. Some providers (Gmail) file by themselves what they send.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import structlog

from channels.email.account import MailAccount
from channels.email.imap import Folder, open_folder
from channels.email.outgoing import MailRefused, OutgoingMail, built
from config.sections import MailboxSettings
from crm_core.domain.errors import PeerRefused, PeerUnavailable
from crm_core.store import sent_copies
from crm_core.store.database import DATABASE_AWAY, Database, woken_within
from crm_core.store.messages import Saying, find_saying
from crm_core.store.outage import Outage
from crm_core.store.sent_copies import TO_FILE, Owed

logger = structlog.get_logger(__name__)

#: What ``sent_folder`` may say beside the name of a folder.
AUTO, OFF = "auto", "off"

#: Wake-ups come at once; this is for what was put off.
_POLL_S = 30.0
_AT_ONCE = 20
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)


class SentFolder:
    """Files what has left one mailbox; ``run`` lives until it is cancelled."""

    def __init__(
        self, mailbox: MailboxSettings, database: Database, *, mail_of: Callable[[Saying], OutgoingMail]
    ) -> None:
        """``mail_of``: the mail that was sent, made again."""
        self._mailbox = mailbox
        self._database = database
        self._mail_of = mail_of
        self._account = MailAccount.of(mailbox.imap_url.get_secret_value())
        self._outage = Outage(f"the database, for copies of {mailbox.name}")

    async def run(self) -> None:
        async with self._database.wakeups.waiter(TO_FILE) as woken:
            while True:
                woken.clear()
                try:
                    filed = await self._look()
                except DATABASE_AWAY as away:
                    await self._outage.wait(away)
                    continue
                self._outage.over()
                if not filed:
                    await woken_within(woken, _POLL_S)

    async def _look(self) -> bool:
        """File what is due; False: nothing is."""
        async with self._database.begin() as tx:
            owed = await sent_copies.due(tx, self._mailbox.name, limit=_AT_ONCE)
        if not owed:
            return False
        if self._mailbox.sent_folder == OFF:
            await self._done([one.message_id for one in owed])
            return True
        try:
            async with open_folder(self._account) as folder:
                await self._file(folder, owed)
        except (PeerUnavailable, PeerRefused) as trouble:
            await self._put_off(owed, str(trouble))
        return True

    async def _file(self, folder: Folder, owed: Sequence[Owed]) -> None:
        chosen = self._mailbox.sent_folder
        if chosen == AUTO and await folder.keeps_what_is_sent():
            await self._done([one.message_id for one in owed])
            return
        name = await folder.sent_folder() if chosen == AUTO else chosen
        if name is None:
            await self._put_off(owed, "the server has no folder for sent mail")
            return
        for one in owed:
            await self._file_one(folder, name, one.message_id)
            await self._done([one.message_id])

    async def _file_one(self, folder: Folder, name: str, message_id: UUID) -> None:
        async with self._database.read() as db:
            saying = await find_saying(db, message_id)
        if saying is None or await folder.holds(name, saying.external_id):
            return
        try:
            raw = await asyncio.to_thread(built, _copy(self._mail_of(saying)))
        except MailRefused:
            return  # as it cannot have left either
        await folder.append_seen(name, raw, at=saying.at)

    async def _done(self, message_ids: Sequence[UUID]) -> None:
        async with self._database.begin() as tx:
            await sent_copies.done(tx, message_ids)

    async def _put_off(self, owed: Sequence[Owed], why: str) -> None:
        """Also those that were filed before it failed, and are gone already: that changes nothing."""
        pause = min(_FIRST_PAUSE * (1 << min(owed[0].attempts, 16)), _LONGEST_PAUSE)
        logger.warning("copies of sent mail wait", action="sent_copies_wait", mailbox=self._mailbox.name, error=why)
        async with self._database.begin() as tx:
            await sent_copies.put_off(tx, [one.message_id for one in owed], pause)


def _copy(mail: OutgoingMail) -> OutgoingMail:
    """Its HTML says no more than its text, and a colleague who looks at it must not count as the client."""
    return replace(mail, html=None)
