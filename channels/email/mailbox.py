"""A mailbox read for good: every mail is stored before the server hears that we have it.

Each mail is fetched without touching it, handed to ``keep`` together with the
mark that is right once it is stored, and marked as read when ``keep`` has
returned. Whatever dies in between, the mail comes again, and storing it again
changes nothing. IDLE brings news at once; a look every minute brings the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

import structlog

from channels.email.account import MailAccount
from channels.email.imap import FetchedMail, Folder, open_folder
from channels.email.mime import LIMITS
from channels.email.watermark import Watermark, mark_for, to_take, with_taken
from crm_core.domain.errors import PeerRefused, PeerUnavailable
from crm_core.store.outage import Outage

logger = structlog.get_logger(__name__)

#: Stores the mail and the mark in one transaction.
Keep = Callable[[FetchedMail, Watermark], Awaitable[None]]
#: Hears after each look that the mailbox was read (None), or why it could not be.
Tell = Callable[[PeerUnavailable | PeerRefused | None], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxTimings:
    look_every_s: float = 60.0  # under the 29 minutes after which servers end IDLE
    longest_pause_s: float = 30.0
    after_refusal_s: float = 60.0  # servers lock out whoever comes with a wrong password too often


class Mailbox:
    """One folder of one account, and how far it has been read."""

    def __init__(
        self,
        name: str,
        account: MailAccount,
        *,
        mark: Watermark | None,
        since: date | None,
        keep: Keep,
        tell: Tell | None = None,
        away: tuple[type[BaseException], ...] = (),
        timings: MailboxTimings | None = None,
    ) -> None:
        """``mark``: as it was stored; without one the mails from ``since`` on are read. ``away``: what ``keep`` raises
        while it cannot store; the mail is kept on the server and tried again."""
        self._name = name
        self._account = account
        self._mark = mark
        self._unmarked = {mark.last} if mark is not None and mark.last is not None else set[int]()
        self._since = since
        self._keep = keep
        self._tell = tell
        self._lost: tuple[type[BaseException], ...] = (PeerUnavailable, PeerRefused, *away)
        self._timings = timings or MailboxTimings()

    async def run(self) -> None:
        """Read whatever comes; returns only by cancellation."""
        outage = Outage(f"the mailbox {self._name}", longest_pause_s=self._timings.longest_pause_s)
        while True:
            try:
                async with open_folder(self._account) as folder:
                    while True:
                        await self._read(folder)
                        outage.over()
                        await self._told(None)
                        await folder.wait_for_news(self._timings.look_every_s)
            except self._lost as lost:
                if isinstance(lost, PeerUnavailable | PeerRefused):
                    await self._told(lost)
                await outage.wait(lost)
                if isinstance(lost, PeerRefused):
                    await asyncio.sleep(self._timings.after_refusal_s)

    async def _told(self, trouble: PeerUnavailable | PeerRefused | None) -> None:
        if self._tell is not None:
            await self._tell(trouble)

    async def _read(self, folder: Folder) -> None:
        mark = self._mark = self._marked_in(await folder.select())
        await self._mark_seen(folder)
        for uid in to_take(mark, await folder.uids(begin=mark.begin, since=self._since)):
            fetched = await folder.fetch(uid, at_most=LIMITS.mail_bytes)
            if fetched is None:
                continue  # deleted while we looked
            mark = with_taken(mark, uid)
            await self._keep(fetched, mark)
            self._mark = mark
            self._unmarked.add(uid)
            await self._mark_seen(folder)

    def _marked_in(self, validity: int) -> Watermark:
        mark = mark_for(self._mark, validity)
        if self._mark is not None and mark is not self._mark:
            logger.warning("mailbox renumbered", action="mailbox_renumbered", mailbox=self._name)
            self._unmarked.clear()
        return mark

    async def _mark_seen(self, folder: Folder) -> None:
        """Those that are stored; where the connection was lost just then, over the next one."""
        for uid in sorted(self._unmarked):
            await folder.mark_seen(uid)
            self._unmarked.discard(uid)
