"""The board of promises: lanes, figures that open to their rows, what moved and why, and tails."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from crm_core.actions import callbacks
from crm_core.domain.callbacks import LateBy
from crm_core.domain.distribution import Candidate, History, Need, Strategy, choose_agent
from crm_core.domain.errors import NotFound
from crm_core.domain.explanations import MoveStory, move_record, move_sentence
from crm_core.domain.people import AgentState
from crm_core.domain.policies import Action, Policy
from crm_core.domain.rosters import Roster
from crm_core.domain.viewer import Viewer
from crm_core.domain.watching import Move
from crm_core.store.database import Database, Reader, Record
from crm_core.views.callbacks import CallbackFilters, list_callbacks
from crm_core.views.moves import Moves, explain_move, list_moves
from crm_core.views.promises_board import Lane, PromisesBoard, get_promises_board
from crm_core.views.tails import TailFilters, Tails, list_tails
from tests.integration.board_house import DAY, HOUR, MINUTE, BoardHouse, ToldMove, open_board_house
from tests.integration.desk import agent, owner, supervisor

SECOND = timedelta(seconds=1)


@pytest.fixture
async def house(database: Database) -> BoardHouse:
    return await open_board_house(database)


async def board(house: BoardHouse, viewer: Viewer, *, team: UUID | None = None) -> PromisesBoard:
    now = await house.now()
    async with house.database.read() as db:
        return await get_promises_board(
            db, viewer, timezone="Asia/Almaty", since=now - HOUR, until=now + 3 * HOUR, team_id=team
        )


async def moves(house: BoardHouse, viewer: Viewer, *, agent_id: UUID | None = None) -> Moves:
    now = await house.now()
    async with house.database.read() as db:
        return await list_moves(db, viewer, since=now - DAY, until=now + DAY, agent_id=agent_id)


async def tails(
    house: BoardHouse, viewer: Viewer, *, limit: int = 50, cursor: str | None = None, **filters: object
) -> Tails:
    async with house.database.read() as db:
        return await list_tails(db, viewer, TailFilters.model_validate(filters), limit=limit, cursor=cursor)


def lane_of(shown: PromisesBoard, whose: UUID | str) -> Lane:
    return next(
        lane for lane in shown.lanes if lane.queue == whose or (lane.agent is not None and lane.agent.id == whose)
    )


def figure(shown: PromisesBoard, name: str) -> float | None:
    return next(one.value for one in shown.figures if one.name == name)


async def test_a_lane_holds_what_one_person_owes_around_now(house: BoardHouse) -> None:
    late = await house.promise(house.anna, late=9 * MINUTE)
    soon = await house.promise(house.anna, late=-18 * MINUTE)
    old = await house.promise(house.anna, late=2 * HOUR)
    far = await house.promise(house.anna, late=-5 * HOUR)

    shown = await board(house, supervisor(house.irina, house.sales))

    lane = lane_of(shown, house.anna)
    assert [pill.id for pill in lane.promises] == [late, soon]
    assert {old, far}.isdisjoint(pill.id for pill in lane.promises)
    assert (lane.owed, lane.late, lane.earlier, lane.tails) == (4, 2, 1, 0)
    assert lane.promises[0].escalate_at == lane.promises[0].due_at + 10 * MINUTE
    assert [one.agent.name for one in shown.lanes if one.agent] == ["Anna", "Boris"]


async def test_a_queues_own_promises_are_a_lane_before_all_people(house: BoardHouse) -> None:
    await house.run("INSERT INTO queues (name, titles, team_id) VALUES ('sales', '{}', $1)", house.sales)
    nobodys = await house.promise(house.anna, late=3 * MINUTE)
    await house.run("UPDATE callbacks SET agent_id = NULL, queue = 'sales' WHERE id = $1", nobodys)

    shown = await board(house, supervisor(house.irina, house.sales))

    assert [pill.id for pill in lane_of(shown, "sales").promises] == [nobodys]
    assert shown.lanes[0].queue == "sales"
    assert shown.lanes[0].agent is None


async def test_every_figure_opens_to_as_many_rows_as_it_says(house: BoardHouse) -> None:
    for late in (9 * MINUTE, 2 * HOUR, 4 * DAY, -18 * MINUTE, -59 * MINUTE, -2 * HOUR):
        await house.promise(house.anna, late=late)
    stuck = await house.promise(house.boris, late=30 * MINUTE)
    await house.run("UPDATE callbacks SET nobody_since = now() WHERE id = $1", stuck)
    kept = await house.promise(house.boris, late=-30 * MINUTE)
    async with house.database.begin() as tx:
        await callbacks.keep(tx, kept, agent(house.boris))
    chief = supervisor(house.irina, house.sales)

    shown = await board(house, chief)

    assert {one.name: one.value for one in shown.figures if one.name in {"late_now", "due_next_hour", "stuck"}} == {
        "late_now": 4,
        "due_next_hour": 2,
        "stuck": 1,
    }
    for one in shown.figures:
        assert one.formula
        assert one.fresh_at == shown.at
        if one.rows is None:
            continue
        if one.rows.path == "/callbacks":
            async with house.database.read() as db:
                page = await list_callbacks(db, chief, CallbackFilters.model_validate_strings(one.rows.query))
            assert len(page.items) == one.value, one.name
    assert figure(shown, "tails") == (await tails(house, chief)).total.count == 1


async def test_the_figures_say_what_is_under_way(house: BoardHouse) -> None:
    await house.promise(house.anna, late=-5 * MINUTE)
    soonest = await house.promise(house.boris, late=9 * MINUTE)
    await house.promise(house.boris, late=4 * MINUTE)
    await house.run("UPDATE agent_states SET state = 'talking' WHERE user_id = $1", house.anna)

    shown = await board(house, supervisor(house.irina, house.sales))

    assert figure(shown, "due_next_hour_in_a_call") == 1
    assert 540 <= (figure(shown, "late_longest_s") or 0) < 600
    assert shown.next_move_at == (await house.read(soonest)).escalate_at


async def test_the_rules_are_told_as_sentences_the_moving_one_first(house: BoardHouse) -> None:
    shown = await board(house, supervisor(house.irina, house.sales))

    assert [rule.name for rule in shown.rules] == ["strict-10m", "soft-72h"]
    assert "при опоздании на 10 минут само перейдёт" in shown.rules[0].words.ru
    assert "72 часа" in shown.tail.ru
    assert "72 hours" in shown.tail.en


async def test_a_team_without_hours_or_promises_still_has_its_lanes(house: BoardHouse) -> None:
    shown = await board(house, supervisor(house.irina, house.sales))

    assert [(lane.owed, lane.promises, lane.gone) for lane in shown.lanes] == [(0, [], []), (0, [], [])]
    assert figure(shown, "late_longest_s") is None


async def test_each_sees_the_board_of_their_own(house: BoardHouse) -> None:
    for person in (house.anna, house.boris, house.zhanar):
        await house.promise(person, late=5 * MINUTE)

    async def people(viewer: Viewer, team: UUID | None = None) -> list[UUID | None]:
        return [lane.agent.id if lane.agent else None for lane in (await board(house, viewer, team=team)).lanes]

    assert await people(agent(house.anna)) == [house.anna]
    assert await people(supervisor(house.irina, house.sales)) == [house.anna, house.boris]
    assert await people(owner(house.irina)) == [house.anna, house.boris, house.zhanar]
    assert await people(owner(house.irina), house.hotline) == [house.zhanar]
    assert await people(supervisor(house.irina, house.sales), house.hotline) == []


async def test_what_went_away_stays_in_the_losers_lane_until_it_is_given_back(house: BoardHouse) -> None:
    promise = await house.promise(house.anna, late=15 * MINUTE)
    step = await house.move(promise, house.boris, ago=5 * MINUTE)
    chief = supervisor(house.irina, house.sales)

    shown = await board(house, chief)

    [gone] = lane_of(shown, house.anna).gone
    assert (gone.id, gone.callback_id, gone.to_agent_name, gone.undone_at) == (step, promise, "Boris", None)
    assert [pill.id for pill in lane_of(shown, house.boris).promises] == [promise]
    assert figure(shown, "moved_today") == 1

    back = await house.move(promise, house.anna)
    await house.run("UPDATE callback_history SET reason = 'undone' WHERE id = $1", back)

    after = await board(house, chief)
    assert lane_of(after, house.anna).gone == []
    assert (figure(after, "moved_today"), figure(after, "undone_today")) == (1, 1)
    [told] = (await moves(house, chief)).items
    assert (told.id, told.undone_at is not None) == (step, True)


async def test_a_move_is_seen_by_both_sides_and_those_above_them(house: BoardHouse) -> None:
    promise = await house.promise(house.anna, late=15 * MINUTE)
    step = await house.move(promise, house.boris)

    for viewer in (agent(house.anna), agent(house.boris), supervisor(house.irina, house.sales), owner(house.zhanar)):
        assert [one.id for one in (await moves(house, viewer)).items] == [step]
        async with house.database.read() as db:
            assert (await explain_move(db, promise, step, viewer)).to_agent_id == house.boris
    for stranger in (agent(house.zhanar), supervisor(house.irina, house.hotline)):
        assert (await moves(house, stranger)).items == []
        async with house.database.read() as db:
            with pytest.raises(NotFound):
                await explain_move(db, promise, step, stranger)
    assert (await moves(house, owner(house.irina), agent_id=house.zhanar)).items == []
    async with house.database.read() as db:
        with pytest.raises(NotFound):
            await explain_move(db, uuid4(), step, owner(house.irina))


def told_by_the_watchdog(house: BoardHouse, *, at: datetime, due_at: datetime) -> ToldMove:
    def person(agent_id: UUID, name: str, state: AgentState = AgentState.AVAILABLE) -> Candidate:
        return Candidate(
            agent_id=agent_id, name=name, present=True, state=state, state_since=at - 39 * MINUTE, active_clients=47
        )

    people = [
        person(house.anna, "Anna"),
        person(house.boris, "Boris"),
        person(house.zhanar, "Zhanar", AgentState.PAUSED),
    ]
    story = MoveStory(
        at=at,
        policy=Policy(name="strict-10m", version=1, action=Action.MOVE, grace=10 * MINUTE, max_moves=2),
        promised_at=due_at - HOUR,
        due_at=due_at,
        grace_from=due_at,
        warned_at=due_at - 10 * MINUTE,
        move=Move(escalate_at=at, forgiven=timedelta(), late=at - due_at, late_by=LateBy.AGENT),
        gaps=(),
        from_agent_id=house.anna,
        from_name="Anna",
        choice=choose_agent(people, Need(at=at, from_agent_id=house.anna), Strategy.LEAST_LOADED, History()),
    )
    zone, roster = ZoneInfo("Asia/Almaty"), Roster(at)
    return ToldMove(sentence=move_sentence(story, zone), record=move_record(story, zone, roster), roster=roster)


async def test_a_move_of_the_system_is_explained_whole_from_what_was_stored_then(house: BoardHouse) -> None:
    promise = await house.promise(house.anna, late=10 * MINUTE)
    due_at = (await house.read(promise)).due_at
    explained = told_by_the_watchdog(house, at=due_at + 10 * MINUTE, due_at=due_at)
    step = await house.move(promise, house.boris, told=explained)

    async with house.database.read() as db:
        shown = await explain_move(db, promise, step, agent(house.anna))

    assert shown.words is not None
    assert (shown.words.ru, shown.words.en) == (explained.sentence.ru, explained.sentence.en)
    assert (shown.clocks.due_at, shown.clocks.at, shown.clocks.late_s) == (due_at, due_at + 10 * MINUTE, 600.0)
    assert shown.rule is not None
    assert (shown.rule.name, shown.rule.version) == ("strict-10m", 1)
    assert shown.rule.words is not None
    assert "само перейдёт" in shown.rule.words.ru
    assert [(one.name, one.reason, one.words.en) for one in shown.candidates] == [
        ("Boris", "chosen", "available, 47 of 60 clients, the least loaded"),
        ("Anna", "had_it", "had it"),
        ("Zhanar", "paused", "paused for 39 minutes"),
    ]
    assert (shown.policy, shown.late_s, shown.strategy) == ("strict-10m", 600.0, "least_loaded")
    assert (shown.undo.allowed, shown.undo.code) == (False, "forbidden")


async def test_a_move_stored_before_there_were_rosters_is_told_as_it_was_then(house: BoardHouse) -> None:
    promise = await house.promise(house.anna, late=10 * MINUTE)
    due_at = (await house.read(promise)).due_at
    explained = told_by_the_watchdog(house, at=due_at + 10 * MINUTE, due_at=due_at)
    boris = {
        "agent_id": house.boris,
        "name": "Boris",
        "reason": "chosen",
        "words": {"ru": "свободнее других", "en": "the least loaded"},
        "state": "available",
        "present": True,
        "active_clients": 47,
        "given_lately": 0,
        "until": None,
    }
    record = {**explained.record, "schema": 1, "candidates": [boris]}
    step = await house.move(promise, house.boris, told=replace(explained, record=record, roster=None))

    async with house.database.read() as db:
        [shown] = (await explain_move(db, promise, step, agent(house.anna))).candidates

    assert (shown.name, shown.reason, shown.words.en, shown.active_clients) == (
        "Boris",
        "chosen",
        "the least loaded",
        47,
    )


async def test_a_move_by_hand_is_explained_in_the_persons_own_words(house: BoardHouse) -> None:
    promise = await house.promise(house.anna)
    async with house.database.begin() as tx:
        await callbacks.move(tx, promise, agent(house.anna), agent_id=house.boris, reason="я на обеде")
    [step] = (await moves(house, agent(house.anna))).items

    async with house.database.read() as db:
        shown = await explain_move(db, promise, step.id, agent(house.anna))

    assert (shown.words, shown.explanation, shown.by_name) == (None, "я на обеде", "Anna")
    assert (shown.rule, shown.candidates, shown.clocks.late_s) == (None, [], None)
    assert shown.undo.allowed


async def test_a_promise_is_a_tail_from_the_very_second_it_may_be_taken(house: BoardHouse) -> None:
    under_a_rule = await house.promise(house.anna, late=72 * HOUR)
    without_a_rule = await house.promise(house.anna, late=72 * HOUR + SECOND)
    earlier_rule = await house.promise(house.anna, late=25 * HOUR)
    for promise, sql in (
        (without_a_rule, "takeover_at = NULL"),
        (earlier_rule, "takeover_at = due_at + interval '24 hours'"),
    ):
        await house.run(f"UPDATE callbacks SET {sql} WHERE id = $1", promise)
    almost = await house.promise(house.anna, late=72 * HOUR - 5 * MINUTE)
    kept = await house.promise(house.anna, late=80 * HOUR)
    async with house.database.begin() as tx:
        await callbacks.keep(tx, kept, agent(house.anna))

    shown = await tails(house, supervisor(house.irina, house.sales))

    assert {one.id for one in shown.items} == {under_a_rule, without_a_rule, earlier_rule}
    assert almost not in {one.id for one in shown.items}


async def test_tails_are_summed_by_person_and_team_ones_own_first(house: BoardHouse) -> None:
    anna_long = await house.promise(house.anna, late=10 * DAY)
    boris_one = await house.promise(house.boris, late=4 * DAY)
    boris_two = await house.promise(house.boris, late=5 * DAY)
    await house.promise(house.zhanar, late=4 * DAY)

    chief = await tails(house, supervisor(house.irina, house.sales))
    everybody = await tails(house, owner(house.irina))
    own = await tails(house, agent(house.boris))

    assert [one.id for one in chief.items] == [anna_long, boris_two, boris_one]
    assert [(one.agent_name, one.count, one.longest_s and one.longest_s // 86_400) for one in chief.people] == [
        ("Anna", 1, 10),
        ("Boris", 2, 5),
    ]
    boris = chief.people[1]
    assert (boris.total_s // 86_400, boris.median_s and boris.median_s // 86_400) == (9, 4)
    assert [(team.team_name, team.count) for team in everybody.teams] == [("sales", 3), ("hotline", 1)]
    assert (chief.total.count, everybody.total.count, own.total.count) == (3, 4, 2)
    assert own.people[0].agent_id == house.boris


async def test_without_tails_the_sums_are_nothing_and_say_what_they_count(house: BoardHouse) -> None:
    shown = await tails(house, agent(house.anna))

    assert (shown.total.count, shown.total.total_s, shown.total.longest_s, shown.total.median_s) == (0, 0.0, None, None)
    assert (shown.people, shown.teams, shown.items, shown.next) == ([], [], [], None)
    assert shown.definition.ru.startswith("Хвост")


async def test_tails_are_read_page_by_page(house: BoardHouse) -> None:
    hers = await house.promise(house.anna, late=4 * DAY)
    await house.promise(house.boris, late=9 * DAY)
    await house.promise(house.boris, late=8 * DAY)
    viewer = supervisor(house.anna, house.sales)

    first = await tails(house, viewer, limit=2)
    second = await tails(house, viewer, limit=2, cursor=first.next)

    assert first.items[0].id == hers
    assert [one.agent_id for one in first.items] == [house.anna, house.boris]
    assert [one.agent_id for one in second.items] == [house.boris]
    assert second.next is None


class CountingReader(Reader):
    """Counts what it is asked."""

    def __init__(self, inner: Reader) -> None:
        self.inner = inner
        self.asked = 0

    async def fetch(self, sql: str, *args: object) -> list[Record]:
        self.asked += 1
        return await self.inner.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Record | None:
        self.asked += 1
        return await self.inner.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        self.asked += 1
        return await self.inner.fetchval(sql, *args)


async def test_forty_people_with_sixty_promises_each_are_read_by_as_few_statements_as_two_people(
    house: BoardHouse,
) -> None:
    async def read() -> tuple[int, int]:
        now = await house.now()
        async with house.database.read() as db:
            counting = CountingReader(db)
            shown = await get_promises_board(
                counting,
                supervisor(house.irina, house.sales),
                timezone="Asia/Almaty",
                since=now - HOUR,
                until=now + 3 * HOUR,
            )
        return counting.asked, sum(len(lane.promises) for lane in shown.lanes)

    await house.promise(house.anna)
    asked, _ = await read()
    await house.run(
        """WITH staff AS (
               INSERT INTO users (id, login, name, role, team_id)
               SELECT gen_random_uuid(), 'a' || n, 'A' || n, 'agent', $1 FROM generate_series(1, 40) n RETURNING id
           )
           INSERT INTO callbacks (id, client_id, agent_id, due_at)
           SELECT gen_random_uuid(), $2, staff.id, now() + (n - 20) * interval '1 minute'
           FROM staff, generate_series(1, 60) n""",
        house.sales,
        house.client,
    )

    assert await read() == (asked, 2401)
