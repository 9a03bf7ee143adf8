"""What was decided about a lead by mistake is taken back: accepted, taken, won or lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from crm_core.actions import lead_undo, leads
from crm_core.actions.lead_undo import LeadReopenIn
from crm_core.actions.leads import LeadIn, LeadPatch
from crm_core.domain.errors import Forbidden
from crm_core.domain.handovers import UndoTooLate
from crm_core.domain.leads import LeadStage
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.domain.words import Words
from crm_core.store.database import Database
from crm_core.store.leads import FreshLead
from crm_core.views.leads import LeadStory, load_story
from tests.integration.desk import add_team, supervisor
from tests.people import add_agent

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SAID = Words(ru="Пришёл сам.", en="Came by themselves.")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Anna and Boris, and who supervises them."""

    database: Database
    anna: UUID
    boris: UUID
    irina: Viewer

    def agent(self, person: UUID) -> Viewer:
        return Viewer(user_id=person, role=Role.AGENT, team_id=self.irina.team_id)

    async def lead(self, owner: UUID | None) -> UUID:
        async with self.database.begin() as tx:
            said = {"source": "WEB_FORM", "address": "+77011234567", "owner_id": owner}
            return await leads.create(tx, self.irina, LeadIn.model_validate(said), country="KZ")

    async def accept(self, lead_id: UUID, by: UUID) -> None:
        async with self.database.begin() as tx:
            await leads.accept(tx, lead_id, self.agent(by))

    async def go_to(self, lead_id: UUID, by: UUID, stage: LeadStage, reason: str | None = None) -> None:
        async with self.database.begin() as tx:
            await leads.edit(tx, lead_id, self.agent(by), LeadPatch(stage=stage, lost_reason=reason))

    async def take_back(self, lead_id: UUID, by: UUID) -> None:
        async with self.database.begin() as tx:
            await lead_undo.take_acceptance_back(tx, lead_id, self.agent(by))

    async def reopen(self, lead_id: UUID, by: Viewer, stage: LeadStage = LeadStage.IN_WORK) -> None:
        async with self.database.begin() as tx:
            await lead_undo.reopen(tx, lead_id, by, LeadReopenIn.model_validate({"stage": stage}))

    async def read(self, lead_id: UUID) -> LeadStory:
        async with self.database.read() as db:
            return await load_story(db, lead_id)

    async def older(self, by: timedelta) -> None:
        async with self.database.begin() as tx:
            await tx.execute(
                "UPDATE leads SET accepted_at = accepted_at - $1::interval, closed_at = closed_at - $1", by
            )
            await tx.execute("UPDATE callbacks SET closed_at = closed_at - $1::interval", by)


@pytest.fixture
async def house(database: Database) -> House:
    anna, boris = [await add_agent(database, name, extension=None) for name in ("anna", "boris")]
    irina = await add_agent(database, "irina", extension=None, role="supervisor")
    team = await add_team(database, "sales", anna, boris, irina)
    return House(database=database, anna=anna, boris=boris, irina=supervisor(irina, team))


async def test_an_acceptance_by_mistake_is_taken_back_and_the_lead_waits_as_before(house: House) -> None:
    lead_id = await house.lead(house.anna)
    await house.accept(lead_id, house.anna)

    await house.take_back(lead_id, house.anna)

    lead = await house.read(lead_id)
    assert (lead.owner_id, lead.accepted_at, lead.stage) == (house.anna, None, "new")
    assert lead.accept_by is not None
    await house.accept(lead_id, house.anna)
    assert (await house.read(lead_id)).stage == "in_work"


async def test_what_was_taken_by_mistake_is_nobodys_again(house: House) -> None:
    lead_id = await house.lead(None)
    await house.accept(lead_id, house.anna)

    await house.take_back(lead_id, house.anna)

    lead = await house.read(lead_id)
    assert (lead.owner_id, lead.accepted_at) == (None, None)
    assert (lead.history[-1].reason, lead.history[-1].by) == ("undone", house.anna)
    await house.accept(lead_id, house.boris)
    assert (await house.read(lead_id)).owner_id == house.boris


