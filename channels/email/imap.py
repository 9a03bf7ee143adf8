"""A folder on an IMAP server, as our one thread of questions to it.

IMAPClient speaks the protocol and blocks; every question runs in a thread and
has an end. Waiting for news does not: the server is in IDLE, and the event loop
watches the socket, so that it can be stopped at any moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from socket import SHUT_RDWR
from typing import TypeVar

from imapclient import SEEN, IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError
from imapclient.imapclient import SENT

from channels.email.account import MailAccount
from crm_core.domain.errors import PeerRefused, PeerUnavailable

CONNECT_S = 15.0
ANSWER_S = 60.0
#: What a server says of itself, not of the user and the password (RFC 5530, 3).
_PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")

T = TypeVar("T")


class MailboxUnavailable(PeerUnavailable):
    """The mail server does not answer now."""

    code = "mailbox_unavailable"


class MailboxRefused(PeerRefused):
    """The mail server does not let us in."""

    code = "mailbox_refused"


class LoginRefused(MailboxRefused):
    """The mail server refuses the user or the password: tried again and again, it locks us out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedMail:
    uid: int
    raw: bytes = field(repr=False)
    whole: bool  # otherwise it is bigger than is ever read: its head, and the rest stays on the server
    size: int
    arrived_at: datetime | None  # by the server's clock


@contextlib.asynccontextmanager
async def open_folder(account: MailAccount) -> AsyncIterator[Folder]:
    """Log in; closed however the block ends, also in the middle of a question.

    Raises:
        LoginRefused: wrong password.
        MailboxUnavailable: no connection, or a server that cannot check the password now.
    """
    client = await _asked(lambda: _connected(account))
    try:
        yield Folder(client, account.folder)
    finally:
        with contextlib.suppress(OSError):
            client.socket().shutdown(SHUT_RDWR)  # ends a question that still waits in its thread
        with contextlib.suppress(OSError, IMAPClientError):
            client.shutdown()


class Folder:
    """A folder of the account. One question at a time."""

    def __init__(self, client: IMAPClient, name: str) -> None:
        self._client = client
        self._name = name

    async def select(self) -> int:
        """Its UIDVALIDITY. Asked for before each look: a folder that was made anew says nothing in the old selection.

        Raises:
            MailboxRefused: there is no such folder.
        """
        return int((await _asked(lambda: self._client.select_folder(self._name)))[b"UIDVALIDITY"])

    async def uids(self, *, begin: int, since: date | None) -> tuple[int, ...]:
        """UIDs from ``begin``, of mails that arrived from the day ``since`` on."""
        wanted: list[object] = ["UID", f"{begin}:*"]
        wanted += ["SINCE", since] if since is not None else []
        found = await _asked(lambda: self._client.search(wanted))
        # The server names its last mail even when its UID is lower than asked for.
        return tuple(int(uid) for uid in found if int(uid) >= begin)

    async def fetch(self, uid: int, *, at_most: int) -> FetchedMail | None:
        """Without marking it as read; None when it is gone meanwhile."""
        about = (await _asked(lambda: self._client.fetch([uid], ["RFC822.SIZE", "INTERNALDATE"]))).get(uid)
        if about is None:
            return None
        size = int(about[b"RFC822.SIZE"])
        section = b"BODY[]" if size <= at_most else b"BODY[HEADER]"
        peek = section.replace(b"BODY", b"BODY.PEEK").decode()
        found = (await _asked(lambda: self._client.fetch([uid], [peek]))).get(uid)
        if found is None or section not in found:
            return None
        told = about.get(b"INTERNALDATE")
        return FetchedMail(
            uid=uid,
            raw=bytes(found[section] or b""),
            whole=size <= at_most,
            size=size,
            arrived_at=told.astimezone() if isinstance(told, datetime) else None,
        )

    async def mark_seen(self, uids: Sequence[int]) -> None:
        await _asked(lambda: self._client.add_flags(uids, [b"\\Seen"], silent=True))

    async def keeps_what_is_sent(self) -> bool:
        """Gmail puts a copy of what its SMTP takes into "Sent" by itself."""
        return await _asked(lambda: bool(self._client.has_capability("X-GM-EXT-1")))

    async def sent_folder(self) -> str | None:
        r"""The folder that the server marks as ``\Sent`` (RFC 6154), else one called so; None: there is none."""
        found = await _asked(lambda: self._client.find_special_folder(SENT))
        return str(found) if found is not None else None

    async def exists(self, folder: str) -> bool:
        return await _asked(lambda: bool(self._client.folder_exists(folder)))

    async def holds(self, folder: str, message_id: str) -> bool:
        """Is a mail of that Message-ID in there; another folder is selected afterwards."""
        await _asked(lambda: self._client.select_folder(folder, readonly=True))
        wanted: list[object] = ["HEADER", "Message-ID", f"<{message_id}>"]
        return bool(await _asked(lambda: self._client.search(wanted)))

    async def append_seen(self, folder: str, mail: bytes, *, at: datetime) -> None:
        """Put a mail there that nobody needs to read."""
        await _asked(lambda: self._client.append(folder, mail, flags=(SEEN,), msg_time=at))

    async def wait_for_news(self, longest_s: float) -> None:
        """Until the server tells of something, or the time is over; a server without IDLE is asked again then."""
        if not await _asked(lambda: bool(self._client.has_capability("IDLE"))):
            await asyncio.sleep(longest_s)
            return
        if not await _asked(lambda: _idle_with_news(self._client)):
            await _readable(self._client.socket().fileno(), longest_s)
        await _asked(self._client.idle_done)


async def _readable(descriptor: int, longest_s: float) -> None:
    loop = asyncio.get_running_loop()
    said = asyncio.Event()
    loop.add_reader(descriptor, said.set)
    try:
        async with asyncio.timeout(longest_s):
            await said.wait()
    except TimeoutError:
        pass
    finally:
        loop.remove_reader(descriptor)


def _connected(account: MailAccount) -> IMAPClient:
    client = IMAPClient(
        account.host,
        account.port,
        ssl=account.tls == "tls",
        ssl_context=ssl.create_default_context(),
        timeout=SocketTimeout(CONNECT_S, ANSWER_S),
    )
    try:
        if account.tls == "starttls":
            client.starttls(ssl.create_default_context())
        client.login(account.user, account.password)
    except BaseException:
        client.shutdown()
        raise
    return client


def _idle_with_news(client: IMAPClient) -> bool:
    """Begin IDLE; whether the server told of something in the same breath.

    What came together with its answer is in the library's buffer already, where nobody who watches the socket sees it.
    """
    client.idle()
    watched = client.socket()
    watched.setblocking(False)
    try:
        return bool(client._imap.file.peek(1))
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    finally:
        watched.settimeout(ANSWER_S)


def _is_passing(refusal: LoginError) -> bool:
    said = str(refusal).upper()
    return any(code in said for code in _PASSING)


async def _asked(question: Callable[[], T]) -> T:
    """In a thread; the library's errors become the two kinds of failure that a peer has."""
    try:
        return await asyncio.to_thread(question)
    except LoginError as error:
        if _is_passing(error):
            raise MailboxUnavailable from error
        raise LoginRefused from error
    except IMAPClient.AbortError as error:
        raise MailboxUnavailable from error
    except IMAPClientError as error:
        raise MailboxRefused(f"The mail server says no: {error}") from error
    except (OSError, ValueError) as error:  # ValueError: a socket that was closed under it
        raise MailboxUnavailable from error
