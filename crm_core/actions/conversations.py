"""What people decide about a conversation: whose it is, when it goes on, that it is over.

What is asked for twice is done once. A closed one is opened again only while no
newer one with the same chat has begun: then that is where it goes on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from crm_core.actions.answering import end_clock
from crm_core.actions.callbacks import check_agent
from crm_core.actions.conversation_news import rooms_of_one, tell_changed
from crm_core.domain.answering import Ended
from crm_core.domain.errors import NotFound
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.domain.written import ConversationClosed, InboxState, SnoozeRejected
from crm_core.inputs import InputModel, Moment, Sentence
from crm_core.store import answering, inbox, mentions
from crm_core.store import conversations as store
from crm_core.store.database import Transaction
from crm_core.store.inbox import HeldConversation

#: Whoever wants to forget it for longer closes it.
LONGEST_SNOOZE = timedelta(days=366)

#: As many as one look wakes.
WAKE_LIMIT = 200

_TAKEN = Words(ru="Взял себе.", en="Took it.")
_REOPENED = Words(ru="Открыт снова.", en="Opened again.")
_PUT_BACK = Words(ru="Возвращён в очередь.", en="Put back into the queue.")


class AssignIn(InputModel):
    """Whose it is from now on, null: the queue's; ``reason`` is for that person."""

    agent_id: UUID | None
    reason: Sentence | None = None


class SnoozeIn(InputModel):
    """Until then it is nobody's turn; a message of the client ends it at once."""

    until: Moment


class AboutIn(InputModel):
    """What it is about; null: nothing of that kind."""

    trip_id: UUID | None = None
    deal_id: UUID | None = None


async def visible(tx: Transaction, by: Viewer, interaction_id: UUID) -> HeldConversation:
    """The conversation, held until the end of the transaction.

    Raises:
        NotFound: there is none, or none ``by`` may see.
    """
    conversation = await inbox.hold_visible(tx, interaction_id, by)
    if conversation is None:
        raise NotFound("There is no such conversation.")
    return conversation


async def going_on(tx: Transaction, by: Viewer, interaction_id: UUID) -> HeldConversation:
    """The same, if it is not over.

    Raises:
        NotFound, ConversationClosed: nobody writes there.
    """
    conversation = await visible(tx, by, interaction_id)
    if conversation.inbox_state is InboxState.CLOSED:
        raise ConversationClosed
    return conversation


async def assign(tx: Transaction, by: Viewer, interaction_id: UUID, given: AssignIn) -> None:
    """Give it to somebody, take it, or put it back.

    Raises:
        NotFound: there is no such conversation, or none ``by`` may see.
        ConversationClosed: it is over.
        AgentUnknown: nobody such works here.
    """
    conversation = await going_on(tx, by, interaction_id)
    if conversation.agent_id == given.agent_id:
        return
    before = await rooms_of_one(tx, interaction_id)
    if given.agent_id is not None:
        await check_agent(tx, given.agent_id)
    await inbox.assign(tx, interaction_id, given.agent_id)
    await store.open_turn(tx, interaction_id, given.agent_id, words=_why(by, given), by=by.user_id)
    await tell_changed(tx, interaction_id, also=before)


async def put_back_all(tx: Transaction, by: Viewer, agent_id: UUID, *, words: Words) -> None:
    """What somebody has who leaves is their queues' again; the engine gives out those in which a client waits."""
    for interaction_id in await inbox.had_by(tx, agent_id):
        before = await rooms_of_one(tx, interaction_id)
        await inbox.assign(tx, interaction_id, None)
        await store.open_turn(tx, interaction_id, None, words=words, by=by.user_id)
        await tell_changed(tx, interaction_id, also=before)


async def close(tx: Transaction, by: Viewer, interaction_id: UUID) -> None:
    """It is over; what the client writes next opens a new one.

    Raises:
        NotFound: there is no such conversation, or none ``by`` may see.
    """
    conversation = await visible(tx, by, interaction_id)
    if conversation.inbox_state is not InboxState.CLOSED:
        await end_clock(tx, interaction_id, at=tx.now, ended=Ended.CLOSED, by=by.user_id)
        await inbox.close(tx, interaction_id)
        await store.close_turn(tx, interaction_id)
        await tell_changed(tx, interaction_id)


async def reopen(tx: Transaction, by: Viewer, interaction_id: UUID) -> None:
    """It was closed too early, or sleeps too long.

    Raises:
        NotFound: there is no such conversation, or none ``by`` may see.
        ConversationClosed: a newer one has begun with the same chat.
    """
    conversation = await visible(tx, by, interaction_id)
    if conversation.inbox_state is InboxState.OPEN:
        return
    if not await inbox.reopen(tx, interaction_id):
        raise ConversationClosed
    if conversation.inbox_state is InboxState.CLOSED:
        await store.open_turn(tx, interaction_id, conversation.agent_id, words=_REOPENED, by=by.user_id)
    await tell_changed(tx, interaction_id)


async def snooze(tx: Transaction, by: Viewer, interaction_id: UUID, until: datetime) -> None:
    """Nobody's turn until then.

    Raises:
        NotFound, ConversationClosed: nothing can be put off there.
        SnoozeRejected: that moment has passed, or is years away.
    """
    await going_on(tx, by, interaction_id)
    if not tx.now < until <= tx.now + LONGEST_SNOOZE:
        raise SnoozeRejected(until=until)
    await inbox.snooze(tx, interaction_id, until)
    await tell_changed(tx, interaction_id)


async def set_about(tx: Transaction, by: Viewer, interaction_id: UUID, given: AboutIn) -> None:
    """Say which trip or deal of the client it is about.

    Raises:
        NotFound: there is no such conversation, trip or deal, or none ``by`` may see, or it is another client's.
    """
    await visible(tx, by, interaction_id)
    if not await inbox.set_about(tx, interaction_id, trip_id=given.trip_id, deal_id=given.deal_id):
        raise NotFound("This client has no such trip or deal.")
    await tell_changed(tx, interaction_id)


async def mark_read(tx: Transaction, by: Viewer, interaction_id: UUID) -> None:
    """Whoever has it has seen everything; a supervisor who looks in changes nothing.

    Raises:
        NotFound: there is no such conversation, or none ``by`` may see.
    """
    conversation = await visible(tx, by, interaction_id)
    await mentions.seen(tx, interaction_id, by.user_id)
    if conversation.agent_id == by.user_id:
        await answering.looked(tx, interaction_id)
    if conversation.agent_id in {by.user_id, None} and await inbox.mark_read(tx, interaction_id):
        await tell_changed(tx, interaction_id)


async def wake_snoozed(tx: Transaction) -> int:
    """Those whose time has come are somebody's turn again; gives how many."""
    woken = await inbox.wake_snoozed(tx, limit=WAKE_LIMIT)
    for interaction_id in woken:
        await tell_changed(tx, interaction_id)
    return len(woken)


def _why(by: Viewer, given: AssignIn) -> Words:
    if given.reason:
        return Words(ru=given.reason, en=given.reason)
    if given.agent_id is None:
        return _PUT_BACK
    return _TAKEN if given.agent_id == by.user_id else Words(ru="Передан коллеге.", en="Given to a colleague.")
