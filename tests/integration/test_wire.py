"""What the outbox's rows become on the wire: exactly the contract's events, true at this moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from pydantic import ValidationError

from crm_core.actions.calls import record_calls
from crm_core.actions.messages import record_messages
from crm_core.domain import events
from crm_core.domain.calls import CallSnapshot
from crm_core.domain.events import STAFF, Event
from crm_core.domain.ids import new_id
from crm_core.domain.written import HeardMessage, WrittenChannel
from crm_core.store import outbox
from crm_core.store.database import Database
from crm_core.views.wire import Told, load_events
from crm_core.views.wire_events import SERVER_EVENTS, AgentChanged
from tests.builders import NOON, abandoned, answered, call, ended, ringing
from tests.people import add_agent, add_client

STAMP = {"seq", "version", "at"}

CONTRACT = {
    "call.offered": {"interaction", "card", "agent_id", "leg_id"},
    "call.withdrawn": {"interaction_id", "agent_id", "leg_id", "result"},
    "call.answered": {"interaction", "agent_id", "leg_id"},
    "call.ended": {"interaction"},
    "interaction.changed": {"interaction"},
    "callback.due_soon": {"callback"},
    "callback.changed": {"callback"},
    "callback.moved": {"callback", "from_agent_id", "to_agent_id", "explanation"},
    "callback.stuck": {"callback", "since"},
    "agent.changed": {"agent"},
    "reload": set(),
}


async def hear(database: Database, *hearings: CallSnapshot) -> None:
    for heard in hearings:
        async with database.begin() as tx:
            await record_calls(tx, [heard], country="KZ")


async def emit(database: Database, *told: Event) -> None:
    async with database.begin() as tx:
        for event in told:
            tx.emit(event)


async def tell(database: Database) -> list[Told]:
    """Everything that was announced, as it is told now."""
    async with database.read() as db:
        while await outbox.stamp(db):
            pass
        return await load_events(db, await outbox.read_after(db, 0, limit=1000))


def as_json(told: Told) -> dict[str, Any]:
    payload: dict[str, Any] = orjson.loads(told.payload.model_dump_json(by_alias=True))
    return payload


def first(told: list[Told], name: str) -> dict[str, Any]:
    return as_json(next(one for one in told if one.name == name))


async def test_every_event_has_the_fields_of_the_contract() -> None:
    for name, expected in CONTRACT.items():
        assert set(SERVER_EVENTS[name].model_fields) == expected | STAMP, name
    assert set(SERVER_EVENTS["hello"].model_fields) == {"seq", "user", "version", "at"}


async def test_every_event_of_the_core_has_a_wire_form() -> None:
    assert {event.type for event in Event.__subclasses__()} <= set(SERVER_EVENTS)


async def test_the_offer_carries_the_card_of_the_caller(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    client = await add_client(database, "Айгерим Сулейменова", phone="+77011234567")
    await hear(database, call(), ringing())

    offered = first(await tell(database), "call.offered")

    assert offered["agent_id"] == str(anna)
    assert offered["card"]["client"]["id"] == str(client)
    assert [leg["id"] for leg in offered["interaction"]["legs"]] == [offered["leg_id"]]
    assert offered["version"] == offered["interaction"]["version"]


async def test_a_whole_call_is_told_in_order(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    await hear(database, call(), ringing(), answered(), ended())

    told = await tell(database)

    calls = [one.name for one in told if one.name.startswith("call.")]
    assert calls == ["call.offered", "call.answered", "call.ended"]
    assert [one.seq for one in told] == sorted({one.seq for one in told})


async def test_a_late_delivery_tells_what_is_true_now(database: Database) -> None:
    await add_agent(database, "anna", extension="1001")
    await hear(database, ringing())
    before = first(await tell(database), "call.offered")
    await hear(database, abandoned())

    after = first(await tell(database), "call.offered")

    assert after["seq"] == before["seq"]
    assert after["version"] > before["version"]
    assert after["interaction"]["outcome"] == "abandoned"


async def test_a_withdrawn_offer_says_how_it_ended(database: Database) -> None:
    anna = await add_agent(database, "anna", extension="1001")
    await hear(database, ringing(), abandoned())

    told = await tell(database)

    withdrawn, offered = first(told, "call.withdrawn"), first(told, "call.offered")
    assert withdrawn["agent_id"] == str(anna)
    assert withdrawn["leg_id"] == offered["leg_id"]
    assert withdrawn["result"] == "cancelled"


async def test_promises_are_told_whole(database: Database) -> None:
    anna = await add_agent(database, "anna", extension=None)
    boris = await add_agent(database, "boris", extension=None)
    promise = await _promise(database, anna)
    about = {"rooms": (STAFF,), "callback_id": promise, "version": 1}
    moved = {"from_agent_id": boris, "to_agent_id": anna, "explanation": "Борис в отпуске"}
    await emit(
        database,
        events.CallbackChanged(**about),
        events.CallbackMoved(**about, **moved),
        events.CallbackStuck(**about, since=NOON),
    )

    told = await tell(database)

    assert first(told, "callback.changed")["callback"]["id"] == str(promise)
    assert "from" in first(told, "callback.moved")["callback"]["history"][0]
    assert first(told, "callback.moved")["explanation"] == "Борис в отпуске"
    assert first(told, "callback.moved")["to_agent_id"] == str(anna)
    assert first(told, "callback.stuck")["callback"]["id"] == str(promise)
    assert datetime.fromisoformat(first(told, "callback.stuck")["since"]) == NOON


async def test_what_is_gone_is_not_told(database: Database) -> None:
    anna = await add_agent(database, "anna", extension=None)
    nobody = {"rooms": (STAFF,), "version": 1}
    await emit(
        database,
        events.AgentChanged(agent_id=uuid4(), **nobody),
        events.CallEnded(interaction_id=uuid4(), **nobody),
        events.CallOffered(interaction_id=uuid4(), leg_id=uuid4(), agent_id=anna, **nobody),
        events.CallbackChanged(callback_id=uuid4(), **nobody),
        events.AgentChanged(agent_id=anna, **nobody),
    )

    assert [(one.name, one.seq) for one in await tell(database)] == [("agent.changed", 5)]


async def test_lists_and_cards_are_told_by_name(database: Database) -> None:
    client = await add_client(database, "Айгерим", phone="+77011234567")
    await emit(
        database,
        events.CatalogueChanged(rooms=(STAFF,), name="dispositions", version=7),
        events.ClientChanged(rooms=(STAFF,), client_id=client, version=3),
    )

    catalogue, card = [as_json(one) for one in await tell(database)]

    assert (catalogue["name"], catalogue["version"]) == ("dispositions", 7)
    assert (card["client_id"], card["version"]) == (str(client), 3)


async def test_an_undeclared_field_cannot_leave_the_house(database: Database) -> None:
    anna = await add_agent(database, "anna", extension=None)
    await emit(database, events.AgentChanged(rooms=(STAFF,), agent_id=anna, version=1))
    payload = dict((await tell(database))[0].payload)

    with pytest.raises(ValidationError):
        AgentChanged(**payload, password_hash="secret")


async def _promise(database: Database, agent: UUID) -> UUID:
    client = await add_client(database, "Айгерим", phone="+77011234567")
    async with database.begin() as tx:
        promise = new_id(tx.now)
        await tx.execute(
            "INSERT INTO callbacks (id, client_id, agent_id, due_at) VALUES ($1, $2, $3, $4)",
            promise,
            client,
            agent,
            tx.now + timedelta(hours=1),
        )
        await tx.execute(
            "INSERT INTO callback_history (id, callback_id, agent_id, from_at, reason, explanation) "
            "VALUES ($1, $1, $2, $3, 'promised', 'обещано в разговоре')",
            promise,
            agent,
            tx.now,
        )
    return promise


async def test_what_was_written_is_told_as_the_inbox_shows_it(database: Database) -> None:
    async with database.begin() as tx:
        heard = HeardMessage(
            channel=WrittenChannel.TELEGRAM,
            source="bot",
            key="1",
            external_id="700100:1",
            queue=None,
            from_address="700100",
            thread="700100",
            body="Сколько стоит Хайнань?",
            at=tx.now,
        )
        await record_messages(tx, [heard])

    event = first(await tell(database), "message.received")

    assert event["message"]["text"] == "Сколько стоит Хайнань?"
    shown = event["interaction"]
    assert (shown["inbox_state"], shown["unread"], shown["last_excerpt"]) == ("open", 1, "Сколько стоит Хайнань?")
