"""From what lies in a mailbox to what the log holds.

A mail becomes a message of a conversation, a report the fate of the mail it is
about. What cannot be read is a message all the same, with the raw mail beside it,
so that a person sees that somebody wrote; what cannot even be stored is put aside
whole. Either way the mails behind it flow on.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter

from channels.email.heard import heard
from channels.email.imap import FetchedMail
from channels.email.message import Mail, Parked, ParkReason
from channels.email.mime import read
from channels.email.proof import is_proven
from channels.email.receipts import receipt
from channels.email.watermark import Watermark, to_stored
from config.sections import MailboxSettings
from config.settings import Settings
from crm_core.actions import replies
from crm_core.actions.calls import FactTakenElsewhere
from crm_core.actions.channel_links import save_position
from crm_core.actions.identity import prove
from crm_core.actions.messages import record_messages
from crm_core.actions.raw_inputs import record_rejected
from crm_core.domain.contact_points import ContactPointKind
from crm_core.domain.words import Words
from crm_core.domain.written import HeardMessage, MessageState, WrittenChannel
from crm_core.store.database import DATABASE_AWAY, Database, Transaction
from crm_core.store.messages import find_ours

logger = structlog.get_logger(__name__)

PARKED: Final = Counter(
    "perezvon_mails_parked_total",
    "Mails that were kept whole and not read, by mailbox and reason.",
    ("mailbox", "reason"),
)

_JUST_NOW: Final = timedelta(minutes=1)

_UNREADABLE: Final = Words(
    ru="Это письмо не удалось прочитать. Оно сохранено целиком: скачайте его и откройте в почтовой программе.",
    en="This mail could not be read. It is kept whole: download it and open it in a mail program.",
)
_TOO_BIG: Final = Words(
    ru="Это письмо слишком большое. Сохранено только его начало, само письмо лежит в почтовом ящике.",
    en="This mail is too big. Only its beginning is kept, the mail itself is in the mailbox.",
)


class MailLog:
    """The other end of a mailbox: ``keep`` returns after the commit."""

    def __init__(self, mailbox: MailboxSettings, settings: Settings, database: Database, *, secret: bytes) -> None:
        """``secret`` signs the addresses we answer from."""
        self._mailbox = mailbox
        self._settings = settings
        self._database = database
        self._secret = secret

    async def keep(self, fetched: FetchedMail, mark: Watermark) -> None:
        """Store what the mail means, and the mark with it; what is held already is passed over.

        Raises:
            one of ``DATABASE_AWAY``: tell it again.
        """
        found, message = await asyncio.to_thread(self._understood, fetched)
        try:
            await self._store(found, message, mark)
        except DATABASE_AWAY:
            raise
        except Exception as fault:
            self._count("not stored")
            logger.exception("a mail cannot be stored", action="mail_not_stored", mailbox=self._mailbox.name)
            async with self._database.begin() as tx:
                source, reason = f"email:{self._mailbox.name}", f"it could not be stored: {type(fault).__name__}"
                await record_rejected(tx, source=source, reason=reason, raw=fetched.raw)
                await self._save(tx, mark)
        else:
            if isinstance(found, Parked):
                self._count(found.reason)
                logger.warning(
                    "a mail cannot be read", action="mail_parked", mailbox=self._mailbox.name, detail=found.detail
                )

    async def _store(self, found: Mail | Parked, message: HeardMessage, mark: Watermark) -> None:
        while True:
            try:
                async with self._database.begin() as tx:
                    if not (isinstance(found, Mail) and await self._is_about_ours(tx, found)):
                        [interaction_id] = await record_messages(tx, [message])
                        await self._vouch(tx, interaction_id, found)
                    await self._save(tx, mark)
            except FactTakenElsewhere:
                continue  # by whoever had this mailbox before us: now it is known
            return

    async def _is_about_ours(self, tx: Transaction, mail: Mail) -> bool:
        """It is a mail of ours that came back, or tells what became of one: nothing that a client said."""
        if mail.report is not None:
            told = receipt(mail.report, self._mailbox.address)
            for name in told.names:
                if await self._tell(tx, name, told.state, told.trouble):
                    return True
        head = mail.head
        if head.sender is None or head.sender.key != self._mailbox.address.lower() or head.message_id is None:
            return False
        return await find_ours(tx, WrittenChannel.EMAIL, head.message_id) is not None

    async def _tell(self, tx: Transaction, name: str, state: MessageState | None, trouble: str | None) -> bool:
        if state is None:
            return await find_ours(tx, WrittenChannel.EMAIL, name) is not None
        return await replies.record_receipt(
            tx, WrittenChannel.EMAIL, name, state, trouble=trouble, timezone=self._settings.timezone
        )

    async def _vouch(self, tx: Transaction, interaction_id: UUID, found: Mail | Parked) -> None:
        """Our own server found that the address is really theirs."""
        head = found.head
        if head is not None and head.sender is not None and is_proven(head, self._mailbox.trusted_authserv):
            await prove(tx, interaction_id, ContactPointKind.EMAIL, head.sender.key)

    async def _save(self, tx: Transaction, mark: Watermark) -> None:
        await save_position(tx, WrittenChannel.EMAIL, self._mailbox.name, to_stored(mark))

    def _understood(self, fetched: FetchedMail) -> tuple[Mail | Parked, HeardMessage]:
        found = read(fetched.raw) if fetched.whole else _too_big(fetched)
        mailbox = self._mailbox
        arrived_at = _arrived(fetched, datetime.now(UTC))
        if isinstance(found, Parked):
            return found, self._notice(found, fetched, arrived_at)
        message = heard(
            found,
            fetched.raw,
            mailbox=mailbox.name,
            address=mailbox.address,
            queue=mailbox.queue,
            secret=self._secret,
            arrived_at=arrived_at,
        )
        return found, message

    def _notice(self, parked: Parked, fetched: FetchedMail, arrived_at: datetime) -> HeardMessage:
        """As much as its head says, so that a person sees whose mail waits."""
        digest = sha256(fetched.raw).hexdigest()
        words = _UNREADABLE if fetched.whole else _TOO_BIG
        notice = HeardMessage(
            channel=WrittenChannel.EMAIL,
            source=self._mailbox.name,
            key=f"parked {digest}",
            external_id=digest,
            queue=self._mailbox.queue,
            from_address=None,
            our_address=self._mailbox.address,
            body=words.ru if self._settings.locale == "ru" else words.en,
            at=arrived_at,
            raw=fetched.raw,
        )
        head = parked.head
        if head is None or head.sender is None:
            return notice
        return replace(
            notice,
            from_address=head.sender.key,
            from_name=head.sender.name or None,
            subject=head.subject or None,
            external_id=head.message_id or digest,
            automatic=head.automatic is not None,
        )

    def _count(self, reason: str) -> None:
        PARKED.labels(self._mailbox.name, reason).inc()


def _arrived(fetched: FetchedMail, now: datetime) -> datetime:
    """The server counts in whole seconds: what has come only now came after everything that was said before."""
    told = fetched.arrived_at
    return now if told is None or now - told < _JUST_NOW else told


def _too_big(fetched: FetchedMail) -> Parked:
    return Parked(reason=ParkReason.TOO_BIG, detail=f"{fetched.size} bytes", head=read(fetched.raw).head)
