"""A mail server that cannot look up a password just now is away; one that has looked refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from channels.email.account import MailAccount
from channels.email.imap import LoginRefused, MailboxUnavailable, open_folder


@asynccontextmanager
async def server_that_says(refusal: str) -> AsyncIterator[MailAccount]:
    """An IMAP server whose answer to every login is ``refusal``."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK here\r\n")
        while line := await reader.readline():
            tag, command, *_ = line.decode().split()
            told = refusal if command.upper() == "LOGIN" else "OK"
            writer.write(b"* CAPABILITY IMAP4rev1\r\n" if command.upper() == "CAPABILITY" else b"")
            writer.write(f"{tag} {told} said\r\n".encode())
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield MailAccount.of(f"imap://anna:secret@127.0.0.1:{port}/INBOX?tls=none")


@pytest.mark.parametrize(
    ("refusal", "trouble"),
    [
        ("NO [UNAVAILABLE]", MailboxUnavailable),
        ("NO [LIMIT]", MailboxUnavailable),
        ("NO [AUTHENTICATIONFAILED]", LoginRefused),
        ("NO", LoginRefused),
    ],
)
async def test_only_a_password_that_was_looked_up_is_refused(refusal: str, trouble: type[Exception]) -> None:
    async with server_that_says(refusal) as account:
        with pytest.raises(trouble):
            async with open_folder(account):
                pass
