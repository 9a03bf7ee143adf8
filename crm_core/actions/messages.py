"""What clients write to us: recorded in batches, each message once, in the conversation where it belongs.

A fact: it is never refused, and harmless when told twice. The channel
acknowledges to its own world only after the commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from crm_core.actions.calls import FactTakenElsewhere
from crm_core.actions.contacts import number_contacts
from crm_core.actions.conversation_news import rooms_of, tell_message
from crm_core.domain.calls import Direction, InteractionState
from crm_core.domain.events import MessageReceived
from crm_core.domain.ids import new_id
from crm_core.domain.words import Words
from crm_core.domain.written import (
    Conversation,
    HeardMessage,
    InboxState,
    MessageState,
    WrittenChannel,
    address_kind,
    after_inbound,
    joining,
    thread_of_new,
)
from crm_core.store import conversations as store
from crm_core.store import inbox
from crm_core.store import messages as texts
from crm_core.store.clients import clients_by_addresses
from crm_core.store.database import Transaction, to_json
from crm_core.store.messages import ChangedMessage, FreshMessage
from crm_core.store.watch import DUE

_OPENED = (
    *("id", "channel", "direction", "state", "external_id", "queue", "queues", "client_id", "client_address"),
    *("caller_name", "our_address", "agent_id", "started_at"),
)
_CONVERSATION = (
    *("interaction_id", "channel", "source", "thread", "subject", "inbox_state", "participants", "follows"),
    *("refers_to", "unread"),
    *("waiting_since", "watch_at", "last_at", "last_excerpt", "last_direction"),
)

# By primary key: of the names alone PostgreSQL expects so many that it would rather read all conversations.
_GO_ON = """
UPDATE conversations conversation
SET inbox_state = asked.inbox_state,
    snoozed_until = CASE WHEN asked.inbox_state = 'snoozed' THEN conversation.snoozed_until END,
    unread = conversation.unread + asked.messages,
    waiting_since = COALESCE(conversation.waiting_since, asked.waiting_since),
    watch_at = CASE WHEN conversation.waiting_since IS NULL AND asked.waiting_since IS NOT NULL THEN $2
                    ELSE conversation.watch_at END,
    last_at = GREATEST(conversation.last_at, asked.last_at),
    last_excerpt = asked.last_excerpt, last_direction = 'inbound'
FROM jsonb_to_recordset($1::jsonb) AS asked (
    interaction_id uuid, inbox_state text, messages int, waiting_since timestamptz, last_at timestamptz,
    last_excerpt text)
WHERE conversation.interaction_id = asked.interaction_id
    AND conversation.interaction_id = ANY(ARRAY(
        SELECT (one ->> 'interaction_id')::uuid FROM jsonb_array_elements($1::jsonb) AS one))
"""

# Who may still be written to: they work here.
_STILL_HERE = """
SELECT id
FROM users
WHERE id = ANY($1::uuid[]) AND enabled
"""

_OWNERS = """
SELECT client.id, owner.id AS owner_id
FROM clients client
JOIN users owner ON owner.id = client.owner_id AND owner.enabled
WHERE client.id = ANY($1::uuid[])
"""

_GOES_ON = Words(ru="Продолжение прежнего разговора.", en="Goes on from an earlier conversation.")
_OWN_CLIENT = Words(ru="Написал свой клиент.", en="Their own client wrote.")


@dataclass(slots=True, kw_only=True)
class _Arrived:
    """What came into one conversation in this batch."""

    conversation: Conversation
    is_new: bool
    follows: UUID | None = None
    refers_to: UUID | None = None
    heard: list[HeardMessage] = field(default_factory=list)
    fresh: list[FreshMessage] = field(default_factory=list)

    @property
    def inbox_state(self) -> InboxState:
        state = self.conversation.inbox_state
        for one in self.heard:
            state = after_inbound(state, automatic=one.automatic)
        return state

    @property
    def waiting_since(self) -> datetime | None:
        return min((one.at for one in self.heard if not one.automatic), default=None)

    @property
    def last(self) -> FreshMessage:
        return max(self.fresh, key=lambda one: one.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Where a message stands."""

    interaction_id: UUID
    is_new: bool  # it was not known before, and not told twice in its batch


