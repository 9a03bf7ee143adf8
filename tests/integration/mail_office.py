"""A mailbox of the settings, whole, between a real mail server and our log: what the tests of its stories share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

from channels.email.mailbox import MailboxTimings
from channels.email.message import Mail
from channels.email.mime import read
from channels.email.room import MailRoom
from config.sections import MailboxSettings
from config.settings import Settings
from crm_core.actions import replies
from crm_core.actions.replies import MessageIn, Source
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import MessageState, WrittenChannel
from crm_core.store.database import Database
from crm_core.views.conversations import Conversation, ConversationFilters, get_conversation, list_conversations
from tests.lab.dovecot import Dovecot
from tests.lab.postfix import Postfix
from tests.people import add_agent
from tests.waiting import eventually

OWNER = Viewer(user_id=uuid4(), role=Role.OWNER, team_id=None)
#: As the mail server marks it.
SENT = "Отправленные"
QUICK = MailboxTimings(look_every_s=1.0, longest_pause_s=0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailOffice:
    """Our mailbox and a client's at a real mail server, and our log behind the room that lives between them."""

    postfix: Postfix
    dovecot: Dovecot
    database: Database
    irina: Viewer
    ours: str
    client: str

    @classmethod
    async def of(cls, postfix: Postfix, dovecot: Dovecot, database: Database) -> MailOffice:
        """With mailboxes that nobody had before."""
        irina = await add_agent(database, "irina", extension=None)
        number = uuid4().hex[:8]
        return cls(
            postfix=postfix,
            dovecot=dovecot,
            database=database,
            irina=Viewer(user_id=irina, role=Role.OWNER, team_id=None),
            ours=f"sales-{number}@agency.test",
            client=f"anna-{number}@client.test",
        )

    def settings(self, **more: Any) -> MailboxSettings:
        return MailboxSettings(
            **{
                "name": "sales",
                "address": self.ours,
                "imap_url": self.dovecot.url(self.ours),
                "smtp_url": self.postfix.url,
                "queue": "sales",
                **more,
            }
        )

    @asynccontextmanager
    async def open(self, *, beside: str | None = None, **more: Any) -> AsyncIterator[None]:
        """``beside``: the address of another mailbox of ours, which nobody reads here."""
        mailbox = self.settings(**more)
        others = (self.settings(name="other", address=beside),) if beside is not None else ()
        settings = Settings(mailbox=(mailbox, *others))
        room = asyncio.create_task(MailRoom(mailbox, settings, self.database, timings=QUICK).run())
        try:
            yield
        finally:
            room.cancel()
            await asyncio.wait({room})

    async def writes(self, text: str, *, sender: str | None = None, to: str | None = None, **headers: str) -> str:
        """A client sends a mail; gives its Message-ID."""
        sender, to = sender or self.client, to or self.ours
        mail = EmailMessage()
        named = {"From": sender, "To": to, "Subject": "Хайнань", "Message-ID": f"<{uuid4()}@client.test>"}
        for name, value in (named | {name.replace("_", "-"): value for name, value in headers.items()}).items():
            mail[name] = value
        mail.set_content(text)
        await self.brings(bytes(mail), sender=sender, to=to)
        return str(mail["Message-ID"]).strip("<>")

    async def brings(self, raw: bytes, *, sender: str | None = None, to: str | None = None) -> None:
        await asyncio.to_thread(self.postfix.send, raw, sender=sender or self.client, to=to or self.ours)

    async def answers(self, conversation: UUID, text: str, **more: Any) -> UUID:
        return await self._send(MessageIn(interaction_id=conversation, body=text, **more))

    async def begins(self, client_id: UUID, text: str) -> UUID:
        """We write first."""
        return await self._send(MessageIn(client_id=client_id, channel=WrittenChannel.EMAIL, body=text))

    async def _send(self, given: MessageIn) -> UUID:
        sources = {WrittenChannel.EMAIL: Source(name="sales", queue="sales", address=self.ours)}
        async with self.database.begin() as tx:
            return await replies.send(tx, self.irina, given, sources=sources)

    async def conversations(self) -> list[Conversation]:
        """The oldest first."""
        async with self.database.read() as db:
            page = await list_conversations(db, OWNER, ConversationFilters())
            found = [await get_conversation(db, one.id, OWNER) for one in page.items]
        return sorted(found, key=lambda one: one.id)

    async def holds(self, *texts: list[str]) -> list[Conversation]:
        """Wait until the conversations hold exactly these words."""

        async def held() -> bool:
            found = await self.conversations()
            return [[said.text.strip() for said in one.messages] for one in found] == list(texts)

        try:
            await eventually(held, patience_s=8)
        except TimeoutError:
            found = await self.conversations()
            raise AssertionError([[said.text for said in one.messages] for one in found]) from None
        return await self.conversations()

    async def reaches(self, conversation: UUID, state: MessageState) -> None:
        """The last message comes so far."""

        async def reached() -> bool:
            async with self.database.read() as db:
                return (await get_conversation(db, conversation, OWNER)).messages[-1].state is state

        try:
            await eventually(reached, patience_s=8)
        except TimeoutError:
            raise AssertionError([one.messages[-1] for one in await self.conversations()]) from None

    async def got(self, count: int, *, by: str | None = None) -> list[Mail]:
        """What lies in the client's mailbox, or in somebody else's, as soon as there is so much."""
        raw: list[bytes] = []

        def look() -> bool:
            with self.dovecot.client(by or self.client) as session:
                session.select_folder("INBOX", readonly=True)
                uids = session.search()
                raw[:] = [found[b"BODY[]"] for found in session.fetch(uids, ["BODY.PEEK[]"]).values()]
            return len(raw) >= count

        await eventually(lambda: asyncio.to_thread(look), patience_s=8)
        assert len(raw) == count
        mails = [read(one) for one in raw]
        return [mail for mail in mails if isinstance(mail, Mail)]

    async def filed(self, count: int, folder: str = SENT) -> list[Mail]:
        """What was put into a folder of ours, all of it as read, as soon as there is so much."""

        def look() -> list[bytes]:
            with self.dovecot.client(self.ours) as session:
                session.select_folder(folder, readonly=True)
                return [found[b"BODY[]"] for found in session.fetch(session.search("SEEN"), ["BODY.PEEK[]"]).values()]

        async def is_there() -> bool:
            return len(await asyncio.to_thread(look)) >= count

        await eventually(is_there, patience_s=8)
        mails = [read(one) for one in await asyncio.to_thread(look)]
        assert len(mails) == count
        return [mail for mail in mails if isinstance(mail, Mail)]

    def unseen(self) -> int:
        """How many mails of ours nobody has marked as read."""
        with self.dovecot.client(self.ours) as session:
            session.select_folder("INBOX", readonly=True)
            return len(session.search("UNSEEN"))
