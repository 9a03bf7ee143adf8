"""One mailbox of the settings, as this process lives with it.

A node owns a mailbox by a lock of the database. Only the owner reads it and sends
from it; whoever takes over goes on where the log says that everything is stored.
"""

from __future__ import annotations

import asyncio
from datetime import date
from uuid import UUID

from channels.email.account import MailAccount, our_addresses
from channels.email.answers import outgoing
from channels.email.automatic import may_answer_automatically
from channels.email.headers import Address
from channels.email.log import MailLog
from channels.email.mailbox import Mailbox, MailboxTimings
from channels.email.message import Head
from channels.email.mime import head_alone
from channels.email.outgoing import MailRefused, OutgoingMail, built, envelope
from channels.email.sent import SentFolder
from channels.email.smtp import Submission
from channels.email.watermark import from_stored
from channels.linking import link_of
from channels.owning import own
from channels.speaking import Fate, Never, Speaker
from config.sections import MailboxSettings
from config.settings import Settings
from crm_core.actions.channel_links import LinkState, record_state
from crm_core.domain.errors import PeerRefused, PeerUnavailable
from crm_core.domain.opened import picture_path
from crm_core.domain.written import Trouble, WrittenChannel
from crm_core.store.database import DATABASE_AWAY, Database
from crm_core.store.messages import Saying

#: To one correspondent in an hour.
_MOST_AUTOMATIC = 3


class MailRoom:
    """Its ear, its mouth, and the lock that makes them ours."""

    def __init__(
        self, mailbox: MailboxSettings, settings: Settings, database: Database, *, timings: MailboxTimings | None = None
    ) -> None:
        self._mailbox = mailbox
        self._settings = settings
        self._database = database
        self._timings = timings

    async def run(self) -> None:
        """Own the mailbox whenever no other node does; returns only by cancellation."""
        await own(self._database, f"email:{self._mailbox.name}", self._live)

    async def _live(self) -> None:
        link = await link_of(self._database, WrittenChannel.EMAIL, self._mailbox.name)
        ear = Mailbox(
            self._mailbox.name,
            MailAccount.of(self._mailbox.imap_url.get_secret_value()),
            mark=from_stored(link.position),
            since=date.fromisoformat(link.position["since"]),
            keep=MailLog(self._mailbox, self._settings, self._database, secret=link.secret.bytes).keep,
            tell=self._tell,
            away=DATABASE_AWAY,
            timings=self._timings,
        )
        mouth = _Mouth(self._mailbox, self._settings, link.secret)
        speaker = Speaker(
            self._database,
            channel=WrittenChannel.EMAIL,
            source=self._mailbox.name,
            say=mouth.say,
            timezone=self._settings.timezone,
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ear.run())
            tasks.create_task(speaker.run())
            tasks.create_task(SentFolder(self._mailbox, self._database, mail_of=mouth.mail_of).run())

    async def _tell(self, trouble: PeerUnavailable | PeerRefused | None) -> None:
        state: LinkState = "up" if trouble is None else "refused" if isinstance(trouble, PeerRefused) else "down"
        error = str(trouble) if trouble is not None else None
        try:
            async with self._database.begin() as tx:
                await record_state(tx, WrittenChannel.EMAIL, self._mailbox.name, state, error=error)
        except DATABASE_AWAY:
            return  # it is said again at the next look


class _Mouth:
    """Makes a mail of each message and brings it to the mail server."""

    def __init__(self, mailbox: MailboxSettings, settings: Settings, secret: UUID) -> None:
        self._mailbox = mailbox
        self._secret = secret
        self._public_url = settings.public_url
        self._ours = our_addresses(mailbox, settings)
        account = MailAccount.of(mailbox.smtp_url.get_secret_value())
        self._submission = Submission(account, ours=mailbox.address.rpartition("@")[2])

    async def say(self, saying: Saying) -> Fate:
        if not saying.to:
            return Never(words="Nobody knows the address of this client.", why=Trouble.NO_ADDRESS)
        if saying.automatic and not self._may_answer(_answered(saying), saying.mails.automatic_count):
            return Never(
                words="Machines are not answered by a machine, nor one person too often.", why=Trouble.AUTOMATIC
            )
        mail = self.mail_of(saying)
        try:
            # Files become text for the way, which takes a while.
            raw, told = await asyncio.to_thread(built, mail), envelope(mail, saying.id)
        except MailRefused as refusal:
            return Never(words=str(refusal))
        return await self._submission.send(raw, told)

    def mail_of(self, saying: Saying) -> OutgoingMail:
        """The same whenever it is asked for."""
        return outgoing(
            saying,
            _answered(saying),
            sender=Address(name=self._mailbox.sender_name or saying.author_name or "", address=self._mailbox.address),
            secret=self._secret.bytes,
            ask_receipt=self._mailbox.ask_read_receipts,
            picture=self._picture(saying),
        )

    def _picture(self, saying: Saying) -> str | None:
        """Where the company wants it, and only in what a person wrote."""
        is_wanted = self._mailbox.opened_link and not saying.automatic and saying.author_name is not None
        return f"{self._public_url}{picture_path(saying.id, self._secret)}" if is_wanted else None

    def _may_answer(self, answered: Head | None, said: int) -> bool:
        return answered is None or may_answer_automatically(
            answered, self._ours, answered_lately=said - 1, at_most=_MOST_AUTOMATIC
        )


def _answered(saying: Saying) -> Head | None:
    """The head of the client's mail that it answers, where that came as a mail."""
    return head_alone(saying.mails.answered) if saying.mails.answered is not None else None
