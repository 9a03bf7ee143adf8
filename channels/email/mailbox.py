"""A mailbox read for good: every mail is stored before the server hears that we have it.

Mails are fetched without touching them, handed to ``keep`` together with the
mark that is right once they are stored, and marked as read when ``keep`` has
returned: one by one as they arrive, and as many together as are here at once
where many wait. Whatever dies in between, they come again, and storing them again
changes nothing. IDLE brings news at once; a look every minute brings the rest.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date

import structlog

from channels.email.account import MailAccount
from channels.email.imap import FetchedMail, Folder, LoginRefused, open_folder
from channels.email.mime import LIMITS
from channels.email.watermark import Watermark, mark_for, to_take, with_taken
from crm_core.domain.errors import PeerRefused, PeerUnavailable
from crm_core.store.outage import Outage

logger = structlog.get_logger(__name__)

#: Stores the mails and the mark in one transaction.
Keep = Callable[[Sequence[FetchedMail], Watermark], Awaitable[None]]
#: Hears after each look that the mailbox was read (None), or why it could not be.
Tell = Callable[[PeerUnavailable | PeerRefused | None], Awaitable[None]]

#: What is stored together: a commit for each would cost most of the time.
MOST_TOGETHER = 25
_MOST_BYTES_TOGETHER = 8_000_000
#: A server that hands them out slowly does not keep the first of them from its manager.
_LONGEST_GATHERING_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxTimings:
    look_every_s: float = 60.0  # under the 29 minutes after which servers end IDLE
    longest_pause_s: float = 30.0
    after_login_refused_s: float = 60.0  # servers lock out whoever comes with a wrong password too often


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
        self._unmarked = set(mark.last) if mark is not None else set[int]()
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
                if isinstance(lost, LoginRefused):  # not a folder that is not there now: its owner may be moving it
                    await asyncio.sleep(self._timings.after_login_refused_s)

    async def _told(self, trouble: PeerUnavailable | PeerRefused | None) -> None:
        if self._tell is not None:
            await self._tell(trouble)

    async def _read(self, folder: Folder) -> None:
        mark = self._mark = self._marked_in(await folder.select())
        await self._mark_seen(folder)
        waiting = to_take(mark, await folder.uids(begin=mark.begin, since=self._since))
        async for together in _fetched(folder, waiting):
            uids = [one.uid for one in together]
            mark = with_taken(mark, uids)
            await self._keep(together, mark)
            self._mark = mark
            self._unmarked.update(uids)
            await self._mark_seen(folder)

    def _marked_in(self, validity: int) -> Watermark:
        mark = mark_for(self._mark, validity)
        if self._mark is not None and mark is not self._mark:
            logger.warning("mailbox renumbered", action="mailbox_renumbered", mailbox=self._name)
            self._unmarked.clear()
        return mark

    async def _mark_seen(self, folder: Folder) -> None:
        """Those that are stored; where the connection was lost just then, over the next one."""
        if self._unmarked:
            await folder.mark_seen(sorted(self._unmarked))
            self._unmarked.clear()


async def _fetched(folder: Folder, uids: Sequence[int]) -> AsyncIterator[list[FetchedMail]]:
    """In their order, as many together as are stored together; those that were deleted meanwhile are left out."""
    together: list[FetchedMail] = []
    begun = time.monotonic()
    for uid in uids:
        fetched = await folder.fetch(uid, at_most=LIMITS.mail_bytes)
        if fetched is None:
            continue
        together.append(fetched)
        if (
            len(together) >= MOST_TOGETHER
            or sum(len(one.raw) for one in together) >= _MOST_BYTES_TOGETHER
            or time.monotonic() - begun >= _LONGEST_GATHERING_S
        ):
            yield together
            together, begun = [], time.monotonic()
    if together:
        yield together
