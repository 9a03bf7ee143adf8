"""What we write to clients: decided here, sent by its channel; what becomes of it then: ``delivery.py``.

A message is written and put out to be sent in one transaction; until its time
comes it can be taken back. A conversation nobody has is taken by whoever
answers it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from crm_core.actions.addressing import Addressed, MailAddress, addressed, usual
from crm_core.actions.conversation_news import tell_changed, tell_message
from crm_core.actions.conversations import going_on, visible
from crm_core.actions.uploads import attach
from crm_core.domain.calls import Direction
from crm_core.domain.errors import ClientBlocked, InputRejected, NotFound
from crm_core.domain.ids import new_id
from crm_core.domain.recipients import MOST_RECIPIENTS
from crm_core.domain.strangers_words import one_line
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.domain.written import (
    AddressUnknown,
    AnsweredMeanwhile,
    ChannelUnknown,
    MessageGone,
    MessageState,
    NoWayBack,
    WrittenChannel,
)
from crm_core.inputs import InputModel, Line, Prose
from crm_core.store import conversations as store
from crm_core.store import inbox, outgoing
from crm_core.store import messages as texts
from crm_core.store.clients import find_block, find_survivor, may_see_client
from crm_core.store.database import Transaction
from crm_core.store.inbox import HeldConversation
from crm_core.store.messages import FreshMessage

_ANSWERED_FIRST = Words(ru="Ответил первым.", en="Answered first.")
_WROTE_FIRST = Words(ru="Написал клиенту.", en="Wrote to the client.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One of our mailboxes, bots or sites, as far as writing from it is concerned."""

    name: str
    queue: str | None
    address: str | None  # ours


#: Of a subject that nobody wrote.
_LONGEST_SUBJECT = 70

#: Of one message.
MOST_FILES = 20

Sources = Mapping[WrittenChannel, Source]


class MessageIn(InputModel):
    """A message to a client: into a conversation, or to them on a channel.

    ``subject``: of a mail that begins a conversation, also beside one that is open; without it the beginning of what
    it says is the subject of a new one.
    ``attachments``: files that were handed over before. ``send_after_s``: until then it can be taken back.
    ``privately``: to whoever asked in a group alone, if they have begun to talk with the bot; elsewhere all is private.
    ``after``: the last message its writer saw; when a colleague has answered since, it is refused.
    ``to`` and ``cc``: of a mail; without ``to`` it goes where an answer is proposed to go.
    """

    interaction_id: UUID | None = None
    client_id: UUID | None = None
    channel: WrittenChannel | None = None
    to: Annotated[tuple[MailAddress, ...], Field(max_length=MOST_RECIPIENTS)] = ()
    cc: Annotated[tuple[MailAddress, ...], Field(max_length=MOST_RECIPIENTS)] = ()
    subject: Line | None = None
    body: Prose
    attachments: Annotated[tuple[UUID, ...], Field(max_length=MOST_FILES)] = ()
    privately: bool = False
    send_after_s: Annotated[float, Field(ge=0, le=3600)] = 0
    after: UUID | None = None

    @model_validator(mode="after")
    def _to_somebody(self) -> MessageIn:
        if (self.interaction_id is None) == (self.client_id is None):
            raise ValueError("say either interaction_id or client_id")
        if self.client_id is not None and self.channel is None:
            raise ValueError("say on which channel")
        if self.client_id is not None and self.to:
            raise ValueError("a client is written to at their own address")
        if not self.body and not self.attachments:
            raise ValueError("say something, or attach a file")
        return self


async def send(tx: Transaction, by: Viewer, given: MessageIn, *, sources: Sources, ours: Collection[str] = ()) -> UUID:
    """Write a message and have it sent; gives its id. ``ours``: all our mailboxes, in lower case.

    Raises:
        NotFound: there is no such conversation or client, or none ``by`` may see.
        ConversationClosed: it ended; write to the client anew.
        NoWayBack: it is a form.
        InputRejected: it is of another channel.
        AnsweredMeanwhile: a colleague has answered since ``given.after``.
        ClientBlocked: nobody writes to this client any more.
        ChannelUnknown, AddressUnknown: there is no way to them on that channel.
        RecipientsRejected: it cannot go to all of them.
        FileUnknown, FilesTooBig: what is attached cannot be sent.
    """
    if given.interaction_id is not None:
        conversation = await going_on(tx, by, given.interaction_id)
        if conversation.channel is WrittenChannel.WEBFORM:
            raise NoWayBack
        if given.channel not in {None, conversation.channel}:
            raise InputRejected("The conversation is of another channel; write to the client on that one.")
    else:
        conversation = await _with_client(tx, by, given, sources)
    if conversation.client_id is not None and (reason := await find_block(tx, conversation.client_id)) is not None:
        raise ClientBlocked(reason=reason)
    if given.after is not None:
        await _check_nobody_answered(tx, by, conversation.id, given.after)
    if conversation.agent_id is None:
        await _take(tx, conversation.id, by.user_id, _ANSWERED_FIRST)
    next_at = tx.now + timedelta(seconds=given.send_after_s)
    people = await addressed(tx, conversation, to=given.to, cc=given.cc, ours=ours)
    message_id = await put_out(
        tx,
        conversation,
        given.body,
        next_at=next_at,
        people=people,
        author_id=by.user_id,
        privately=given.privately,
    )
    if given.attachments:
        await attach(tx, message_id, by.user_id, given.attachments)
    return message_id


