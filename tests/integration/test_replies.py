"""What we write leaves once, comes so far as it is told, and keeps what was promised by it, on a real database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from crm_core.actions import callbacks, conversations, delivery, notes, replies
from crm_core.actions.callbacks import CallbackIn
from crm_core.actions.conversations import AssignIn
from crm_core.actions.messages import record_messages
from crm_core.actions.notes import NoteIn
from crm_core.actions.replies import MessageIn, Source
from crm_core.domain.bounces import Bounce
from crm_core.domain.callbacks import CallbackState
from crm_core.domain.errors import CrmError, NotFound
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import (
    AddressUnknown,
    ConversationClosed,
    HeardMessage,
    MessageGone,
    MessageState,
    WrittenChannel,
)
from crm_core.store import messages as texts
from crm_core.store import outgoing
from crm_core.store.database import Database
from crm_core.store.outgoing import Taken
from crm_core.views.callbacks import load_callbacks
from crm_core.views.interactions import Interaction, get_interaction
from crm_core.views.messages import Message
from tests.integration.desk import agent
from tests.people import add_agent, add_client

SOURCES = {WrittenChannel.TELEGRAM: Source(name="bot", queue="sales", address=None)}
CHAT = "700100"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Irina and Boris answer the bot of the sales queue; Anna is Irina's client."""

    database: Database
    irina: Viewer
    boris: Viewer
    anna: UUID

    async def hears(self, number: int = 1) -> UUID:
        async with self.database.begin() as tx:
            heard = HeardMessage(
                channel=WrittenChannel.TELEGRAM,
                source="bot",
                key=f"{CHAT}:{number}",
                external_id=f"{CHAT}:{number}",
                queue="sales",
                from_address=CHAT,
                thread=CHAT,
                body="Сколько стоит?",
                at=tx.now,
            )
            return (await record_messages(tx, [heard]))[0]

    async def writes(self, interaction_id: UUID, *, by: Viewer | None = None, **what: object) -> UUID:
        given = MessageIn.model_validate({"interaction_id": interaction_id, "body": "480 000 тенге", **what})
        async with self.database.begin() as tx:
            return await replies.send(tx, by or self.irina, given, sources=SOURCES)

    async def taken(self, *, lease: timedelta = outgoing.LEASE) -> list[Taken]:
        async with self.database.begin() as tx:
            return await outgoing.take(tx, "telegram", "bot", limit=10, lease=lease)

    async def begins(self, taken: Taken) -> bool:
        async with self.database.begin() as tx:
            return await outgoing.begin(tx, taken)

    async def sent(self, message_id: UUID, external_id: str = f"{CHAT}:500") -> None:
        async with self.database.begin() as tx:
            await delivery.record_sent(tx, message_id, external_id=external_id, timezone=UTC)

    async def read(self, interaction_id: UUID, *, by: Viewer | None = None) -> Interaction:
        async with self.database.read() as db:
            return await get_interaction(db, interaction_id, by or self.irina)

    async def last(self, interaction_id: UUID) -> Message:
        return (await self.read(interaction_id)).messages[-1]

    async def inbox(self, interaction_id: UUID) -> tuple[str, datetime | None]:
        async with self.database.read() as db:
            row = await db.fetchrow(
                "SELECT inbox_state, waiting_since FROM conversations WHERE interaction_id = $1", interaction_id
            )
        assert row is not None
        return row["inbox_state"], row["waiting_since"]


@pytest.fixture
async def desk(database: Database) -> Desk:
    irina = await add_agent(database, "irina", extension=None)
    boris = await add_agent(database, "boris", extension=None)
    anna = await add_client(database, "Анна", phone="+77010000001")
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO contact_points (id, client_id, kind, value, typed) VALUES ($1, $1, 'telegram', $2, $2)",
            anna,
            CHAT,
        )
        await tx.execute("INSERT INTO queues (name, titles) VALUES ('sales', '{}')")
        await tx.execute("INSERT INTO queue_members (queue, user_id) VALUES ('sales', $1), ('sales', $2)", irina, boris)
    return Desk(database=database, irina=agent(irina), boris=agent(boris), anna=anna)


async def test_who_answers_first_takes_the_conversation_and_the_client_is_answered_when_it_has_left(desk: Desk) -> None:
    conversation = await desk.hears()
    message = await desk.writes(conversation)
    assert (await desk.inbox(conversation))[0] == "open"

    await desk.sent(message)

    told = await desk.read(conversation)
    assert (told.agent_id, told.state, told.contact_number) == (desk.irina.user_id, "active", 1)
    assert told.wait_s is not None
    assert await desk.inbox(conversation) == ("waiting", None)
    last = await desk.last(conversation)
    assert (last.state, last.external_id, last.answers) == (MessageState.SENT, f"{CHAT}:500", f"{CHAT}:1")


