"""A form stands in the log: beside the calls of whoever left it, with its lead, and answered when they are reached."""

from __future__ import annotations

from datetime import UTC, timedelta
from uuid import UUID

import pytest

from crm_core.actions import delivery, forms, lead_undo, leads, replies
from crm_core.actions.forms import FormIn
from crm_core.actions.identity import attach
from crm_core.actions.lead_undo import LeadReopenIn
from crm_core.actions.leads import LeadPatch
from crm_core.actions.replies import MessageIn, Source
from crm_core.domain.contact_points import ContactPointKind
from crm_core.domain.leads import LeadStage
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import NoWayBack, WrittenChannel
from crm_core.store import identity
from crm_core.store.database import Database
from crm_core.views.interactions import Interaction, InteractionFilters, get_interaction, list_interactions
from crm_core.views.leads import get_lead
from crm_core.views.said import SaidFilters, search_said
from tests.integration.desk import agent, owner
from tests.integration.missed_floor import AIGERIM, ALMATY, STRANGER, Floor, open_floor
from tests.people import add_client, events_of

KEY = "key-of-our-site"
MAIL = "aigerim@mail.example"
SOURCES = {WrittenChannel.EMAIL: Source(name="sales", queue="sales", address="sales@agency.example")}


@pytest.fixture
async def floor(database: Database) -> Floor:
    floor = await open_floor(database)
    await floor.run("UPDATE lead_sources SET site_key = $1 WHERE code = 'WEB_FORM'", KEY)
    return floor


async def leave(floor: Floor, **given: object) -> UUID:
    """Somebody fills the form in; gives the lead."""
    filled = FormIn.model_validate({"phone": AIGERIM, "name": "Айгерим", "message": "Хайнань на двоих?", **given})
    left = await forms.leave(floor.database, KEY, filled, from_address="192.0.2.1", country="KZ", timezone=ALMATY)
    return left.lead_id


async def forms_of(floor: Floor) -> list[Interaction]:
    """All of them, the newest first, with what was said."""
    seen = owner(floor.anna)
    async with floor.database.read() as db:
        listed = await list_interactions(db, seen, InteractionFilters(channel="webform"), limit=50)
        return [await get_interaction(db, one.id, seen) for one in listed.items]


async def change(floor: Floor, lead_id: UUID, by: Viewer, **given: object) -> None:
    async with floor.database.begin() as tx:
        await leads.edit(tx, lead_id, by, LeadPatch.model_validate(given))


async def accept(floor: Floor, lead_id: UUID, by: UUID) -> None:
    async with floor.database.begin() as tx:
        await leads.accept(tx, lead_id, agent(by))


async def test_what_was_left_is_a_message_of_the_client_it_is_from(floor: Floor) -> None:
    await leave(floor, email=MAIL, destination="Хайнань")

    [form] = await forms_of(floor)
    [message] = form.messages
    assert (form.channel, form.direction, form.state, form.outcome) == ("webform", "inbound", "queued", None)
    assert (form.client_id, form.client_address) == (floor.aigerim, AIGERIM)
    assert message.text == f"Айгерим\n{AIGERIM}\n{MAIL}\nХайнань\n\nХайнань на двоих?"
    assert (message.direction, message.state, message.external_id) == ("inbound", "received", form.external_id)
    assert "message.received" in dict(await events_of(floor.database))
    async with floor.database.read() as db:
        found = await search_said(db, owner(floor.anna), SaidFilters(q="хайнань двое"))
    assert [one.interaction_id for one in found.items] == [form.id]


async def test_left_again_it_is_one_more_message_of_the_same_form(floor: Floor) -> None:
    first = await leave(floor)
    again = await leave(floor, message="И сколько с перелётом?")

    [form] = await forms_of(floor)
    assert first == again
    assert [message.own_text.rpartition("\n")[2] for message in form.messages] == [
        "Хайнань на двоих?",
        "И сколько с перелётом?",
    ]


async def test_it_goes_wherever_its_lead_goes(floor: Floor) -> None:
    lead_id = await leave(floor, phone=STRANGER)

    await accept(floor, lead_id, floor.boris)

    [form] = await forms_of(floor)
    assert (form.agent_id, form.state, form.client_id) == (floor.boris, "offered", None)

    await change(floor, lead_id, owner(floor.zhanar), client_id=floor.aigerim)

    [form] = await forms_of(floor)
    assert form.client_id == floor.aigerim


async def test_a_call_with_them_answers_it_whoever_has_it(floor: Floor) -> None:
    lead_id = await leave(floor)
    await accept(floor, lead_id, floor.boris)
    await floor.run("UPDATE interactions SET started_at = started_at - interval '10 min' WHERE channel = 'webform'")

    await floor.talks()

    [form] = await forms_of(floor)
    assert (form.state, form.outcome, form.agent_id) == ("closed", "answered", floor.anna)
    assert form.wait_s is not None
    assert timedelta(minutes=9) < timedelta(seconds=form.wait_s) <= timedelta(minutes=10)
    assert form.contact_number is not None


