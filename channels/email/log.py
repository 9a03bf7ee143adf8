"""From what lies in a mailbox to what the log holds.

A mail becomes a message of a conversation, a report the fate of the mail it is
about. What cannot be read is a message all the same, with the raw mail beside it,
so that a person sees that somebody wrote; what cannot even be stored is put aside
whole. Either way the mails behind it flow on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter

from channels.email.account import our_addresses
from channels.email.heard import heard
from channels.email.imap import FetchedMail
from channels.email.message import Mail, Parked, ParkReason
from channels.email.mime import read
from channels.email.proof import is_proven
from channels.email.receipts import Receipt, receipt
from channels.email.watermark import Watermark, to_stored
from config.sections import MailboxSettings
from config.settings import Settings
from crm_core.actions import delivery
from crm_core.actions.calls import FactTakenElsewhere
from crm_core.actions.channel_links import save_position
from crm_core.actions.identity import prove
from crm_core.actions.messages import record_messages
from crm_core.actions.raw_inputs import record_rejected
from crm_core.domain.contact_points import ContactPointKind
from crm_core.domain.recipients import is_ours
from crm_core.domain.words import Words
from crm_core.domain.written import HeardMessage, WrittenChannel
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Understood:
    """What a mail is, and what it says to the log."""

    raw: bytes
    found: Mail | Parked
    message: HeardMessage


class MailLog:
    """The other end of a mailbox: ``keep`` returns after the commit."""

    def __init__(self, mailbox: MailboxSettings, settings: Settings, database: Database, *, secret: bytes) -> None:
        """``secret`` signs the addresses we answer from."""
        self._mailbox = mailbox
        self._settings = settings
        self._database = database
        self._secret = secret
        self._ours = our_addresses(mailbox, settings)

    async def keep(self, mails: Sequence[FetchedMail], mark: Watermark) -> None:
        """Store what the mails mean, and the mark with them; what is held already is passed over.

        Raises:
            one of ``DATABASE_AWAY``: tell them again.
        """
        understood = await asyncio.to_thread(lambda: [self._understood(fetched) for fetched in mails])
        try:
            await self._store(understood, mark)
        except DATABASE_AWAY:
            raise
        except Exception:
            logger.exception("mails are stored one by one", action="mails_apart", mailbox=self._mailbox.name)
            await self._keep_apart(understood, mark)
        for one in understood:
            if isinstance(one.found, Parked):
                self._count(one.found.reason)
                logger.warning(
                    "a mail cannot be read", action="mail_parked", mailbox=self._mailbox.name, detail=one.found.detail
                )

    async def _keep_apart(self, understood: Sequence[_Understood], mark: Watermark) -> None:
        """One of them cannot be stored: it is put aside, and the others are stored all the same."""
        for one in understood:
            try:
                await self._store([one])
            except DATABASE_AWAY:
                raise
            except Exception as fault:
                self._count("not stored")
                logger.exception("a mail cannot be stored", action="mail_not_stored", mailbox=self._mailbox.name)
                source, reason = f"email:{self._mailbox.name}", f"it could not be stored: {type(fault).__name__}"
                async with self._database.begin() as tx:
                    await record_rejected(
                        tx, source=source, reason=reason, raw=one.raw, key=sha256(one.raw).hexdigest()
                    )
        async with self._database.begin() as tx:
            await self._save(tx, mark)

    async def _store(self, understood: Sequence[_Understood], mark: Watermark | None = None) -> None:
        while True:
            try:
                async with self._database.begin() as tx:
                    said = [one for one in understood if not await self._is_about_ours(tx, one.found)]
                    places = await record_messages(tx, [one.message for one in said])
                    for one, interaction_id in zip(said, places, strict=True):
                        await self._vouch(tx, interaction_id, one.found)
                    if mark is not None:
                        await self._save(tx, mark)
            except FactTakenElsewhere:
                continue  # by whoever had this mailbox before us: now it is known
            return

    async def _is_about_ours(self, tx: Transaction, mail: Mail | Parked) -> bool:
        """It is a mail of ours that came back, or tells what became of one: nothing that a client said."""
        if isinstance(mail, Parked):
            return False
        if mail.report is not None:
            told = receipt(mail.report, self._mailbox.address)
            for name in told.names:
                if await self._tell(tx, name, told):
                    return True
        head = mail.head
        if head.sender is None or head.message_id is None or not is_ours(head.sender.key, self._ours):
            return False
        return await find_ours(tx, WrittenChannel.EMAIL, head.message_id) is not None

    async def _tell(self, tx: Transaction, name: str, told: Receipt) -> bool:
        """Is it about the mail of that name, which then is as far as it says."""
        channel, timezone = WrittenChannel.EMAIL, self._settings.timezone
        if await find_ours(tx, channel, name) is None:
            return False
        if told.state is not None:
            await delivery.record_receipt(tx, channel, name, told.state, timezone=timezone)
        if told.bounces:
            await delivery.record_bounces(tx, channel, name, told.bounces, timezone=timezone)
        return True

    async def _vouch(self, tx: Transaction, interaction_id: UUID, found: Mail | Parked) -> None:
        """Our own server found that the address is really theirs."""
        head = found.head
        if head is not None and head.sender is not None and is_proven(head, self._mailbox.trusted_authserv):
            await prove(tx, interaction_id, ContactPointKind.EMAIL, head.sender.key)

    async def _save(self, tx: Transaction, mark: Watermark) -> None:
        await save_position(tx, WrittenChannel.EMAIL, self._mailbox.name, to_stored(mark))

    def _understood(self, fetched: FetchedMail) -> _Understood:
        found = read(fetched.raw) if fetched.whole else _too_big(fetched)
        mailbox = self._mailbox
        arrived_at = _arrived(fetched, datetime.now(UTC))
        if isinstance(found, Parked):
            return _Understood(raw=fetched.raw, found=found, message=self._notice(found, fetched, arrived_at))
        message = heard(
            found,
            fetched.raw,
            mailbox=mailbox.name,
            address=mailbox.address,
            queue=mailbox.queue,
            secret=self._secret,
            arrived_at=arrived_at,
        )
        return _Understood(raw=fetched.raw, found=found, message=message)

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
