"""Leads are given out by the engine, go on when nobody accepts them, and wait when there is nobody."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from crm_core.actions import leads
from crm_core.actions.lead_watch import watch_leads
from crm_core.actions.leads import LeadIn
from crm_core.domain.errors import DecisionRefused
from crm_core.domain.events import FLOOR, agent_room, team_room
from crm_core.domain.words import Words
from crm_core.store.database import Database
from crm_core.store.lead_watch import retry_waiting
from crm_core.store.leads import FreshLead
from crm_core.views.leads import LeadStory, load_story
from tests.integration.desk import add_interaction, add_team, agent, supervisor
from tests.people import add_agent, add_client, events_of

ALMATY = ZoneInfo("Asia/Almaty")
SAID = Words(ru="Пришёл сам.", en="Came by themselves.")
MINUTE = timedelta(minutes=1)
MILLISECOND = timedelta(milliseconds=1)
PHONE = "+77011234567"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Two managers who are there, their supervisor, and a source that goes to their team."""

    database: Database
    anna: UUID
    boris: UUID
    irina: UUID
    sales: UUID

    async def lead(self, phone: str = PHONE, **given: object) -> UUID:
        async with self.database.begin() as tx:
            said = LeadIn.model_validate({"source": "WEB_FORM", "address": phone, **given})
            return await leads.create(tx, supervisor(self.irina, self.sales), said, country="KZ")

    async def read(self, lead_id: UUID) -> LeadStory:
        async with self.database.read() as db:
            return await load_story(db, lead_id)

    async def watch(self, *, limit: int = 100) -> int:
        async with self.database.begin() as tx:
            return await watch_leads(tx, limit, zone=ALMATY)

    async def pass_time(self, by: timedelta) -> None:
        """As if every lead had been there, and with its owner, that much longer."""
        async with self.database.begin() as tx:
            await tx.execute(
                """UPDATE leads SET created_at = created_at - $1::interval, accept_by = accept_by - $1,
                       next_at = next_at - $1, nobody_since = nobody_since - $1""",
                by,
            )
            await tx.execute("UPDATE lead_history SET from_at = from_at - $1::interval, to_at = to_at - $1", by)

    async def source(self, **columns: object) -> None:
        async with self.database.begin() as tx:
            for name, value in columns.items():
                await tx.execute(f"UPDATE lead_sources SET {name} = $1 WHERE code = 'WEB_FORM'", value)

    async def person(self, person: UUID, **columns: object) -> None:
        async with self.database.begin() as tx:
            for name, value in columns.items():
                table, key = ("agent_states", "user_id") if name in {"state", "present"} else ("users", "id")
                await tx.execute(f"UPDATE {table} SET {name} = $2 WHERE {key} = $1", person, value)

    async def owed(self, lead_id: UUID) -> list[tuple[UUID, str]]:
        """Who owes what was promised for the lead, and why."""
        async with self.database.read() as db:
            rows = await db.fetch(
                """SELECT owed.agent_id, history.reason
                   FROM callbacks owed
                   JOIN callback_history history ON history.callback_id = owed.id AND history.to_at IS NULL
                   WHERE owed.lead_id = $1""",
                lead_id,
            )
        return [tuple(row) for row in rows]

    async def gone(self, *people: UUID) -> None:
        for person in people:
            await self.person(person, state="offline", present=False)

    async def accept(self, lead_id: UUID, by: UUID) -> None:
        async with self.database.begin() as tx:
            await leads.accept(tx, lead_id, agent(by))


@pytest.fixture
async def house(database: Database) -> House:
    anna = await add_agent(database, "anna", extension="1001")
    boris = await add_agent(database, "boris", extension="1002")
    irina = await add_agent(database, "irina", extension=None, role="supervisor")
    house = House(
        database=database,
        anna=anna,
        boris=boris,
        irina=irina,
        sales=await add_team(database, "sales", anna, boris, irina),
    )
    await house.source(team_id=house.sales, accept_within_s=300)
    return house


async def test_a_new_lead_is_given_at_once_and_says_to_whom_why_and_until_when(house: House) -> None:
    lead_id = await house.lead()

    assert await house.watch() == 1

    lead = await house.read(lead_id)
    assert lead.owner_id in {house.anna, house.boris}
    assert lead.given_at is not None
    assert lead.accept_by == lead.given_at + 5 * MINUTE
    given = lead.history[-1]
    assert (given.reason, given.agent_id, given.by) == ("given", lead.owner_id, None)
    assert given.words is not None
    assert "лид отдан" in given.words.ru
    assert "the lead was given" in given.words.en
    assert given.record is not None
    assert {one["name"] for one in given.record["candidates"]} >= {"Anna", "Boris"}
    assert await house.watch() == 0


async def test_whoever_was_given_nothing_for_longest_gets_the_next(house: House) -> None:
    first, second = await house.lead(), await house.lead("+77010000002")
    await house.watch()

    owners = {(await house.read(one)).owner_id for one in (first, second)}

    assert owners == {house.anna, house.boris}


