"""A lead comes in, is somebody's or waits, is accepted once, goes from hand to hand and ends, on a real database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from crm_core.actions import leads
from crm_core.actions.callbacks import AgentUnknown
from crm_core.actions.clients import merge
from crm_core.actions.lead_calls import record_talks
from crm_core.actions.leads import LeadIn, LeadPatch
from crm_core.domain.contact_points import ContactPointRejected
from crm_core.domain.errors import Forbidden, NotFound, VersionConflict
from crm_core.domain.events import FLOOR, agent_room, team_room
from crm_core.domain.leads import (
    LeadClosed,
    LeadNobody,
    LeadNotAccepted,
    LeadStageRejected,
    LeadTaken,
    LostReasonRequired,
    SourceUnknown,
)
from crm_core.domain.viewer import Viewer
from crm_core.store.calls import load_calls
from crm_core.store.database import Database
from crm_core.views.leads import LeadFilters, LeadStory, get_lead, list_leads, load_story
from tests.integration.desk import add_interaction, add_team, agent, owner, supervisor
from tests.people import add_agent, add_client, events_of

PHONE = "+77011234567"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Two managers of one team with their supervisor, and a manager of another team."""

    database: Database
    anna: UUID
    boris: UUID
    irina: UUID
    zhanar: UUID
    sales: UUID
    hotline: UUID

    async def lead(self, by: Viewer | None = None, **given: object) -> UUID:
        async with self.database.begin() as tx:
            said = LeadIn.model_validate({"source": "PHONE", "address": PHONE, **given})
            return await leads.create(tx, by or self.chief, said, country="KZ")

    async def read(self, lead_id: UUID) -> LeadStory:
        async with self.database.read() as db:
            return await load_story(db, lead_id)

    async def accept(self, lead_id: UUID, by: Viewer) -> None:
        async with self.database.begin() as tx:
            await leads.accept(tx, lead_id, by)

    async def patch(self, lead_id: UUID, by: Viewer, **given: object) -> None:
        async with self.database.begin() as tx:
            await leads.edit(tx, lead_id, by, LeadPatch.model_validate(given))

    async def found(self, viewer: Viewer, **filters: object) -> set[UUID]:
        async with self.database.read() as db:
            page = await list_leads(db, viewer, LeadFilters.model_validate(filters))
        return {one.id for one in page.items}

    @property
    def chief(self) -> Viewer:
        return supervisor(self.irina, self.sales)

    def one_of_sales(self, person: UUID) -> Viewer:
        return Viewer(user_id=person, role=agent(person).role, team_id=self.sales)


@pytest.fixture
async def house(database: Database) -> House:
    anna = await add_agent(database, "anna", extension="1001")
    boris = await add_agent(database, "boris", extension="1002")
    irina = await add_agent(database, "irina", extension=None, role="supervisor")
    zhanar = await add_agent(database, "zhanar", extension="2001")
    return House(
        database=database,
        anna=anna,
        boris=boris,
        irina=irina,
        zhanar=zhanar,
        sales=await add_team(database, "sales", anna, boris, irina),
        hotline=await add_team(database, "hotline", zhanar),
    )


async def test_what_was_written_down_is_stored_under_one_spelling_and_waits_for_somebody(house: House) -> None:
    lead = await house.read(
        await house.lead(
            address="8 (701) 123-45-67", name="Айгерим", subject="Хайнань в мае", campaign={"utm_source": "instagram"}
        )
    )

    assert (lead.address, lead.name, lead.subject) == (PHONE, "Айгерим", "Хайнань в мае")
    assert (lead.stage, lead.owner_id, lead.accept_by, lead.team_id) == ("new", None, None, house.sales)
    assert lead.campaign == {"utm_source": "instagram"}
    assert lead.source_titles.ru == "Телефон"
    [written] = lead.history
    assert (written.agent_id, written.reason, written.by, written.to) == (None, "created", house.irina, None)
    assert written.words is not None


async def test_a_mail_address_is_an_address_too(house: House) -> None:
    assert (await house.read(await house.lead(address=" Aigerim@Mail.KZ "))).address == "aigerim@mail.kz"


async def test_whoever_writes_a_lead_down_for_themselves_has_accepted_it(house: House) -> None:
    lead = await house.read(await house.lead(house.one_of_sales(house.anna), owner_id=house.anna))

    assert (lead.owner_name, lead.stage) == ("Anna", "in_work")
    assert lead.accepted_at is not None


