"""Who asks in a chat to be called is owed one call at a time that can be kept; what a machine says answers nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from crm_core.actions import automatic, conversations, delivery
from crm_core.actions.messages import record_messages
from crm_core.actions.wishes import Fate, Wished, request_call
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store.database import Database
from crm_core.store.messages import find_saying
from crm_core.views.callbacks import get_callback
from crm_core.views.conversations import get_conversation
from tests.people import add_agent

OWNER = Viewer(user_id=uuid4(), role=Role.OWNER, team_id=None)
ALMATY = ZoneInfo("Asia/Almaty")
NUMBER = "+77011234567"


async def in_a_chat(database: Database, text: str = "Перезвоните") -> UUID:
    """A conversation that a stranger has begun."""
    said = HeardMessage(
        channel=WrittenChannel.TELEGRAM,
        source="main",
        key="7001:1",
        external_id="7001:1",
        queue="sales",
        from_address="7001",
        thread="7001",
        body=text,
        at=datetime.now(UTC),
    )
    async with database.begin() as tx:
        [interaction_id] = await record_messages(tx, [said])
    return interaction_id


async def asks(database: Database, interaction_id: UUID, number: str | None = NUMBER) -> Wished:
    async with database.begin() as tx:
        return await request_call(tx, interaction_id, number=number, asked_at=tx.now, timezone=ALMATY)


async def promises(database: Database) -> list[UUID]:
    async with database.read() as db:
        return [row["id"] for row in await db.fetch("SELECT id FROM callbacks")]


async def test_who_asks_in_a_chat_is_owed_one_call_however_often_they_ask(database: Database) -> None:
    await add_agent(database, "irina", role=Role.SUPERVISOR, extension=None)
    conversation = await in_a_chat(database)

    first = await asks(database, conversation)
    again = await asks(database, conversation)

    assert first == again
    assert first.fate is Fate.PROMISED
    [promise] = await promises(database)
    async with database.read() as db:
        told = await get_callback(db, promise, OWNER)
    assert (told.due_at, told.promised_in) == (first.promised.due_at, conversation)
    assert "в переписке" in told.why.ru


async def test_whose_number_nobody_knows_is_asked_for_it(database: Database) -> None:
    await add_agent(database, "irina", role=Role.SUPERVISOR, extension=None)

    wished = await asks(database, await in_a_chat(database), number=None)

    assert wished.fate is Fate.NUMBER_NEEDED
    assert await promises(database) == []


async def test_what_we_say_by_ourselves_leaves_the_client_waiting(database: Database) -> None:
    conversation = await in_a_chat(database)

    async with database.begin() as tx:
        message_id = await automatic.say(tx, conversation, "Спасибо, ответим утром.", extras={"asks_number": "Мой"})
        saying = await find_saying(tx, message_id)
        await delivery.record_sent(tx, message_id, external_id="7001:2", timezone=ALMATY)

    async with database.read() as db:
        shown = await get_conversation(db, conversation, OWNER)
    assert (shown.inbox_state, shown.answered_at, shown.agent_id) == ("open", None, None)
    assert shown.waiting_since is not None
    assert [(said.direction, said.state, said.automatic) for said in shown.messages] == [
        ("inbound", "received", False),
        ("outbound", "sent", True),
    ]
    assert saying.extras == {"asks_number": "Мой"}


async def test_two_machines_that_talk_with_each_other_come_to_an_end(database: Database) -> None:
    conversation = await in_a_chat(database)

    async with database.begin() as tx:
        said = [await automatic.say(tx, conversation, "Здравствуйте!") for _ in range(automatic.MOST + 3)]

    assert [one is not None for one in said] == [True] * automatic.MOST + [False] * 3


async def test_nothing_is_said_by_itself_where_it_is_over(database: Database) -> None:
    conversation = await in_a_chat(database)

    async with database.begin() as tx:
        await conversations.close(tx, OWNER, conversation)
        said = await automatic.say(tx, conversation, "Здравствуйте!")

    assert said is None