async def test_only_somebody_with_the_skill_and_the_language_gets_it(house: House) -> None:
    await house.source(skills=["Хайнань"])
    await house.person(house.boris, skills=["хайнань", "vip"], languages=["ru", "kk"])
    await house.person(house.anna, skills=["хайнань"], languages=["ru", "kk"])

    lead = await house.lead(skills=["VIP"], language="kk-KZ")
    await house.watch()

    assert (await house.read(lead)).owner_id == house.boris


async def test_the_call_that_was_asked_for_goes_along_with_the_lead(house: House) -> None:
    async with house.database.begin() as tx:
        fresh = FreshLead(source="WEB_FORM", addresses=[PHONE])
        lead_id = (await leads.receive(tx, fresh, said=SAID, call_at=tx.now + 5 * MINUTE)).id
    assert await house.owed(lead_id) == [(house.irina, "given")]

    await house.watch()
    first = (await house.read(lead_id)).owner_id
    await house.pass_time(5 * MINUTE)
    await house.watch()
    second = (await house.read(lead_id)).owner_id

    assert {first, second} == {house.anna, house.boris}
    assert await house.owed(lead_id) == [(second, "given")]
    async with house.database.read() as db:
        [owed] = await db.fetch("SELECT moves, escalate_at - grace_from AS grace FROM callbacks")
    assert (owed["moves"], owed["grace"]) == (0, 10 * MINUTE)  # whoever has it now has the whole grace
    moved = [rooms for name, rooms in await events_of(house.database) if name == "callback.moved"]
    assert agent_room(second) in moved[-1]
    assert agent_room(first) in moved[-1]


async def test_a_lead_goes_on_at_its_moment_and_not_a_millisecond_earlier(house: House) -> None:
    lead_id = await house.lead()
    await house.watch()
    given = await house.read(lead_id)
    assert given.accept_by is not None

    await house.pass_time(4 * MINUTE)
    assert await house.watch() == 0
    assert (await house.read(lead_id)).owner_id == given.owner_id
    await house.pass_time(MINUTE)
    assert await house.watch() == 1

    lead = await house.read(lead_id)
    assert {given.owner_id, lead.owner_id} == {house.anna, house.boris}
    assert (lead.moves, lead.accepted_at, lead.history[-1].reason) == (1, None, "not_accepted")
    assert lead.history[-1].words is not None
    assert "лид перешёл" in lead.history[-1].words.ru


async def test_an_accepted_lead_stays(house: House) -> None:
    lead_id = await house.lead()
    await house.watch()
    owner_id = (await house.read(lead_id)).owner_id
    assert owner_id is not None
    await house.accept(lead_id, owner_id)

    await house.pass_time(60 * MINUTE)

    assert await house.watch() == 0
    assert (await house.read(lead_id)).owner_id == owner_id


async def test_it_does_not_come_back_to_whoever_did_not_accept_it(house: House) -> None:
    lead_id = await house.lead()
    await house.watch()
    for _ in range(2):
        await house.pass_time(5 * MINUTE)
        await house.watch()

    lead = await house.read(lead_id)
    assert (lead.owner_id, lead.nobody_since is not None) == (None, True)
    assert [one.reason for one in lead.history] == ["created", "given", "not_accepted", "not_accepted"]
    assert lead.history[-1].words is not None
    assert "решает руководитель" in lead.history[-1].words.ru


async def test_what_went_on_too_often_is_left_to_the_supervisor(house: House) -> None:
    await house.source(max_moves=0)
    lead_id = await house.lead()
    await house.watch()
    await house.pass_time(5 * MINUTE)
    await house.watch()

    lead = await house.read(lead_id)
    assert (lead.owner_id, lead.nobody_since is not None) == (None, True)
    [(_, rooms)] = [event for event in await events_of(house.database) if event[0] == "lead.stuck"]
    assert set(rooms) == {FLOOR, team_room(house.sales)}
    await house.pass_time(60 * MINUTE)
    async with house.database.begin() as tx:
        await retry_waiting(tx)
    await house.watch()
    assert (await house.read(lead_id)).owner_id is None


async def test_a_supervisor_has_it_given_out_anew(house: House) -> None:
    await house.source(max_moves=0)
    lead_id = await house.lead()
    await house.watch()
    first = (await house.read(lead_id)).owner_id
    await house.pass_time(5 * MINUTE)
    await house.watch()

    async with house.database.begin() as tx:
        await leads.release(tx, lead_id, supervisor(house.irina, house.sales), reason="попробуем ещё раз")
    await house.watch()

    lead = await house.read(lead_id)
    assert {first, lead.owner_id} == {house.anna, house.boris}
    assert [one.reason for one in lead.history[-2:]] == ["released", "given"]