async def test_whoever_is_given_a_lead_has_a_time_to_accept_it(house: House) -> None:
    lead = await house.read(await house.lead(owner_id=house.anna))

    assert (lead.owner_id, lead.stage, lead.accepted_at) == (house.anna, "new", None)
    assert lead.accept_by is not None
    assert lead.given_at is not None
    assert (lead.accept_by - lead.given_at).total_seconds() == 300


async def test_a_lead_nobody_could_be_reached_by_or_from_nowhere_is_refused(house: House) -> None:
    for refusal, given in (
        (LeadNobody, {"address": None}),
        (ContactPointRejected, {"address": "позвоните мне"}),
        (SourceUnknown, {"source": "BILLBOARD"}),
        (AgentUnknown, {"owner_id": uuid4()}),
        (NotFound, {"client_id": uuid4()}),
    ):
        with pytest.raises(refusal):
            await house.lead(**given)

    assert await events_of(house.database) == []


async def test_the_lead_of_a_known_number_is_that_clients(house: House) -> None:
    client = await add_client(house.database, "Сулейменова Айгерим", phone=PHONE)

    lead = await house.read(await house.lead())

    assert (lead.client_id, lead.client_name, lead.candidates) == (client, "Сулейменова Айгерим", [])


async def test_of_several_people_behind_a_number_nobody_is_chosen(house: House) -> None:
    mother = await add_client(house.database, "Сулейменова Айгерим", phone=PHONE)
    son = await add_client(house.database, "Сулейменов Тимур", phone=PHONE)

    lead_id = await house.lead()
    lead = await house.read(lead_id)

    assert lead.client_id is None
    assert {known.id for known in lead.candidates} == {mother, son}
    await house.patch(lead_id, house.chief, client_id=son)
    assert ((await house.read(lead_id)).client_id, (await house.read(lead_id)).candidates) == (son, [])


async def test_a_lead_goes_along_when_two_clients_become_one(house: House) -> None:
    known = await add_client(house.database, "Сулейменова Айгерим", phone=PHONE)
    same = await add_client(house.database, "Сулейменова А.", phone="+77019999999")
    lead = await house.lead()

    async with house.database.begin() as tx:
        await merge(tx, same, owner(house.irina), other_id=known)

    assert (await house.read(lead)).client_id == same


async def test_the_same_wish_left_again_within_a_day_is_one_lead_told_twice(house: House) -> None:
    first = await house.lead(subject="Хайнань в мае")
    again = await house.lead(address="+7 701 123 45 67", subject="на двоих", name="Айгерим")
    once_more = await house.lead(subject="на двоих")

    lead = await house.read(first)
    assert {first, again, once_more} == {first}
    assert (lead.repeats, lead.subject, lead.name, lead.note) == (2, "Хайнань в мае", "Айгерим", "на двоих")
    assert len(lead.history) == 1


async def test_a_wish_from_elsewhere_after_a_day_or_after_the_end_is_a_new_lead(house: House) -> None:
    first = await house.lead()
    elsewhere = await house.lead(source="WALK_IN")
    async with house.database.begin() as tx:
        await tx.execute("UPDATE leads SET created_at = created_at - interval '25 hours' WHERE id = $1", first)
    next_day = await house.lead()
    await house.patch(next_day, house.chief, stage="lost", lost_reason="передумали")

    assert len({first, elsewhere, next_day, await house.lead()}) == 4


async def test_left_twice_in_the_same_moment_it_is_still_one_lead(house: House) -> None:
    made = await asyncio.gather(*(house.lead() for _ in range(4)))

    assert len(set(made)) == 1
    assert (await house.read(made[0])).repeats == 3


async def test_each_sees_what_concerns_them(house: House) -> None:
    free, of_anna = await house.lead(), await house.lead(address="+77010000001", owner_id=house.anna)
    client = await add_client(house.database, "Ким Виктор", phone="+77010000002", owner=house.zhanar)
    of_her_client = await house.lead(address="+77010000002", owner_id=house.boris)

    assert await house.found(house.one_of_sales(house.anna)) == {free, of_anna}
    assert await house.found(house.one_of_sales(house.boris)) == {free, of_her_client}
    assert await house.found(house.chief) == {free, of_anna, of_her_client}
    assert await house.found(owner(house.zhanar)) == {free, of_anna, of_her_client}
    zhanar = Viewer(user_id=house.zhanar, role=agent(house.zhanar).role, team_id=house.hotline)
    assert await house.found(zhanar) == {of_her_client}
    assert await house.found(supervisor(house.irina, house.hotline), client_id=client) == {of_her_client}
    async with house.database.read() as db:
        assert (await get_lead(db, of_her_client, zhanar)).id == of_her_client
        with pytest.raises(NotFound):
            await get_lead(db, of_anna, zhanar)


