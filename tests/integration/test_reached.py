"""Clients who were reached or tried: what a call keeps, whose it was, and how often trying is enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from crm_core.actions import callbacks
from crm_core.actions.calls import record_call_refused
from crm_core.domain.callbacks import HistoryReason
from crm_core.domain.calls import CallSnapshot, Direction, EndedBy, InteractionState, LegResult, LegRole
from crm_core.domain.ids import new_id
from crm_core.store import policies
from crm_core.store.database import Database, to_json
from crm_core.views.callbacks import Callback
from crm_core.views.interactions import Interaction
from tests.builders import NOON, after, call, leg
from tests.integration.call_log import the_log
from tests.integration.desk import add_interaction, agent, make_older
from tests.integration.missed_floor import MINUTE, Floor, moved, open_floor, talked
from tests.people import events_of

RETRY = 30 * MINUTE


@pytest.fixture
async def floor(database: Database) -> Floor:
    return await open_floor(database)


async def promised(floor: Floor, *, due_in: timedelta = MINUTE, made: timedelta = 60 * MINUTE) -> UUID:
    """Anna promised Aigerim a call; she said so an hour ago."""
    async with floor.database.begin() as tx:
        given = callbacks.CallbackIn(client_id=floor.aigerim, due_at=tx.now + made + due_in)
        promise = await callbacks.create(tx, agent(floor.anna), given)
    await make_older(floor.database, promise, made)
    return promise


async def tries_count(floor: Floor, attempts: int = 3) -> None:
    """The rule for late promises has counted calls nobody answered since long before any promise."""
    async with floor.database.begin() as tx:
        [strict] = [policy for policy in await policies.newest(tx) if policy.name == "strict-10m"]
        await policies.save(tx, replace(strict, attempts=attempts, retry_after=RETRY))
        await tx.execute("UPDATE callback_policies SET created_at = created_at - interval '1 day'")


def unanswered(at: datetime, *, rang: float = 30, phone: str = "1001", **what: Any) -> CallSnapshot:
    """One of us dials the client, whose phone rings for so many seconds."""
    ours = leg(
        phone, role=LegRole.DIRECT, queue=None, answered_at=NOON, ended_at=after(rang), result=LegResult.ANSWERED
    )
    given = {
        "direction": Direction.OUTBOUND,
        "state": InteractionState.CLOSED,
        "ended_at": after(rang),
        "ended_by": EndedBy.AGENT,
        "dial_status": "NOANSWER",
        "hangup_cause": 19,
        "queues": (),
        "legs": (replace(ours, offered_at=NOON),),
    }
    return moved(call(**given | what), at)


async def read(floor: Floor, promise: UUID) -> Callback:
    return next(one for one in await floor.promises() if one.id == promise)


async def last_call(floor: Floor) -> Interaction:
    return (await the_log(floor.database))[0]


async def ago(floor: Floor, span: timedelta) -> datetime:
    return await floor.now() - span


async def test_a_call_nobody_answered_begins_the_clock_anew(floor: Floor) -> None:
    await tries_count(floor)
    promise = await promised(floor)
    heard = unanswered(await ago(floor, MINUTE))

    await floor.hear(heard)
    tried = await read(floor, promise)
    await floor.hear(heard, replace(heard, hangup_cause=16))

    assert heard.ended_at is not None
    assert (tried.state, tried.grace_from) == ("open", heard.ended_at + RETRY)
    assert tried.escalate_at == heard.ended_at + RETRY + 10 * MINUTE
    assert (await read(floor, promise)).escalate_at == tried.escalate_at


async def test_after_as_many_tries_as_the_rule_asks_the_promise_is_kept_by_the_last(floor: Floor) -> None:
    await tries_count(floor)
    promise = await promised(floor, due_in=-50 * MINUTE, made=180 * MINUTE)
    begun = [await ago(floor, minutes * MINUTE) for minutes in (45, 25, 5)]
    await floor.hear(unanswered(begun[0]))
    await floor.hear(unanswered(begun[1]))
    waits = await read(floor, promise)

    await floor.hear(unanswered(begun[2], phone="1002"))

    kept = await read(floor, promise)
    assert (waits.state, kept.state, kept.agent_id) == ("open", "kept", floor.anna)
    assert kept.closed_at == begun[2]
    assert kept.kept_in == (await last_call(floor)).id
    assert kept.late_s == pytest.approx((begun[2] - kept.due_at).total_seconds())


@pytest.mark.parametrize(
    "what",
    [
        {"rang": 14},
        {"dial_status": "CONGESTION", "hangup_cause": 34},
        # the manager's own phone rang for 20 of the 30 seconds
        {"legs": (leg(role=LegRole.ORIGINATE, queue=None, answered_at=after(20), result=LegResult.ANSWERED),)},
    ],
)
async def test_a_try_that_gave_the_client_no_chance_counts_for_nothing(floor: Floor, what: dict[str, Any]) -> None:
    await tries_count(floor)
    promise = await promised(floor)
    before = await read(floor, promise)

    await floor.hear(unanswered(await ago(floor, MINUTE), **what))

    tried = await read(floor, promise)
    assert (tried.escalate_at, tried.grace_from, tried.state) == (before.escalate_at, before.grace_from, "open")


async def test_a_busy_line_is_a_try_at_once(floor: Floor) -> None:
    await tries_count(floor, attempts=1)
    promise = await promised(floor)

    await floor.hear(unanswered(await ago(floor, MINUTE), rang=2, dial_status="BUSY", hangup_cause=17))

    assert (await read(floor, promise)).state == "kept"


async def test_a_try_begun_too_late_changes_nothing(floor: Floor) -> None:
    await tries_count(floor)
    promise = await promised(floor, due_in=-30 * MINUTE, made=60 * MINUTE)
    before = await read(floor, promise)

    await floor.hear(unanswered(await ago(floor, MINUTE)))

    assert (await read(floor, promise)).escalate_at == before.escalate_at


async def test_under_a_rule_that_asks_for_a_talk_a_try_changes_nothing(floor: Floor) -> None:
    promise = await promised(floor)
    before = await read(floor, promise)

    await floor.hear(unanswered(await ago(floor, MINUTE)))

    assert (await read(floor, promise)).escalate_at == before.escalate_at


async def test_of_two_promises_the_one_is_tried_that_a_talk_would_keep(floor: Floor) -> None:
    await tries_count(floor)
    later, sooner = await promised(floor, due_in=5 * MINUTE), await promised(floor, due_in=MINUTE)
    before = await read(floor, later)

    await floor.hear(unanswered(await ago(floor, MINUTE)))

    tried = await read(floor, sooner)
    assert tried.grace_from is not None
    assert tried.grace_from > tried.due_at
    assert (await read(floor, later)).escalate_at == before.escalate_at


@pytest.mark.parametrize(("phone", "state"), [("1001", "open"), ("1002", "claimed")])
async def test_who_called_in_vain_is_not_calling_any_more(floor: Floor, phone: str, state: str) -> None:
    promise = await promised(floor)
    async with floor.database.begin() as tx:
        await callbacks.claim(tx, promise, agent(floor.anna))

    begun_at = await floor.now()
    await floor.hear(unanswered(begun_at, phone=phone))

    now = await read(floor, promise)
    assert (now.state, now.agent_id) == (state, floor.anna)


async def test_who_asked_for_a_call_that_the_pbx_refused_is_not_calling(floor: Floor) -> None:
    promise = await promised(floor)
    async with floor.database.begin() as tx:
        await callbacks.claim(tx, promise, agent(floor.anna))
        asked = await add_interaction(
            tx, client=floor.aigerim, agent=floor.anna, state="offered", direction=Direction.OUTBOUND
        )

    async with floor.database.begin() as tx:
        await record_call_refused(tx, asked)

    now = await read(floor, promise)
    assert (now.state, now.claimed_by) == ("open", None)


# A call that had begun in time


async def takes_away(floor: Floor, promise: UUID, to: UUID, *, escalate_at: datetime) -> datetime:
    """The watchdog has moved it, just now; gives that moment."""
    async with floor.database.begin() as tx:
        record = {"clocks": {"escalate_at": escalate_at.isoformat()}}
        await tx.execute("UPDATE callbacks SET agent_id = $2, moves = moves + 1 WHERE id = $1", promise, to)
        await tx.execute("UPDATE callback_history SET to_at = $2 WHERE callback_id = $1", promise, tx.now)
        await tx.execute(
            """INSERT INTO callback_history (id, callback_id, agent_id, from_at, reason, explanation, record)
               VALUES ($1, $2, $3, $4, 'late', 'Late.', $5)""",
            new_id(tx.now),
            promise,
            to,
            tx.now,
            to_json(record),
        )
        await tx.execute(
            """INSERT INTO agent_turns (user_id, last_at, lately) VALUES ($1, $2, ARRAY[$2::timestamptz])
               ON CONFLICT (user_id) DO UPDATE SET lately = agent_turns.lately || $2::timestamptz""",
            to,
            tx.now,
        )
        return tx.now


async def test_a_call_begun_in_time_and_told_after_the_move_keeps_the_promise_of_its_owner(floor: Floor) -> None:
    promise = await promised(floor, due_in=-11 * MINUTE)
    escalate_at = await ago(floor, MINUTE)
    await takes_away(floor, promise, floor.boris, escalate_at=escalate_at)

    await floor.hear(talked(escalate_at))

    kept = await read(floor, promise)
    assert (kept.state, kept.agent_id, kept.moves) == ("kept", floor.anna, 0)
    assert kept.late_s == pytest.approx((escalate_at + timedelta(seconds=5) - kept.due_at).total_seconds())
    assert [(one.agent_id, one.reason) for one in kept.history] == [
        (floor.anna, "promised"),
        (floor.boris, "late"),
        (floor.anna, "undone"),
    ]
    assert "The call had begun in time" in kept.history[-1].explanation
    moved_to = [rooms for name, rooms in await events_of(floor.database) if name == "callback.moved"]
    assert {f"agent:{floor.anna}", f"agent:{floor.boris}"} <= set(moved_to[0])
    async with floor.database.read() as db:
        assert await db.fetchval("SELECT lately FROM agent_turns WHERE user_id = $1", floor.boris) == []


async def test_a_call_begun_a_moment_too_late_keeps_it_for_the_new_owner(floor: Floor) -> None:
    promise = await promised(floor, due_in=-11 * MINUTE)
    escalate_at = await ago(floor, MINUTE)
    await takes_away(floor, promise, floor.boris, escalate_at=escalate_at)

    await floor.hear(talked(escalate_at + timedelta(milliseconds=1)))

    kept = await read(floor, promise)
    assert (kept.state, kept.agent_id, kept.moves) == ("kept", floor.boris, 1)


async def test_what_a_person_decided_after_the_move_stays_decided(floor: Floor) -> None:
    promise = await promised(floor, due_in=-11 * MINUTE)
    escalate_at = await ago(floor, MINUTE)
    await takes_away(floor, promise, floor.boris, escalate_at=escalate_at)
    async with floor.database.begin() as tx:
        await callbacks.move(tx, promise, agent(floor.boris), agent_id=floor.zhanar, reason="visa")

    await floor.hear(talked(escalate_at))

    kept = await read(floor, promise)
    assert (kept.state, kept.agent_id) == ("kept", floor.zhanar)
    assert HistoryReason.UNDONE not in {one.reason for one in kept.history}


async def test_two_moves_are_undone_when_the_call_began_before_the_first(floor: Floor) -> None:
    promise = await promised(floor, due_in=-30 * MINUTE)
    escalate_at = await ago(floor, 20 * MINUTE)
    await takes_away(floor, promise, floor.boris, escalate_at=escalate_at)
    await takes_away(floor, promise, floor.zhanar, escalate_at=escalate_at + 10 * MINUTE)

    await floor.hear(talked(escalate_at))

    kept = await read(floor, promise)
    assert (kept.state, kept.agent_id, kept.moves) == ("kept", floor.anna, 0)


@pytest.mark.parametrize(("attempts", "state"), [(3, "open"), (1, "kept")])
async def test_a_try_begun_in_time_and_told_after_the_move_counts_for_its_owner(
    floor: Floor, attempts: int, state: str
) -> None:
    await tries_count(floor, attempts)
    promise = await promised(floor, due_in=-11 * MINUTE)
    escalate_at = await ago(floor, MINUTE)
    await takes_away(floor, promise, floor.boris, escalate_at=escalate_at)

    await floor.hear(unanswered(escalate_at))

    tried = await read(floor, promise)
    assert (tried.state, tried.agent_id, tried.moves) == (state, floor.anna, 0)


async def test_a_try_begun_too_late_gives_nothing_back(floor: Floor) -> None:
    await tries_count(floor, 1)
    promise = await promised(floor, due_in=-11 * MINUTE)
    escalate_at = await ago(floor, MINUTE)
    await takes_away(floor, promise, floor.boris, escalate_at=escalate_at)

    await floor.hear(unanswered(escalate_at + timedelta(milliseconds=1)))

    tried = await read(floor, promise)
    assert (tried.agent_id, tried.moves) == (floor.boris, 1)


async def test_lateness_that_lies_in_an_outage_is_ours(floor: Floor) -> None:
    promise = await promised(floor, due_in=-10 * MINUTE)
    async with floor.database.begin() as tx:
        await tx.execute(
            "INSERT INTO gaps (id, source, from_at, to_at, cause) VALUES ($1, 'system', $2, $3, 'down')",
            new_id(tx.now),
            tx.now - 11 * MINUTE,
            tx.now - 4 * MINUTE,
        )

    await floor.talks()

    kept = await read(floor, promise)
    assert kept.late_s == pytest.approx(580, abs=30)
    assert kept.late_by == "system"
