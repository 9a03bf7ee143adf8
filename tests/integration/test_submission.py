"""A mail is brought to the mail server once, and what came of it is known, or known to be unknown."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from channels.email import smtp
from channels.email.account import MailAccount
from channels.email.doctor import examine
from channels.email.outgoing import Envelope
from channels.email.smtp import Submission, SubmissionRefused
from channels.speaking import Fate, Later, Never, Said, Unknown
from config.sections import MailboxSettings

MAIL = b"Message-ID: <1@agency.example>\r\n\r\n.hidden\r\nHello\r\n"
ENVELOPE = Envelope(
    sender="sales@agency.example",
    recipients=("anna+tour@client.example",),
    mail_options=("RET=HDRS", "ENVID=1"),
    recipient_options=("NOTIFY=SUCCESS,DELAY,FAILURE",),
)
OK = "250 2.0.0 Ok"
CUT = "cut"


@dataclass
class Stand:
    """A strict server of a few commands; ``answers`` says otherwise for one, ``CUT`` ends the connection there."""

    answers: dict[str, str] = field(default_factory=dict)
    offers: tuple[str, ...] = ("DSN",)
    heard: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Cancelled: whoever was connected when the test ended.
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._say(writer, "hello", "220 stand"):
            return
        while line := (await reader.readline()).decode().strip():
            verb = line.split()[0].upper()
            self.heard.append(line)
            usual = {
                "EHLO": "\r\n".join(["250-stand", *(f"250-{offer}" for offer in self.offers), "250 AUTH PLAIN"]),
                "DATA": "354 go on",
                "AUTH": "235 welcome",
            }
            if not self._say(writer, verb, usual.get(verb, OK)):
                return
            if verb == "DATA" and self.answers.get("DATA", "354").startswith("354"):
                self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                if not self._say(writer, "taken", OK):
                    return

    def _say(self, writer: asyncio.StreamWriter, when: str, usual: str) -> bool:
        answer = self.answers.get(when, usual)
        if answer == CUT:
            return False
        writer.write(f"{answer}\r\n".encode())
        return True

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[Stand]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    def url(self, user: str = "") -> str:
        return f"smtp://{user}127.0.0.1:{self.port}?tls=none"

    async def is_brought(self, user: str = "") -> Fate:
        return await Submission(MailAccount.of(self.url(user)), ours="agency.example").send(MAIL, ENVELOPE)


async def test_a_mail_is_brought_with_a_report_asked_for() -> None:
    async with Stand().standing() as stand:
        fate = await stand.is_brought()

    assert fate == Said()
    assert stand.heard == [
        "EHLO agency.example",
        "MAIL FROM:<sales@agency.example> RET=HDRS ENVID=1",
        "RCPT TO:<anna+tour@client.example> NOTIFY=SUCCESS,DELAY,FAILURE ORCPT=rfc822;anna+2Btour@client.example",
        "DATA",
    ]
    assert stand.mails == [MAIL.replace(b"\r\n.", b"\r\n..") + b".\r\n"]


async def test_who_knows_no_reports_is_not_asked_for_them() -> None:
    async with Stand(offers=()).standing() as stand:
        assert await stand.is_brought() == Said()

    assert stand.heard[1:3] == ["MAIL FROM:<sales@agency.example>", "RCPT TO:<anna+tour@client.example>"]


@pytest.mark.parametrize(
    ("answers", "fate"),
    [
        ({"hello": CUT}, Later),
        ({"hello": "554 go away"}, Later),
        ({"EHLO": CUT}, Later),
        ({"MAIL": "451 greylisted"}, Later),
        ({"MAIL": CUT}, Later),
        ({"RCPT": "450 4.2.0 try again"}, Later),
        ({"RCPT": "421 closing"}, Later),
        ({"RCPT": "550 5.1.1 no such user"}, Never),
        ({"DATA": "554 no valid recipients"}, Never),
        ({"taken": "452 disk full"}, Later),
        ({"taken": "552 too big"}, Never),
        ({"taken": CUT}, Unknown),
    ],
)
async def test_what_becomes_of_a_mail(answers: dict[str, str], fate: type[Fate]) -> None:
    async with Stand(answers=answers).standing() as stand:
        assert isinstance(await stand.is_brought(), fate)


async def test_who_of_the_receivers_is_refused_is_named_once() -> None:
    told = []
    for words in ("550 5.1.1 no such user", "550 <anna+tour@client.example> is nobody"):
        async with Stand(answers={"RCPT": words}).standing() as stand:
            told.append(await stand.is_brought())

    assert told == [
        Never(words="anna+tour@client.example: 550 5.1.1 no such user"),
        Never(words="550 <anna+tour@client.example> is nobody"),
    ]


async def test_nobody_there_is_for_now() -> None:
    async with Stand().standing() as stand:
        pass

    assert isinstance(await stand.is_brought(), Later)


async def test_a_server_that_never_answers_whether_it_has_the_mail_leaves_it_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp, "TAKEN_S", 0.1)
    async with Stand(answers={"taken": "250-"}).standing() as stand:
        assert isinstance(await stand.is_brought(), Unknown)


async def test_a_wrong_password_is_for_a_person_and_no_fault_of_the_mail() -> None:
    async with Stand(answers={"AUTH": "535 5.7.8 wrong password"}).standing() as stand:
        fate = await stand.is_brought("sales:secret@")
        with pytest.raises(SubmissionRefused):
            async with Submission(MailAccount.of(stand.url("sales:secret@")), ours="agency.example").session():
                pass

    assert isinstance(fate, Later)
    assert "535" in fate.words


async def test_the_doctor_says_what_is_wrong_with_a_mailbox_and_what_to_do() -> None:
    async with Stand(answers={"AUTH": "535 5.7.8 wrong password"}).standing() as stand:
        mailbox = MailboxSettings.model_validate(
            {
                "name": "sales",
                "address": "sales@agency.example",
                "imap_url": "imap://sales:secret@127.0.0.1:1/INBOX?tls=none",
                "smtp_url": stand.url("sales:secret@"),
                "queue": "sales",
            }
        )
        reading, sending = await examine(mailbox, public_url="https://crm.example")
        *_, unreachable = await examine(
            mailbox.model_copy(update={"opened_link": True}), public_url="http://127.0.0.1:8080"
        )
        *_, open_to_all = await examine(
            mailbox.model_copy(update={"opened_link": True}), public_url="https://crm.example"
        )

    assert (reading.well, sending.well) == (False, False)
    assert "127.0.0.1:1" in reading.says
    assert "535 5.7.8 wrong password" in sending.says
    assert "smtp_url" in (sending.advice or "")
    assert "secret" not in f"{reading}{sending}"
    assert (unreachable.well, open_to_all.well) == (False, True)
    assert "public_url" in (unreachable.advice or "")