async def test_a_lead_of_no_team_is_everybodys_until_somebody_has_it(house: House) -> None:
    lead = await house.lead(owner(house.irina))
    stranger = Viewer(user_id=house.zhanar, role=agent(house.zhanar).role, team_id=house.hotline)
    assert await house.found(stranger) == {lead}

    await house.accept(lead, house.one_of_sales(house.anna))

    assert await house.found(stranger) == set()


async def test_its_owner_their_supervisors_and_the_floor_hear_of_it(house: House) -> None:
    await house.lead(owner_id=house.anna)

    [(name, rooms)] = await events_of(house.database)
    assert (name, set(rooms)) == ("lead.changed", {agent_room(house.anna), team_room(house.sales), FLOOR})


async def test_an_accepted_lead_is_accepted_once_however_often_it_is_said(house: House) -> None:
    lead = await house.lead(owner_id=house.anna)
    await house.accept(lead, agent(house.anna))
    accepted = await house.read(lead)
    await house.accept(lead, agent(house.anna))

    assert (accepted.stage, accepted.owner_id) == ("in_work", house.anna)
    assert accepted.accepted_at is not None
    assert await house.read(lead) == accepted


async def test_two_take_the_same_lead_at_once_and_one_has_it(house: House) -> None:
    lead = await house.lead()

    outcomes = await asyncio.gather(
        *(house.accept(lead, house.one_of_sales(person)) for person in (house.anna, house.boris)),
        return_exceptions=True,
    )

    [refused] = [one for one in outcomes if one is not None]
    story = await house.read(lead)
    assert isinstance(refused, LeadTaken | NotFound)  # the loser may not even see it any more
    assert story.owner_id in {house.anna, house.boris}
    assert [one.reason for one in story.history] == ["created", "taken"]
    assert [one.to is None for one in story.history] == [False, True]


async def test_a_supervisor_cannot_accept_what_somebody_has(house: House) -> None:
    lead = await house.lead(owner_id=house.anna)

    with pytest.raises(LeadTaken) as refused:
        await house.accept(lead, house.chief)

    assert refused.value.fields == {"agent_id": house.anna, "agent_name": "Anna"}


async def test_an_answered_call_with_them_is_an_acceptance(house: House) -> None:
    lead_id = await house.lead(owner_id=house.anna)
    async with house.database.begin() as tx:
        colleagues = await add_interaction(tx, client=None, agent=house.boris, address=PHONE, state="active")
        mine = await add_interaction(tx, client=None, agent=house.anna, address=PHONE, state="active")
        other = await add_interaction(tx, client=None, agent=house.anna, address="+77019999999", state="active")
        await tx.execute("UPDATE interactions SET answered_at = started_at")

    for call, accepted in ((other, False), (colleagues, False), (mine, True)):
        async with house.database.begin() as tx:
            await record_talks(tx, list((await load_calls(tx, [call])).values()))

        lead = await house.read(lead_id)
        assert (lead.accepted_at is not None) is accepted
    assert (lead.stage, lead.owner_id) == ("in_work", house.anna)


async def test_a_moved_lead_is_to_be_accepted_anew_and_says_who_moved_it_and_why(house: House) -> None:
    lead = await house.lead(owner_id=house.anna)
    await house.accept(lead, agent(house.anna))

    async with house.database.begin() as tx:
        await leads.move(tx, lead, agent(house.anna), agent_id=house.boris, reason="я в отпуске")

    moved = await house.read(lead)
    assert (moved.owner_id, moved.accepted_at, moved.moves, moved.stage) == (house.boris, None, 1, "in_work")
    last = moved.history[-1]
    assert (last.agent_id, last.reason, last.explanation, last.words, last.by_name) == (
        house.boris,
        "moved",
        "я в отпуске",
        None,
        "Anna",
    )
    assert agent_room(house.anna) in (await events_of(house.database))[-1][1]


async def test_a_lead_given_back_is_nobodys_and_due_at_once(house: House) -> None:
    lead = await house.lead(owner_id=house.anna)

    async with house.database.begin() as tx:
        await leads.release(tx, lead, agent(house.anna), reason="не мой язык")
        assert await tx.fetchval("SELECT next_at FROM leads WHERE id = $1", lead) == tx.now

    back = await house.read(lead)
    assert (back.owner_id, back.accept_by, back.history[-1].reason) == (None, None, "released")


