"""In a group only what is asked of us is heard; it is about the group's trip, and answered there or privately."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import pytest

from crm_core.actions import families, telegram_groups
from crm_core.actions.telegram_groups import GroupIn, TripCodeIn, TripUnknown
from crm_core.domain.errors import NotFound
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import MessageState
from crm_core.store.database import Database, Transaction
from crm_core.views.conversations import ConversationGroup
from crm_core.views.telegram_groups import list_groups
from tests.bot_api.bot import FakeBot
from tests.bot_api.messages import AIGUL, BORIS, TRIP_GROUP, membership, message, private_chat
from tests.people import add_agent, add_client
from tests.telegram.office import OWNER, Office, living_room
from tests.waiting import eventually


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with living_room(FakeBot(), database) as office:
        yield office


async def trip_of(tx: Transaction, client: UUID) -> UUID:
    return await families.add_trip(
        tx,
        client,
        title="Хайнань",
        destination="Китай",
        hotel=None,
        starts_on=date(2026, 12, 3),
        ends_on=date(2026, 12, 14),
    )


async def hainan(office: Office) -> UUID:
    """A trip, and the bot in the group of those who go."""
    client = await add_client(office.database, "Айгүл", phone="+77011234567")
    async with office.database.begin() as tx:
        trip = await trip_of(tx, client)
    office.bot.hears("my_chat_member", membership(TRIP_GROUP, "left", "member"))

    async def is_known() -> bool:
        async with office.database.read() as db:
            return [group.chat_id for group in await list_groups(db)] == [TRIP_GROUP["id"]]

    await eventually(is_known)
    async with office.database.begin() as tx:
        await telegram_groups.bind(tx, OWNER, TRIP_GROUP["id"], GroupIn(trip_id=trip))
    return trip


async def test_each_who_asks_has_a_conversation_about_the_trip_and_idle_talk_is_not_stored(office: Office) -> None:
    trip = await hainan(office)
    talk = ("Кто взял фен?", "/start", "/ask@another_bot ау", "Смотрите @perezvon_test_botanist")
    asked = ("/ask Когда трансфер?", "? Где завтрак", "А экскурсия, @Perezvon_Test_Bot?")
    for number, text in enumerate((*talk, *asked), 1):
        office.bot.hears("message", message(number, chat=TRIP_GROUP, text=text))
    ours = {"from": office.bot.json, "chat": TRIP_GROUP, "message_id": 90, "date": 1, "text": "…"}
    office.bot.hears("message", message(50, by=BORIS, chat=TRIP_GROUP, text="Спасибо", reply_to_message=ours))
    await office.holds("Спасибо")

    conversations = await office.conversations()

    said = {tuple(one.text for one in each.messages) for each in conversations}
    assert said == {asked, ("Спасибо",)}
    assert {each.trip_id for each in conversations} == {trip}


async def test_the_answer_goes_to_the_group_as_a_reply_or_privately(office: Office) -> None:
    irina = await add_agent(office.database, "irina", extension=None)
    office.bot.hears("message", message(1, text="Здравствуйте"))
    office.bot.hears("message", message(7, chat=TRIP_GROUP, text="? Где трансфер"))
    await office.holds("? Где трансфер")
    [asked] = [one for one in await office.conversations() if one.messages[0].text == "? Где трансфер"]

    await office.answer(asked.id, irina, "У входа")
    await office.reaches(asked.id, MessageState.SENT)
    await office.answer(asked.id, irina, "Ваш номер комнаты 12", privately=True)
    await office.reaches(asked.id, MessageState.SENT)

    public, private = office.bot.sent
    assert public.message["chat"]["id"] == TRIP_GROUP["id"]
    assert '"message_id":7' in public.parameters["reply_parameters"].replace(" ", "")
    assert private.message["chat"]["id"] == AIGUL["id"]
    assert "reply_parameters" not in private.parameters
    [told] = [one for one in await office.conversations() if one.id == asked.id]
    assert [one.privately for one in told.messages] == [False, False, True]


async def test_who_never_began_to_talk_with_the_bot_cannot_be_answered_privately(office: Office) -> None:
    irina = await add_agent(office.database, "irina", extension=None)
    office.bot.hears("message", message(7, chat=TRIP_GROUP, text="? Где трансфер"))
    conversation = await office.has("? Где трансфер")

    await office.answer(conversation.id, irina, "У входа", privately=True)
    await office.reaches(conversation.id, MessageState.FAILED)

    assert office.bot.sent == []


async def test_only_groups_and_trips_that_there_are_can_be_bound(office: Office) -> None:
    trip = await hainan(office)

    async with office.database.begin() as tx:
        with pytest.raises(NotFound):
            await telegram_groups.bind(tx, OWNER, -1, GroupIn(trip_id=trip))
        with pytest.raises(TripUnknown):
            await telegram_groups.bind(tx, OWNER, TRIP_GROUP["id"], GroupIn(trip_id=OWNER.user_id))
        await telegram_groups.bind(tx, OWNER, TRIP_GROUP["id"], GroupIn(trip_id=None))

    async with office.database.read() as db:
        [group] = await list_groups(db)
    assert (group.title, group.trip_id, group.bound_at) == (TRIP_GROUP["title"], None, None)


async def remark_on(office: Office, text: str, *, group: int) -> str:
    """What the bot says to that, in a group of its own: in one it would speak once a second."""
    count = len(office.bot.sent)
    office.bot.hears("message", message(count + 1, chat={**TRIP_GROUP, "id": group}, text=text))

    async def said() -> bool:
        return len(office.bot.sent) > count

    await eventually(said)
    words: str = office.bot.sent[-1].message["text"]
    return words


async def test_whoever_was_given_a_code_binds_the_group_they_type_it_in_and_no_other_group_gets_it(
    office: Office,
) -> None:
    async with office.database.begin() as tx:
        trip = await trip_of(tx, await add_client(office.database, "Айгүл", phone="+77011234567"))
        me = Viewer(user_id=await add_agent(office.database, "irina", extension=None), role=Role.OWNER, team_id=None)
        code, _ = await telegram_groups.make_code(tx, me, TripCodeIn(trip_id=trip))

    typed = f"{code[:4].lower()}-{code[4:].lower()}"
    bare = await remark_on(office, "/trip@Perezvon_Test_Bot", group=-4003)
    worthless = await remark_on(office, "/trip 2345-2345", group=-4004)
    bound = await remark_on(office, f"/trip {typed}", group=TRIP_GROUP["id"])
    used = await remark_on(office, f"/start@perezvon_test_bot {code}", group=-4005)

    assert "Напишите /trip и код" in bare
    assert "не подходит" in worthless
    assert "«Хайнань»" in bound
    assert used == worthless
    async with office.database.read() as db:
        groups = {group.chat_id: group.trip_id for group in await list_groups(db)}
    assert groups == {TRIP_GROUP["id"]: trip}
    assert await office.conversations() == []


async def test_a_conversation_says_in_which_group_it_is_and_whether_they_can_be_told_alone(office: Office) -> None:
    office.bot.hears("message", message(1, text="Здравствуйте"))
    office.bot.hears("message", message(7, chat=TRIP_GROUP, text="? Где трансфер"))
    office.bot.hears("message", message(8, by=BORIS, chat=TRIP_GROUP, text="? Где ужин"))
    await office.holds("? Где ужин")

    places = {one.messages[0].text: one.group for one in await office.conversations()}

    assert places == {
        "Здравствуйте": None,
        "? Где трансфер": ConversationGroup(title=TRIP_GROUP["title"], reaches_privately=True),
        "? Где ужин": ConversationGroup(title=TRIP_GROUP["title"], reaches_privately=False),
    }


async def test_what_nothing_reaches_any_more_says_since_when(office: Office) -> None:
    office.bot.hears("message", message(1, text="Здравствуйте"))
    office.bot.hears("message", message(7, chat=TRIP_GROUP, text="? Где трансфер"))
    await office.holds("? Где трансфер")
    assert [one.unreachable_at for one in await office.conversations()] == [None, None]

    office.bot.hears("my_chat_member", membership(private_chat(AIGUL), "member", "kicked"))
    office.bot.hears("my_chat_member", membership(TRIP_GROUP, "member", "left"))

    async def all_are_lost() -> bool:
        return all(one.unreachable_at for one in await office.conversations())

    await eventually(all_are_lost)