async def test_a_client_who_writes_while_the_answer_leaves_is_still_owed_one(desk: Desk) -> None:
    conversation = await desk.hears()
    message = await desk.writes(conversation)
    await desk.hears(2)

    await desk.sent(message)

    state, waiting_since = await desk.inbox(conversation)
    assert state == "open"
    assert waiting_since is not None


async def test_a_bounce_makes_it_our_turn_again_and_a_receipt_before_our_sender_counts_as_sent(desk: Desk) -> None:
    conversation = await desk.hears()
    message = await desk.writes(conversation)
    await desk.sent(message)

    async def receipt(told: MessageState) -> bool:
        async with desk.database.begin() as tx:
            return await delivery.record_receipt(tx, WrittenChannel.TELEGRAM, f"{CHAT}:500", told, timezone=UTC)

    async def comes_back() -> bool:
        async with desk.database.begin() as tx:
            gone = [Bounce(address=None, words="5.1.1 gone")]
            return await delivery.record_bounces(tx, WrittenChannel.TELEGRAM, f"{CHAT}:500", gone, timezone=UTC)

    assert await receipt(MessageState.DELIVERED)
    assert (await desk.inbox(conversation))[0] == "waiting"
    assert await comes_back()
    version = (await desk.last(conversation)).version
    assert await comes_back()
    assert (await desk.last(conversation)).version == version
    assert (await desk.inbox(conversation))[0] == "open"
    second = await desk.writes(conversation)
    async with desk.database.begin() as tx:
        assert await delivery.record_receipt(tx, WrittenChannel.TELEGRAM, str(second), MessageState.READ, timezone=UTC)
    assert (await desk.inbox(conversation))[0] == "waiting"
    await desk.sent(second)
    assert (await desk.last(conversation)).state is MessageState.READ
    async with desk.database.begin() as tx:
        assert not await delivery.record_receipt(tx, WrittenChannel.EMAIL, str(second), MessageState.READ, timezone=UTC)


async def test_of_many_senders_one_is_given_the_message_and_only_once(desk: Desk) -> None:
    await desk.writes(await desk.hears())

    given = [one for batch in await asyncio.gather(*(desk.taken() for _ in range(5))) for one in batch]

    assert len(given) == 1
    assert [await desk.begins(given[0]) for _ in range(2)] == [True, False]


async def test_messages_of_one_conversation_leave_in_the_order_in_which_they_were_written(desk: Desk) -> None:
    conversation = await desk.hears()
    first, second = await desk.writes(conversation), await desk.writes(conversation)

    assert [one.message_id for one in await desk.taken()] == [first]
    await desk.sent(first)
    assert [one.message_id for one in await desk.taken()] == [second]


async def test_a_sender_that_died_before_the_first_byte_is_followed_by_another(desk: Desk) -> None:
    await desk.writes(await desk.hears())
    [lost] = await desk.taken(lease=timedelta())

    [again] = await desk.taken()

    assert (again.message_id, again.attempts) == (lost.message_id, 2)
    assert not await desk.begins(lost)


async def test_what_may_have_left_is_uncertain_and_nobody_sends_it_again(desk: Desk) -> None:
    conversation = await desk.hears()
    message = await desk.writes(conversation)
    [taken] = await desk.taken()
    assert await desk.begins(taken)
    async with desk.database.begin() as tx:
        await tx.execute("UPDATE outgoing SET taken_until = now()")

    async with desk.database.begin() as tx:
        settled = await delivery.settle_abandoned(tx, "telegram", "bot")

    assert settled == 1
    assert (await desk.last(conversation)).state is MessageState.UNCERTAIN
    assert await desk.taken() == []
    await desk.sent(message)  # it comes out that it did leave
    assert (await desk.last(conversation)).state is MessageState.SENT


async def test_a_part_that_has_left_is_counted_once_and_not_taken_back_and_who_comes_next_says_the_next(
    desk: Desk,
) -> None:
    conversation = await desk.hears()
    message = await desk.writes(conversation)
    later = await desk.writes(conversation)
    [taken] = await desk.taken()
    assert await desk.begins(taken)

    for _ in ("told", "told again by whoever heard no answer"):
        async with desk.database.begin() as tx:
            await delivery.record_part(tx, taken, external_id=f"{CHAT}:501")
    with pytest.raises(MessageGone):
        async with desk.database.begin() as tx:
            await replies.withdraw(tx, desk.irina, message)
    [again] = await desk.taken()

    assert (again.message_id, again.attempts) == (message, 1)
    async with desk.database.read() as db:
        saying = await texts.find_saying(db, message)
    assert saying is not None
    assert (saying.parts_said, saying.external_id) == (1, f"{CHAT}:501")
    await desk.sent(message)
    assert [one.message_id for one in await desk.taken()] == [later]


