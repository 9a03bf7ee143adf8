"""What the writer must know of a telephone system: small words of known shape, checked here and nowhere cleaned.

Whatever stands in a case ends up in files that Asterisk runs: a line break, a
bracket, a semicolon or ``${`` in a name would be a setting or a call. So every
word is matched against what it may be, and anything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal

from channels.telephony.versions import AsteriskVersion
from crm_core.domain.errors import InputRejected

Flavour = Literal["plain", "freepbx"]
Records = Literal["none", "csv", "database"]
Locale = Literal["ru", "en"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_NUMBER: Final = re.compile(r"[0-9]{2,20}")
_SECRET: Final = re.compile(r"[A-Za-z0-9_.~-]{8,64}")
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
#: Words that manager.conf and queues.conf use themselves.
_TAKEN: Final = frozenset({"general"})
_MOST: Final = 200


class CaseRejected(InputRejected):
    """This cannot stand in a configuration file."""

    code = "case_rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCase:
    """A queue, the number behind it (None: the dialplan has it already), and the extensions it rings."""

    name: str
    number: str | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One PBX to be connected.

    Raises:
        CaseRejected: at construction; ``field`` names the word that may not stand there.
    """

    secret: str
    our_address: str  # this machine as the PBX sees it
    version: AsteriskVersion
    name: str = "main"
    host: str = "127.0.0.1"  # the PBX as this machine sees it
    port: int = 5038
    user: str = "perezvon"
    flavour: Flavour = "plain"
    trunks: tuple[str, ...] = ()  # PJSIP endpoints that lead outside
    queues: tuple[QueueCase, ...] = ()
    outbound_context: str = "from-crm"
    records_calls: bool = True
    cdr: Records = "csv"
    cel: Records = "none"
    locale: Locale = "ru"

    def __post_init__(self) -> None:
        _check("name", _SLUG, [self.name])
        _check("host", _HOST, [self.host])
        _check("user", _NAME, [self.user])
        _check("secret", _SECRET, [self.secret])
        _check("trunks", _NAME, self.trunks)
        _check("queues", _NAME, [queue.name for queue in self.queues])
        _check("queues", _NUMBER, [queue.number for queue in self.queues if queue.number is not None])
        _check("members", _NUMBER, [member for queue in self.queues for member in queue.members])
        _check("outbound_context", _NAME, [self.outbound_context])
        if not 1 <= self.port <= 65_535:
            raise CaseRejected("A port is 1 to 65535.", field="port")
        try:
            ip_address(self.our_address)
        except ValueError:
            raise CaseRejected("An address is four numbers, 10.0.0.5, or IPv6.", field="our_address") from None
        if len({queue.name for queue in self.queues}) < len(self.queues):
            raise CaseRejected("A queue stands there twice.", field="queues")

    @property
    def permitted(self) -> str:
        """Our address as ``permit`` writes it."""
        return f"{self.our_address}/{'128' if ip_address(self.our_address).version == 6 else '255.255.255.255'}"

    @property
    def records_through_events(self) -> bool:
        """Can a recording's name be heard, or must it come from the CDR."""
        return self.version.filters_by_header


def _check(field: str, pattern: re.Pattern[str], words: Iterable[str]) -> None:
    given = list(words)
    if len(given) > _MOST:
        raise CaseRejected(f"No more than {_MOST} of these.", field=field)
    for word in given:
        if pattern.fullmatch(word) is None or word.casefold() in _TAKEN:
            raise CaseRejected("This may not stand in a configuration file.", field=field, value=word[:60])
