"""To whom a mail of ours goes: as its writer says, or as is proposed to them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from crm_core.domain.contact_points import ContactPointKind, ContactPointRejected
from crm_core.domain.contact_points import address as contact_address
from crm_core.domain.errors import InputRejected
from crm_core.domain.recipients import MOST_RECIPIENTS, is_ours, proposed
from crm_core.domain.written import AddressUnknown, WrittenChannel
from crm_core.inputs import Line
from crm_core.store.answered import admit, find_answered
from crm_core.store.database import Transaction
from crm_core.store.inbox import HeldConversation


class RecipientsRejected(InputRejected):
    """Only a mail has recipients of its own, and at most fifty."""

    code = "recipients_rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """In lower case, nobody twice."""

    to: tuple[str, ...]
    cc: tuple[str, ...]


def _mail_address(typed: str) -> str:
    try:
        return contact_address(ContactPointKind.EMAIL, typed, country="")
    except ContactPointRejected as rejected:
        raise ValueError("a mail address looks like anna@example.com") from rejected


#: In lower case, without a line break or a name.
MailAddress = Annotated[Line, AfterValidator(_mail_address)]


async def addressed(
    tx: Transaction,
    conversation: HeldConversation,
    *,
    to: tuple[str, ...],
    cc: tuple[str, ...],
    ours: Collection[str],
) -> Addressed:
    """``to`` empty: those whom an answer is proposed to. Whoever is written to belongs to the conversation from now on.

    Raises:
        RecipientsRejected: there are too many, or it is no mail.
        AddressUnknown: nobody is left to write to.
    """
    if conversation.channel is not WrittenChannel.EMAIL:
        if to or cc:
            raise RecipientsRejected
        return usual(conversation)
    to = tuple(dict.fromkeys(to)) or await _proposed(tx, conversation, ours)
    found = Addressed(to=to, cc=tuple(one for one in dict.fromkeys(cc) if one not in to))
    if not found.to:
        raise AddressUnknown(channel=conversation.channel)
    people = (*found.to, *found.cc)
    if len(people) > MOST_RECIPIENTS:
        raise RecipientsRejected
    await admit(tx, conversation.id, [one for one in people if not is_ours(one, ours)])
    return found


def usual(conversation: HeldConversation) -> Addressed:
    """Whoever the conversation is with, alone."""
    return Addressed(to=(conversation.client_address,) if conversation.client_address else (), cc=())


async def _proposed(tx: Transaction, conversation: HeldConversation, ours: Collection[str]) -> tuple[str, ...]:
    mail = await find_answered(tx, conversation.id)
    return proposed(mail, ours).to if mail is not None else usual(conversation).to
