"""Whether a mailbox can be read and written from, tried as the program would, and what to do where it cannot."""

from __future__ import annotations

from channels.email.account import MailAccount
from channels.email.imap import open_folder
from channels.email.smtp import Submission
from config.sections import MailboxSettings
from crm_core.domain.errors import PeerRefused, PeerUnavailable
from crm_core.domain.findings import Finding, ill, well

_NO_ANSWER = (
    "Are the host and the port of {url} right, does a firewall let us through, and is it TLS where TLS is asked for?"
)
_NO_ENTRY = (
    "Look at the user and the password of {url}: @ and / in them are written %40 and %2F, and many providers want a"
    " password of its own for programs."
)


async def examine(mailbox: MailboxSettings) -> list[Finding]:
    """Reading first, then sending; nothing is read or sent."""
    return [await _reading(mailbox), await _sending(mailbox)]


async def _reading(mailbox: MailboxSettings) -> Finding:
    account = MailAccount.of(mailbox.imap_url.get_secret_value())
    subject = f"mailbox {mailbox.name}, reading"
    try:
        async with open_folder(account) as folder:
            await folder.select()
    except PeerUnavailable as failure:
        return ill(subject, _said(account, failure), _NO_ANSWER.format(url="imap_url"))
    except PeerRefused as refusal:
        advice = f"{_NO_ENTRY.format(url='imap_url')} Is there a folder {account.folder}?"
        return ill(subject, _said(account, refusal), advice)
    return well(subject, f"{account.host} lets us in, and there is a folder {account.folder}")


async def _sending(mailbox: MailboxSettings) -> Finding:
    account = MailAccount.of(mailbox.smtp_url.get_secret_value())
    subject = f"mailbox {mailbox.name}, sending"
    submission = Submission(account, ours=mailbox.address.rpartition("@")[2])
    try:
        async with submission.session() as session:
            tells = session.supports_extension("dsn")
    except PeerUnavailable as failure:
        return ill(subject, _said(account, failure), _NO_ANSWER.format(url="smtp_url"))
    except PeerRefused as refusal:
        return ill(subject, _said(account, refusal), _NO_ENTRY.format(url="smtp_url"))
    reports = "and tells what is delivered" if tells else "and tells only what is not delivered"
    return well(subject, f"{account.host} lets us in {reports}")


def _said(account: MailAccount, failure: Exception) -> str:
    cause = f" ({failure.__cause__})" if failure.__cause__ is not None and str(failure.__cause__) else ""
    return f"{account.host}:{account.port}: {failure}{cause}"
