"""Calls heard from a PBX, in a real database: what is stored, who is told, whose state changes."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from crm_core.actions import agents
from crm_core.actions.calls import record_calls, record_lost_calls
from crm_core.actions.dialling import place_call
from crm_core.actions.interactions import close_due_wrap_ups, set_disposition
from crm_core.actions.links import record_link
from crm_core.domain.callbacks import PromisedCallback
from crm_core.domain.calls import CallSnapshot, Direction, InteractionState, LegRole
from crm_core.domain.errors import (
    DispositionRequiresCallback,
    NoExtension,
    NotFound,
    NumberNotDiallable,
    PbxUnavailable,
)
from crm_core.domain.people import AgentState, Role
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.store.locks import holding
from crm_core.views.agents import load_agents
from crm_core.views.interactions import InteractionFilters, get_interaction, list_interactions
from tests.builders import NOON, abandoned, after, answered, call, ended, leg, ringing
from tests.people import add_agent, add_client, events_of

OWNER = Viewer(user_id=UUID(int=1), role=Role.OWNER, team_id=None)


async def hear(database: Database, *hearings: CallSnapshot) -> None:
    for heard in hearings:
        async with database.begin() as tx:
            await record_calls(tx, [heard], country="KZ")


async def only_call(database: Database):
    async with database.read() as db:
        page = await list_interactions(db, OWNER, InteractionFilters())
    assert len(page.items) == 1
    return page.items[0]


async def test_an_answered_call_is_one_record_with_its_client_agent_and_times(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    aigerim = await add_client(database, "Айгерим Сулейменова", phone="+77011234567")

    await hear(database, call(), ringing(), answered(), ended())

    stored = await only_call(database)
    assert (stored.client_id, stored.agent_id) == (aigerim, anna)
    assert (stored.outcome, stored.state, stored.contact_number) == ("answered", "wrap_up", 1)
    assert (stored.wait_s, stored.talk_s, stored.ended_by) == (5.0, 60.0, "client")
    assert [(one.role, one.result) for one in stored.legs] == [("queue", "answered")]


async def test_each_step_is_told_once_and_only_to_those_concerned(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    boris = await add_agent(database, "boris", extension="1002")
    story = [call(), ringing(), answered(), ended()]

    await hear(database, *story, *story)

    told = await events_of(database)
    assert [kind for kind, _ in told if kind.startswith("call.")] == ["call.offered", "call.answered", "call.ended"]
    assert all(f"agent:{boris}" not in rooms for _, rooms in told)
    assert any(f"agent:{anna}" in rooms for kind, rooms in told if kind == "call.offered")


async def test_an_agents_state_follows_their_phone(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    states = []

    for heard in (ringing(), answered(), ended()):
        await hear(database, heard)
        async with database.read() as db:
            states.append((await load_agents(db, [anna]))[anna].state)

    assert states == [AgentState.RINGING, AgentState.TALKING, AgentState.WRAP_UP]


async def test_a_disposition_ends_wrap_up_and_a_promise_is_born_once(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    aigerim = await add_client(database, "Айгерим Сулейменова", phone="+77011234567")
    await hear(database, ringing(), answered(), ended())
    talked = await only_call(database)
    viewer = Viewer(user_id=anna, role=Role.AGENT, team_id=None)

    for subject in ("подборка по Хайнаню", "подборка по Анталье"):
        async with database.begin() as tx:
            await set_disposition(
                tx,
                talked.id,
                viewer,
                code="CALLBACK_PROMISED",
                note="ждёт двух вариантов",
                callback=PromisedCallback(due_at=tx.now + timedelta(hours=1), subject=subject),
            )

    closed = await only_call(database)
    async with database.read() as db:
        promises = await db.fetch("SELECT client_id, subject, state FROM callbacks WHERE state <> 'cancelled'")
        anna_now = (await load_agents(db, [anna]))[anna]
    assert closed.state == "closed"
    assert closed.disposition is not None
    assert closed.disposition.code == "CALLBACK_PROMISED"
    assert [tuple(promise) for promise in promises] == [(aigerim, "подборка по Анталье", "open")]
    assert anna_now.state == AgentState.AVAILABLE


async def test_thinking_needs_the_time_of_the_next_contact(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    await hear(database, ringing(), answered(), ended())
    talked = await only_call(database)

    async with database.begin() as tx:
        viewer = Viewer(user_id=anna, role=Role.AGENT, team_id=None)
        with pytest.raises(DispositionRequiresCallback):
            await set_disposition(tx, talked.id, viewer, code="THINKING", note=None, callback=None)


async def test_a_disposition_given_during_the_talk_leaves_no_wrap_up(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    await hear(database, ringing(), answered())
    talking = await only_call(database)
    async with database.begin() as tx:
        viewer = Viewer(user_id=anna, role=Role.AGENT, team_id=None)
        await set_disposition(tx, talking.id, viewer, code="INFO_GIVEN", note=None, callback=None)

    await hear(database, ended())

    closed = await only_call(database)
    assert (closed.state, closed.wrap_up_s) == ("closed", 0.0)


async def test_wrap_up_nobody_ends_closes_by_itself(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    await hear(database, ringing(), answered(), ended())

    async with database.begin() as tx:
        await tx.execute("UPDATE interactions SET wrap_up_until = now() - interval '1 second'")
        assert await close_due_wrap_ups(tx) == 1

    closed = await only_call(database)
    assert closed.disposition is not None
    assert (closed.state, closed.disposition.code) == ("closed", "AUTO_TIMEOUT")


async def test_an_unknown_caller_is_a_call_without_a_client(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")

    await hear(database, ringing(client_number="8 (707) 555-44-33"))

    stored = await only_call(database)
    assert (stored.client_id, stored.client_address) == (None, "+77075554433")


async def test_contacts_are_counted_and_unanswered_calls_are_not(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    await add_client(database, "Айгерим Сулейменова", phone="+77011234567")
    later = {"started_at": after(300), "linkedid": "1790000300.9"}

    await hear(database, ended(linkedid="1790000000.1"), abandoned(linkedid="1790000100.5", started_at=after(100)))
    await hear(database, ended(**later))

    async with database.read() as db:
        page = await list_interactions(db, OWNER, InteractionFilters())
    assert [one.contact_number for one in page.items] == [2, None, 1]


async def test_the_same_linkedid_after_a_restart_is_another_call(database: Database) -> None:
    await hear(database, abandoned(), abandoned(boot="2026-11-21T11:00:00"))

    async with database.read() as db:
        page = await list_interactions(db, OWNER, InteractionFilters())
    assert len(page.items) == 2


async def test_calls_of_a_restarted_pbx_are_closed_and_marked_incomplete(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    await hear(database, ringing(), answered())

    async with database.begin() as tx:
        closed = await record_lost_calls(tx, pbx="main", boot="2026-11-21T12:30:00", alive=[], last_heard=after(40))

    stored = await only_call(database)
    async with database.read() as db:
        state = (await load_agents(db, [anna]))[anna].state
    assert closed == 1
    assert (stored.state, stored.outcome, stored.complete, stored.talk_s) == ("closed", "answered", False, 35.0)
    assert state == AgentState.AVAILABLE


async def test_click_to_call_stands_in_the_log_before_the_pbx_is_asked(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    aigerim = await add_client(database, "Айгерим Сулейменова", phone="+77011234567")
    viewer = Viewer(user_id=anna, role=Role.AGENT, team_id=None)
    async with holding(database, "pbx:main") as lock, database.begin() as tx:
        await record_link(tx, pbx="main", state="up", since=NOON, owner=lock.backend)
        placed = await place_call(tx, viewer, client_id=aigerim, number=None, country="KZ", dialling=["main"])

    own = leg("1001", role=LegRole.ORIGINATE, queue=None, answered_at=after(2))
    await hear(
        database,
        call(
            linkedid=str(placed), direction=Direction.OUTBOUND, state=InteractionState.OFFERED, legs=(own,), queues=()
        ),
    )

    stored = await only_call(database)
    async with database.read() as db:
        command = await db.fetchrow("SELECT kind, payload FROM pbx_commands WHERE kind = 'originate'")
    assert (stored.id, stored.external_id, stored.agent_id) == (placed, str(placed), anna)
    assert command is not None
    assert command["payload"]["channel_id"] == str(placed)
    assert command["payload"]["number"] == "+77011234567"


async def test_nobody_is_called_without_a_phone_a_number_or_a_link(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    guest = await add_agent(database, "guest", extension=None)

    async def place(agent: UUID, number: str) -> None:
        async with database.begin() as tx:
            viewer = Viewer(user_id=agent, role=Role.AGENT, team_id=None)
            await place_call(tx, viewer, client_id=None, number=number, country="KZ", dialling=["main"])

    with pytest.raises(NoExtension):
        await place(guest, "+77011234567")
    for hostile in ("1001&PJSIP/trunk", "${SHELL(id)}", "+7701\r\nAction: Logoff", "Айгерим"):
        with pytest.raises(NumberNotDiallable):
            await place(anna, hostile)
    with pytest.raises(PbxUnavailable):
        await place(anna, "+77011234567")


async def test_an_agent_sees_only_their_own_calls(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    boris = await add_agent(database, "boris", extension="1002")
    await hear(database, ringing(), answered(), ended())
    talked = await only_call(database)

    with pytest.raises(NotFound):
        async with database.read() as db:
            await get_interaction(db, talked.id, Viewer(user_id=boris, role=Role.AGENT, team_id=None))


async def test_the_queue_pause_follows_the_agents_state(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    async with database.begin() as tx:
        await record_link(tx, pbx="main", state="up", since=NOON)
    await hear(database, ringing(), answered(), ended())
    talked = await only_call(database)
    async with database.begin() as tx:
        await set_disposition(tx, talked.id, OWNER, code="SALE", note=None, callback=None)

    async with database.begin() as tx:
        pauses = await tx.fetch("SELECT payload FROM pbx_commands WHERE kind = 'pause' ORDER BY id")
        wanted = await agents.desired_pauses(tx, "main")
    assert [pause["payload"]["reason"] for pause in pauses] == ["WRAP_UP", None]
    assert wanted == {"1001": None}


async def test_a_desk_that_is_opened_frees_a_phone_that_somebody_had_paused(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001", present=False)
    async with database.begin() as tx:
        await record_link(tx, pbx="main", state="up", since=NOON)
        await agents.set_state(tx, anna, AgentState.AVAILABLE, None)
        await tx.execute("DELETE FROM pbx_commands")

        await agents.record_presence(tx, anna, True)
        await agents.record_presence(tx, anna, True)

        pauses = await tx.fetch("SELECT payload FROM pbx_commands WHERE kind = 'pause'")
    assert [pause["payload"] for pause in pauses] == [{"extension": "1001", "reason": None}]
