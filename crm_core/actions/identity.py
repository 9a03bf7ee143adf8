"""Who somebody is who writes: what they have proven joins them to a client, what only looks so is a suggestion.

Proven is a telephone that its owner shared, an address that our own mail server
vouches for, a visitor whom a site vouches for. One client with that address is
them. Several are a family, or a shared mailbox: nobody is chosen for them, and
nobody is made one with anybody else.
"""

from __future__ import annotations

from uuid import UUID

from crm_core.actions import contacts, leads
from crm_core.actions.contacts import number_contacts
from crm_core.actions.conversation_news import tell_changed
from crm_core.domain.contact_points import ContactPointKind
from crm_core.domain.errors import NotFound
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import address_kind
from crm_core.inputs import InputModel
from crm_core.store import form_log, inbox
from crm_core.store import identity as store
from crm_core.store.clients import clients_by_addresses, find_survivor
from crm_core.store.database import Transaction
from crm_core.store.inbox import HeldConversation
from crm_core.store.leads import edit as edit_lead
from crm_core.store.watch import ELIGIBLE


class ClientChoice(InputModel):
    """Which client it is."""

    client_id: UUID


async def prove(tx: Transaction, interaction_id: UUID, kind: ContactPointKind, value: str) -> UUID | None:
    """Whoever writes in this conversation has shown that ``value``, in its stored spelling, is theirs.

    Gives the client they are known to be, if exactly one. A fact: it is never refused, and harmless when told twice.
    """
    conversation = await inbox.hold_conversation(tx, interaction_id)
    if conversation is None:
        return None
    await store.remember(tx, interaction_id, kind, value)
    client_id = conversation.client_id
    if client_id is None:
        people = (await clients_by_addresses(tx, [(kind, value)])).get((kind, value), [])
        if len(people) != 1:
            await tell_changed(tx, interaction_id)
            return None
        client_id = people[0]
        await _join(tx, conversation, client_id)
    await store.vouch(tx, client_id, kind, value)
    await tell_changed(tx, interaction_id)
    return client_id


async def attach(tx: Transaction, by: Viewer, interaction_id: UUID, client_id: UUID) -> None:
    """A person says who writes here; what the writer has proven is that client's from now on, and so is its lead.

    Raises:
        NotFound: there is no such client, or no conversation ``by`` may see.
    """
    strangers = await form_log.hold_strangers(tx, interaction_id)  # first the lead, as when it takes its form along
    conversation = await inbox.hold_visible(tx, interaction_id, by)
    survivor = await find_survivor(tx, client_id)
    if conversation is None or survivor is None:
        raise NotFound
    if conversation.client_id != survivor:
        await _join(tx, conversation, survivor)
        for kind, value in (await store.proven(tx, interaction_id)).items():
            await store.vouch(tx, survivor, kind, value)
        await tell_changed(tx, interaction_id)
    for lead_id in strangers:
        await leads.announce(tx, lead_id, version=await edit_lead(tx, lead_id, {"client_id": survivor}))
        tx.wake(ELIGIBLE)  # somebody else may suit it now


async def _join(tx: Transaction, conversation: HeldConversation, client_id: UUID) -> None:
    """This conversation is theirs, and where they write from is one of their addresses."""
    before = conversation.client_id
    await store.set_client(tx, conversation.id, client_id)
    if conversation.answered_at is not None:
        joined = await inbox.hold_conversation(tx, conversation.id)
        assert joined is not None
        await contacts.forget(tx, [one for one in (before, client_id) if one is not None])
        numbers = await number_contacts(tx, [joined])
        await store.set_contact_number(tx, conversation.id, numbers[conversation.id])
    if conversation.client_address is not None:
        kind = address_kind(conversation.channel, conversation.client_address)
        await store.add_point(tx, client_id, kind, conversation.client_address)
