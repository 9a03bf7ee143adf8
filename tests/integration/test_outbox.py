"""The outbox: one public order, whatever order transactions committed in."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from crm_core.domain.events import FLOOR, AgentChanged, agent_room
from crm_core.store import outbox
from crm_core.store.database import Database, to_json
from crm_core.store.outbox import OutboxRow, Window

WINDOW = Window()

_WRITE = "INSERT INTO outbox (type, rooms, body) VALUES ('agent.changed', '{floor}', $1)"


async def say(database: Database, *agents: UUID) -> None:
    """Announce a change of each agent, in one transaction."""
    async with database.begin() as tx:
        for agent in agents:
            tx.emit(AgentChanged(rooms=(agent_room(agent), FLOOR), agent_id=agent, version=1))


async def stamp(database: Database, limit: int = 500) -> int:
    async with database.read() as reader:
        return await outbox.stamp(reader, limit=limit)


async def read(database: Database, after: int = 0) -> list[OutboxRow]:
    async with database.read() as reader:
        return await outbox.read_after(reader, after, limit=1000)


def who(rows: list[OutboxRow]) -> list[UUID]:
    return [UUID(str(row.body["agent_id"])) for row in rows]


async def test_events_get_numbers_that_follow_one_another(database: Database) -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    await say(database, first, second)
    await say(database, third)

    assert await stamp(database) == 3

    rows = await read(database)
    assert [row.seq for row in rows] == [1, 2, 3]
    assert who(rows) == [first, second, third]
    assert rows[0].type == "agent.changed"
    assert set(rows[0].rooms) == {FLOOR, agent_room(first)}
    assert await stamp(database) == 0


async def test_a_late_committer_is_still_read(database: Database) -> None:
    slow, quick = uuid4(), uuid4()
    async with database.begin() as late:
        await late.execute(_WRITE, to_json({"agent_id": slow}))
        await say(database, quick)
        await stamp(database)
        seen = await read(database)
        assert who(seen) == [quick]

    await stamp(database)

    assert who(await read(database, after=seen[-1].seq)) == [slow]


async def test_a_backlog_is_stamped_in_pieces_without_changing_its_order(database: Database) -> None:
    agents = [uuid4() for _ in range(7)]
    await say(database, *agents)

    pieces = [await stamp(database, limit=3) for _ in range(4)]

    assert pieces == [3, 3, 1, 0]
    assert who(await read(database)) == agents


async def test_two_who_stamp_at_once_number_each_event_once(database: Database) -> None:
    agents = [uuid4() for _ in range(200)]
    await say(database, *agents)

    await asyncio.gather(*(stamp(database) for _ in range(4)))

    rows = await read(database)
    assert who(rows) == agents
    assert len({row.seq for row in rows}) == len(agents)


async def test_missed_events_are_those_of_ones_own_rooms(database: Database) -> None:
    anna, boris = uuid4(), uuid4()
    await say(database, anna, boris, anna, boris)
    await stamp(database)

    async with database.read() as reader:
        missed = await outbox.read_missed(reader, 1, until=3, rooms=[agent_room(anna)], limit=10)

    assert [row.seq for row in missed] == [3]


async def test_a_cursor_may_resume_while_everything_after_it_is_kept(database: Database) -> None:
    await say(database, *(uuid4() for _ in range(10)))
    await stamp(database)

    async with database.read() as reader:
        verdicts = {seq: await outbox.can_resume(reader, seq, Window(events=8)) for seq in (1, 2, 9, 10, 11)}

    assert verdicts == {1: False, 2: True, 9: True, 10: True, 11: False}


async def test_a_cursor_older_than_the_window_may_not_resume(database: Database) -> None:
    await say(database, uuid4())
    await stamp(database)
    await _age(database, timedelta(hours=25))

    async with database.read() as reader:
        assert not await outbox.can_resume(reader, 0, WINDOW)
        assert await outbox.can_resume(reader, 1, WINDOW)


async def test_a_cursor_from_before_a_restore_may_not_resume(database: Database) -> None:
    await say(database, uuid4(), uuid4())
    await stamp(database)
    async with database.begin() as tx:
        await tx.execute("UPDATE outbox_counter SET last_seq = last_seq + 1000000")

    async with database.read() as reader:
        assert not await outbox.can_resume(reader, 2, WINDOW)
        assert await outbox.last_seq(reader) == 1_000_002


@pytest.mark.parametrize("window", [Window(events=3), Window(age=timedelta(hours=1))])
async def test_what_lies_before_the_window_is_forgotten(database: Database, window: Window) -> None:
    await say(database, *(uuid4() for _ in range(5)))
    await stamp(database)
    await _age(database, timedelta(hours=2), up_to=2)
    await say(database, uuid4())

    async with database.begin() as tx:
        forgotten = await outbox.prune(tx, window)

    assert forgotten == 2
    assert [row.seq for row in await read(database)] == [3, 4, 5]
    assert await stamp(database) == 1


async def _age(database: Database, by: timedelta, *, up_to: int = 1_000) -> None:
    async with database.begin() as tx:
        await tx.execute("UPDATE outbox SET at = at - $1::interval WHERE seq <= $2", by, up_to)