async def record_messages(tx: Transaction, heard: Sequence[HeardMessage]) -> list[UUID]:
    """The same, without asking what was news."""
    return [one.interaction_id for one in await record_and_tell(tx, heard)]


async def record_and_tell(tx: Transaction, heard: Sequence[HeardMessage]) -> list[Recorded]:
    """Store what clients wrote, and announce it; gives where each stands, also what was known already.

    Raises:
        FactTakenElsewhere: nothing is stored; tell the batch again.
    """
    if not heard:
        return []
    known = await store.known_facts(tx, heard)
    fresh = list({_fact(one): one for one in heard if _fact(one) not in known}.values())
    arrived = await _sort_out(tx, fresh)
    placed = {_fact(one): arrival.conversation.interaction_id for arrival in arrived for one in arrival.heard}
    if not await store.claim_facts(tx, [(one, placed[_fact(one)]) for one in fresh]):
        raise FactTakenElsewhere
    added = await _gather_albums(tx, arrived)
    await _open(tx, [arrival for arrival in arrived if arrival.is_new])
    await texts.insert_messages(tx, [message for arrival in arrived for message in arrival.fresh])
    with_news = [arrival for arrival in arrived if arrival.fresh]
    await _go_on(tx, [arrival for arrival in with_news if not arrival.is_new])
    await _tell(tx, with_news)
    await _tell_changed(tx, added)
    told = set(known)
    recorded = []
    for one in heard:
        interaction_id = (known | placed)[_fact(one)]
        recorded.append(Recorded(interaction_id=interaction_id, is_new=_fact(one) not in told))
        told.add(_fact(one))
    return recorded


async def record_edit(tx: Transaction, heard: HeardMessage) -> None:
    """The client says it otherwise, since ``heard.at``; what was never heard before is recorded as it is now."""
    known = (await store.known_facts(tx, [heard])).get(_fact(heard))
    if known is None:
        await record_messages(tx, [heard])
        return
    message = await texts.find_clients(tx, known, heard.external_id)
    if message is None:  # a part of an album: its words are those of the whole
        return
    version = await texts.edit(tx, message, body=heard.body, marks=heard.marks, at=heard.at)
    if version is not None:
        await inbox.show_last(tx, known)
        await tell_message(tx, known, message.id, version=version)


async def record_deleted(tx: Transaction, channel: WrittenChannel, source: str, external_ids: Sequence[str]) -> None:
    """Their writer has taken them back where they see them; here they stay, and say so. What is unknown is passed."""
    await _tell_changed(tx, await texts.mark_deleted(tx, channel, source, external_ids))


async def _tell_changed(tx: Transaction, changed: Sequence[ChangedMessage]) -> None:
    for message in changed:
        await tell_message(tx, message.interaction_id, message.message_id, version=message.version)


def _fact(heard: HeardMessage) -> tuple[str, str, str]:
    return heard.channel, heard.source, heard.key


async def _sort_out(tx: Transaction, heard: Sequence[HeardMessage]) -> list[_Arrived]:
    """Which message belongs where; of one batch they may belong to each other."""
    named = await store.named_by(tx, heard) if heard else []
    clients = await _clients(tx, heard)
    owners = (
        {row["id"]: row["owner_id"] for row in await tx.fetch(_OWNERS, list(set(clients.values())))} if clients else {}
    )
    arrivals: dict[UUID, _Arrived] = {}
    by_thread: dict[tuple[str, str, str], Conversation] = {}
    by_message: dict[str, Conversation] = {}
    for place, (one, conversations) in enumerate(zip(heard, named, strict=True)):
        here = [by_thread.get((one.channel, one.source, one.thread or "")), *map(by_message.get, one.answers)]
        candidates = [*(known for known in here if known), *conversations]
        belongs = joining(one, candidates)
        conversation = belongs.conversation
        if conversation is None:
            client_id = clients.get((one.channel, one.from_address or ""))
            agent_id = belongs.follows.agent_id if belongs.follows else owners.get(client_id)
            thread = thread_of_new(one, belongs, candidates)
            conversation = _opened_by(tx, one, thread, client_id=client_id, agent_id=agent_id)
            arrivals[conversation.interaction_id] = _Arrived(
                conversation=conversation,
                is_new=True,
                follows=belongs.follows.interaction_id if belongs.follows else None,
                refers_to=belongs.refers_to.interaction_id if belongs.refers_to else None,
            )
            by_thread[one.channel, one.source, conversation.thread] = conversation
        arrival = arrivals.setdefault(conversation.interaction_id, _Arrived(conversation=conversation, is_new=False))
        by_message[one.external_id] = conversation
        arrival.heard.append(one)
        arrival.fresh.append(_message(tx, one, conversation.interaction_id, place))
    return list(arrivals.values())


