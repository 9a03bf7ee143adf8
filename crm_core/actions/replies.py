"""What we write to clients: decided here, sent by its channel, and what became of it.

A message is written and put out to be sent in one transaction; until its time
comes it can be taken back. A conversation nobody has is taken by whoever
answers it. The client is answered when the message has left, and what was
promised to them by such a message is kept then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from crm_core.actions.answering import end_clock
from crm_core.actions.contacts import number_contacts
from crm_core.actions.conversation_news import rooms_of_one, tell_changed
from crm_core.actions.conversations import going_on, visible
from crm_core.actions.reached import keep_for_contact
from crm_core.actions.uploads import attach
from crm_core.domain.answering import Ended
from crm_core.domain.calls import Direction
from crm_core.domain.errors import ClientBlocked, NotFound
from crm_core.domain.events import MessageChanged
from crm_core.domain.ids import new_id
from crm_core.domain.strangers_words import one_line
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.domain.written import (
    HAS_LEFT,
    IS_LOST,
    AddressUnknown,
    AnsweredMeanwhile,
    ChannelUnknown,
    MessageGone,
    MessageState,
    WrittenChannel,
    after_outbound,
    progressed,
)
from crm_core.inputs import InputModel, Line, Prose
from crm_core.store import answering, inbox, outgoing
from crm_core.store import conversations as store
from crm_core.store import messages as texts
from crm_core.store.clients import find_block, find_survivor, may_see_client
from crm_core.store.database import Transaction
from crm_core.store.inbox import HeldConversation
from crm_core.store.messages import FreshMessage, StoredMessage
from crm_core.store.outgoing import Taken

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

    ``subject``: of a mail that begins a conversation; without it the beginning of what it says.
    ``attachments``: files that were handed over before. ``send_after_s``: until then it can be taken back.
    ``privately``: to whoever asked in a group alone, if they have begun to talk with the bot; elsewhere all is private.
    ``after``: the last message its writer saw; when a colleague has answered since, it is refused.
    """

    interaction_id: UUID | None = None
    client_id: UUID | None = None
    channel: WrittenChannel | None = None
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
        if not self.body and not self.attachments:
            raise ValueError("say something, or attach a file")
        return self


async def send(tx: Transaction, by: Viewer, given: MessageIn, *, sources: Sources) -> UUID:
    """Write a message and have it sent; gives its id.

    Raises:
        NotFound: there is no such conversation or client, or none ``by`` may see.
        ConversationClosed: it ended; write to the client anew.
        AnsweredMeanwhile: a colleague has answered since ``given.after``.
        ClientBlocked: nobody writes to this client any more.
        ChannelUnknown, AddressUnknown: there is no way to them on that channel.
        FileUnknown, FilesTooBig: what is attached cannot be sent.
    """
    if given.interaction_id is not None:
        conversation = await going_on(tx, by, given.interaction_id)
    else:
        conversation = await _with_client(tx, by, given, sources)
    if conversation.client_id is not None and (reason := await find_block(tx, conversation.client_id)) is not None:
        raise ClientBlocked(reason=reason)
    if given.after is not None:
        await _check_nobody_answered(tx, by, conversation.id, given.after)
    if conversation.agent_id is None:
        await _take(tx, conversation.id, by.user_id, _ANSWERED_FIRST)
    next_at = tx.now + timedelta(seconds=given.send_after_s)
    extras = {"privately": True} if given.privately else None
    message_id = await put_out(tx, conversation, given.body, next_at=next_at, author_id=by.user_id, extras=extras)
    if given.attachments:
        await attach(tx, message_id, by.user_id, given.attachments)
    return message_id