async def test_an_acceptance_is_taken_back_by_its_owner_and_soon(house: House) -> None:
    lead_id = await house.lead(house.anna)
    await house.accept(lead_id, house.anna)

    with pytest.raises(Forbidden):
        async with house.database.begin() as tx:
            await lead_undo.take_acceptance_back(tx, lead_id, house.irina)
    await house.older(10 * MINUTE + timedelta(seconds=1))
    with pytest.raises(UndoTooLate):
        await house.take_back(lead_id, house.anna)

    assert (await house.read(lead_id)).accepted_at is not None


async def test_a_lead_lost_by_mistake_is_followed_again_where_it_was(house: House) -> None:
    lead_id = await house.lead(house.anna)
    await house.go_to(lead_id, house.anna, LeadStage.OFFER)
    await house.go_to(lead_id, house.anna, LeadStage.LOST, "Too dear")

    await house.reopen(lead_id, house.agent(house.anna), LeadStage.OFFER)

    lead = await house.read(lead_id)
    assert (lead.stage, lead.lost_reason, lead.closed_at, lead.owner_id) == ("offer", None, None, house.anna)
    assert lead.accepted_at is not None
    assert (lead.history[-1].reason, lead.history[-1].to) == ("undone", None)


async def test_the_call_that_was_called_off_with_it_is_owed_again_while_it_is_fresh(house: House) -> None:
    async def left_with_a_call() -> UUID:
        async with house.database.begin() as tx:
            fresh = FreshLead(source="WEB_FORM", addresses=["+77011234567"])
            lead_id = (await leads.receive(tx, fresh, said=SAID, owner_id=house.anna, call_at=tx.now + HOUR)).id
        await house.go_to(lead_id, house.anna, LeadStage.LOST, "Wrong number")
        return lead_id

    async def states() -> list[str]:
        async with house.database.read() as db:
            return [row["state"] for row in await db.fetch("SELECT state FROM callbacks ORDER BY id")]

    fresh = await left_with_a_call()
    await house.reopen(fresh, house.agent(house.anna))
    assert await states() == ["open"]

    await house.go_to(fresh, house.anna, LeadStage.LOST, "Wrong number")
    await house.older(10 * MINUTE + timedelta(seconds=1))
    await house.reopen(fresh, house.agent(house.anna))
    assert await states() == ["cancelled"]


async def test_a_lead_whose_owner_has_gone_is_looked_after_by_the_engine(house: House) -> None:
    lead_id = await house.lead(house.anna)
    await house.go_to(lead_id, house.anna, LeadStage.WON)
    async with house.database.begin() as tx:
        await tx.execute("UPDATE users SET enabled = false WHERE id = $1", house.anna)

    await house.reopen(lead_id, house.irina)

    async with house.database.read() as db:
        row = await db.fetchrow("SELECT owner_id, accepted_at, next_at <= now() AS due FROM leads")
    assert tuple(row or ()) == (None, None, True)


async def test_only_its_owner_and_a_supervisor_open_a_lead_again(house: House) -> None:
    lead_id = await house.lead(house.anna)
    await house.go_to(lead_id, house.anna, LeadStage.LOST, "Too dear")
    async with house.database.begin() as tx:
        await tx.execute(
            """WITH client AS (INSERT INTO clients (id, name, owner_id) VALUES ($1, 'Aigerim', $2) RETURNING id)
               UPDATE leads SET client_id = client.id FROM client""",
            UUID(int=5),
            house.boris,
        )

    with pytest.raises(Forbidden):
        await house.reopen(lead_id, house.agent(house.boris))
    await house.reopen(lead_id, house.irina)
    await house.reopen(lead_id, house.irina)

    assert [one.reason for one in (await house.read(lead_id)).history] == ["created", "undone"]