async def put_out(
    tx: Transaction,
    conversation: HeldConversation,
    body: str,
    *,
    next_at: datetime,
    people: Addressed | None = None,
    author_id: UUID | None = None,
    automatic: bool = False,
    privately: bool = False,
    extras: Mapping[str, object] | None = None,
    place: int = 0,
) -> UUID:
    """Write it and have it sent by its channel; ``extras``: what that shows beside the words. Gives its id.

    ``people``: to whom; without them to whoever the conversation is with.
    ``place``: among those that are written in one transaction; they leave in this order.
    """
    message_id = new_id(tx.now + timedelta(microseconds=place))
    people = people or usual(conversation)
    fresh = FreshMessage(
        id=message_id,
        interaction_id=conversation.id,
        external_id=_external_id(message_id, conversation),
        direction=Direction.OUTBOUND,
        state=MessageState.PENDING,
        author_id=author_id,
        from_address=conversation.our_address,
        to_addresses=people.to,
        cc_addresses=people.cc,
        subject=conversation.subject,
        body=body,
        answers=await texts.last_of_client(tx, conversation.id, persons_first=not automatic),
        automatic=automatic,
        privately=privately,
        at=tx.now,
    )
    await texts.insert_messages(tx, [fresh])
    await outgoing.put(
        tx,
        message_id,
        conversation.id,
        channel=conversation.channel,
        source=conversation.source,
        next_at=next_at,
        extras=extras,
    )
    await inbox.show_last(tx, conversation.id)
    await tell_message(tx, conversation.id, message_id, version=1)
    return message_id


async def withdraw(tx: Transaction, by: Viewer, message_id: UUID) -> None:
    """Take a message back before it leaves; nothing of it is left.

    Raises:
        NotFound: there is no such message of ``by``, or of those they supervise.
        MessageGone: it is leaving, or has left.
    """
    message = await texts.find_message(tx, message_id)
    if message is None:
        raise NotFound("There is no such message.")
    await visible(tx, by, message.interaction_id)
    if message.author_id != by.user_id and not by.supervises:
        raise NotFound("There is no such message.")
    if not await outgoing.withdraw(tx, message_id):
        raise MessageGone
    await texts.delete_message(tx, message_id)
    await inbox.show_last(tx, message.interaction_id)
    await tell_changed(tx, message.interaction_id)


def _external_id(message_id: UUID, conversation: HeldConversation) -> str:
    """A mail has its Message-ID before the first try, so that every try sends the same mail."""
    if conversation.channel is WrittenChannel.EMAIL and conversation.our_address:
        return f"{message_id}@{conversation.our_address.rpartition('@')[2]}"
    return str(message_id)


async def _with_client(tx: Transaction, by: Viewer, given: MessageIn, sources: Sources) -> HeldConversation:
    """The one that is open with them on that channel, or a new one: a mail with a subject of its own begins one."""
    channel = given.channel
    assert given.client_id is not None
    assert channel is not None  # as validated
    client_id = await find_survivor(tx, given.client_id)
    if client_id is None or not await may_see_client(tx, by, client_id):
        raise NotFound("There is no such client.")
    begins_anew = channel is WrittenChannel.EMAIL and given.subject is not None
    if not begins_anew and (known_id := await inbox.open_with(tx, client_id, channel)) is not None:
        return await going_on(tx, by, known_id)
    source = sources.get(channel)
    if source is None:
        raise ChannelUnknown(channel=channel)
    address = await inbox.address_of(tx, client_id, channel)
    if address is None:
        raise AddressUnknown(channel=channel)
    # A chat has one conversation that is open, also while nobody knows whose it is.
    if not begins_anew and (chat_id := await store.open_in(tx, channel, source.name, address)) is not None:
        return await going_on(tx, by, chat_id)
    interaction_id = await inbox.open_ours(
        tx,
        channel=channel,
        source=source.name,
        queue=source.queue,
        our_address=source.address,
        client_id=client_id,
        client_address=address,
        agent_id=by.user_id,
        subject=_subject(given) if channel is WrittenChannel.EMAIL else None,
    )
    await store.open_turn(tx, interaction_id, by.user_id, words=_WROTE_FIRST, by=by.user_id)
    opened = await inbox.hold_visible(tx, interaction_id, by)
    assert opened is not None  # it is theirs
    return opened


def _subject(given: MessageIn) -> str | None:
    return given.subject or one_line(given.body, _LONGEST_SUBJECT) or None


async def _check_nobody_answered(tx: Transaction, by: Viewer, interaction_id: UUID, after: UUID) -> None:
    answer = await texts.answered_since(tx, interaction_id, after, by=by.user_id)
    if answer is not None:
        raise AnsweredMeanwhile(message_id=answer.id, by=answer.author_name)


async def _take(tx: Transaction, interaction_id: UUID, agent_id: UUID, words: Words) -> None:
    await inbox.assign(tx, interaction_id, agent_id)
    await store.open_turn(tx, interaction_id, agent_id, words=words, by=agent_id)
