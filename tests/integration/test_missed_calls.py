"""Callers nobody heard: the promise that a missed call makes, whose it is, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from crm_core.actions import callbacks, clients
from crm_core.actions.clients import ClientIn
from crm_core.actions.interactions import attach_client
from crm_core.domain.calls import Direction, EndedBy, InteractionState, LegResult
from crm_core.domain.errors import CallbackAlreadyClaimed, NotFound
from crm_core.domain.events import FLOOR, agent_room, team_room
from crm_core.store.database import Database
from crm_core.views.callbacks import CallbackFilters, list_callbacks
from tests.builders import call, leg
from tests.integration.desk import agent, supervisor
from tests.integration.missed_floor import (
    ALMATY,
    MINUTE,
    STRANGER,
    Floor,
    answered_after_all,
    missed,
    moved,
    open_floor,
    talked,
)
from tests.people import events_of


@pytest.fixture
async def floor(database: Database) -> Floor:
    return await open_floor(database)


async def test_a_missed_call_is_a_promise_of_the_clients_manager_with_its_rule_in_words(floor: Floor) -> None:
    heard = await floor.gives_up()

    promise = await floor.the_promise()

    assert (promise.client_id, promise.agent_id, promise.queue) == (floor.aigerim, floor.anna, None)
    assert (promise.state, promise.policy, promise.via) == ("open", "strict-10m", "call")
    assert promise.due_at - promise.promised_at == 15 * MINUTE
    assert promise.why is not None
    at = f"{heard.started_at.astimezone(ALMATY):%H:%M}"
    assert promise.why.en == f"Missed call {at}, queue Sales, waited 0:20. Yours because you are the client's manager."
    assert promise.why.ru.startswith(f"Пропущенный звонок в {at}, очередь «Продажи»")
    [given] = promise.history
    assert (given.agent_id, given.reason, given.by) == (floor.anna, "given", None)
    [one] = promise.tries
    assert (one.queue, one.outcome, one.wait_s, one.interaction_id) == ("sales", "abandoned", 20, promise.promised_in)


async def test_more_tries_stand_behind_the_same_promise(floor: Floor) -> None:
    for minutes in (12, 5, 1):
        await floor.gives_up(ago=minutes * MINUTE)

    promise = await floor.the_promise()
    assert len(promise.tries) == 3
    assert promise.tries[0].at > promise.tries[2].at
    assert promise.why is not None
    assert "tries: 3" in promise.why.en
    assert "попыток: 3" in promise.why.ru


async def test_the_same_facts_told_twice_count_once(floor: Floor) -> None:
    heard = await floor.gives_up()
    version = (await floor.the_promise()).version

    await floor.hear(heard)
    await floor.hear(replace(heard, hangup_cause=16))

    promise = await floor.the_promise()
    assert (len(promise.tries), promise.version) == (1, version)


async def test_without_a_manager_it_comes_to_who_last_talked(floor: Floor) -> None:
    await floor.run("UPDATE clients SET owner_id = NULL")
    await floor.talks(ago=60 * MINUTE)
    await floor.gives_up()

    promise = await floor.the_promise()
    assert promise.agent_id == floor.anna
    assert promise.why is not None
    assert promise.why.en.endswith("Yours because you were the last to talk with them.")


@pytest.mark.parametrize(
    "absence",
    [
        "UPDATE users SET enabled = false WHERE login = 'anna'",
        "UPDATE agent_states SET chosen = 'offline' WHERE user_id = (SELECT id FROM users WHERE login = 'anna')",
    ],
)
async def test_an_absent_manager_is_passed_over_for_the_queue(floor: Floor, absence: str) -> None:
    await floor.run(absence)

    await floor.gives_up()

    promise = await floor.the_promise()
    assert (promise.client_id, promise.agent_id, promise.queue) == (floor.aigerim, None, "sales")
    assert promise.why is not None
    assert "The client's manager is away. Open to everybody of the queue Sales" in promise.why.en
    assert [(one.agent_id, one.reason) for one in promise.history] == [(None, "given")]


async def test_what_is_the_queues_is_seen_and_heard_of_by_its_people_only(floor: Floor) -> None:
    await floor.gives_up(STRANGER)
    promise = await floor.the_promise()

    assert (promise.client_id, promise.address, promise.queue) == (None, STRANGER, "sales")
    async with floor.database.read() as db:
        for viewer in (agent(floor.anna), agent(floor.boris), supervisor(uuid4(), floor.team)):
            assert [one.id for one in (await list_callbacks(db, viewer, CallbackFilters())).items] == [promise.id]
        for stranger in (agent(floor.zhanar), supervisor(uuid4(), uuid4())):
            assert (await list_callbacks(db, stranger, CallbackFilters())).items == []
    rooms = next(rooms for name, rooms in await events_of(floor.database) if name == "callback.changed")
    assert set(rooms) == {agent_room(floor.anna), agent_room(floor.boris), team_room(floor.team), FLOOR}


async def test_the_first_to_claim_what_is_the_queues_owes_it(floor: Floor) -> None:
    await floor.gives_up(STRANGER)
    promise = await floor.the_promise()
    async with floor.database.begin() as tx:
        await callbacks.claim(tx, promise.id, agent(floor.boris))

    taken = await floor.the_promise()
    assert (taken.agent_id, taken.state, taken.moves) == (floor.boris, "claimed", 0)
    assert [(one.agent_id, one.reason, one.by) for one in taken.history] == [
        (None, "given", None),
        (floor.boris, "given", floor.boris),
    ]
    async with floor.database.begin() as tx:
        with pytest.raises(CallbackAlreadyClaimed):
            await callbacks.claim(tx, promise.id, agent(floor.anna))
        with pytest.raises(NotFound):
            await callbacks.claim(tx, promise.id, agent(floor.zhanar))


@pytest.mark.parametrize("direction", [Direction.INBOUND, Direction.OUTBOUND])
async def test_the_client_who_is_reached_in_either_direction_has_what_was_promised(
    floor: Floor, direction: Direction
) -> None:
    await floor.gives_up()

    await floor.talks(direction=direction)

    promise = await floor.the_promise()
    assert (promise.state, promise.late_s) == ("kept", None)
    assert promise.kept_in is not None


async def test_a_stranger_who_is_reached_has_what_was_promised(floor: Floor) -> None:
    await floor.gives_up(STRANGER)

    await floor.talks(STRANGER)

    assert (await floor.the_promise()).state == "kept"


async def test_a_talk_that_keeps_an_older_promise_ends_the_missed_one_with_a_reason(floor: Floor) -> None:
    async with floor.database.begin() as tx:
        given = callbacks.CallbackIn(client_id=floor.aigerim, due_at=tx.now, subject="quote")
        older = await callbacks.create(tx, agent(floor.anna), given)
    await floor.run("UPDATE callbacks SET created_at = created_at - interval '1 hour'")
    await floor.gives_up()

    await floor.talks()

    states = {one.id == older: (one.state, one.cancel_reason) for one in await floor.promises()}
    assert states[True] == ("kept", None)
    assert states[False] == ("cancelled", "The caller has been reached in another call.")


async def test_our_calls_that_were_not_answered_count_as_attempts(floor: Floor) -> None:
    await floor.gives_up(ago=5 * MINUTE)
    later = await floor.now() + timedelta(seconds=1)
    unanswered = call(
        direction=Direction.OUTBOUND,
        state=InteractionState.CLOSED,
        ended_at=None,
        ended_by=EndedBy.AGENT,
        dial_status="NOANSWER",
        hangup_cause=19,
        queues=(),
        legs=(leg(role="originate", result=LegResult.ANSWERED),),
    )

    await floor.hear(moved(unanswered, later, ended_at=later + timedelta(seconds=20)))

    promise = await floor.the_promise()
    assert promise.state == "open"
    assert [(one.agent_id, one.outcome) for one in promise.attempts] == [(floor.anna, "no_answer")]


async def test_a_history_that_is_repaired_takes_the_promise_back(floor: Floor) -> None:
    heard = await floor.gives_up()

    await floor.hear(answered_after_all(heard))

    promise = await floor.the_promise()
    assert promise.state == "cancelled"
    assert promise.cancel_reason == "The call was answered after all: the log of the PBX said so later."
    assert promise.tries == []


async def test_a_second_try_that_was_answered_after_all_keeps_what_the_first_was_owed(floor: Floor) -> None:
    first = await floor.gives_up(ago=10 * MINUTE)
    second = await floor.gives_up(ago=2 * MINUTE)

    await floor.hear(answered_after_all(second))

    promise = await floor.the_promise()
    assert promise.state == "kept"
    assert [one.at for one in promise.tries] == [first.started_at]
    assert promise.why is not None
    assert promise.why.en.startswith("Missed call ")


@pytest.mark.parametrize(
    ("setting", "after", "owed"),
    [
        ("missed_callback = true", 3, 0),  # left at once
        ("missed_callback_short = true", 3, 1),
        ("missed_callback = false", 20, 0),
    ],
)
async def test_the_queue_says_which_callers_are_called_back(
    floor: Floor, setting: str, after: float, owed: int
) -> None:
    await floor.run(f"UPDATE queues SET {setting} WHERE name = 'sales'")

    await floor.gives_up(after=after)

    assert len(await floor.promises()) == owed


async def test_a_rule_that_is_switched_off_takes_nothing_back(floor: Floor) -> None:
    heard = await floor.gives_up()
    await floor.run("UPDATE queues SET missed_callback = false WHERE name = 'sales'")

    await floor.hear(replace(heard, hangup_cause=16))  # its last word comes later

    assert (await floor.the_promise()).state == "open"


async def test_the_queue_says_by_when(floor: Floor) -> None:
    await floor.run("UPDATE queues SET missed_callback_due_s = 120 WHERE name = 'sales'")

    await floor.gives_up()

    promise = await floor.the_promise()
    assert promise.due_at - promise.promised_at == 2 * MINUTE


@pytest.mark.parametrize("number", [None, "anonymous", "sip-user"])
async def test_whom_nobody_can_call_nobody_owes_a_call(floor: Floor, number: str | None) -> None:
    await floor.gives_up(number)

    assert await floor.promises() == []


async def test_whom_nobody_may_call_nobody_owes_a_call(floor: Floor) -> None:
    async with floor.database.begin() as tx:
        await tx.execute("UPDATE clients SET blocked_at = now(), blocked_reason = 'so' WHERE id = $1", floor.aigerim)

    await floor.gives_up()

    assert await floor.promises() == []


async def test_a_day_old_missed_call_and_one_after_which_the_client_was_heard_make_no_promise(floor: Floor) -> None:
    now = await floor.now()

    await floor.hear(missed(now - timedelta(hours=25), STRANGER))
    await floor.hear(missed(now - 10 * MINUTE), talked(now - 5 * MINUTE))  # a spool brings them together
    await floor.talks(STRANGER, ago=2 * MINUTE)
    await floor.gives_up(STRANGER, ago=20 * MINUTE)  # told after the talk that came after it

    assert await floor.promises() == []


async def test_missed_first_and_heard_a_batch_later_is_kept_though_both_are_old(floor: Floor) -> None:
    now = await floor.now()

    await floor.hear(missed(now - 60 * MINUTE))
    await floor.hear(talked(now - 50 * MINUTE))

    assert (await floor.the_promise()).state == "kept"


async def test_a_stranger_who_becomes_a_client_brings_the_promise_along(floor: Floor) -> None:
    await floor.gives_up(STRANGER)
    promise = await floor.the_promise()
    async with floor.database.begin() as tx:
        points = [{"kind": "phone", "value": STRANGER}]
        given = ClientIn.model_validate({"name": "Ким Виктор", "contact_points": points})
        client = await clients.create(tx, given, country="KZ")
        assert promise.promised_in is not None
        await attach_client(tx, promise.promised_in, client, supervisor(uuid4(), floor.team))

    attached = await floor.the_promise()
    assert (attached.client_id, attached.client_name) == (client, "Ким Виктор")
    await floor.gives_up(STRANGER, ago=timedelta(seconds=30))
    assert len((await floor.the_promise()).tries) == 2