async def test_only_its_owner_or_a_supervisor_gives_a_lead_on(house: House) -> None:
    client_owner = house.zhanar
    await add_client(house.database, "Ким Виктор", phone=PHONE, owner=client_owner)
    lead = await house.lead(owner_id=house.anna)

    for verb in (
        lambda tx: leads.release(tx, lead, agent(client_owner), reason="хочу себе"),
        lambda tx: leads.move(tx, lead, agent(client_owner), agent_id=client_owner, reason="хочу себе"),
    ):
        with pytest.raises(Forbidden):
            async with house.database.begin() as tx:
                await verb(tx)


async def test_a_lead_ends_won_or_lost_and_lost_has_a_reason(house: House) -> None:
    won, lost = await house.lead(owner_id=house.anna), await house.lead(source="WALK_IN", owner_id=house.anna)
    with pytest.raises(LostReasonRequired):
        await house.patch(lost, agent(house.anna), stage="lost")

    await house.patch(lost, agent(house.anna), stage="lost", lost_reason="дорого")
    await house.patch(won, agent(house.anna), stage="offer")
    await house.patch(won, agent(house.anna), stage="won")

    story = await house.read(lost)
    assert (story.stage, story.lost_reason, story.closed_at is not None) == ("lost", "дорого", True)
    assert all(one.to is not None for one in story.history)
    assert await house.found(agent(house.anna), open=False) == {won, lost}
    with pytest.raises(LeadClosed):
        await house.accept(won, agent(house.anna))


async def test_a_lead_nobody_has_accepted_has_no_stage_but_may_be_closed(house: House) -> None:
    lead = await house.lead(owner_id=house.anna)
    with pytest.raises(LeadNotAccepted):
        await house.patch(lead, house.chief, stage="in_work")

    await house.patch(lead, house.chief, stage="lost", lost_reason="спам")

    assert (await house.read(lead)).accepted_at is None


async def test_what_somebody_has_accepted_is_never_new_again(house: House) -> None:
    lead = await house.lead(house.one_of_sales(house.anna), owner_id=house.anna)

    with pytest.raises(LeadStageRejected):
        await house.patch(lead, house.chief, stage="new")


async def test_to_say_how_far_it_has_come_is_to_accept_it(house: House) -> None:
    lead = await house.lead(owner_id=house.anna)

    await house.patch(lead, agent(house.anna), stage="offer")

    story = await house.read(lead)
    assert (story.stage, story.accepted_at is not None) == ("offer", True)


async def test_an_edit_of_what_somebody_else_has_changed_is_refused(house: House) -> None:
    lead = await house.lead(owner_id=house.anna)
    await house.patch(lead, house.chief, name="Айгерим")

    with pytest.raises(VersionConflict):
        await house.patch(lead, house.chief, name="Гульнара", version=1)

    assert (await house.read(lead)).name == "Айгерим"


async def test_the_list_is_narrowed_and_searched(house: House) -> None:
    anna = await house.lead(name="Сулейменова Айгерим", owner_id=house.anna)
    free = await house.lead(address="kim_100%@mail.kz", source="EMAIL", name="Ким")
    created = (await house.read(free)).created_at

    for filters, found in (
        ({"owner_id": house.anna}, {anna}),
        ({"unassigned": True}, {free}),
        ({"source": "EMAIL"}, {free}),
        ({"stage": "won"}, set()),
        ({"q": "сулейм"}, {anna}),
        ({"q": "Әйгерім"}, {anna}),
        ({"q": "aigerim"}, {anna}),
        ({"q": "'"}, set()),
        ({"q": "701 123"}, {anna}),
        ({"q": "100%@"}, {free}),
        ({"q": "%"}, {free}),
        ({"from": created}, {free}),
        ({"to": created}, {anna}),
        ({"open": True}, {anna, free}),
    ):
        assert await house.found(house.chief, **filters) == found, filters


async def test_the_list_goes_on_where_the_last_page_ended(house: House) -> None:
    made = [await house.lead(address=f"+7701000000{number}") for number in range(5)]

    async with house.database.read() as db:
        first = await list_leads(db, house.chief, LeadFilters(), limit=3)
        second = await list_leads(db, house.chief, LeadFilters(), limit=3, cursor=first.next)

    assert [one.id for one in (*first.items, *second.items)] == made[::-1]
    assert second.next is None
