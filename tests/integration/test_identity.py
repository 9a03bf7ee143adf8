"""Who somebody is who writes: joined when it is proven, suggested when it only looks so."""

from __future__ import annotations

from uuid import UUID

import pytest

from crm_core.actions import clients, identity
from crm_core.actions.clients import MergedFurther
from crm_core.actions.messages import record_messages
from crm_core.domain.contact_points import ContactPointKind
from crm_core.domain.errors import NotFound
from crm_core.domain.ids import new_id
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store.database import Database
from crm_core.views.client_merges import list_merges
from crm_core.views.clients import load_clients
from crm_core.views.suggestions import (
    MergePreview,
    Suggestions,
    preview_merge,
    suggest_for_client,
    suggest_for_conversation,
)
from tests.integration.desk import owner
from tests.people import add_agent, add_client

PHONE = "+77010000001"


@pytest.fixture
async def boss(database: Database) -> Viewer:
    return owner(await add_agent(database, "boss", extension=None, role="owner"))


async def hears(database: Database, chat: str = "700100", name: str | None = None) -> UUID:
    async with database.begin() as tx:
        heard = HeardMessage(
            channel=WrittenChannel.TELEGRAM,
            source="bot",
            key=f"{chat}:1",
            external_id=f"{chat}:1",
            queue="sales",
            from_address=chat,
            from_name=name,
            thread=chat,
            body="Здравствуйте",
            at=tx.now,
        )
        return (await record_messages(tx, [heard]))[0]


async def prove(database: Database, conversation: UUID, phone: str = PHONE) -> UUID | None:
    async with database.begin() as tx:
        return await identity.prove(tx, conversation, ContactPointKind.PHONE, phone)


async def points(database: Database, client: UUID) -> set[tuple[str, str, bool]]:
    async with database.read() as db:
        return {
            (one.kind, one.value, one.verified) for one in (await load_clients(db, [client]))[client].contact_points
        }


async def client_of(database: Database, conversation: UUID) -> UUID | None:
    async with database.read() as db:
        client: UUID | None = await db.fetchval("SELECT client_id FROM interactions WHERE id = $1", conversation)
        return client


async def suggested(database: Database, boss: Viewer, conversation: UUID) -> Suggestions:
    async with database.read() as db:
        return await suggest_for_conversation(db, boss, conversation)


async def test_who_shares_their_own_number_is_the_client_who_has_it(database: Database) -> None:
    anna = await add_client(database, "Анна", phone=PHONE)
    conversation = await hears(database)

    assert await prove(database, conversation) == anna
    assert await prove(database, conversation) == anna, "told twice"

    assert await client_of(database, conversation) == anna
    assert await points(database, anna) == {("phone", PHONE, True), ("telegram", "700100", False)}


async def test_a_family_that_shares_a_number_stays_separate_people(database: Database, boss: Viewer) -> None:
    anna = await add_client(database, "Анна", phone=PHONE)
    igor = await add_client(database, "Игорь", phone=PHONE)
    conversation = await hears(database)

    assert await prove(database, conversation) is None

    assert await client_of(database, conversation) is None
    told = await suggested(database, boss, conversation)
    assert {one.client.id: one.reasons for one in told.items} == {anna: ["phone"], igor: ["phone"]}
    assert told.proven == {"phone": PHONE}


async def test_what_a_stranger_has_proven_is_their_cards_when_somebody_makes_one(
    database: Database, boss: Viewer
) -> None:
    conversation = await hears(database)
    assert await prove(database, conversation) is None
    marat = await add_client(database, "Марат", phone="+77019999999")

    async with database.begin() as tx:
        await identity.attach(tx, boss, conversation, marat)

    assert await client_of(database, conversation) == marat
    assert ("phone", PHONE, True) in await points(database, marat)
    assert ("telegram", "700100", False) in await points(database, marat)


async def test_a_name_alone_is_only_a_suggestion(database: Database, boss: Viewer) -> None:
    anna = await add_client(database, "Алёна Ким", phone=PHONE)
    conversation = await hears(database, name="Алена Ким")

    told = await suggested(database, boss, conversation)

    assert await client_of(database, conversation) is None
    assert [(one.client.id, one.reasons) for one in told.items] == [(anna, ["name"])]


