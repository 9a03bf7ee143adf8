"""A form stands in the log like whatever else clients write: beside their calls, mails and chats.

Nobody can answer where it was left. It goes wherever its lead goes, and is
answered when whoever left it is reached, by a call or in writing; when the lead
is closed before that, nobody has answered it. Its clock is the lead's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from crm_core.actions.contacts import number_contacts
from crm_core.actions.conversation_news import rooms_of_one, tell_changed, touched
from crm_core.domain.calls import Direction
from crm_core.domain.events import MessageReceived
from crm_core.domain.ids import new_id
from crm_core.domain.words import Words
from crm_core.domain.written import MessageState, excerpt
from crm_core.store import conversations, inbox
from crm_core.store import form_log as store
from crm_core.store.database import Transaction
from crm_core.store.form_log import Reached
from crm_core.store.leads import FreshLead, StoredLead
from crm_core.store.messages import FreshMessage, insert_messages

_WITH_ITS_LEAD = Words(ru="Вместе с лидом.", en="With its lead.")


async def record_form(tx: Transaction, lead: StoredLead, left: FreshLead) -> UUID:
    """What was left, as a message of the one who left it; gives its interaction. Left again, it is one more message."""
    said, message_id = _said(left), new_id(tx.now)
    shown = excerpt(left.note or said)
    interaction_id = await store.hold_open(tx, lead.id)
    if interaction_id is not None:
        await store.left_again(tx, interaction_id, said=shown)
    else:
        interaction_id = new_id(tx.now)
        await store.open_form(
            tx, interaction_id, lead, external_id=str(message_id), addresses=left.addresses, said=shown
        )
        if lead.owner_id is not None:
            await conversations.open_turn(tx, interaction_id, lead.owner_id, words=_WITH_ITS_LEAD, by=None)
    message = FreshMessage(
        id=message_id,
        interaction_id=interaction_id,
        external_id=str(message_id),
        direction=Direction.INBOUND,
        state=MessageState.RECEIVED,
        from_address=left.addresses[0],
        from_name=left.name,
        body=said,
        at=tx.now,
    )
    await insert_messages(tx, [message])
    version, rooms = await touched(tx, interaction_id)
    tx.emit(MessageReceived(rooms=rooms, interaction_id=interaction_id, message_id=message_id, version=version))
    return interaction_id


async def follow_lead(tx: Transaction, lead: StoredLead) -> None:
    """The lead has changed: its form is whose the lead is, and over when that is."""
    interaction_id = await store.hold_open(tx, lead.id)
    if interaction_id is None:
        return
    before = await rooms_of_one(tx, interaction_id)
    moved = await store.hand_to(tx, interaction_id, lead.owner_id, lead.client_id)
    if moved:
        await conversations.open_turn(tx, interaction_id, lead.owner_id, words=_WITH_ITS_LEAD, by=None)
    if lead.closed_at is not None:
        await _close(tx, interaction_id)
    if moved or lead.closed_at is not None:
        await tell_changed(tx, interaction_id, also=before)


async def open_again(tx: Transaction, lead: StoredLead, owner_id: UUID | None) -> None:
    """The lead, which was closed, is followed again: so is its form, unless that was answered."""
    interaction_id = await store.hold_unanswered_closed(tx, lead.id)
    if interaction_id is None or not await inbox.reopen(tx, interaction_id):
        return
    await store.hand_to(tx, interaction_id, owner_id, lead.client_id)
    await conversations.open_turn(tx, interaction_id, owner_id, words=_WITH_ITS_LEAD, by=None)
    await tell_changed(tx, interaction_id)


async def record_answers(tx: Transaction, contacts: Sequence[Reached]) -> None:
    """These people were reached: the forms they had left are answered, by whoever reached them."""
    for interaction_id, reached in (await store.hold_unanswered(tx, contacts)).items():
        form = await inbox.hold_conversation(tx, interaction_id)
        assert form is not None
        before = await rooms_of_one(tx, form.id)
        if reached.agent_id is not None:
            await store.hand_to(tx, form.id, reached.agent_id, form.client_id)
        numbers = await number_contacts(tx, [form])
        await inbox.first_answer(tx, form.id, at=reached.at, contact_number=numbers[form.id])
        await _close(tx, form.id)
        await tell_changed(tx, form.id, also=before)


async def _close(tx: Transaction, interaction_id: UUID) -> None:
    await inbox.close(tx, interaction_id)
    await conversations.close_turn(tx, interaction_id)


def _said(left: FreshLead) -> str:
    """Everything somebody filled in, as they would have written it themselves."""
    head = (left.name, *left.addresses, left.destination)
    return "\n\n".join(filter(None, ("\n".join(filter(None, head)), left.note)))