async def _gather_albums(tx: Transaction, arrivals: Sequence[_Arrived]) -> list[ChangedMessage]:
    """What is sent together becomes one message, be its first parts stored already; gives those that have grown.

    The conversation is held, so two parts that are told at once are taken one after the other.
    """
    grown = []
    for arrival in arrivals:
        arrival.fresh = _gathered(arrival.fresh)
        for part in [one for one in arrival.fresh if one.album is not None and not arrival.is_new]:
            assert part.album is not None
            known = await texts.find_album(tx, part.interaction_id, part.album)
            if known is not None:
                grown.append(await texts.append(tx, known, part))
                arrival.fresh.remove(part)
    return grown


def _gathered(fresh: Sequence[FreshMessage]) -> list[FreshMessage]:
    """The parts of each album as one, where its first part is."""
    kept: dict[str, FreshMessage] = {}
    for one in fresh:
        name = f"album {one.album}" if one.album is not None else one.external_id
        first = kept.get(name)
        if first is not None:
            words = "\n".join(filter(None, (first.body, one.body)))
            one = replace(first, body=words, files=(*first.files, *one.files))
        kept[name] = one
    return list(kept.values())


def _opened_by(
    tx: Transaction, heard: HeardMessage, thread: str | None, *, client_id: UUID | None, agent_id: UUID | None
) -> Conversation:
    interaction_id = new_id(tx.now)
    return Conversation(
        interaction_id=interaction_id,
        channel=heard.channel,
        source=heard.source,
        thread=thread or interaction_id.hex,
        inbox_state=InboxState.OPEN,
        participants=frozenset({heard.from_address} if heard.from_address else ()),
        agent_id=agent_id,
        client_id=client_id,
    )


def _message(tx: Transaction, heard: HeardMessage, interaction_id: UUID, place: int) -> FreshMessage:
    return FreshMessage(
        id=new_id(tx.now + timedelta(microseconds=place)),  # in the order in which they were heard
        interaction_id=interaction_id,
        external_id=heard.external_id,
        direction=Direction.INBOUND,
        state=MessageState.RECEIVED,
        from_address=heard.from_address,
        from_name=heard.from_name,
        to_addresses=heard.to,
        cc_addresses=heard.cc,
        reply_to=heard.reply_to,
        subject=heard.subject,
        body=heard.body,
        own=heard.own,
        html=heard.html,
        marks=heard.marks,
        answers=next(iter(heard.answers), None),
        album=heard.album,
        automatic=heard.automatic,
        at=min(heard.at, tx.now),
        raw=heard.raw,
        files=heard.files,
    )


async def _clients(tx: Transaction, heard: Sequence[HeardMessage]) -> dict[tuple[str, str], UUID]:
    """Who wrote, where exactly one client has that address."""
    asked = {(one.channel, one.from_address) for one in heard if one.from_address}
    kinds = {pair: (address_kind(*pair), pair[1]) for pair in asked}
    found = await clients_by_addresses(tx, set(kinds.values()))
    return {pair: people[0] for pair, point in kinds.items() if len(people := found.get(point, [])) == 1}


