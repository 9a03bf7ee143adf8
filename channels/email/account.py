"""A mail server and who we are there: one URL of the settings, taken apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from config.sections import MailboxSettings
from config.settings import Settings

_PORTS = {"imap": 143, "imaps": 993, "smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAccount:
    """``imaps://user:password@host:port/INBOX``, or ``smtp://…?tls=starttls``."""

    host: str
    port: int
    tls: str  # "tls", "starttls" or "none"
    user: str = field(repr=False)  # "": nobody logs in
    password: str = field(repr=False)
    folder: str  # of IMAP

    @classmethod
    def of(cls, url: str) -> MailAccount:
        parts = urlsplit(url)
        plain = parse_qs(parts.query).get("tls", ["starttls"])[-1]
        return cls(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            tls="tls" if parts.scheme.endswith("s") else plain,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
        )


def our_addresses(mailbox: MailboxSettings, settings: Settings) -> frozenset[str]:
    """Whoever writes from one of these is one of us: ``mailbox`` and all others, in lower case."""
    return settings.own_addresses | {mailbox.address.lower()}
