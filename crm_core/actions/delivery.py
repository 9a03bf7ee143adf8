"""What became of what we wrote: sent, delivered, read, or lost, as its channel tells.

The client is answered when the message has left, and what was promised to them
by such a message is kept then. States only go forward, whatever is told twice
or late.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta, tzinfo
from uuid import UUID

from crm_core.actions.answering import end_clock
from crm_core.actions.contacts import number_contacts
from crm_core.actions.conversation_news import tell_changed, tell_message
from crm_core.actions.form_log import record_answers
from crm_core.actions.reached import keep_for_contact
from crm_core.domain.answering import Ended
from crm_core.domain.bounces import Bounce
from crm_core.domain.calls import Direction
from crm_core.domain.written import (
    HAS_LEFT,
    IS_LOST,
    MessageState,
    Trouble,
    WrittenChannel,
    after_outbound,
    progressed,
)
from crm_core.store import answering, inbox, outgoing, sent_copies
from crm_core.store import messages as texts
from crm_core.store.database import Transaction
from crm_core.store.form_log import Reached
from crm_core.store.messages import StoredMessage
from crm_core.store.outgoing import Taken


async def record_sent(tx: Transaction, message_id: UUID, *, external_id: str | None = None, timezone: tzinfo) -> None:
    """It has left; ``external_id``: the name it was given there. Told twice, it has left once."""
    await outgoing.done(tx, message_id)
    await _progress(tx, message_id, MessageState.SENT, external_id=external_id, timezone=timezone)


async def record_part(tx: Transaction, taken: Taken, *, external_id: str | None = None) -> None:
    """One of its parts has left, and is never said again; the next may follow. ``external_id``: its name there."""
    if await outgoing.go_on(tx, taken) and external_id is not None:
        await texts.call_it(tx, taken.message_id, external_id)


async def record_failed(tx: Transaction, message_id: UUID, *, why: Trouble, words: str | None = None) -> None:
    """It will never be sent, and certainly was not: whoever wrote it must know why."""
    await outgoing.done(tx, message_id)
    await _progress(tx, message_id, MessageState.FAILED, why=why, words=words)


async def record_uncertain(tx: Transaction, message_id: UUID, *, why: Trouble, words: str | None = None) -> None:
    """It may have left. Nobody sends it again by itself; a receipt, or a person, will tell."""
    await outgoing.done(tx, message_id)
    await _progress(tx, message_id, MessageState.UNCERTAIN, why=why, words=words)


async def put_off(tx: Transaction, taken: Taken, after: timedelta, *, words: str) -> None:
    """It was refused for now, and certainly has not left."""
    if await outgoing.put_off(tx, taken, after):
        await texts.note_trouble(tx, taken.message_id, Trouble.POSTPONED, words)


async def settle_abandoned(tx: Transaction, channel: str, source: str) -> int:
    """Whose sender died after the first byte may have left is uncertain; gives how many."""
    gone = await outgoing.abandoned(tx, channel, source)
    for message_id in gone:
        await _progress(tx, message_id, MessageState.UNCERTAIN, why=Trouble.INTERRUPTED)
    return len(gone)


async def record_receipt(
    tx: Transaction,
    channel: WrittenChannel,
    external_id: str,
    told: MessageState,
    *,
    timezone: tzinfo,
) -> bool:
    """The other side tells how far one of ours came: delivered, read. False: we know of no such message."""
    found = await texts.find_ours(tx, channel, external_id)
    if found is None:
        return False
    await _progress(tx, found, told, timezone=timezone)
    return True


async def record_bounces(
    tx: Transaction, channel: WrittenChannel, external_id: str, told: Sequence[Bounce], *, timezone: tzinfo
) -> bool:
    """One of ours did not reach these. It is lost when nobody it was for is left; otherwise it has left, and says whom
    it did not reach. False: we know of no such message."""
    found = await texts.find_ours(tx, channel, external_id)
    if found is None:
        return False
    receivers = await texts.hold_receivers(tx, found)
    news = receivers.news(told)
    if not news:
        return True
    bounces = (*receivers.bounces, *news)
    changed = await texts.note_bounces(tx, found, bounces)
    await tell_message(tx, changed.interaction_id, found, version=changed.version)
    if lost := receivers.lost(bounces):
        words = "; ".join(map(str, lost))
        await _progress(tx, found, MessageState.BOUNCED, why=Trouble.BOUNCED, words=words, timezone=timezone)
    else:
        await _progress(tx, found, MessageState.SENT, timezone=timezone)
    return True


async def _progress(
    tx: Transaction,
    message_id: UUID,
    told: MessageState,
    *,
    external_id: str | None = None,
    why: Trouble | None = None,
    words: str | None = None,
    timezone: tzinfo = UTC,
) -> None:
    message = await texts.hold_message(tx, message_id)
    if message is None or (state := progressed(message.state, told)) is message.state:
        return
    version = await texts.progress(tx, message_id, state, external_id=external_id, why=why, words=words)
    if state in HAS_LEFT and message.state not in HAS_LEFT:
        await sent_copies.owe(tx, message_id, message.interaction_id)
    if message.automatic:
        pass  # it answers nobody
    elif state in HAS_LEFT and message.state not in HAS_LEFT:  # a receipt may come before our sender tells of it
        await _client_was_answered(tx, message, timezone)
    elif state in IS_LOST and await inbox.is_ours_again(tx, message.interaction_id):
        await tell_changed(tx, message.interaction_id)
    await tell_message(tx, message.interaction_id, message_id, version=version)


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
    reached = Reached(
        agent_id=message.author_id,
        client_id=conversation.client_id,
        address=conversation.client_address,
        at=message.at,
    )
    await record_answers(tx, [reached])
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
