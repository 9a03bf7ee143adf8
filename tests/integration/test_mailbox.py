"""A mailbox on a real IMAP server is read once, in any weather, and nothing is told to be read before it is stored."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from imapclient.exceptions import IMAPClientError

from channels.email.account import MailAccount
from channels.email.imap import FetchedMail, LoginRefused, MailboxRefused, open_folder
from channels.email.mailbox import MOST_TOGETHER, Mailbox, MailboxTimings
from channels.email.message import Mail
from channels.email.mime import read
from channels.email.watermark import Watermark
from tests.lab.dovecot import Dovecot
from tests.lab.install import LabUnavailable
from tests.lab.plugin import require_lab
from tests.waiting import eventually

pytestmark = pytest.mark.lab

QUICK = MailboxTimings(look_every_s=0.2, longest_pause_s=0.2)
#: Longer than any test: what arrives, IDLE told of.
IDLE_ONLY = MailboxTimings(look_every_s=100.0, longest_pause_s=0.2)


class Away(Exception):
    """The database does not answer."""


def mail(number: int) -> bytes:
    return b"Message-ID: <%d@client.example>\r\nFrom: client@client.example\r\n\r\nmail %d\r\n" % (number, number)


@dataclass
class Log:
    """What the core would hold: mails by what they say, the mark of the last, and what it saw meanwhile."""

    server: Dovecot
    user: str
    folder: str
    stored: dict[str, FetchedMail] = field(default_factory=dict)
    mark: Watermark | None = None
    heard: list[int] = field(default_factory=list)
    seen_too_early: list[int] = field(default_factory=list)
    troubles: list[BaseException] = field(default_factory=list)
    away: bool = False

    async def keep(self, mails: Sequence[FetchedMail], mark: Watermark) -> None:
        self.heard += [fetched.uid for fetched in mails]
        self.seen_too_early += {fetched.uid for fetched in mails} & set(await asyncio.to_thread(self.seen))
        if self.away:
            raise Away
        for fetched in mails:
            found = read(fetched.raw)
            assert isinstance(found, Mail)
            self.stored.setdefault(found.digest, fetched)
        self.mark = mark

    async def note(self, trouble: BaseException | None) -> None:
        if trouble is not None:
            self.troubles.append(trouble)

    def put(self, *numbers: int) -> None:
        with self.server.client(self.user) as client:
            for number in numbers:
                client.append(self.folder, mail(number))

    def seen(self) -> list[int]:
        with self.server.client(self.user) as client:
            client.select_folder(self.folder, readonly=True)
            return [int(uid) for uid in client.search("SEEN")]

    async def holds(self, count: int) -> None:
        async def all_of_them() -> bool:
            return len(self.stored) >= count

        await eventually(all_of_them)
        assert len(self.stored) == count

    @contextlib.asynccontextmanager
    async def being_read(self, timings: MailboxTimings = QUICK) -> AsyncIterator[None]:
        account = MailAccount.of(self.server.url(self.user, self.folder))
        mailbox = Mailbox(
            "sales",
            account,
            mark=self.mark,
            since=None,
            keep=self.keep,
            tell=self.note,
            away=(Away,),
            timings=timings,
        )
        running = asyncio.create_task(mailbox.run())
        try:
            yield
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    try:
        dovecot = Dovecot()
    except LabUnavailable as unavailable:
        require_lab(str(unavailable))
    with dovecot:
        yield dovecot


@pytest.fixture
def log(server: Dovecot, request: pytest.FixtureRequest) -> Log:
    user = f"{request.node.name}-{uuid4().hex}"  # a test that is played again begins with an empty mailbox
    return Log(server=server, user=user, folder="Clients" if "folder" in request.node.name else "INBOX")


async def test_mail_is_marked_as_read_only_after_it_is_stored(log: Log) -> None:
    log.put(1, 2)

    async with log.being_read():
        await log.holds(2)
        await eventually(lambda: asyncio.to_thread(lambda: len(log.seen()) == 2))

    assert log.seen_too_early == []


async def test_news_come_at_once_without_being_asked_for(log: Log) -> None:
    log.put(1)
    async with log.being_read(IDLE_ONLY):
        await log.holds(1)

        log.put(2)

        await log.holds(2)


async def test_mail_that_cannot_be_stored_stays_unread_and_comes_again(log: Log) -> None:
    log.away = True
    log.put(1)
    async with log.being_read():
        await eventually(lambda: _true(len(log.heard) >= 2))
        assert log.seen() == []

        log.away = False

        await log.holds(1)
    assert log.seen_too_early == []


async def test_many_that_wait_are_stored_together_and_all_marked_as_read(log: Log) -> None:
    waiting = 2 * MOST_TOGETHER + 1
    log.put(*range(1, waiting + 1))

    async with log.being_read():
        await log.holds(waiting)
        await eventually(lambda: asyncio.to_thread(lambda: len(log.seen()) == waiting))

    assert log.heard == list(range(1, waiting + 1))
    assert log.seen_too_early == []


async def test_nothing_is_read_twice_after_a_restart(log: Log) -> None:
    log.put(1)
    async with log.being_read():
        await log.holds(1)

    log.put(2)
    async with log.being_read():
        await log.holds(2)

    assert log.heard == [1, 2]


async def test_folder_made_anew_under_the_reader_is_read_again_and_nothing_is_doubled(log: Log) -> None:
    with log.server.client(log.user) as client:
        client.create_folder(log.folder)
        log.put(1, 2)
        async with log.being_read():
            await log.holds(2)
            before = log.mark

            client.delete_folder(log.folder)
            with contextlib.suppress(IMAPClientError):  # the server may have made it anew for the reader
                client.create_folder(log.folder)
            log.put(1, 2, 3)

            await log.holds(3)

    assert before is not None
    assert log.mark is not None
    assert log.mark.validity != before.validity
    assert log.heard == [1, 2, 1, 2, 3]


async def test_folder_that_is_gone_for_a_moment_is_read_as_soon_as_it_is_back(log: Log) -> None:
    with log.server.client(log.user) as client:
        client.create_folder(log.folder)
        log.put(1)
        async with log.being_read():
            await log.holds(1)
            client.delete_folder(log.folder)
            await eventually(lambda: _true(any(isinstance(one, MailboxRefused) for one in log.troubles)))

            client.create_folder(log.folder)
            log.put(1, 2)

            await log.holds(2)

    assert log.heard == [1, 1, 2]


async def test_wrong_password_is_for_a_person(server: Dovecot) -> None:
    account = MailAccount.of(server.url("anybody").replace("p%40ss", "wrong"))

    with pytest.raises(LoginRefused):
        async with open_folder(account):
            pass


async def test_mail_too_big_to_read_leaves_its_head_and_stays_there(log: Log) -> None:
    log.put(1)

    async with open_folder(MailAccount.of(log.server.url(log.user))) as folder:
        await folder.select()
        fetched = await folder.fetch(1, at_most=10)
        missing = await folder.fetch(2, at_most=10)

    assert fetched is not None
    assert (fetched.whole, fetched.size > 10) == (False, True)
    assert b"client@client.example" in fetched.raw
    assert b"mail 1" not in fetched.raw
    assert missing is None


async def test_server_that_restarts_is_found_again(log: Log) -> None:
    log.put(1)
    async with log.being_read():
        await log.holds(1)

        await asyncio.to_thread(log.server.stop)
        await asyncio.to_thread(log.server.start)
        log.put(2)

        await log.holds(2)
    assert log.heard == [1, 2]


async def _true(answer: bool) -> bool:
    return answer
