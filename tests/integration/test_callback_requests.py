"""Callers who ask in the menu to be called back: one promise each, whatever they or the line said besides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from channels.telephony import callback_requests
from crm_core.actions.callback_requests import record_callback_requests
from crm_core.domain.callback_requests import CallbackRequest
from crm_core.domain.calls import CallSnapshot
from crm_core.store.database import Database
from crm_core.views.callbacks import Callback
from tests.integration.call_log import listen_in_batches, the_log
from tests.integration.missed_floor import (
    AIGERIM,
    ALMATY,
    MINUTE,
    STRANGER,
    Floor,
    answered_after_all,
    missed,
    open_floor,
)
from tests.replay.recordings import story

IN_TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
async def floor(database: Database) -> Floor:
    return await open_floor(database)


async def rings(floor: Floor, number: str | None = AIGERIM) -> CallSnapshot:
    """Somebody calls, and is gone before anybody could answer; nobody owes them a call for that alone."""
    await floor.run("UPDATE queues SET missed_callback = false")
    heard = missed(await floor.now() - MINUTE, number)
    await floor.hear(heard)
    return heard


async def asks(floor: Floor, call: CallSnapshot, **said: Any) -> CallbackRequest:
    usual = {
        "pbx": call.pbx,
        "boot": call.boot,
        "uniqueid": call.linkedid,
        "linkedid": call.linkedid,
        "asked_at": call.started_at,
        "caller": call.client_number,
        "told": {"Event": "UserEvent", "Queue": "nowhere"},
    }
    told = CallbackRequest(**usual | said)
    await hear(floor, told)
    return told


async def hear(floor: Floor, *told: CallbackRequest) -> None:
    async with floor.database.begin() as tx:
        await record_callback_requests(tx, told, country="KZ", timezone=ALMATY)


async def rejected(floor: Floor) -> list[tuple[str, dict[str, str]]]:
    async with floor.database.read() as db:
        rows = await db.fetch("SELECT reason, raw FROM rejected_inputs ORDER BY at, id")
    return [(row["reason"], orjson.loads(row["raw"])) for row in rows]


def clock(at: datetime) -> str:
    return f"{at.astimezone(ALMATY):%H:%M}"


def why(promise: Callback) -> str:
    assert promise.why is not None
    return promise.why.en


async def test_who_asks_in_the_menu_is_promised_a_call_by_their_manager(floor: Floor) -> None:
    call = await rings(floor)

    told = await asks(floor, call, due_at=call.started_at + IN_TEN_MINUTES, queue="sales", subject="Visa")

    promise = await floor.the_promise()
    assert (promise.client_id, promise.agent_id, promise.queue, promise.subject) == (
        floor.aigerim,
        floor.anna,
        None,
        "Visa",
    )
    assert (promise.due_at, promise.state, promise.policy) == (told.due_at, "open", "strict-10m")
    assert promise.promised_in is not None
    at = clock(call.started_at)
    assert promise.why is not None
    assert promise.why.en == (
        f"The client asked in the menu at {at} to be called back. Yours because you are the client's manager."
    )
    assert promise.why.ru.startswith(f"В {at} клиент попросил в меню перезвонить.")
    assert await rejected(floor) == []


async def test_the_same_request_told_twice_is_one_promise(floor: Floor) -> None:
    call = await rings(floor)
    told = await asks(floor, call)
    version = (await floor.the_promise()).version

    await hear(floor, told)
    await hear(floor, told, told)

    assert (await floor.the_promise()).version == version


async def test_who_gives_up_after_having_asked_is_promised_nothing_more(floor: Floor) -> None:
    call = missed(await floor.now() - MINUTE)
    async with floor.database.begin() as tx:
        await record_callback_requests(
            tx,
            [
                CallbackRequest(
                    pbx=call.pbx,
                    boot=call.boot,
                    uniqueid="a",
                    linkedid=call.linkedid,
                    asked_at=call.started_at,
                    caller=AIGERIM,
                    due_at=call.started_at + 30 * MINUTE,
                    told={},
                )
            ],
            country="KZ",
            timezone=ALMATY,
        )

    await floor.hear(call)

    promise = await floor.the_promise()
    assert promise.due_at == call.started_at + 30 * MINUTE
    assert len(promise.tries) == 1
    at = clock(call.started_at)
    assert why(promise).startswith(
        f"The client asked in the menu at {at} to be called back. Missed call {at}, queue Sales, waited 0:20. Yours"
    )


async def test_who_asks_after_having_been_missed_says_when_to_be_called(floor: Floor) -> None:
    call = await floor.gives_up()
    usual = await floor.the_promise()

    await asks(floor, call, uniqueid="a")
    unchanged = await floor.the_promise()
    await asks(floor, call, uniqueid="b", due_at=call.started_at + 60 * MINUTE)
    asked = await floor.the_promise()

    assert unchanged.due_at == usual.due_at
    assert asked.due_at == call.started_at + 60 * MINUTE
    assert asked.escalate_at == asked.due_at + IN_TEN_MINUTES
    assert [one.id for one in (usual, unchanged, asked)] == [usual.id] * 3
    assert why(asked).startswith("The client asked in the menu")


async def test_a_wish_outlives_the_missed_call_that_turns_out_to_have_been_answered(floor: Floor) -> None:
    call = await floor.gives_up()
    await asks(floor, call, asked_at=call.started_at + timedelta(seconds=12))  # sent to the menu after the talk

    await floor.hear(answered_after_all(call))

    promise = await floor.the_promise()
    assert (promise.state, promise.tries) == ("open", [])
    assert "Missed call" not in why(promise)


async def test_who_is_answered_after_having_asked_has_been_heard(floor: Floor) -> None:
    call = await floor.gives_up()
    await asks(floor, call)

    await floor.hear(answered_after_all(call))

    assert (await floor.the_promise()).state == "cancelled"


@pytest.mark.parametrize(
    ("said", "agent", "queue", "because"),
    [
        ({"queue": "visa"}, None, "visa", "Open to everybody of the queue Visa"),
        ({}, None, "sales", "Open to everybody of the queue Sales"),  # where they had called
        ({"extension": "2001", "queue": "sales"}, "zhanar", None, "the client asked for you"),
        ({"number": AIGERIM}, "anna", None, "you are the client's manager"),
    ],
)
async def test_a_stranger_is_called_by_whom_the_menu_named(
    floor: Floor, said: dict[str, str], agent: str | None, queue: str | None, because: str
) -> None:
    call = await rings(floor, STRANGER)

    await asks(floor, call, **said)

    promise = await floor.the_promise()
    assert (promise.agent_id, promise.queue) == (getattr(floor, agent) if agent else None, queue)
    assert promise.address == said.get("number", STRANGER)
    assert because in why(promise)


async def test_another_number_that_the_client_leaves_is_the_one_to_be_called(floor: Floor) -> None:
    call = await rings(floor, None)

    await asks(floor, call, caller=None, number="8 701 765 43 21")

    promise = await floor.the_promise()
    assert (promise.address, promise.client_id) == ("+77017654321", None)


async def test_what_makes_no_sense_is_kept_for_a_person_and_the_rest_holds(floor: Floor) -> None:
    call = await rings(floor)

    await asks(
        floor,
        call,
        number="5",
        queue="nowhere",
        extension="9999",
        due_at=call.started_at + MINUTE,
        rejected=("In: no number of seconds",),
    )

    promise = await floor.the_promise()
    assert (promise.address, promise.agent_id, promise.due_at) == (AIGERIM, floor.anna, call.started_at + MINUTE)
    [(reason, raw)] = await rejected(floor)
    assert reason == (
        "PerezvonCallback: In: no number of seconds; Number: no telephone number; "
        "Queue: there is no such queue; Agent: nobody has this extension"
    )
    assert raw == {"Event": "UserEvent", "Queue": "nowhere"}


async def test_without_any_number_nobody_can_call_and_the_event_is_kept(floor: Floor) -> None:
    call = await rings(floor, None)

    await asks(floor, call, caller=None)

    assert await floor.promises() == []
    [(reason, _)] = await rejected(floor)
    assert reason == "PerezvonCallback: there is no number to call"


async def test_a_blocked_client_asks_in_vain_and_the_event_is_kept(floor: Floor) -> None:
    async with floor.database.begin() as tx:
        await tx.execute("UPDATE clients SET blocked_at = now(), blocked_reason = 'so' WHERE id = $1", floor.aigerim)
    call = await rings(floor, AIGERIM)

    await asks(floor, call)

    assert await floor.promises() == []
    [(reason, _)] = await rejected(floor)
    assert reason == "PerezvonCallback: the client is blocked"


async def test_a_recorded_menu_heard_twice_is_one_call_and_one_promise(floor: Floor) -> None:
    events = story("asks_to_be_called_back").events
    told = [
        request
        for heard in events
        if (request := callback_requests.read(heard.event, heard.arrived, pbx="main", boot="lab", zone=ALMATY))
    ]

    for _ in range(2):
        await listen_in_batches(floor.database, events)
        await hear(floor, *told)

    promise = await floor.the_promise()
    assert (promise.queue, promise.address, promise.subject) == ("sales", "+77991660001", "Menu")
    assert promise.due_at == told[0].asked_at + IN_TEN_MINUTES
    assert [one.promised_in for one in await floor.promises()] == [call.id for call in await the_log(floor.database)]


async def test_when_nobody_else_is_there_a_supervisor_is_asked(floor: Floor) -> None:
    await floor.run("UPDATE users SET role = 'supervisor' WHERE login = 'zhanar'")
    told = CallbackRequest(
        pbx="main",
        boot="b",
        uniqueid="1.1",
        linkedid="1.1",  # of a call we have never heard of
        asked_at=await floor.now(),
        caller=STRANGER,
        told={},
    )

    await hear(floor, told)
    await hear(floor, told)

    promise = await floor.the_promise()
    assert (promise.agent_id, promise.promised_in) == (floor.zhanar, None)
    assert why(promise).endswith("Yours because nobody else is there to be asked.")
