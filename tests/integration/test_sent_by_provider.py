"""A provider that keeps what it sends, as Gmail does: nothing is put there a second time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from channels.email.doctor import examine
from channels.email.sent import SentFolder
from config.sections import MailboxSettings
from crm_core.actions import delivery, replies
from crm_core.actions.messages import record_messages
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store.database import Database
from crm_core.store.messages import Saying
from tests.people import add_agent
from tests.waiting import eventually

#: As Gmail told it to somebody who had logged in.
GMAIL = (
    "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS COMPRESS=DEFLATE ENABLE MOVE"
    " CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE APPENDLIMIT=35651584"
)


@dataclass
class Stand:
    """A strict IMAP server: whoever asks for more than to come in and look at the INBOX is told BAD."""

    capabilities: str
    heard: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Cancelled: whoever was connected when the test ended.
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            writer.write(b"* OK stand\r\n")
            while line := (await reader.readline()).decode().strip():
                tag, verb, *_ = line.split()
                self.heard.append(verb)
                writer.write(self._answer(tag, verb.upper()).encode())
        writer.close()

    def _answer(self, tag: str, verb: str) -> str:
        match verb:
            case "CAPABILITY":
                return f"* CAPABILITY {self.capabilities}\r\n{tag} OK done\r\n"
            case "LOGIN":
                return f"{tag} OK [CAPABILITY {self.capabilities}] welcome\r\n"
            case "SELECT":
                return f"* 0 EXISTS\r\n* OK [UIDVALIDITY 1] here\r\n{tag} OK [READ-WRITE] done\r\n"
            case _:
                return f"{tag} BAD not here\r\n"

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[MailboxSettings]:
        """Gives the settings of a mailbox there; nothing is sent from it."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield MailboxSettings.model_validate(
                {
                    "name": "sales",
                    "address": "sales@agency.example",
                    "imap_url": f"imap://sales:secret@127.0.0.1:{self.port}/INBOX?tls=none",
                    "smtp_url": "smtp://127.0.0.1:1?tls=none",
                    "queue": "sales",
                }
            )


async def has_left(database: Database) -> None:
    """A mail of ours, which is owed its copy from then on."""
    irina = Viewer(user_id=await add_agent(database, "irina", extension=None), role=Role.OWNER, team_id=None)
    async with database.begin() as tx:
        heard = HeardMessage(
            channel=WrittenChannel.EMAIL,
            source="sales",
            key="1",
            external_id="1@client.example",
            queue="sales",
            from_address="client@client.example",
            our_address="sales@agency.example",
            body="Сколько?",
            at=tx.now,
        )
        [conversation] = await record_messages(tx, [heard])
    async with database.begin() as tx:
        answer = replies.MessageIn(interaction_id=conversation, body="480 000 ₸")
        message = await replies.send(tx, irina, answer, sources={})
        await delivery.record_sent(tx, message, timezone=tx.now.tzinfo)


async def owed(database: Database) -> list[int]:
    """How often each copy that is still owed was tried."""
    async with database.read() as db:
        return [row["attempts"] for row in await db.fetch("SELECT attempts FROM sent_copies")]


def nobody_makes_it(saying: Saying) -> None:
    raise AssertionError("nothing is to be filed")


async def files(mailbox: MailboxSettings, database: Database, until: list[int]) -> None:
    """File what is owed until so much of it is left."""

    async def done() -> bool:
        return await owed(database) == until

    filing = asyncio.create_task(SentFolder(mailbox, database, mail_of=nobody_makes_it).run())
    try:
        await eventually(done, patience_s=8)
    finally:
        filing.cancel()
        await asyncio.wait({filing})


async def test_what_the_provider_keeps_by_itself_is_not_put_there_again(database: Database) -> None:
    await has_left(database)
    stand = Stand(capabilities=GMAIL)

    async with stand.standing() as mailbox:
        assert await owed(database) == [0]
        await files(mailbox, database, until=[])
        _, copies, _ = await examine(mailbox, public_url="https://crm.example")

    assert not {"APPEND", "LIST", "SEARCH", "UID"} & set(stand.heard)
    assert copies.well
    assert "by itself" in copies.says


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 IDLE SPECIAL-USE", "IMAP4rev1 XLIST X-GM-RAW"])
async def test_who_does_not_say_so_keeps_nothing(database: Database, capabilities: str) -> None:
    await has_left(database)
    stand = Stand(capabilities=capabilities)

    async with stand.standing() as mailbox:
        await files(mailbox, database, until=[1])

    assert {"LIST", "XLIST"} & set(stand.heard)