async def test_it_can_be_taken_back_until_its_time_comes_and_not_after(desk: Desk) -> None:
    conversation = await desk.hears()
    message = await desk.writes(conversation, send_after_s=60)
    assert await desk.taken() == []

    async with desk.database.begin() as tx:
        await replies.withdraw(tx, desk.irina, message)

    assert [one.text for one in (await desk.read(conversation)).messages] == ["Сколько стоит?"]
    leaving = await desk.writes(conversation)
    [taken] = await desk.taken()
    assert await desk.begins(taken)
    with pytest.raises(MessageGone):
        async with desk.database.begin() as tx:
            await replies.withdraw(tx, desk.irina, leaving)


async def test_a_message_that_was_promised_keeps_the_promise_a_note_does_not(desk: Desk) -> None:
    conversation = await desk.hears()
    async with desk.database.begin() as tx:
        promise = await callbacks.create(
            tx,
            desk.irina,
            CallbackIn(client_id=desk.anna, due_at=tx.now + timedelta(hours=1), via="telegram", subject="Цена"),
        )
    async with desk.database.begin() as tx:
        await notes.note(tx, desk.irina, conversation, NoteIn(text="Уточняю у отеля"))

    async def state() -> str:
        async with desk.database.read() as db:
            return (await load_callbacks(db, [promise]))[promise].state

    assert await state() == CallbackState.OPEN
    await desk.sent(await desk.writes(conversation))
    assert await state() == CallbackState.KEPT


async def test_whose_it_is_not_neither_sees_nor_answers(desk: Desk) -> None:
    conversation = await desk.hears()
    assert (await desk.read(conversation, by=desk.boris)).agent_id is None  # everybody of the queue sees it
    await desk.writes(conversation)

    with pytest.raises(NotFound):
        await desk.writes(conversation, by=desk.boris)
    async with desk.database.begin() as tx:
        await conversations.assign(tx, desk.irina, conversation, AssignIn(agent_id=desk.boris.user_id))
    await desk.writes(conversation, by=desk.boris)


async def test_a_client_is_written_to_first_and_one_who_has_no_chat_is_not(desk: Desk) -> None:
    begun = MessageIn(client_id=desk.anna, channel=WrittenChannel.TELEGRAM, body="Ваши документы готовы")
    async with desk.database.begin() as tx:
        message = await replies.send(tx, desk.irina, begun, sources=SOURCES)
    await desk.sent(message)
    [sent] = await desk.taken() or [None]
    assert sent is None

    conversation = await desk.hears()  # the answer joins what we began

    told = await desk.read(conversation)
    assert (told.direction, len(told.messages), told.contact_number) == ("outbound", 2, 1)
    stranger = await add_client(desk.database, "Пётр", phone="+77010000002")
    with pytest.raises(AddressUnknown):
        async with desk.database.begin() as tx:
            await replies.send(tx, desk.irina, begun.model_copy(update={"client_id": stranger}), sources=SOURCES)


async def test_a_closed_conversation_is_not_written_into_and_can_be_opened_until_a_newer_one_begins(desk: Desk) -> None:
    conversation = await desk.hears()
    await desk.sent(await desk.writes(conversation))

    async def decide(verb: str) -> CrmError | None:
        try:
            async with desk.database.begin() as tx:
                await getattr(conversations, verb)(tx, desk.irina, conversation)
        except CrmError as refusal:
            return refusal
        return None

    assert await decide("close") is None
    told = await desk.read(conversation)
    assert (told.state, told.outcome, told.ended_by) == ("closed", "answered", "agent")
    with pytest.raises(ConversationClosed):
        await desk.writes(conversation)

    assert await decide("reopen") is None
    assert (await desk.read(conversation)).state == "active"
    assert await decide("close") is None
    assert await desk.hears(2) != conversation
    assert isinstance(await decide("reopen"), ConversationClosed)


async def test_a_snoozed_conversation_wakes_at_its_time_or_when_the_client_writes(desk: Desk) -> None:
    conversation = await desk.hears()
    await desk.writes(conversation)
    async with desk.database.begin() as tx:
        await conversations.snooze(tx, desk.irina, conversation, tx.now + timedelta(hours=1))
        assert await conversations.wake_snoozed(tx) == 0
        await tx.execute("UPDATE conversations SET snoozed_until = now()")
        assert await conversations.wake_snoozed(tx) == 1
        await conversations.snooze(tx, desk.irina, conversation, tx.now + timedelta(hours=1))

    await desk.hears(2)

    assert (await desk.inbox(conversation))[0] == "open"