async def _open(tx: Transaction, arrivals: Sequence[_Arrived]) -> None:
    if not arrivals:
        return
    agents = {arrival.conversation.agent_id for arrival in arrivals} - {None}
    here = {row["id"] for row in await tx.fetch(_STILL_HERE, list(agents))} if agents else set[UUID]()
    for arrival in arrivals:
        if arrival.conversation.agent_id not in here:
            arrival.conversation = replace(arrival.conversation, agent_id=None)
    await tx.copy("interactions", _OPENED, [_interaction_row(arrival) for arrival in arrivals])
    await _copy_conversations(tx, arrivals)
    for arrival in arrivals:
        agent_id = arrival.conversation.agent_id
        if agent_id is not None:
            words = _GOES_ON if arrival.follows else _OWN_CLIENT
            await store.open_turn(tx, arrival.conversation.interaction_id, agent_id, words=words, by=None)


async def _copy_conversations(tx: Transaction, arrivals: Sequence[_Arrived]) -> None:
    """Raises FactTakenElsewhere when somebody has just begun a conversation with the same chat."""
    try:
        await tx.copy("conversations", _CONVERSATION, [_conversation_row(arrival, tx.now) for arrival in arrivals])
    except asyncpg.UniqueViolationError as taken:
        raise FactTakenElsewhere from taken


def _interaction_row(arrival: _Arrived) -> tuple[object, ...]:
    conversation, first = arrival.conversation, arrival.heard[0]
    return (
        conversation.interaction_id,
        conversation.channel,
        Direction.INBOUND,
        InteractionState.QUEUED if conversation.agent_id is None else InteractionState.OFFERED,
        first.external_id,
        first.queue,
        [first.queue] if first.queue else [],
        conversation.client_id,
        first.from_address,
        first.from_name,
        first.our_address,
        conversation.agent_id,
        min(message.at for message in arrival.fresh),
    )


def _conversation_row(arrival: _Arrived, now: datetime) -> tuple[object, ...]:
    conversation, waiting_since = arrival.conversation, arrival.waiting_since
    return (
        conversation.interaction_id,
        conversation.channel,
        conversation.source,
        conversation.thread,
        arrival.heard[0].subject,
        arrival.inbox_state,
        sorted(conversation.participants),
        arrival.follows,
        arrival.refers_to,
        len(arrival.fresh),
        waiting_since,
        now if waiting_since else None,  # the watchdog starts the clock, and finds somebody
        arrival.last.at,
        arrival.last.excerpt,
        Direction.INBOUND,
    )


async def _go_on(tx: Transaction, arrivals: Sequence[_Arrived]) -> None:
    if not arrivals:
        return
    asked = [
        {
            "interaction_id": arrival.conversation.interaction_id,
            "inbox_state": arrival.inbox_state,
            "messages": len(arrival.fresh),
            "waiting_since": arrival.waiting_since,
            "last_at": arrival.last.at,
            "last_excerpt": arrival.last.excerpt,
        }
        for arrival in arrivals
    ]
    await tx.execute(_GO_ON, to_json(asked), tx.now)
    await _clients_answered(tx, {one.conversation.interaction_id: one for one in arrivals if one.waiting_since})


async def _clients_answered(tx: Transaction, arrivals: Mapping[UUID, _Arrived]) -> None:
    """Of what we began something is exchanged when the client writes back."""
    answered = await inbox.unanswered_by_client(tx, list(arrivals))
    numbers = await number_contacts(tx, answered)
    for one in answered:
        at = arrivals[one.id].waiting_since
        assert at is not None
        await inbox.first_answer(tx, one.id, at=at, contact_number=numbers[one.id])


async def _tell(tx: Transaction, arrivals: Sequence[_Arrived]) -> None:
    ids = [arrival.conversation.interaction_id for arrival in arrivals]
    if not ids:
        return
    if any(arrival.waiting_since for arrival in arrivals):
        tx.wake(DUE)
    known = [arrival.conversation.interaction_id for arrival in arrivals if not arrival.is_new]
    versions = await inbox.touch(tx, known)
    rooms = await rooms_of(tx, ids)
    for arrival in arrivals:
        interaction_id = arrival.conversation.interaction_id
        for message in arrival.fresh:
            tx.emit(
                MessageReceived(
                    rooms=rooms[interaction_id],
                    interaction_id=interaction_id,
                    message_id=message.id,
                    version=versions.get(interaction_id, 1),
                )
            )
