"""``kill -9`` at every await between hearing a mail and marking it as read: what was sent in is stored, once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from itertools import count

import pytest
from imapclient import IMAPClient

from crm_core.store.database import Database
from tests.failure.lives import Lives
from tests.failure.mail_node import mail_node
from tests.lab.dovecot import Dovecot
from tests.lab.install import LabUnavailable
from tests.lab.plugin import require_lab

pytestmark = pytest.mark.lab

USER = "killed"
#: The way from connecting to marking waits about this often; less would mean that the killing came too late.
_FEWEST, _MOST = 15, 200


@pytest.fixture
def server() -> Iterator[Dovecot]:
    try:
        dovecot = Dovecot()
    except LabUnavailable as unavailable:
        require_lab(str(unavailable))
    with dovecot:
        yield dovecot


class Box:
    """The mailbox, looked into by somebody who stays logged in."""

    def __init__(self, client: IMAPClient) -> None:
        self._client = client
        self.sent: list[str] = []

    def put(self) -> None:
        name = f"{len(self.sent)}@client.example"
        self._client.append("INBOX", f"Message-ID: <{name}>\r\nFrom: a@client.example\r\n\r\nHello\r\n".encode())
        self.sent.append(name)

    def seen(self) -> list[str]:
        self._client.select_folder("INBOX", readonly=True)
        return [self.sent[uid - 1] for uid in self._client.search("SEEN")]


async def test_a_mail_is_stored_once_wherever_its_reader_is_killed(server: Dovecot, database: Database) -> None:
    with server.client(USER) as client:
        box = Box(client)
        async with mail_node(server.url(USER), database.url) as lives:
            for step in count(1):
                if box.seen() == box.sent:  # what is read already teaches nothing more
                    box.put()
                outlived = await _one_life(lives, box, dies_at=step)
                stored = await _stored(database)
                assert set(box.seen()) <= set(stored), f"lost at await {step}"
                assert len(stored) == len(set(stored)), f"doubled at await {step}"
                if outlived:
                    break
                assert step < _MOST

    assert step >= _FEWEST
    assert stored == box.sent


async def _one_life(lives: Lives, box: Box, *, dies_at: int) -> bool:
    """True when it had nothing more to do and was ended from outside."""
    process = await lives.begin(dies_at)
    ended = asyncio.create_task(lives.end())
    while not ended.done():
        if box.seen() == box.sent:
            # Whoever dies on the way to waiting for news dies at once.
            done, _ = await asyncio.wait({ended}, timeout=0.5)
            if not done:
                os.kill(process, signal.SIGKILL)
                await ended
                return True
        await asyncio.wait({ended}, timeout=0.2)
    assert await ended == -signal.SIGKILL
    return False


async def _stored(database: Database) -> list[str]:
    async with database.read() as db:
        return [row["external_id"] for row in await db.fetch("SELECT external_id FROM messages ORDER BY id")]
