"""Which conversation a mail belongs to.

A mail names others (In-Reply-To, References) or carries the token of one of our
reply addresses. Both say only which conversation is *meant*: ids can be guessed
and mails are forwarded. It joins when its sender already is part of that
conversation; anybody else begins a new one that refers to it, and neither sees
what was said in the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from crm_core.domain.ids import InteractionId


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownThread:
    """A stored conversation that a mail may mean."""

    conversation: InteractionId
    participants: Collection[str]  # lower-case addresses: who it is with, and the proven ones of its client; never ours
    closed: bool


@dataclass(frozen=True, slots=True)
class Joins:
    conversation: InteractionId


@dataclass(frozen=True, slots=True)
class Continues:
    """A new conversation with the same people: theirs has been closed."""

    conversation: InteractionId


@dataclass(frozen=True, slots=True)
class RefersTo:
    """A new conversation of somebody else, linked for whoever may see both."""

    conversation: InteractionId


@dataclass(frozen=True, slots=True)
class Begins:
    """A new conversation that names nothing we know."""


Place = Joins | Continues | RefersTo | Begins


def named_ids(in_reply_to: Sequence[str], references: Sequence[str]) -> tuple[str, ...]:
    """The mails that are named, nearest first: what is answered, then its forebears backwards."""
    return tuple(dict.fromkeys([*in_reply_to, *reversed(references)]))


def place(
    sender: str | None,
    named: Sequence[str],
    known: Mapping[str, KnownThread],
    meant_by_token: KnownThread | None = None,
) -> Place:
    """Where a mail of ``sender`` belongs that names ``named``, of which ``known`` are stored, by Message-ID.

    ``meant_by_token``: the conversation of the reply address it was sent to, where its signature was right. Mail
    programs that drop the headers leave the address alone, so it is asked last.
    """
    threads = [known[one] for one in named if one in known]
    if meant_by_token is not None:
        threads.append(meant_by_token)
    if not threads:
        return Begins()
    own = [thread for thread in threads if sender is not None and sender in thread.participants]
    for thread in own:
        if not thread.closed:
            return Joins(thread.conversation)
    return Continues(own[0].conversation) if own else RefersTo(threads[0].conversation)
