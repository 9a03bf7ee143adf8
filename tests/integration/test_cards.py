"""The card in the first frame of a ring: promises, who they are, family, trips, deals, last contacts."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from crm_core.actions import callbacks, clients
from crm_core.domain.errors import NotFound
from crm_core.domain.ids import new_id
from crm_core.store.database import Database, Transaction
from crm_core.views.cards import Caller, Card, card_of, cards_for, get_card, load_cards
from crm_core.views.interactions import load_interactions
from crm_core.views.paging import CursorInvalid
from crm_core.views.timeline import get_timeline
from tests.integration.desk import add_interaction, agent, make_older, owner
from tests.people import add_agent, add_client

BOSS = owner(UUID(int=1))
DAY = timedelta(days=1)


async def card(database: Database, **whose: UUID | str | None) -> Card:
    async with database.read() as db:
        return await card_of(db, **({"client_id": None} | whose))  # type: ignore[arg-type]


async def promise(database: Database, client: UUID, by: UUID, *, within: timedelta) -> UUID:
    async with database.begin() as tx:
        return await callbacks.promise(
            tx,
            client_id=client,
            due_at=tx.now + within,
            subject="quote for Hainan",
            via="call",
            agent_id=by,
            promised_in=None,
            by=by,
        )


async def add_trip(tx: Transaction, client: UUID, title: str, *, begins: int, days: int = 7) -> UUID:
    """``begins`` so many days from today."""
    trip = new_id(tx.now)
    await tx.execute(
        """INSERT INTO trips (id, client_id, title, destination, hotel, starts_on, ends_on, adults, children, timezone)
           VALUES ($1, $2, $3, 'Хайнань', 'Sanya Bay', $4, $5, 2, 1, 'Asia/Shanghai')""",
        trip,
        client,
        title,
        (tx.now + begins * DAY).date(),
        (tx.now + (begins + days) * DAY).date(),
    )
    return trip


async def test_what_was_promised_stands_first_the_latest_on_top(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    aigerim = await add_client(database, "Айгерим", phone="+77011234567", owner=anna)
    tomorrow = await promise(database, aigerim, anna, within=DAY)
    late = await promise(database, aigerim, anna, within=timedelta(minutes=1))
    very_late = await promise(database, aigerim, anna, within=timedelta(minutes=2))
    await make_older(database, late, timedelta(minutes=11))
    await make_older(database, very_late, 3 * DAY)
    kept = await promise(database, aigerim, anna, within=timedelta(hours=1))
    async with database.begin() as tx:
        await callbacks.keep(tx, kept, agent(anna))

    shown = (await card(database, client_id=aigerim)).callbacks

    assert [one.id for one in shown] == [very_late, late, tomorrow]
    assert (shown[0].agent_name, shown[0].client_name) == ("Anna", "Айгерим")
    assert shown[1].late_s == pytest.approx(600, abs=30)


async def test_what_the_talk_has_kept_stays_on_a_card_that_is_read_again_until_the_call_is_closed(
    database: Database,
) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    aigerim = await add_client(database, "Айгерим", phone="+77011234567", owner=anna)
    kept = await promise(database, aigerim, anna, within=timedelta(hours=1))
    async with database.begin() as tx:
        talk = await add_interaction(tx, client=aigerim, agent=anna, state="active")
        await callbacks.keep(tx, kept, agent(anna), interaction_id=talk)

    talking = (await card(database, client_id=aigerim)).callbacks
    async with database.begin() as tx:
        await tx.execute("UPDATE interactions SET state = 'closed' WHERE id = $1", talk)
    afterwards = (await card(database, client_id=aigerim)).callbacks

    assert [(one.id, one.state, one.kept_in) for one in talking] == [(kept, "kept", talk)]
    assert afterwards == []


async def test_the_card_tells_the_family_the_trips_and_the_open_deals(database: Database) -> None:
    aigerim = await add_client(database, "Айгерим", phone="+77011234567")
    marat = await add_client(database, "Марат", phone="+77011234567")
    async with database.begin() as tx:
        await tx.execute(
            """INSERT INTO client_relations (id, client_id, related_client_id, name, relation, birth_date)
               VALUES ($1, $2, $3, 'Марат', 'husband', '1985-01-02'),
                      ($4, $2, NULL, 'Алия', 'daughter', '2016-05-01')""",
            uuid4(),
            aigerim,
            marat,
            uuid4(),
        )
        for title, begins in (("Прошлая", -400), ("Недавняя", -30), ("Будущая", 60), ("Идёт", -3)):
            await add_trip(tx, aigerim, title, begins=begins)
        await tx.execute(
            """INSERT INTO deals (id, client_id, title, stage, amount, currency, due_on, closed_at)
               VALUES ($1, $2, 'Хайнань, май', 'offer', 1234567.50, 'KZT', '2027-05-01', NULL),
                      ($3, $2, 'Алматы', 'new', NULL, NULL, NULL, NULL),
                      ($4, $2, 'Продано', 'won', 100, 'USD', NULL, now())""",
            uuid4(),
            aigerim,
            uuid4(),
            uuid4(),
        )

    shown = await card(database, client_id=aigerim)

    assert [(one.name, one.relation, one.client_id) for one in shown.family] == [
        ("Марат", "husband", marat),
        ("Алия", "daughter", None),
    ]
    assert [(trip.title, trip.state) for trip in shown.trips] == [
        ("Идёт", "current"),
        ("Будущая", "planned"),
        ("Недавняя", "past"),
        ("Прошлая", "past"),
    ]
    assert [(deal.title, deal.amount and deal.amount.model_dump()) for deal in shown.deals] == [
        ("Хайнань, май", {"amount": "1234567.50", "currency": "KZT"}),
        ("Алматы", None),
    ]


async def test_the_last_five_contacts_are_shown_without_the_one_that_rings(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    aigerim = await add_client(database, "Айгерим", phone="+77011234567")
    async with database.begin() as tx:
        earlier = [
            await add_interaction(tx, client=aigerim, agent=anna, started_at=tx.now - days * DAY)
            for days in range(7, 0, -1)
        ]
        await add_interaction(tx, client=aigerim, agent=anna, direction="internal")
        ringing = await add_interaction(tx, client=aigerim, address="+77011234567", state="offered", ringing=anna)

    async with database.read() as db:
        rings = await load_interactions(db, [ringing])
        shown = (await cards_for(db, rings.values()))[ringing]

    assert [one.id for one in shown.recent] == earlier[:-6:-1]
    assert shown.client is not None
    assert shown.client.id == aigerim


async def test_a_shared_number_offers_its_people_and_names_nobody(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    aigerim = await add_client(database, "Айгерим", phone="+77011234567", owner=anna)
    marat = await add_client(database, "Марат", phone="+77011234567")
    await promise(database, aigerim, anna, within=DAY)

    shown = await card(database, address="+77011234567")

    assert shown.client is None
    assert [(one.id, one.owner_name) for one in shown.candidates] == [(aigerim, "Anna"), (marat, None)]
    assert (shown.callbacks, shown.trips, shown.deals) == ([], [], [])


async def test_a_number_that_was_given_a_name_while_it_rings_shows_the_name(database: Database) -> None:
    aigerim = await add_client(database, "Айгерим", phone="+77011234567")

    shown = await card(database, address="+77011234567")

    assert shown.client is not None
    assert shown.client.id == aigerim
    assert shown.candidates == []


async def test_a_stranger_has_an_empty_card_with_their_earlier_calls(database: Database) -> None:
    async with database.begin() as tx:
        earlier = await add_interaction(tx, client=None, address="+77019999999", started_at=tx.now - DAY)
        now = await add_interaction(tx, client=None, address="+77019999999", state="offered")

    async with database.read() as db:
        cards = await load_cards(
            db,
            {
                "stranger": Caller(client_id=None, address="+77019999999", now=now),
                "withheld": Caller(client_id=None, address=None),
            },
        )

    assert (cards["stranger"].client, cards["stranger"].candidates) == (None, [])
    assert [one.id for one in cards["stranger"].recent] == [earlier]
    assert cards["withheld"] == Card(client=None, candidates=[], callbacks=[], family=[], trips=[], deals=[], recent=[])


async def test_many_rings_at_once_are_each_answered_with_their_own_card(database: Database) -> None:
    people = [await add_client(database, f"Клиент {number}", phone=f"+7701000000{number}") for number in range(5)]
    async with database.begin() as tx:
        rings = [await add_interaction(tx, client=person, state="offered") for person in people]

    async with database.read() as db:
        cards = await cards_for(db, (await load_interactions(db, rings)).values())

    assert [cards[ring].client.id for ring in rings] == people  # type: ignore[union-attr]


async def test_a_card_is_opened_only_by_those_who_may(database: Database) -> None:
    anna, boris = [await add_agent(database, login, extension=None) for login in ("anna", "boris")]
    aigerim = await add_client(database, "Айгерим", phone="+77011234567", owner=anna)
    double = await add_client(database, "Айгерим С.", phone="+77011234568", owner=anna)
    async with database.begin() as tx:
        await clients.merge(tx, aigerim, BOSS, other_id=double)

    async with database.read() as db:
        shown = (await get_card(db, double, agent(anna))).client
        assert shown is not None
        assert shown.id == aigerim
        with pytest.raises(NotFound):
            await get_card(db, aigerim, agent(boris))
        with pytest.raises(NotFound):
            await get_card(db, uuid4(), BOSS)


async def test_the_timeline_shows_what_is_planned_and_then_what_has_been(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    aigerim = await add_client(database, "Айгерим", phone="+77011234567", owner=anna)
    async with database.begin() as tx:
        long_ago = await add_interaction(tx, client=aigerim, agent=anna, started_at=tx.now - 9 * DAY)
        lately = await add_interaction(tx, client=aigerim, agent=anna, started_at=tx.now - DAY)
        past = await add_trip(tx, aigerim, "Прошлая", begins=-5, days=2)
        future = await add_trip(tx, aigerim, "Будущая", begins=30)
    late = await promise(database, aigerim, anna, within=timedelta(minutes=1))
    await make_older(database, late, 2 * DAY)
    kept = await promise(database, aigerim, anna, within=timedelta(hours=1))
    async with database.begin() as tx:
        await callbacks.keep(tx, kept, agent(anna))

    entries = []
    cursor = None
    async with database.read() as db:
        while True:
            page = await get_timeline(db, aigerim, agent(anna), limit=2, cursor=cursor)
            entries += page.items
            cursor = page.next
            if cursor is None:
                break

    def thing(entry: object) -> UUID:
        return next(one.id for name in ("interaction", "callback", "trip") if (one := getattr(entry, name)) is not None)

    assert [(thing(entry), entry.kind, entry.planned) for entry in entries] == [
        (future, "trip", True),
        (late, "callback", True),
        (kept, "callback", False),
        (lately, "interaction", False),
        (past, "trip", False),
        (long_ago, "interaction", False),
    ]


@pytest.mark.parametrize("cursor", ["nonsense", "WyJhIiwiYiIsImMiXQ", "WyJwYXN0IiwiMjAyNi0wMS0wMVQwMDowMDowMCIsIngiXQ"])
async def test_a_place_in_another_list_is_refused(database: Database, cursor: str) -> None:
    aigerim = await add_client(database, "Айгерим", phone="+77011234567")

    async with database.read() as db:
        with pytest.raises(CursorInvalid):
            await get_timeline(db, aigerim, BOSS, cursor=cursor)