@pytest.mark.parametrize(
    ("card", "writer", "is_suggested"),
    [
        ("Сүлейменова Әйгерім Маратқызы", "Aigerim Suleimenova", True),
        ("Ким Анна", "Anna S. Kim", True),
        ("Сулейменова Айгерим", "Suleimenova, Aigerim Maratovna", True),
        ("Айгерим", "aigerim", True),
        ("Сулейменова Айгерим", "Aigerim", False),
        ("Сулейменова Айгерим", "Айгерим Ахметова", False),
        ("Сулейменова Айгерим", "— ? —", False),
        ("Сулейменова Айгерим", "%%% ___", False),
    ],
)
async def test_a_name_in_another_alphabet_or_order_is_the_same_name(
    database: Database, boss: Viewer, card: str, writer: str, is_suggested: bool
) -> None:
    client = await add_client(database, card, phone=PHONE)
    conversation = await hears(database, name=writer)

    told = await suggested(database, boss, conversation)

    assert [(one.client.id, one.reasons) for one in told.items] == [(client, ["name"])] * is_suggested


async def test_two_cards_of_one_name_are_suggested_from_either(database: Database, boss: Viewer) -> None:
    with_patronymic = await add_client(database, "Сулейменова Айгерим Маратовна", phone=PHONE)
    from_a_passport = await add_client(database, "AIGERIM SULEIMENOVA", phone="+77010000002")
    await add_client(database, "Сулейменова Дана", phone="+77010000003")

    assert await alike(database, boss, with_patronymic) == {from_a_passport: ["name"]}
    assert await alike(database, boss, from_a_passport) == {with_patronymic: ["name"]}


async def test_nobody_is_attached_to_what_is_not_there(database: Database, boss: Viewer) -> None:
    conversation = await hears(database)

    with pytest.raises(NotFound):
        async with database.begin() as tx:
            await identity.attach(tx, boss, conversation, new_id(tx.now))


async def alike(database: Database, boss: Viewer, client: UUID) -> dict[UUID, list[str]]:
    async with database.read() as db:
        return {one.client.id: list(one.reasons) for one in (await suggest_for_client(db, boss, client)).items}


async def test_two_cards_of_one_number_are_suggested_until_somebody_tells_them_apart(
    database: Database, boss: Viewer
) -> None:
    anna = await add_client(database, "Анна Ли", phone=PHONE)
    twin = await add_client(database, "Анна Ли", phone=PHONE)
    await add_client(database, "Олег", phone="+77015555555")
    assert await alike(database, boss, anna) == {twin: ["name", "phone"]}

    async with database.begin() as tx:
        await clients.keep_apart(tx, twin, boss, other_id=anna)

    assert await alike(database, boss, anna) == {}
    assert await alike(database, boss, twin) == {}


async def test_a_card_says_what_it_was_made_of_and_what_would_come_apart(database: Database, boss: Viewer) -> None:
    anna = await add_client(database, "Анна Ли", phone=PHONE)
    twin = await add_client(database, "Аня", phone="+77012222222", owner=boss.user_id)
    third = await add_client(database, "Анна, старая карточка", phone="+77013333333")
    conversation = await hears(database)
    async with database.begin() as tx:
        await identity.attach(tx, boss, conversation, third)
    for survivor, other in ((twin, third), (anna, twin)):
        async with database.begin() as tx:
            await clients.merge(tx, survivor, boss, other_id=other)

    async with database.read() as db:
        last, before = (await list_merges(db, boss, anna)).items

    assert (last.client_id, last.name, last.undo_first, last.fills) == (twin, "Аня", None, ["owner_id"])
    assert (last.moves["interactions"], last.moves["contact_points"]) == (1, 3)
    assert (before.client_id, before.undo_first, before.moves["interactions"]) == (third, twin, 1)

    async with database.begin() as tx:
        with pytest.raises(MergedFurther):
            await clients.unmerge(tx, third, boss)
        await clients.unmerge(tx, twin, boss)
    async with database.read() as db:
        assert (await list_merges(db, boss, anna)).items == []
        assert [one.undo_first for one in (await list_merges(db, boss, twin)).items] == [None]


async def test_a_merge_shows_beforehand_what_it_would_do_and_can_be_undone(database: Database, boss: Viewer) -> None:
    anna = await add_client(database, "Анна Ли", phone=PHONE)
    twin = await add_client(database, "Аня", phone="+77012222222", owner=boss.user_id)

    async with database.read() as db:
        shown: MergePreview = await preview_merge(db, boss, anna, twin)
    assert shown.moves["contact_points"] == 1
    assert "owner_id" in shown.fills
    assert [(one.field, one.stays, one.goes) for one in shown.differs] == [("name", "Анна Ли", "Аня")]

    async with database.begin() as tx:
        await clients.merge(tx, anna, boss, other_id=twin)
    with pytest.raises(NotFound):
        async with database.read() as db:
            await preview_merge(db, boss, anna, twin)
    async with database.begin() as tx:
        await clients.unmerge(tx, twin, boss)
    async with database.read() as db:
        assert (await preview_merge(db, boss, anna, twin)).moves == shown.moves
