"""Tails taken over, one or many, and hand-overs taken back, on a real database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from crm_core.actions import callbacks, handovers
from crm_core.actions.callbacks import AgentUnknown
from crm_core.actions.handovers import TakeOverIn, Verdict
from crm_core.domain.errors import CallbackAlreadyClaimed, CallbackClosed, NotFound
from crm_core.domain.handovers import NothingToUndo, PreviousOwnerAbsent, PreviousOwnerLeft, UndoTooLate
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from tests.integration.board_house import DAY, HOUR, MINUTE, BoardHouse, open_board_house
from tests.integration.desk import agent, supervisor
from tests.people import events_of


@pytest.fixture
async def house(database: Database) -> BoardHouse:
    return await open_board_house(database)


def chief(house: BoardHouse) -> Viewer:
    return supervisor(house.irina, house.sales)


async def take(
    house: BoardHouse, *ids: UUID, by: Viewer | None = None, preview: bool = False, to: UUID | None = None
) -> list[Verdict]:
    async with house.database.begin() as tx:
        given = TakeOverIn(ids=list(ids), preview=preview, agent_id=to)
        return await handovers.take_over_many(tx, by or chief(house), given)


async def give_back(house: BoardHouse, promise: UUID, by: Viewer) -> None:
    async with house.database.begin() as tx:
        await handovers.undo(tx, promise, by)


async def hand(house: BoardHouse, promise: UUID, *, by: UUID, to: UUID) -> None:
    async with house.database.begin() as tx:
        await callbacks.move(tx, promise, agent(by), agent_id=to, reason="обед")


async def audited(house: BoardHouse) -> list[tuple[str, UUID]]:
    async with house.database.read() as db:
        rows = await db.fetch("SELECT action, subject_id FROM audit_log ORDER BY id")
    return [(row["action"], row["subject_id"]) for row in rows]


async def test_of_many_each_has_its_own_verdict_and_the_rest_are_taken(house: BoardHouse) -> None:
    tail = await house.promise(house.anna, late=5 * DAY)
    early = await house.promise(house.anna, late=HOUR)
    claimed = await house.promise(house.boris, late=4 * DAY)
    kept = await house.promise(house.boris, late=4 * DAY)
    foreign = await house.promise(house.zhanar, late=4 * DAY)
    async with house.database.begin() as tx:
        await callbacks.claim(tx, claimed, agent(house.boris))
        await callbacks.keep(tx, kept, agent(house.boris))
    everything = (tail, early, claimed, kept, foreign, uuid4())

    verdicts = await take(house, *everything)

    assert [one.id for one in verdicts] == list(everything)
    assert [(one.result, one.code) for one in verdicts] == [
        ("taken", None),
        ("refused", "take_over_too_early"),
        ("refused", "callback_already_claimed"),
        ("refused", "callback_closed"),
        ("refused", "not_found"),
        ("refused", "not_found"),
    ]
    assert verdicts[2].fields["agent_name"] == "Boris"
    taken = await house.read(tail)
    assert (taken.agent_id, taken.history[-1].reason, taken.history[-1].by) == (house.irina, "taken_over", house.irina)
    assert await audited(house) == [("callback.taken_over", tail)]


async def test_a_preview_says_the_same_and_changes_nothing(house: BoardHouse) -> None:
    tail = await house.promise(house.anna, late=5 * DAY)
    early = await house.promise(house.anna, late=HOUR)
    before = await events_of(house.database)

    verdicts = await take(house, tail, early, preview=True)

    assert [(one.result, one.code) for one in verdicts] == [("would_take", None), ("refused", "take_over_too_early")]
    assert (await house.read(tail)).agent_id == house.anna
    assert await events_of(house.database) == before
    assert await audited(house) == []


async def test_asked_twice_it_is_taken_once(house: BoardHouse) -> None:
    tail = await house.promise(house.anna, late=5 * DAY)

    first, again = await take(house, tail, tail), await take(house, tail)

    assert [one.result for one in first] == ["taken"]
    assert [one.result for one in again] == ["already"]
    assert (await house.read(tail)).moves == 1
    assert len(await audited(house)) == 1


async def test_two_supervisors_at_once_do_not_wait_in_a_ring(house: BoardHouse) -> None:
    tails = [await house.promise(house.anna, late=5 * DAY) for _ in range(6)]

    one, other = await asyncio.gather(
        take(house, *tails), take(house, *reversed(tails), by=supervisor(house.boris, house.sales))
    )

    assert {verdict.result for verdict in (*one, *other)} <= {"taken", "already"}
    owners = {(await house.read(tail)).agent_id for tail in tails}
    assert len(owners) == 1


async def test_tails_may_be_given_to_somebody_else_who_works_here(house: BoardHouse) -> None:
    tail = await house.promise(house.anna, late=5 * DAY)

    with pytest.raises(AgentUnknown):
        await take(house, tail, to=uuid4())
    [verdict] = await take(house, tail, to=house.boris)

    assert verdict.result == "taken"
    assert (await house.read(tail)).agent_id == house.boris


async def test_without_a_rule_a_tail_may_be_taken_after_72_hours(house: BoardHouse) -> None:
    tail = await house.promise(house.anna, late=72 * HOUR)
    fresh = await house.promise(house.anna, late=72 * HOUR - 5 * MINUTE)
    await house.run("UPDATE callbacks SET takeover_at = NULL")

    verdicts = await take(house, tail, fresh)

    assert [one.code for one in verdicts] == [None, "take_over_too_early"]


async def test_a_supervisor_gives_back_what_was_moved_and_its_owner_has_the_whole_grace(house: BoardHouse) -> None:
    promise = await house.promise(house.anna, late=15 * MINUTE)
    await house.move(promise, house.boris, ago=HOUR)

    await give_back(house, promise, chief(house))

    back = await house.read(promise)
    assert (back.agent_id, back.state, back.moves) == (house.anna, "open", 0)
    assert back.history[-1].reason == "undone"
    assert back.history[-1].by == house.irina
    assert back.escalate_at is not None
    assert back.escalate_at >= await house.now() + 9 * MINUTE
    assert await audited(house) == [("callback.undone", promise)]
    assert "callback.moved" in [name for name, _ in await events_of(house.database)]
    with pytest.raises(NothingToUndo):
        await give_back(house, promise, chief(house))


async def test_whoever_moved_it_by_hand_may_change_their_mind_though_they_see_it_no_more(house: BoardHouse) -> None:
    promise = await house.promise(house.anna)
    await hand(house, promise, by=house.anna, to=house.boris)

    await give_back(house, promise, agent(house.anna))

    assert (await house.read(promise)).agent_id == house.anna


async def test_after_ten_minutes_only_a_supervisor_may(house: BoardHouse) -> None:
    promise = await house.promise(house.anna)
    await hand(house, promise, by=house.anna, to=house.boris)
    await house.run("UPDATE callback_history SET from_at = from_at - interval '11 minutes', to_at = to_at")

    with pytest.raises(UndoTooLate):
        await give_back(house, promise, agent(house.anna))
    await give_back(house, promise, chief(house))

    assert (await house.read(promise)).agent_id == house.anna


async def test_nothing_is_taken_from_who_is_calling_or_has_kept_it(house: BoardHouse) -> None:
    promise = await house.promise(house.anna)
    await hand(house, promise, by=house.anna, to=house.boris)
    async with house.database.begin() as tx:
        await callbacks.claim(tx, promise, agent(house.boris))

    with pytest.raises(CallbackAlreadyClaimed):
        await give_back(house, promise, agent(house.anna))
    async with house.database.begin() as tx:
        await callbacks.keep(tx, promise, agent(house.boris))
    with pytest.raises(CallbackClosed):
        await give_back(house, promise, chief(house))


async def test_nothing_is_given_back_to_who_has_left_or_is_away(house: BoardHouse) -> None:
    promise = await house.promise(house.anna)
    await hand(house, promise, by=house.anna, to=house.boris)
    await house.run(
        "INSERT INTO absences (id, user_id, kind, from_at, to_at) "
        "VALUES (gen_random_uuid(), $1, 'vacation', now() - interval '1 day', now() + interval '7 days')",
        house.anna,
    )

    with pytest.raises(PreviousOwnerAbsent) as refused:
        await give_back(house, promise, chief(house))
    assert refused.value.fields["absent_until"] > await house.now() + timedelta(days=6)
    await house.run("DELETE FROM absences")
    await house.run("UPDATE users SET enabled = false WHERE id = $1", house.anna)
    with pytest.raises(PreviousOwnerLeft):
        await give_back(house, promise, chief(house))
    assert (await house.read(promise)).agent_id == house.boris


async def test_what_never_moved_or_is_not_theirs_cannot_be_undone(house: BoardHouse) -> None:
    promise = await house.promise(house.anna)

    with pytest.raises(NothingToUndo):
        await give_back(house, promise, chief(house))
    for stranger in (agent(house.boris), supervisor(house.zhanar, house.hotline)):
        with pytest.raises(NotFound):
            await give_back(house, promise, stranger)
    with pytest.raises(NotFound):
        await give_back(house, uuid4(), chief(house))
