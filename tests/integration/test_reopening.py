"""A promise that was taken for done, or called off, is owed again: as it was for a while, later for a new time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from crm_core.actions import callbacks, reopening, users
from crm_core.actions.callbacks import AgentUnknown, CallbackIn
from crm_core.actions.watchdog import watch_due
from crm_core.domain.callbacks import DueTimeRejected
from crm_core.domain.errors import NotFound
from crm_core.domain.reopening import CallbackOpen, NewTimeRequired
from crm_core.domain.viewer import Viewer
from crm_core.store.database import Database
from crm_core.views.callbacks import Callback, load_callbacks
from crm_core.views.moves import list_moves
from tests.integration.desk import add_team, agent, make_older, owner, supervisor
from tests.people import add_agent, add_client, events_of

ALMATY = ZoneInfo("Asia/Almaty")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Anna owes Aigerim a call; Boris could, and Irina supervises."""

    database: Database
    anna: UUID
    boris: UUID
    irina: Viewer
    promise: UUID

    async def read(self) -> Callback:
        async with self.database.read() as db:
            return (await load_callbacks(db, [self.promise]))[self.promise]

    async def keep(self, by: UUID | None = None) -> None:
        async with self.database.begin() as tx:
            await callbacks.keep(tx, self.promise, agent(by or self.anna))

    async def reopen(self, by: Viewer | None = None, *, due_in: timedelta | None = None) -> None:
        async with self.database.begin() as tx:
            due_at = tx.now + due_in if due_in is not None else None
            await reopening.reopen(tx, self.promise, by or agent(self.anna), due_at=due_at)

    async def closed_ago(self, by: timedelta) -> None:
        async with self.database.begin() as tx:
            await tx.execute(
                "UPDATE callbacks SET closed_at = closed_at - $2::interval WHERE id = $1", self.promise, by
            )

    async def watch(self) -> None:
        async with self.database.begin() as tx:
            await watch_due(tx, 10, zone=ALMATY)


@pytest.fixture
async def house(database: Database) -> House:
    anna, boris = [await add_agent(database, name, extension=None) for name in ("anna", "boris")]
    irina = await add_agent(database, "irina", extension=None, role="supervisor")
    team = await add_team(database, "sales", anna, boris, irina)
    client = await add_client(database, "Aigerim", phone="+77010000001", owner=anna)
    async with database.begin() as tx:
        given = CallbackIn(client_id=client, due_at=tx.now + HOUR)
        promise = await callbacks.create(tx, agent(anna), given)
    return House(database=database, anna=anna, boris=boris, irina=supervisor(irina, team), promise=promise)


async def test_a_wrong_done_is_undone_and_the_promise_is_as_it_was(house: House) -> None:
    before = await house.read()
    await house.keep()

    await house.reopen()

    after = await house.read()
    assert (after.state, after.agent_id, after.due_at) == ("open", house.anna, before.due_at)
    assert (after.escalate_at, after.takeover_at) == (before.escalate_at, before.takeover_at)
    assert (after.kept_in, after.late_s, after.closed_at) == (None, None, None)
    told = after.history[-1]
    assert (told.reason, told.by, told.explanation) == ("undone", house.anna, "It was not done after all.")
    assert [kind for kind, _ in await events_of(house.database)][-1] == "callback.changed"


async def test_a_wrong_cancellation_is_undone_by_the_supervisor(house: House) -> None:
    async with house.database.begin() as tx:
        await callbacks.cancel(tx, house.promise, agent(house.anna), reason="Changed their mind")

    await house.reopen(house.irina)

    after = await house.read()
    assert (after.state, after.cancel_reason) == ("open", None)
    assert (after.history[-1].by, after.history[-1].explanation) == (
        house.irina.user_id,
        "It was not called off after all.",
    )


async def test_what_ran_out_while_it_was_taken_for_done_is_given_back(house: House) -> None:
    await make_older(house.database, house.promise, HOUR + 9 * MINUTE)  # nine of the ten minutes are over
    await house.keep()
    await make_older(house.database, house.promise, 5 * MINUTE)
    await house.closed_ago(5 * MINUTE)

    await house.reopen()
    await house.watch()

    after = await house.read()
    assert after.agent_id == house.anna
    assert after.escalate_at is not None
    assert timedelta() < after.escalate_at - datetime.now(UTC) <= MINUTE


async def test_an_undone_promise_is_watched_again(house: House) -> None:
    await house.keep()
    await house.reopen()
    await make_older(house.database, house.promise, HOUR + 11 * MINUTE)

    await house.watch()

    assert (await house.read()).agent_id == house.boris


async def test_after_ten_minutes_the_client_has_to_be_told_a_new_time(house: House) -> None:
    await house.keep()
    await house.closed_ago(10 * MINUTE + MICROSECOND)

    with pytest.raises(NewTimeRequired):
        await house.reopen()
    with pytest.raises(DueTimeRejected):
        await house.reopen(due_in=-HOUR)
    assert (await house.read()).state == "kept"

    await house.reopen(due_in=DAY)

    after = await house.read()
    assert after.state == "open"
    assert after.escalate_at == after.due_at + 10 * MINUTE
    assert (after.history[-1].reason, after.history[-1].explanation) == (
        "promised",
        "Promised again, for a new time.",
    )


async def test_said_twice_it_is_done_once_and_an_open_promise_keeps_its_time(house: House) -> None:
    await house.keep()
    await house.reopen()
    await house.reopen()

    assert [one.reason for one in (await house.read()).history] == ["promised", "undone"]
    with pytest.raises(CallbackOpen):
        await house.reopen(due_in=DAY)


async def test_only_who_may_close_it_may_open_it_again(house: House) -> None:
    await house.keep()

    with pytest.raises(NotFound):
        await house.reopen(agent(house.boris))
    with pytest.raises(NotFound):
        await house.reopen(supervisor(uuid4(), uuid4()))


async def test_nobody_owes_anything_again_who_does_not_work_here(house: House) -> None:
    boss = owner(await add_agent(house.database, "boss", extension=None, role="owner"))
    await house.keep()
    async with house.database.begin() as tx:
        await tx.execute("UPDATE clients SET owner_id = NULL")
        await users.change_user(tx, house.anna, {"enabled": False}, by=boss)

    with pytest.raises(AgentUnknown):
        await house.reopen(boss)


async def test_undoing_a_done_does_not_read_as_if_the_move_before_had_been_taken_back(house: House) -> None:
    async with house.database.begin() as tx:
        await callbacks.move(tx, house.promise, house.irina, agent_id=house.boris, reason="Anna is busy")
    await house.keep(house.boris)
    await house.reopen(agent(house.boris))

    async with house.database.read() as db:
        since = datetime.now(UTC) - HOUR
        (moved,) = (await list_moves(db, house.irina, since=since, until=since + DAY)).items
    assert (moved.to_agent_id, moved.undone_at) == (house.boris, None)
