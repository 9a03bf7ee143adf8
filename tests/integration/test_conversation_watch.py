"""Whoever writes has a clock, is given to somebody who can answer, and goes on when nobody does."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from crm_core.actions import conversations, delivery, replies
from crm_core.actions.conversation_watch import watch_conversations
from crm_core.actions.conversations import AssignIn
from crm_core.actions.messages import record_messages
from crm_core.actions.replies import MessageIn
from crm_core.domain.events import FLOOR, agent_room, team_room
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store import answering
from crm_core.store.answering import Clock, DueConversation
from crm_core.store.database import Database, Record, Transaction
from tests.integration.desk import add_team, agent
from tests.people import add_agent, add_client, events_of

ALMATY = ZoneInfo("Asia/Almaty")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """A bot whose queue Anna and Boris answer."""

    database: Database
    anna: UUID
    boris: UUID
    sales: UUID

    async def hears(self, chat: str = "700100", number: int = 1, **what: object) -> UUID:
        async with self.database.begin() as tx:
            given: dict[str, object] = {
                "channel": WrittenChannel.TELEGRAM,
                "source": "bot",
                "key": f"{chat}:{number}",
                "external_id": f"{chat}:{number}",
                "queue": "sales",
                "from_address": chat,
                "thread": chat,
                "body": "Сколько стоит?",
                "at": tx.now,
            }
            return (await record_messages(tx, [HeardMessage(**given | what)]))[0]

    async def watch(self, limit: int = 100) -> int:
        async with self.database.begin() as tx:
            return await watch_conversations(tx, limit, zone=ALMATY)

    async def answers(self, interaction_id: UUID, by: UUID) -> None:
        async with self.database.begin() as tx:
            given = MessageIn(interaction_id=interaction_id, body="480 000 тенге")
            message_id = await replies.send(tx, agent(by), given, sources={})
        async with self.database.begin() as tx:
            await delivery.record_sent(tx, message_id, external_id=None, timezone=UTC)

    async def pass_time(self, by: timedelta) -> None:
        """As if everything had been there that much longer."""
        async with self.database.begin() as tx:
            await tx.execute(
                """UPDATE conversations SET waiting_since = waiting_since - $1::interval, watch_at = watch_at - $1,
                       nobody_since = nobody_since - $1""",
                by,
            )
            await tx.execute(
                """UPDATE answer_clocks SET since = since - $1::interval, due_at = due_at - $1,
                       grace_from = grace_from - $1, warn_at = warn_at - $1, notify_at = notify_at - $1,
                       escalate_at = escalate_at - $1""",
                by,
            )
            await tx.execute("UPDATE conversation_turns SET from_at = from_at - $1::interval, to_at = to_at - $1", by)

    async def person(self, person: UUID, **columns: object) -> None:
        async with self.database.begin() as tx:
            for name, value in columns.items():
                await tx.execute(f"UPDATE agent_states SET {name} = $2 WHERE user_id = $1", person, value)

    async def has(self, interaction_id: UUID) -> UUID | None:
        async with self.database.read() as db:
            owner: UUID | None = await db.fetchval("SELECT agent_id FROM interactions WHERE id = $1", interaction_id)
            return owner

    async def clock(self, interaction_id: UUID) -> Record:
        """The newest one."""
        async with self.database.read() as db:
            row = await db.fetchrow(
                "SELECT * FROM answer_clocks WHERE interaction_id = $1 ORDER BY id DESC LIMIT 1", interaction_id
            )
            assert row is not None
            return row

    async def turns(self, interaction_id: UUID) -> list[Record]:
        async with self.database.read() as db:
            return await db.fetch(
                "SELECT * FROM conversation_turns WHERE interaction_id = $1 ORDER BY from_at, id", interaction_id
            )


@pytest.fixture
async def inbox(database: Database) -> Inbox:
    sales = await add_team(database, "sales")
    people = [await add_agent(database, login, extension=None) for login in ("anna", "boris")]
    async with database.begin() as tx:
        await tx.execute("UPDATE users SET team_id = $1", sales)
        await tx.execute("INSERT INTO queues (name, titles, team_id) VALUES ('sales', '{}', $1)", sales)
        await tx.execute("INSERT INTO queue_members (queue, user_id) SELECT 'sales', id FROM users")
    return Inbox(database=database, anna=people[0], boris=people[1], sales=sales)


async def test_a_new_conversation_is_given_to_somebody_at_once_and_they_are_told_why(inbox: Inbox) -> None:
    asked = await inbox.hears()

    assert await inbox.watch() == 1

    owner = await inbox.has(asked)
    assert owner in {inbox.anna, inbox.boris}
    [turn] = await inbox.turns(asked)
    assert turn["agent_id"] == owner
    assert "разговор отдан" in turn["words"]["ru"]
    assert "the conversation was given" in turn["words"]["en"]
    assert {one["agent_id"] for one in turn["record"]["candidates"]} == {str(inbox.anna), str(inbox.boris)}
    moved = [rooms for name, rooms in await events_of(inbox.database) if name == "conversation.moved"]
    assert moved
    assert {FLOOR, agent_room(inbox.anna), agent_room(inbox.boris), team_room(inbox.sales)} == set(moved[0])


async def test_many_conversations_are_shared_evenly(inbox: Inbox) -> None:
    asked = [await inbox.hears(chat=f"70010{number}") for number in range(6)]

    await asyncio.gather(inbox.watch(limit=3), inbox.watch(limit=3))

    assert Counter([await inbox.has(one) for one in asked]) == {inbox.anna: 3, inbox.boris: 3}


async def test_what_is_not_answered_in_time_goes_on_to_a_colleague_and_never_back_within_the_pause(
    inbox: Inbox,
) -> None:
    asked = await inbox.hears()
    await inbox.watch()
    first = await inbox.has(asked)
    second = inbox.boris if first == inbox.anna else inbox.anna

    await inbox.pass_time(timedelta(minutes=15))  # the company's time for a first answer in Telegram
    await inbox.watch()
    assert await inbox.has(asked) == first, "the rule gives ten minutes of grace"

    await inbox.pass_time(timedelta(minutes=10))
    await inbox.watch()
    assert await inbox.has(asked) == second
    told = (await inbox.turns(asked))[-1]
    assert "strict-10m" in told["words"]["ru"]
    assert told["record"]["policy"]["name"] == "strict-10m"

    await inbox.pass_time(timedelta(minutes=11))
    await inbox.watch()
    assert await inbox.has(asked) == second, "the other one has just lost it: it stays, and the supervisor is told"
    stuck = [rooms for name, rooms in await events_of(inbox.database) if name == "conversation.stuck"]
    assert stuck
    assert team_room(inbox.sales) in stuck[-1]


async def test_an_answer_stops_the_clock_and_the_next_question_starts_another(inbox: Inbox) -> None:
    asked = await inbox.hears()
    await inbox.watch()
    owner = await inbox.has(asked)
    assert owner is not None

    await inbox.answers(asked, owner)

    stopped = await inbox.clock(asked)
    assert (stopped["ended"], stopped["answered_by"], stopped["first"]) == ("answered", owner, True)
    assert stopped["late_s"] is None
    assert await inbox.watch() == 0, "nobody waits, nothing is watched"

    await inbox.hears(number=2)
    await inbox.watch()
    running = await inbox.clock(asked)
    assert (running["ended"], running["first"]) == (None, False)
    assert running["due_at"] - running["since"] == timedelta(minutes=30)


async def test_a_late_answer_is_late_by_what_the_client_has_waited(inbox: Inbox) -> None:
    asked = await inbox.hears()
    await inbox.watch()
    owner = await inbox.has(asked)
    assert owner is not None
    await inbox.pass_time(timedelta(minutes=18))

    await inbox.answers(asked, owner)

    stopped = await inbox.clock(asked)
    assert stopped["late_s"] == pytest.approx(180, abs=10)
    assert stopped["late_by"] == "agent"


async def test_while_nobody_is_there_it_is_the_queues_and_whoever_comes_gets_it(inbox: Inbox) -> None:
    for person in (inbox.anna, inbox.boris):
        await inbox.person(person, present=False)
    asked = await inbox.hears()
    await inbox.watch()
    assert await inbox.has(asked) is None

    await inbox.pass_time(timedelta(minutes=16))
    await inbox.watch()
    stuck = [name for name, _ in await events_of(inbox.database) if name == "conversation.stuck"]
    assert len(stuck) == 1, "the supervisor is told when the client has waited too long, and once"

    await inbox.person(inbox.boris, present=True)
    async with inbox.database.begin() as tx:
        await answering.retry_waiting(tx)
    await inbox.watch()
    assert await inbox.has(asked) == inbox.boris


async def test_only_the_people_of_its_queue_are_asked(inbox: Inbox) -> None:
    async with inbox.database.begin() as tx:
        await tx.execute("DELETE FROM queue_members WHERE user_id = $1", inbox.anna)

    asked = [await inbox.hears(chat=f"70010{number}") for number in range(3)]
    await inbox.watch()

    assert {await inbox.has(one) for one in asked} == {inbox.boris}


async def test_whoever_is_given_it_by_hand_has_the_whole_grace(inbox: Inbox) -> None:
    asked = await inbox.hears()
    await inbox.watch()
    first = await inbox.has(asked)
    assert first is not None
    second = inbox.boris if first == inbox.anna else inbox.anna
    await inbox.pass_time(timedelta(minutes=24))

    async with inbox.database.begin() as tx:
        await conversations.assign(tx, agent(first), asked, AssignIn(agent_id=second))
    await inbox.pass_time(timedelta(minutes=2))
    await inbox.watch()

    assert await inbox.has(asked) == second
    clock = await inbox.clock(asked)
    assert clock["agent_id"] == second
    assert clock["escalate_at"] > datetime.now(UTC) + timedelta(minutes=7)


async def test_an_automatic_mail_is_owed_no_answer(inbox: Inbox) -> None:
    asked = await inbox.hears(automatic=True)

    assert await inbox.watch() == 0
    assert await inbox.has(asked) is None


async def test_a_conversation_closed_without_an_answer_is_remembered_as_that(inbox: Inbox) -> None:
    asked = await inbox.hears()
    await inbox.watch()
    owner = await inbox.has(asked)
    assert owner is not None

    async with inbox.database.begin() as tx:
        await conversations.close(tx, agent(owner), asked)

    assert (await inbox.clock(asked))["ended"] == "closed"
    assert (await inbox.turns(asked))[-1]["to_at"] is not None
    await inbox.pass_time(timedelta(hours=1))
    assert await inbox.watch() == 0


async def test_what_comes_to_somebody_on_holiday_goes_to_a_colleague_at_once(inbox: Inbox) -> None:
    aigul = await add_client(inbox.database, "Айгуль", phone="+77010000001", owner=inbox.anna)
    async with inbox.database.begin() as tx:
        await tx.execute(
            "INSERT INTO contact_points (id, client_id, kind, value, typed) VALUES ($1, $1, 'telegram', '700100', '-')",
            aigul,
        )
        await tx.execute(
            "INSERT INTO absences (id, user_id, kind, from_at) VALUES ($1, $1, 'vacation', now() - interval '1 day')",
            inbox.anna,
        )
    asked = await inbox.hears()
    assert await inbox.has(asked) == inbox.anna

    await inbox.watch()

    assert await inbox.has(asked) == inbox.boris
    assert "в отсутствии" in (await inbox.turns(asked))[-1]["words"]["ru"]


async def test_one_that_the_database_cannot_take_holds_up_nobody_elses(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [await inbox.hears(chat=f"70010{number}") for number in range(3)]
    start = answering.start

    async def start_or_break(tx: Transaction, conversation: DueConversation, **what: Any) -> Clock:
        clock = await start(tx, conversation, **what)
        if conversation.id == asked[1]:
            await tx.execute("SELECT 1 / 0")
        return clock

    monkeypatch.setattr(answering, "start", start_or_break)
    assert await inbox.watch() == 3

    assert [await inbox.has(one) is None for one in asked] == [False, True, False]
    monkeypatch.undo()
    await inbox.pass_time(timedelta(minutes=2))
    await inbox.watch()
    assert await inbox.has(asked[1]) is not None, "tried again, and nothing of the first look was left"