async def test_a_call_that_was_over_before_answers_nothing(floor: Floor) -> None:
    await leave(floor)

    await floor.talks(ago=timedelta(hours=1))

    [form] = await forms_of(floor)
    assert (form.state, form.outcome) == ("queued", None)


async def test_a_mail_to_them_answers_it_and_the_form_itself_cannot_be_written_to(floor: Floor) -> None:
    await leave(floor, phone=None, email=MAIL)
    async with floor.database.begin() as tx:
        await identity.add_point(tx, floor.aigerim, ContactPointKind.EMAIL, MAIL)
    [form] = await forms_of(floor)

    async with floor.database.begin() as tx:
        with pytest.raises(NoWayBack):
            await replies.send(tx, owner(floor.anna), MessageIn(interaction_id=form.id, body="480 000 ₸"), sources={})
    async with floor.database.begin() as tx:
        given = MessageIn(client_id=floor.aigerim, channel=WrittenChannel.EMAIL, body="480 000 ₸")
        message_id = await replies.send(tx, agent(floor.anna), given, sources=SOURCES)
        await delivery.record_sent(tx, message_id, external_id=f"{message_id}@agency.example", timezone=UTC)

    [form] = await forms_of(floor)
    assert (form.state, form.outcome, form.agent_id) == ("closed", "answered", floor.anna)


async def test_when_the_lead_is_lost_before_anybody_reached_them_it_was_left_unanswered(floor: Floor) -> None:
    lead_id = await leave(floor)
    await accept(floor, lead_id, floor.boris)

    await change(floor, lead_id, agent(floor.boris), stage=LeadStage.LOST, lost_reason="Передумали")

    [form] = await forms_of(floor)
    assert (form.state, form.outcome, form.answered_at) == ("closed", "unanswered", None)


async def test_a_lost_lead_that_is_opened_again_takes_its_unanswered_form_along(floor: Floor) -> None:
    lead_id = await leave(floor)
    await accept(floor, lead_id, floor.boris)
    await change(floor, lead_id, agent(floor.boris), stage=LeadStage.LOST, lost_reason="Передумали")

    async with floor.database.begin() as tx:
        await lead_undo.reopen(tx, lead_id, agent(floor.boris), LeadReopenIn())

    [form] = await forms_of(floor)
    assert (form.state, form.outcome, form.agent_id) == ("offered", None, floor.boris)


async def test_a_form_that_was_answered_stays_so_when_its_lead_is_opened_again(floor: Floor) -> None:
    lead_id = await leave(floor)
    await floor.run("UPDATE interactions SET started_at = started_at - interval '10 min' WHERE channel = 'webform'")
    await floor.talks()
    await accept(floor, lead_id, floor.boris)
    await change(floor, lead_id, agent(floor.boris), stage=LeadStage.LOST, lost_reason="Передумали")

    async with floor.database.begin() as tx:
        await lead_undo.reopen(tx, lead_id, agent(floor.boris), LeadReopenIn())

    [form] = await forms_of(floor)
    assert (form.state, form.outcome) == ("closed", "answered")


async def test_whoever_is_recognised_in_the_form_is_recognised_in_its_lead(floor: Floor) -> None:
    lead_id = await leave(floor, phone=STRANGER)
    [form] = await forms_of(floor)

    async with floor.database.begin() as tx:
        await attach(tx, owner(floor.zhanar), form.id, floor.aigerim)

    async with floor.database.read() as db:
        lead = await get_lead(db, lead_id, owner(floor.zhanar))
    [form] = await forms_of(floor)
    assert (lead.client_id, form.client_id) == (floor.aigerim, floor.aigerim)


async def test_a_lead_that_has_a_client_keeps_them_whoever_its_form_is_said_to_be_from(floor: Floor) -> None:
    lead_id = await leave(floor)
    [form] = await forms_of(floor)
    somebody = await add_client(floor.database, "Ольга Ким", phone="+77010000788")

    async with floor.database.begin() as tx:
        await attach(tx, owner(floor.zhanar), form.id, somebody)

    async with floor.database.read() as db:
        assert (await get_lead(db, lead_id, owner(floor.zhanar))).client_id == floor.aigerim


async def test_what_comes_after_an_answer_is_another_form(floor: Floor) -> None:
    await leave(floor)
    await floor.run("UPDATE interactions SET started_at = started_at - interval '10 min' WHERE channel = 'webform'")
    await floor.talks()

    await leave(floor, message="А на троих?")

    newer, older = await forms_of(floor)
    assert (newer.state, older.state) == ("queued", "closed")