async def test_with_nobody_there_the_supervisor_is_told_once_and_it_is_given_when_somebody_comes(house: House) -> None:
    await house.gone(house.anna, house.boris)
    lead_id = await house.lead()
    await house.watch()
    await house.pass_time(MINUTE)
    await house.watch()

    waiting = await house.read(lead_id)
    assert (waiting.owner_id, waiting.nobody_since is not None) == (None, True)
    assert waiting.history[-1].record is not None
    assert [name for name, _ in await events_of(house.database)].count("lead.stuck") == 1

    await house.person(house.boris, state="available", present=True)
    async with house.database.begin() as tx:
        await retry_waiting(tx)
    await house.watch()

    lead = await house.read(lead_id)
    assert (lead.owner_id, lead.nobody_since) == (house.boris, None)
    assert lead.history[-1].words is not None
    assert "ждал 1 минуту" in lead.history[-1].words.ru


async def test_the_oldest_and_most_valuable_are_given_first(house: House) -> None:
    await house.gone(house.anna)
    async with house.database.begin() as tx:
        await tx.execute("UPDATE teams SET hourly_cap = 2 WHERE id = $1", house.sales)
    valued = await add_client(house.database, "Ким Виктор", phone="+77010000009")
    async with house.database.begin() as tx:
        await tx.execute("UPDATE clients SET service_class = 'A' WHERE id = $1", valued)
    old = await house.lead("+77010000001")
    await house.pass_time(10 * MINUTE)
    plain = await house.lead("+77010000002")
    await house.pass_time(MINUTE)
    of_class_a = await house.lead("+77010000009")
    await house.pass_time(2 * MINUTE)

    await house.watch()

    owners = [(await house.read(one)).owner_id for one in (old, of_class_a, plain)]
    assert owners == [house.boris, house.boris, None]


async def test_nobody_is_given_more_in_an_hour_than_the_team_says(house: House) -> None:
    async with house.database.begin() as tx:
        await tx.execute("UPDATE teams SET hourly_cap = 1 WHERE id = $1", house.sales)
    made = [await house.lead(f"+7701000000{number}") for number in range(3)]

    await house.watch()

    owners = [(await house.read(one)).owner_id for one in made]
    assert sorted(map(str, owners)) == sorted(map(str, [house.anna, house.boris, None]))


async def test_our_own_absence_is_given_back(house: House) -> None:
    lead_id = await house.lead()
    await house.watch()
    given = await house.read(lead_id)
    await house.pass_time(6 * MINUTE)
    async with house.database.begin() as tx:
        await tx.execute(
            """INSERT INTO gaps (id, source, from_at, to_at, cause, state)
               VALUES (gen_random_uuid(), 'system', $1, $2, 'the program was down', 'repaired')""",
            tx.now - 5 * MINUTE,
            tx.now - 2 * MINUTE,
        )

    await house.watch()

    lead = await house.read(lead_id)
    assert lead.given_at is not None
    assert (lead.owner_id, lead.accept_by) == (given.owner_id, lead.given_at + 8 * MINUTE)


async def test_nobody_loses_the_client_they_are_speaking_with(house: House) -> None:
    lead_id = await house.lead()
    await house.watch()
    owner_id = (await house.read(lead_id)).owner_id
    await house.pass_time(5 * MINUTE)
    async with house.database.begin() as tx:
        call = await add_interaction(tx, client=None, agent=owner_id, address=PHONE, state="active")

    await house.watch()
    assert (await house.read(lead_id)).owner_id == owner_id
    async with house.database.begin() as tx:
        await tx.execute("UPDATE interactions SET state = 'closed', ended_at = now() WHERE id = $1", call)
    await house.pass_time(MINUTE)
    await house.watch()

    assert (await house.read(lead_id)).owner_id != owner_id


async def test_accepting_in_the_last_millisecond_wins_or_loses_and_never_both(house: House) -> None:
    made = [await house.lead(f"+7701000000{number}") for number in range(8)]
    await house.watch()
    before = {one: (await house.read(one)).owner_id for one in made}
    await house.pass_time(5 * MINUTE)

    async def accept(lead_id: UUID, owner_id: UUID) -> bool:
        try:
            await house.accept(lead_id, owner_id)
        except DecisionRefused:
            return False
        return True

    accepting = [accept(one, owner_id) for one, owner_id in before.items() if owner_id is not None]
    accepted, _, _ = await asyncio.gather(asyncio.gather(*accepting), house.watch(), house.watch())

    for (lead_id, owner_id), kept in zip(before.items(), accepted, strict=True):
        lead = await house.read(lead_id)
        assert kept is (lead.owner_id == owner_id and lead.accepted_at is not None)
        assert sum(one.to is None for one in lead.history) == 1
        assert kept or lead.history[-1].reason == "not_accepted"


async def test_two_watchdogs_give_each_lead_once(house: House) -> None:
    made = [await house.lead(f"+7701000000{number}") for number in range(8)]

    counts = await asyncio.gather(*(house.watch(limit=5) for _ in range(4)))

    assert sum(counts) == len(made)
    for one in made:
        assert [step.reason for step in (await house.read(one)).history] == ["created", "given"]
