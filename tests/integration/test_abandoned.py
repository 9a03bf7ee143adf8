"""The list of callers nobody heard: one row a caller, what became of them, and who sees it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from crm_core.actions import callbacks
from crm_core.domain.calls import Direction, EndedBy
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.views.abandoned import AbandonedFilters, AbandonedPage, _statement, list_abandoned
from tests.integration.desk import agent, owner, supervisor
from tests.integration.missed_floor import AIGERIM, MINUTE, STRANGER, Floor, open_floor
from tests.people import add_client

DAY = timedelta(days=1)


@pytest.fixture
async def floor(database: Database) -> Floor:
    return await open_floor(database)


async def listed(
    floor: Floor,
    viewer: Viewer | None = None,
    *,
    limit: int = 50,
    cursor: str | None = None,
    **filters: Any,
) -> AbandonedPage:
    now = await floor.now()
    async with floor.database.read() as db:
        return await list_abandoned(
            db,
            viewer or owner(floor.anna),
            AbandonedFilters.model_validate(filters),
            since=now - DAY,
            until=now + DAY,
            limit=limit,
            cursor=cursor,
        )


def figure(page: AbandonedPage, name: str) -> float | None:
    return next(one.value for one in page.figures if one.name == name)


async def test_several_tries_of_one_caller_are_one_row_with_its_tries_and_its_promise(floor: Floor) -> None:
    first = await floor.gives_up(ago=12 * MINUTE)
    await floor.gives_up(ago=5 * MINUTE, after=45)
    last = await floor.gives_up(ago=1 * MINUTE, after=3)

    [row] = (await listed(floor)).items

    assert (row.client_name, row.client_address, row.queue) == ("Сулейменова Айгерим", AIGERIM, "sales")
    assert (row.attempts, row.first_at, row.last_at) == (3, first.started_at, last.started_at)
    assert (row.outcome, row.kinds) == ("short_abandoned", ["abandoned", "short_abandoned"])
    assert (row.wait_s, row.longest_wait_s) == (3, 45)
    assert [one.wait_s for one in row.tries] == [3, 45, 20]
    assert (row.state, row.reached_at, row.reached_how) == ("open", None, None)
    assert row.callback is not None
    assert (row.callback.agent_id, len(row.callback.tries)) == (floor.anna, 2)  # the short one owes nothing


@pytest.mark.parametrize(
    ("direction", "how"), [(Direction.INBOUND, "called_again"), (Direction.OUTBOUND, "called_back")]
)
async def test_a_caller_is_reached_by_the_first_answered_call_after_the_last_try(
    floor: Floor,
    direction: Direction,
    how: str,
) -> None:
    await floor.gives_up(ago=20 * MINUTE)
    await floor.gives_up(ago=15 * MINUTE)
    await floor.talks(ago=5 * MINUTE, direction=direction)
    await floor.talks(ago=1 * MINUTE)

    page = await listed(floor)

    [row] = page.items
    assert (row.state, row.reached_how, row.reached_by_name) == ("reached", how, "Anna")
    assert row.reached_after_s == pytest.approx(15 * 60 + 5, abs=5)  # from the first try to the answer
    assert (figure(page, "reached"), figure(page, how), figure(page, "open")) == (1, 1, 0)
    assert figure(page, "median_reached_s") == pytest.approx(15 * 60 + 5, abs=5)


async def test_who_was_heard_between_two_tries_waits_since_the_second(floor: Floor) -> None:
    await floor.gives_up(ago=30 * MINUTE)
    await floor.talks(ago=20 * MINUTE)
    again = await floor.gives_up(ago=10 * MINUTE)

    [row] = (await listed(floor)).items

    assert (row.attempts, row.state, row.since) == (2, "open", again.started_at)


async def test_an_anonymous_caller_stands_alone_in_each_call(floor: Floor) -> None:
    await floor.gives_up(None, ago=3 * MINUTE)
    await floor.gives_up(None, ago=2 * MINUTE)
    await floor.talks(ago=1 * MINUTE)

    rows = (await listed(floor)).items

    assert [(row.client_address, row.attempts, row.state, row.callback) for row in rows] == [
        (None, 1, "open", None)
    ] * 2


async def test_a_number_that_has_become_a_clients_in_the_meantime_is_still_one_row(floor: Floor) -> None:
    await floor.gives_up(STRANGER, ago=3 * MINUTE)
    await add_client(floor.database, "Ким Виктор", phone=STRANGER)
    await floor.gives_up(STRANGER, ago=1 * MINUTE)

    [row] = (await listed(floor)).items

    assert (row.client_name, row.attempts) == ("Ким Виктор", 2)


async def test_a_number_of_several_people_names_them_all(floor: Floor) -> None:
    await add_client(floor.database, "Сулейменов Ержан", phone=AIGERIM)
    await floor.gives_up()

    [row] = (await listed(floor)).items

    assert (row.client_id, row.client_name) == (None, None)
    assert [one.name for one in row.candidates] == ["Сулейменова Айгерим", "Сулейменов Ержан"]


async def test_a_promise_closed_by_hand_leaves_nobody_waiting(floor: Floor) -> None:
    await floor.gives_up()
    promise = await floor.the_promise()
    async with floor.database.begin() as tx:
        await callbacks.keep(tx, promise.id, agent(floor.anna))

    page = await listed(floor)

    assert [row.state for row in page.items] == ["done"]
    assert (figure(page, "done"), figure(page, "open")) == (1, 0)


async def test_who_waits_longest_stands_first_and_pages_meet_without_a_gap(floor: Floor) -> None:
    numbers = [f"+7701000000{n}" for n in range(5)]
    for minutes, number in zip((50, 40, 30, 20, 10), numbers, strict=True):
        await floor.gives_up(number, ago=minutes * MINUTE)
    await floor.talks(numbers[0], ago=5 * MINUTE)

    seen: list[str | None] = []
    cursor: str | None = None
    while True:
        page = await listed(floor, limit=2, cursor=cursor, order="waiting")
        seen += [row.client_address for row in page.items]
        assert figure(page, "callers") == 5
        cursor = page.next
        if cursor is None:
            break

    assert seen == [*numbers[1:], numbers[0]]
    newest = await listed(floor)
    assert [row.client_address for row in newest.items] == numbers[::-1]


async def test_the_list_is_narrowed_and_its_figures_stay_whole(floor: Floor) -> None:
    await floor.gives_up(ago=4 * MINUTE)
    await floor.gives_up(STRANGER, ago=3 * MINUTE, after=2)
    await floor.gives_up("+77010000001", ago=2 * MINUTE, ended_by=EndedBy.SYSTEM, queues=("visa",))
    await floor.talks(ago=1 * MINUTE)

    async def numbers(**filters: Any) -> list[str | None]:
        return [row.client_address for row in (await listed(floor, **filters)).items]

    assert await numbers(kind="short_abandoned") == [STRANGER]
    assert await numbers(kind="no_answer") == ["+77010000001"]
    assert await numbers(state="reached") == [AIGERIM]
    assert await numbers(queue="visa") == ["+77010000001"]
    assert await numbers(team_id=str(floor.team)) == [STRANGER, AIGERIM]
    assert figure(await listed(floor, state="reached"), "short_abandoned") == 1
    empty = await listed(floor, queue="nowhere")
    assert (empty.items, figure(empty, "callers"), figure(empty, "median_reached_s")) == ([], 0, None)


async def test_each_sees_the_callers_of_their_queues_phones_and_clients(floor: Floor) -> None:
    await floor.gives_up()  # Anna's client, in the queue of Anna and Boris
    await floor.gives_up("+77010000001", queues=("visa",), phone="2001")

    for viewer, seen in (
        (agent(floor.anna), [AIGERIM]),
        (agent(floor.boris), [AIGERIM]),
        (agent(floor.zhanar), ["+77010000001"]),
        (supervisor(uuid4(), floor.team), [AIGERIM]),
        (supervisor(uuid4(), uuid4()), []),
        (agent(uuid4()), []),
    ):
        assert [row.client_address for row in (await listed(floor, viewer)).items] == seen


async def test_a_long_log_is_never_read_from_end_to_end(database: Database) -> None:
    """60,000 calls over a year, of which one in ten was missed: yesterday's list reads yesterday's."""
    async with database.begin() as tx:
        now: datetime = tx.now
        await tx.execute(
            """INSERT INTO interactions (id, channel, direction, state, outcome, external_id, client_address,
                                         started_at, ended_at, answered_at)
               SELECT overlay(gen_random_uuid()::text PLACING lpad(to_hex(ms >> 16), 8, '0') || '-'
                              || lpad(to_hex(ms & 65535), 4, '0') || '-7' FROM 1 FOR 15)::uuid,
                      'call', 'inbound', 'closed', CASE WHEN n % 10 = 0 THEN 'abandoned' ELSE 'answered' END,
                      n::text, '+7701' || lpad((n % 9973)::text, 7, '0'), at, at + interval '1 minute',
                      CASE WHEN n % 10 <> 0 THEN at END
               FROM generate_series(1, 60000) AS n,
                   LATERAL (SELECT now() - n * interval '500 seconds' AS at) AS moment,
                   LATERAL (SELECT (extract(epoch FROM at) * 1000)::bigint AS ms) AS stamp"""
        )
    async with database.begin() as tx:
        await tx.execute("ANALYZE interactions")
    statement, *args = _statement(owner(uuid4()), AbandonedFilters(), since=now - DAY, until=now, limit=50, cursor=None)

    async with database.read() as db:
        plan = "\n".join(row[0] for row in await db.fetch(f"EXPLAIN (ANALYZE, TIMING OFF) {statement}", *args))

    assert "missed" in plan
    looked_at = [int(number) for number in re.findall(r"Rows Removed by Filter: (\d+)", plan)]
    assert sum(looked_at) < 1000, plan
