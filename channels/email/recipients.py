"""To whom an answer goes, and whether a program may answer at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from channels.email.headers import Address
from channels.email.message import Automatic, Head
from channels.email.reply_address import without_token

#: An answer to more people than this is a mailing.
_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """Who is proposed to the manager, who may change it."""

    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    diverted: bool  # Reply-To sends the answer to another address than it was written from: worth a look


def reply_recipients(head: Head, ours: Collection[str], *, everyone: bool = False) -> Recipients:
    """Reply-To before From, never ourselves, nobody twice; nobody at all for a server's report.

    ``ours``: our mailboxes in lower case; their plus-addresses are ours too. A mail that we wrote ourselves is
    answered to those it went to.
    """
    if head.automatic is Automatic.REPORT or head.sender is None:
        return Recipients(to=(), cc=(), diverted=False)
    author = (head.sender,)
    asked = _others(head.reply_to, ours)
    to = asked or _others(author, ours) or _others(head.to, ours)
    cc = _others((*head.to, *head.cc), {*ours, *(one.key for one in to)}) if everyone else ()
    return Recipients(
        to=to[:_MOST], cc=cc[:_MOST], diverted=bool(asked) and head.sender.key not in {one.key for one in asked}
    )


def may_answer_automatically(head: Head, ours: Collection[str], *, answered_lately: int, at_most: int) -> bool:
    """Only a person's mail, only from elsewhere, and only so often: two programs never talk to each other.

    ``answered_lately``: automatic answers that this correspondent got from us in the time ``at_most`` is for.
    """
    if head.automatic is not None or head.sender is None or answered_lately >= at_most:
        return False
    return without_token(head.sender.address) not in ours


def _others(addresses: Iterable[Address], ours: Collection[str]) -> tuple[Address, ...]:
    found: dict[str, Address] = {}
    for address in addresses:
        if address.key not in ours and without_token(address.address) not in ours:
            found.setdefault(address.key, address)
    return tuple(found.values())
