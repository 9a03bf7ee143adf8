"""To whom an answer to a mail goes.

A mail says where it wants to be answered (Reply-To) and who else was written to.
All of that is its sender's word, and so is From. What we answer tells of what was
said before, so it goes elsewhere by itself only where that can show nobody's words
to anybody: to an address that is part of the conversation or the client's own, or
when a stranger's first mail asks for it. Otherwise it is proposed to From, and a
person who sees both addresses may choose the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

#: An answer to more people than this is a mailing.
MOST_RECIPIENTS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredMail:
    """What an answer looks at; addresses in lower case.

    ``known``: those of the conversation's people and of its client. ``is_strangers_first``: nothing was said before
    it, and nobody knows who wrote.
    """

    sender: str | None
    reply_to: tuple[str, ...]
    to: tuple[str, ...]
    cc: tuple[str, ...]
    known: frozenset[str]
    is_strangers_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """Who is proposed to the manager, who may change it.

    ``instead``: the other of From and Reply-To, where they differ. ``others``: whom an answer to everybody reaches too.
    """

    to: tuple[str, ...]
    instead: tuple[str, ...]
    others: tuple[str, ...]


def proposed(mail: AnsweredMail, ours: Collection[str]) -> Recipients:
    """Never ourselves, nobody twice. A mail that we wrote is answered to those it went to.

    ``ours``: our mailboxes in lower case; their plus-addresses are ours too.
    """
    author = _others([mail.sender] if mail.sender else [], ours)
    asked = _others(mail.reply_to, ours)
    usual, other = (author or _others(mail.to, ours)), asked
    if asked and (not author or mail.is_strangers_first or mail.known.issuperset(asked)):
        usual, other = asked, author
    others = _others((*mail.to, *mail.cc), {*ours, *usual})
    return Recipients(
        to=usual[:MOST_RECIPIENTS],
        instead=other[:MOST_RECIPIENTS] if set(other) != set(usual) else (),
        others=others[: max(MOST_RECIPIENTS - len(usual), 0)],
    )


def is_ours(address: str, ours: Collection[str]) -> bool:
    """``address`` in lower case; a plus-address is that of its mailbox."""
    return address in ours or mailbox_of(address) in ours


def mailbox_of(address: str) -> str:
    """The mailbox behind a plus-address, lower case."""
    local, _, host = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{host}"


def _others(addresses: Iterable[str], ours: Collection[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in addresses if not is_ours(one, ours)))
