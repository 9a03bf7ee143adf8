"""What clients write stands once in the conversation where it belongs, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from crm_core.actions.calls import FactTakenElsewhere
from crm_core.actions.messages import record_messages
from crm_core.domain.events import FLOOR, agent_room
from crm_core.domain.written import HeardFile, HeardMessage, WrittenChannel
from crm_core.store.database import Database
from crm_core.views.interactions import Interaction, get_interaction
from tests.integration.desk import owner
from tests.people import add_agent, add_client, events_of

ANNA, BORIS = "anna@client.test", "boris@client.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Our mailbox and our bot."""

    database: Database
    now: datetime

    def mail(self, message_id: str, sender: str = ANNA, **what: object) -> HeardMessage:
        given: dict[str, object] = {
            "channel": WrittenChannel.EMAIL,
            "source": "info",
            "key": message_id,
            "external_id": message_id,
            "queue": "sales",
            "from_address": sender,
            "our_address": "info@tours.test",
            "subject": "Хайнань в мае",
            "body": f"Письмо {message_id}",
            "at": self.now,
        }
        return HeardMessage(**given | what)

    def chat(self, number: int, who: str = "700100", **what: object) -> HeardMessage:
        given: dict[str, object] = {
            "channel": WrittenChannel.TELEGRAM,
            "source": "bot",
            "key": f"{who}:{number}",
            "external_id": f"{who}:{number}",
            "queue": "sales",
            "from_address": who,
            "thread": who,
            "body": f"Сообщение {number}",
            "at": self.now + timedelta(seconds=number - 1000),
        }
        return HeardMessage(**given | what)

    async def arrive(self, *heard: HeardMessage) -> list[UUID]:
        async with self.database.begin() as tx:
            return await record_messages(tx, heard)

    async def read(self, interaction_id: UUID) -> Interaction:
        async with self.database.read() as db:
            return await get_interaction(db, interaction_id, owner(uuid4()))

    async def close(self, interaction_id: UUID) -> None:
        async with self.database.begin() as tx:
            await tx.execute(
                "UPDATE conversations SET inbox_state = 'closed' WHERE interaction_id = $1", interaction_id
            )
            await tx.execute("UPDATE interactions SET state = 'closed' WHERE id = $1", interaction_id)


@pytest.fixture
async def post(database: Database) -> Post:
    async with database.begin() as tx:
        return Post(database=database, now=tx.now)


async def test_a_mail_opens_a_conversation_and_its_answer_joins_it(post: Post) -> None:
    [opened] = await post.arrive(post.mail("first@x"))
    [joined] = await post.arrive(post.mail("second@x", answers=("unknown@x", "first@x")))

    assert joined == opened
    conversation = await post.read(opened)
    assert [message.text for message in conversation.messages] == ["Письмо first@x", "Письмо second@x"]
    assert (conversation.channel, conversation.state, conversation.queue) == ("email", "queued", "sales")
    assert (conversation.external_id, conversation.client_address) == ("first@x", ANNA)


async def test_what_is_told_twice_is_stored_once(post: Post) -> None:
    [first] = await post.arrive(post.mail("first@x"))
    again = await post.arrive(post.mail("first@x"), post.mail("second@x"), post.mail("second@x"))

    assert again[0] == first
    assert again[1] == again[2] != first
    assert len((await post.read(first)).messages) == 1
    assert [kind for kind, _ in await events_of(post.database)] == ["message.received"] * 2


async def test_of_two_who_tell_the_same_at_once_one_is_asked_to_tell_it_again(post: Post) -> None:
    told = await asyncio.gather(*(post.arrive(post.chat(1), post.chat(2)) for _ in range(4)), return_exceptions=True)

    refused = [one for one in told if isinstance(one, BaseException)]
    [interaction_id] = {one for batch in told if isinstance(batch, Sequence) for one in batch}
    assert all(isinstance(one, FactTakenElsewhere) for one in refused)
    assert len((await post.read(interaction_id)).messages) == 2


async def test_a_stranger_who_knows_a_message_id_neither_joins_nor_is_told(post: Post) -> None:
    [of_anna] = await post.arrive(post.mail("first@x"))
    [of_boris] = await post.arrive(post.mail("guess@x", BORIS, answers=("first@x",)))

    assert of_boris != of_anna
    assert len((await post.read(of_anna)).messages) == 1
    assert (await post.read(of_boris)).client_address == BORIS
    async with post.database.read() as db:
        assert await db.fetchval("SELECT refers_to FROM conversations WHERE interaction_id = $1", of_boris) == of_anna


async def test_after_closing_the_next_message_opens_a_new_conversation_with_whoever_had_it(post: Post) -> None:
    irina = await add_agent(post.database, "irina", extension=None)
    client = await add_client(post.database, "Анна", phone="+77010000001", owner=irina)
    async with post.database.begin() as tx:
        await tx.execute(
            "INSERT INTO contact_points (id, client_id, kind, value, typed) VALUES ($1, $2, 'telegram', '700100', '')",
            client,
            client,
        )
    [first] = await post.arrive(post.chat(1))
    await post.close(first)

    [second, third] = await post.arrive(post.chat(2), post.chat(3))

    assert first != second == third
    went_on = await post.read(second)
    assert (went_on.agent_id, went_on.client_id, went_on.state) == (irina, client, "offered")
    assert dict(await events_of(post.database))["message.received"] == sorted([FLOOR, agent_room(irina)])


async def test_messages_of_one_batch_make_one_conversation_in_the_order_they_were_written(post: Post) -> None:
    ids = await post.arrive(post.chat(3), post.chat(1), post.chat(2), post.chat(9, "700200"))

    assert len(set(ids[:3])) == 1 != ids[3]
    assert [message.external_id for message in (await post.read(ids[0])).messages] == [
        "700100:1",
        "700100:2",
        "700100:3",
    ]


async def test_files_keep_their_names_and_equal_bytes_are_kept_once(post: Post) -> None:
    passport = HeardFile(name="паспорт.pdf", type="application/pdf", data=b"%PDF" * 1000)
    copy = HeardFile(name="passport (1).pdf", type="application/pdf", data=b"%PDF" * 1000)

    [interaction_id] = await post.arrive(post.mail("first@x", files=(passport, copy), raw=b"the whole mail"))

    [message] = (await post.read(interaction_id)).messages
    assert [(file.name, file.size) for file in message.attachments] == [
        ("паспорт.pdf", 4000),
        ("passport (1).pdf", 4000),
    ]
    async with post.database.read() as db:
        assert await db.fetchval("SELECT count(*) FROM blobs") == 2


async def test_a_machine_is_owed_no_answer(post: Post) -> None:
    [interaction_id] = await post.arrive(post.mail("away@x", automatic=True))

    async with post.database.read() as db:
        row = await db.fetchrow(
            "SELECT waiting_since, unread FROM conversations WHERE interaction_id = $1", interaction_id
        )
    assert row is not None
    assert (row["waiting_since"], row["unread"]) == (None, 1)
