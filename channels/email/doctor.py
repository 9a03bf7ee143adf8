"""Whether a mailbox can be read and written from, tried as the program would, and what to do where it cannot."""

from __future__ import annotations

from channels.email.account import MailAccount
from channels.email.imap import Folder, open_folder
from channels.email.sent import AUTO, OFF
from channels.email.smtp import Submission
from config.checks import is_for_this_machine
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


async def examine(mailbox: MailboxSettings, *, public_url: str) -> list[Finding]:
    """Reading first, then sending; nothing is read or sent. ``public_url``: where the world reaches us."""
    findings = [*await _reading(mailbox), await _sending(mailbox)]
    return [*findings, _picture(mailbox, public_url)] if mailbox.opened_link else findings


async def _reading(mailbox: MailboxSettings) -> list[Finding]:
    """And where copies of what is sent go, which is known only from inside."""
    account = MailAccount.of(mailbox.imap_url.get_secret_value())
    subject = f"mailbox {mailbox.name}, reading"
    try:
        async with open_folder(account) as folder:
            await folder.select()
            copies = await _copies(folder, mailbox)
    except PeerUnavailable as failure:
        return [ill(subject, _said(account, failure), _NO_ANSWER.format(url="imap_url"))]
    except PeerRefused as refusal:
        advice = f"{_NO_ENTRY.format(url='imap_url')} Is there a folder {account.folder}?"
        return [ill(subject, _said(account, refusal), advice)]
    return [well(subject, f"{account.host} lets us in, and there is a folder {account.folder}"), copies]


async def _copies(folder: Folder, mailbox: MailboxSettings) -> Finding:
    subject, chosen = f"mailbox {mailbox.name}, copies", mailbox.sent_folder
    advice = 'Make it there, name another in sent_folder, or say sent_folder = "off".'
    if chosen == OFF:
        return well(subject, "what is sent is not copied, as sent_folder says")
    if chosen == AUTO and await folder.keeps_what_is_sent():
        return well(subject, "the provider keeps what is sent by itself")
    name = await folder.sent_folder() if chosen == AUTO else chosen
    if name is None:
        return ill(subject, "the server marks no folder as \\Sent: what is sent is not copied", advice)
    if not await folder.exists(name):
        return ill(subject, f"there is no folder {name}: what is sent is not copied", advice)
    return well(subject, f"what is sent is copied to {name}")


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


def _picture(mailbox: MailboxSettings, public_url: str) -> Finding:
    subject = f"mailbox {mailbox.name}, opened_link"
    if is_for_this_machine(public_url):
        advice = "Say in public_url how the world reaches Perezvon, or set opened_link = false."
        return ill(subject, f"clients cannot load a picture from {public_url}", advice)
    if not public_url.startswith("https://"):
        advice = f"Serve Perezvon over https and say so in public_url, which is {public_url}."
        return ill(subject, "web mail does not load a picture without encryption", advice)
    return well(subject, f"mails carry a picture that is loaded from {public_url}")


def _said(account: MailAccount, failure: Exception) -> str:
    cause = f" ({failure.__cause__})" if failure.__cause__ is not None and str(failure.__cause__) else ""
    return f"{account.host}:{account.port}: {failure}{cause}"