async def put_out(
    tx: Transaction,
    conversation: HeldConversation,
    body: str,
    *,
    next_at: datetime,
    author_id: UUID | None = None,
    automatic: bool = False,
    extras: Mapping[str, object] | None = None,
    place: int = 0,
) -> UUID:
    """Write it and have it sent by its channel; ``extras``: what that shows beside the words. Gives its id.

    ``place``: among those that are written in one transaction; they leave in this order.
    """
    message_id = new_id(tx.now + timedelta(microseconds=place))
    fresh = FreshMessage(
        id=message_id,
        interaction_id=conversation.id,
        external_id=_external_id(message_id, conversation),
        direction=Direction.OUTBOUND,
        state=MessageState.PENDING,
        author_id=author_id,
        from_address=conversation.our_address,
        to_addresses=(conversation.client_address,) if conversation.client_address else (),
        subject=conversation.subject,
        body=body,
        answers=await texts.last_of_client(tx, conversation.id),
        automatic=automatic,
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
    await _tell_message(tx, conversation.id, message_id, version=1)
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


async def record_sent(tx: Transaction, message_id: UUID, *, external_id: str | None = None, timezone: tzinfo) -> None:
    """It has left; ``external_id``: the name it was given there. Told twice, it has left once."""
    await outgoing.done(tx, message_id)
    await _progress(tx, message_id, MessageState.SENT, external_id=external_id, timezone=timezone)


async def record_failed(tx: Transaction, message_id: UUID, *, trouble: str) -> None:
    """It will never be sent, and certainly was not: whoever wrote it must know why."""
    await outgoing.done(tx, message_id)
    await _progress(tx, message_id, MessageState.FAILED, trouble=trouble)


async def record_uncertain(tx: Transaction, message_id: UUID, *, trouble: str) -> None:
    """It may have left. Nobody sends it again by itself; a receipt, or a person, will tell."""
    await outgoing.done(tx, message_id)
    await _progress(tx, message_id, MessageState.UNCERTAIN, trouble=trouble)


async def put_off(tx: Transaction, taken: Taken, after: timedelta, *, trouble: str) -> None:
    """It was refused for now, and certainly has not left."""
    if await outgoing.put_off(tx, taken, after):
        await texts.note_trouble(tx, taken.message_id, trouble)


async def settle_abandoned(tx: Transaction, channel: str, source: str) -> int:
    """Whose sender died after the first byte may have left is uncertain; gives how many."""
    gone = await outgoing.abandoned(tx, channel, source)
    for message_id in gone:
        await _progress(tx, message_id, MessageState.UNCERTAIN, trouble="The sender was interrupted.")
    return len(gone)


async def record_receipt(
    tx: Transaction,
    channel: WrittenChannel,
    external_id: str,
    told: MessageState,
    *,
    trouble: str | None = None,
    timezone: tzinfo,
) -> bool:
    """The other side tells how far one of ours came: delivered, read, bounced. False: we know of no such message."""
    found = await texts.find_ours(tx, channel, external_id)
    if found is None:
        return False
    await _progress(tx, found, told, trouble=trouble, timezone=timezone)
    return True


def _external_id(message_id: UUID, conversation: HeldConversation) -> str:
    """A mail has its Message-ID before the first try, so that every try sends the same mail."""
    if conversation.channel is WrittenChannel.EMAIL and conversation.our_address:
        return f"{message_id}@{conversation.our_address.rpartition('@')[2]}"
    return str(message_id)


async def _with_client(tx: Transaction, by: Viewer, given: MessageIn, sources: Sources) -> HeldConversation:
    """The one that is open with them on that channel, or a new one."""
    channel = given.channel
    assert given.client_id is not None
    assert channel is not None  # as validated
    client_id = await find_survivor(tx, given.client_id)
    if client_id is None or not await may_see_client(tx, by, client_id):
        raise NotFound("There is no such client.")
    if (known_id := await inbox.open_with(tx, client_id, channel)) is not None:
        return await going_on(tx, by, known_id)
    source = sources.get(channel)
    if source is None:
        raise ChannelUnknown(channel=channel)
    address = await inbox.address_of(tx, client_id, channel)
    if address is None:
        raise AddressUnknown(channel=channel)
    # A chat has one conversation that is open, also while nobody knows whose it is.
    if (chat_id := await store.open_in(tx, channel, source.name, address)) is not None:
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


async def _progress(
    tx: Transaction,
    message_id: UUID,
    told: MessageState,
    *,
    external_id: str | None = None,
    trouble: str | None = None,
    timezone: tzinfo = UTC,
) -> None:
    message = await texts.hold_message(tx, message_id)
    if message is None or (state := progressed(message.state, told)) is message.state:
        return
    version = await texts.progress(tx, message_id, state, external_id=external_id, trouble=trouble)
    if message.automatic:
        pass  # it answers nobody
    elif state in HAS_LEFT and message.state not in HAS_LEFT:  # a receipt may come before our sender tells of it
        await _client_was_answered(tx, message, timezone)
    elif state in IS_LOST and await inbox.is_ours_again(tx, message.interaction_id):
        await tell_changed(tx, message.interaction_id)
    await _tell_message(tx, message.interaction_id, message_id, version=version)


async def _client_was_answered(tx: Transaction, message: StoredMessage, timezone: tzinfo) -> None:
    conversation = await inbox.hold_conversation(tx, message.interaction_id)
    assert conversation is not None
    wrote_again_at = await texts.first_of_client_after(tx, conversation.id, message.at)
    state = after_outbound(conversation.inbox_state, wrote_again=wrote_again_at is not None)
    await inbox.answered(tx, conversation.id, inbox_state=state, waiting_since=wrote_again_at)
    await end_clock(tx, conversation.id, at=message.at, ended=Ended.ANSWERED, by=message.author_id)
    if wrote_again_at is not None:
        await answering.look_now(tx, [conversation.id])
    if conversation.direction == Direction.INBOUND and conversation.answered_at is None:
        numbers = await number_contacts(tx, [conversation])
        await inbox.first_answer(tx, conversation.id, at=message.at, contact_number=numbers[conversation.id])
    await keep_for_contact(
        tx,
        client_id=conversation.client_id,
        address=conversation.client_address,
        interaction_id=conversation.id,
        begun_at=message.at,
        answered_at=message.at,
        channel=conversation.channel,
        timezone=timezone,
    )
    await tell_changed(tx, conversation.id)


async def _tell_message(tx: Transaction, interaction_id: UUID, message_id: UUID, *, version: int) -> None:
    rooms = await rooms_of_one(tx, interaction_id)
    tx.emit(MessageChanged(rooms=rooms, interaction_id=interaction_id, message_id=message_id, version=version))
