"""One mail brought to our mail server, at most once.

Until the last byte was sent nothing has happened, and it is tried again later.
From then on only the server's word counts: where that is lost, the mail may have
left, and is never sent again by itself. The same mail has the same Message-ID at
each try, so that even a person who sends it twice sends one.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtplib import SMTP, SMTPConnectResponseError, SMTPDataError, SMTPException, SMTPResponseException
from aiosmtplib.errors import SMTPAuthenticationError, SMTPNotSupported

from channels.email.account import MailAccount
from channels.email.outgoing import Envelope
from channels.speaking import Fate, Later, Never, Said, Unknown
from crm_core.domain.errors import PeerRefused, PeerUnavailable

CONNECT_S = 15.0
ANSWER_S = 30.0
#: The server reads the whole mail before it answers, and may have it looked through.
TAKEN_S = 120.0
#: Connections at once, and how long a mail waits for one: shorter than its sender's lease.
_AT_ONCE = 4
_PATIENCE_S = 60.0


class SubmissionUnavailable(PeerUnavailable):
    """The server for outgoing mail does not answer now."""

    code = "submission_unavailable"


class SubmissionRefused(PeerRefused):
    """The server for outgoing mail does not let us in."""

    code = "submission_refused"


class Submission:
    """The way out of one mailbox. ``ours``: the host we say we are."""

    def __init__(self, account: MailAccount, *, ours: str) -> None:
        self._account = account
        self._ours = ours
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def send(self, mail: bytes, envelope: Envelope) -> Fate:
        """Bring it there, and tell what became of it."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._slots.acquire()
        except TimeoutError:
            return Later(words="the mail server is busy with other mails")
        try:
            async with self.session() as session:
                refused = await _addressed(session, envelope)
                return refused or await _handed_over(session, mail)
        except (SubmissionUnavailable, SubmissionRefused) as failure:  # the mail is not to blame
            return Later(words=str(failure))
        finally:
            self._slots.release()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[SMTP]:
        """Connected and let in.

        Raises:
            SubmissionUnavailable, SubmissionRefused: we are not.
        """
        account = self._account
        session = SMTP(
            hostname=account.host,
            port=account.port,
            username=account.user or None,
            password=account.password or None,
            local_hostname=self._ours,
            use_tls=account.tls == "tls",
            start_tls=account.tls == "starttls",
            tls_context=ssl.create_default_context() if account.tls != "none" else None,
            timeout=ANSWER_S,
        )
        try:
            await session.connect(timeout=CONNECT_S)
            if session.is_ehlo_or_helo_needed:  # without TLS and login nobody has asked yet what it can
                await session.ehlo()
        except (SMTPAuthenticationError, SMTPNotSupported) as refusal:
            raise SubmissionRefused(f"it does not let us in: {_words(refusal)}") from refusal
        except (SMTPException, OSError) as failure:
            raise SubmissionUnavailable(f"it does not answer: {_words(failure)}") from failure
        try:
            yield session
        finally:
            session.close()


async def _addressed(session: SMTP, envelope: Envelope) -> Fate | None:
    """Tell from whom and to whom; None: it may be handed over."""
    knows_reports = session.supports_extension("dsn")
    try:
        await session.mail(envelope.sender, options=envelope.mail_options if knows_reports else ())
        for recipient in envelope.recipients:
            options = (*envelope.recipient_options, f"ORCPT=rfc822;{_xtext(recipient)}") if knows_reports else ()
            try:
                await session.rcpt(recipient, options=options)
            except SMTPResponseException as refusal:
                return _refused(refusal, recipient)
    except SMTPResponseException as refusal:
        return _refused(refusal)
    except (SMTPException, OSError) as failure:
        return Later(words=_words(failure))
    return None


async def _handed_over(session: SMTP, mail: bytes) -> Fate:
    try:
        await session.data(mail, timeout=TAKEN_S)
    except SMTPDataError as refusal:
        return _refused(refusal)
    except (SMTPException, OSError) as failure:
        return Unknown(words=_words(failure))
    return Said()


def _refused(refusal: SMTPResponseException, recipient: str | None = None) -> Fate:
    """4xx is for now, 5xx for good (RFC 5321 4.2.1); 421 ends the connection, not the mail. Of several receivers one is
    to blame, and is named."""
    words = _words(refusal)
    if recipient is not None and recipient not in words:
        words = f"{recipient}: {words}"
    return Never(words=words) if refusal.code >= 500 else Later(words=words)


def _words(error: Exception) -> str:
    match error:
        case SMTPConnectResponseError() | SMTPResponseException():
            return f"{error.code} {error.message}"[:500]
        case _:
            return str(error)[:500] or type(error).__name__


def _xtext(text: str) -> str:
    """RFC 3461 4: what is no plain sign, as its number."""
    return "".join(sign if "!" <= sign <= "~" and sign not in "+=" else f"+{ord(sign):02X}" for sign in text)
