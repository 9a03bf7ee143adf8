"""Whoever goes may let the engine share out what they hold: fairly, explained, with nothing left behind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from crm_core.actions import absences, callbacks, holdings, leads, users
from crm_core.actions.absences import AbsenceIn, AbsenceKind
from crm_core.actions.callbacks import CallbackIn
from crm_core.actions.holdings import HandOverIn
from crm_core.actions.lead_watch import watch_leads
from crm_core.actions.leads import LeadIn
from crm_core.actions.sharing import Portion
from crm_core.actions.watchdog import watch_waiting
from crm_core.domain.errors import CallbackAlreadyClaimed, NotFound
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database, Record
from crm_core.views.moves import explain_move
from tests.integration.desk import add_team, agent, owner, supervisor
from tests.people import add_agent, add_client, events_of

ALMATY = ZoneInfo("Asia/Almaty")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ENGINE = HandOverIn(to="engine")

_OWED = """
SELECT owed.agent_id, owed.client_id, owed.nobody_since, owed.stuck, history.reason, history.words, history.record,
       history.by
FROM callbacks owed
JOIN callback_history history ON history.callback_id = owed.id AND history.to_at IS NULL
WHERE owed.state IN ('open', 'claimed')
ORDER BY owed.due_at
"""


@dataclass(slots=True, kw_only=True)
class House:
    """Anna, who goes, two colleagues who are there, their supervisor, and the owner of the company."""

    database: Database
    anna: UUID
    boris: UUID
    vera: UUID
    irina: UUID
    boss: Viewer
    team: UUID
    clients: dict[str, UUID] = field(default_factory=dict)

    async def client(self, name: str, *, owned_by: UUID | None = None) -> UUID:
        phone = f"+7701{len(self.clients):07}"
        self.clients[name] = await add_client(self.database, name, phone=phone, owner=owned_by or self.anna)
        return self.clients[name]

    async def promise(self, client: UUID, *, by: UUID | None = None, due_in: timedelta = HOUR) -> UUID:
        async with self.database.begin() as tx:
            given = CallbackIn(client_id=client, due_at=tx.now + due_in, agent_id=by or self.anna)
            return await callbacks.create(tx, self.boss, given)

    async def lead(self, phone: str = "+77019999999", **given: object) -> UUID:
        async with self.database.begin() as tx:
            said = {"source": "WEB_FORM", "address": phone, "owner_id": self.anna, **given}
            return await leads.create(tx, self.boss, LeadIn.model_validate(said), country="KZ")

    async def dismiss_anna(self) -> None:
        async with self.database.begin() as tx:
            await users.change_user(tx, self.anna, {"enabled": False}, by=self.boss, hand_over=ENGINE, zone=ALMATY)

    async def preview(self, by: Viewer | None = None) -> list[Portion]:
        async with self.database.begin() as tx:
            return await holdings.preview(tx, self.anna, by or self.boss, due_before=None, leaving=True)

    async def gone(self, *people: UUID) -> None:
        async with self.database.begin() as tx:
            sql = "UPDATE agent_states SET present = false, state = 'offline' WHERE user_id = ANY($1)"
            await tx.execute(sql, list(people))

    async def rows(self, sql: str) -> list[Record]:
        async with self.database.read() as db:
            return await db.fetch(sql)

    async def owner_of(self, client: UUID) -> UUID | None:
        async with self.database.read() as db:
            found: UUID | None = await db.fetchval("SELECT owner_id FROM clients WHERE id = $1", client)
            return found

    async def lead_owner(self, lead_id: UUID) -> UUID | None:
        async with self.database.read() as db:
            found: UUID | None = await db.fetchval("SELECT owner_id FROM leads WHERE id = $1", lead_id)
            return found


@pytest.fixture
async def house(database: Database) -> House:
    anna, boris, vera = [await add_agent(database, name, extension=None) for name in ("anna", "boris", "vera")]
    irina = await add_agent(database, "irina", extension=None, role="supervisor")
    boss = await add_agent(database, "boss", extension=None, role="owner")
    team = await add_team(database, "sales", anna, boris, vera, irina)
    return House(database=database, anna=anna, boris=boris, vera=vera, irina=irina, boss=owner(boss), team=team)


async def test_everything_is_shared_out_evenly_and_says_why(house: House) -> None:
    for name in ("Aigerim", "Bolat", "Camila", "Daniyar"):
        await house.promise(await house.client(name))

    await house.dismiss_anna()

    owed = await house.rows(_OWED)
    assert Counter(row["agent_id"] for row in owed) == {house.boris: 2, house.vera: 2}
    assert {row["reason"] for row in owed} == {"absence"}
    assert all(row["by"] == house.boss.user_id for row in owed)
    assert owed[0]["words"]["en"].startswith("Anna does not work here any more. Handed over (Anna → ")
    assert {one["name"]: one["reason"] for one in owed[0]["record"]["candidates"]}["Anna"] == "had_it"
    for row in owed:
        assert await house.owner_of(row["client_id"]) == row["agent_id"]


async def test_what_concerns_one_client_goes_to_one_person(house: House) -> None:
    aigerim = await house.client("Aigerim")
    await house.promise(aigerim)
    await house.promise(aigerim, due_in=DAY)
    wish = await house.lead(client_id=str(aigerim))
    await house.promise(await house.client("Bolat"), due_in=2 * HOUR)

    await house.dismiss_anna()

    owed = [row["agent_id"] for row in await house.rows(_OWED) if row["client_id"] == aigerim]
    assert len(set(owed)) == 1
    assert await house.lead_owner(wish) == await house.owner_of(aigerim) == owed[0]


async def test_a_client_goes_to_the_colleague_who_owes_them_something_already(house: House) -> None:
    aigerim = await house.client("Aigerim")
    await house.promise(aigerim, by=house.vera)
    resting = [await house.client(f"Resting {number}") for number in range(30)]

    await house.dismiss_anna()

    assert await house.owner_of(aigerim) == house.vera
    shared = Counter([await house.owner_of(client) for client in resting])
    assert shared[house.boris] + shared[house.vera] == 30  # more than anybody is given of work in an hour
    assert abs(shared[house.boris] - (shared[house.vera] + 1)) <= 1  # whom Vera looks after counts


async def test_nobody_is_given_more_than_in_any_hour_and_the_supervisor_has_the_rest_with_the_alarm(
    house: House,
) -> None:
    for number in range(23):
        await house.promise(await house.client(f"Client {number}"), due_in=HOUR + timedelta(minutes=number))

    await house.dismiss_anna()

    owed = await house.rows(_OWED)
    assert Counter(row["agent_id"] for row in owed) == {house.boris: 10, house.vera: 10, house.irina: 3}
    left = [row for row in owed if row["agent_id"] == house.irina]
    assert left == owed[20:]  # the most pressing were given first
    assert all(row["nobody_since"] is not None for row in left)
    assert left[0]["stuck"]["words"]["en"].endswith("the supervisor answers for it (Irina).")
    assert [kind for kind, _ in await events_of(house.database)].count("callback.stuck") == 3
    async with house.database.begin() as tx:
        await watch_waiting(tx, 10, zone=ALMATY)
    still = [row for row in await house.rows(_OWED) if row["agent_id"] == house.irina]
    assert [(row["nobody_since"], row["stuck"]) for row in still] == [
        (row["nobody_since"], row["stuck"]) for row in left
    ]


async def test_when_nobody_is_there_nothing_is_left_without_an_owner(house: House) -> None:
    aigerim, resting = await house.client("Aigerim"), await house.client("Resting")
    await house.promise(aigerim)
    wish = await house.lead()
    await house.gone(house.boris, house.vera)

    await house.dismiss_anna()

    assert [row["agent_id"] for row in await house.rows(_OWED)] == [house.irina]
    assert {await house.owner_of(aigerim), await house.owner_of(resting)} == {house.irina}
    async with house.database.begin() as tx:
        await watch_leads(tx, 10, zone=ALMATY)
    assert await house.lead_owner(wish) is None
    assert "lead.stuck" in {kind for kind, _ in await events_of(house.database)}


async def test_the_preview_says_what_then_happens_and_changes_nothing(house: House) -> None:
    for number in range(3):
        await house.promise(await house.client(f"Client {number}"), due_in=HOUR + timedelta(minutes=number))
    await house.client("Resting")
    await house.lead()

    said = await house.preview()

    assert {row["agent_id"] for row in await house.rows(_OWED)} == {house.anna}
    assert sum(one.promises for one in said) == 3
    assert sum(one.leads for one in said) == 1
    assert sum(one.clients for one in said) == 4
    assert not any(one.stuck for one in said)
    await house.dismiss_anna()
    counted = Counter(row["agent_id"] for row in await house.rows(_OWED))
    assert {one.agent_id: one.promises for one in said if one.promises} == counted


async def test_only_who_may_answer_for_somebody_sees_how_their_work_would_be_shared(house: House) -> None:
    await house.promise(await house.client("Aigerim"))

    assert await house.preview(supervisor(house.irina, house.team))
    assert await house.preview(agent(house.anna))
    with pytest.raises(NotFound):
        await house.preview(agent(house.boris))


async def test_while_they_are_away_what_comes_due_is_shared_and_the_clients_stay_theirs(house: House) -> None:
    aigerim, bolat = await house.client("Aigerim"), await house.client("Bolat")
    await house.promise(aigerim, due_in=DAY + HOUR)
    await house.promise(bolat, due_in=20 * DAY)

    async with house.database.begin() as tx:
        # It begins tomorrow: they are here and free, and are given nothing of it back all the same.
        away = AbsenceIn(kind=AbsenceKind.VACATION, from_at=tx.now + DAY, to_at=tx.now + 14 * DAY, hand_over=ENGINE)
        await absences.create(tx, agent(house.anna), away, zone=ALMATY)

    soon, later = await house.rows(_OWED)
    assert soon["agent_id"] in {house.boris, house.vera}
    assert soon["words"]["en"].startswith("Anna is away. Handed over")
    assert later["agent_id"] == house.anna
    assert await house.owner_of(aigerim) == house.anna


async def test_a_lead_nobody_has_accepted_must_be_accepted_by_its_next_owner(house: House) -> None:
    wish = await house.lead()

    await house.dismiss_anna()

    (row,) = await house.rows("SELECT owner_id, accepted_at, accept_by FROM leads")
    assert row["owner_id"] in {house.boris, house.vera}
    assert row["accepted_at"] is None
    assert row["accept_by"] is not None
    (told,) = await house.rows("SELECT lead_id, reason, words, record FROM lead_history WHERE to_at IS NULL")
    assert (told["lead_id"], told["reason"]) == (wish, "absence")
    assert told["record"]["to_agent_id"] == str(row["owner_id"])


async def test_nothing_is_shared_while_somebody_is_calling_about_it(house: House) -> None:
    promised = await house.promise(await house.client("Aigerim"))
    await house.promise(await house.client("Bolat"))
    async with house.database.begin() as tx:
        await callbacks.claim(tx, promised, agent(house.anna))

    with pytest.raises(CallbackAlreadyClaimed):
        await house.dismiss_anna()

    assert {row["agent_id"] for row in await house.rows(_OWED)} == {house.anna}


async def test_it_is_written_down_who_got_how_much(house: House) -> None:
    await house.promise(await house.client("Aigerim"))

    await house.dismiss_anna()

    (line,) = await house.rows("SELECT details FROM audit_log WHERE action = 'work.handed_over'")
    (shared,) = line["details"]["shared"]
    assert line["details"]["to"] == "engine"
    assert (shared["promises"], shared["clients"], shared["stuck"]) == (1, 1, False)


async def test_whoever_asks_why_reads_everybody_who_was_asked(house: House) -> None:
    promised = await house.promise(await house.client("Aigerim"))
    await house.dismiss_anna()

    async with house.database.read() as db:
        history_id = await db.fetchval("SELECT id FROM callback_history WHERE to_at IS NULL")
        told = await explain_move(db, promised, history_id, supervisor(house.irina, house.team))

    assert {one.name: one.reason for one in told.candidates}["Anna"] == "had_it"
    assert told.candidates[0].reason == "chosen"
    assert told.candidates[0].words.en.startswith("available, 0 of 60 clients")
    assert (told.rule, told.undo.code) == (None, "previous_owner_left")
