"""Four watchdogs, thousands of promises due at once; two are killed, one freezes: each promise moves exactly once.

Fifty batches of two hundred, so that the four take many turns; the blows fall in the first of them.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from crm_core.store.database import Database
from tests.failure.watching_node import Blow, is_stopped, watching_node
from tests.many_promises import COLLEAGUES, ManyPromises, house_of_many
from tests.waiting import eventually

_PROMISES = 10_000
_BLOWS = (
    None,
    Blow(signal=signal.SIGKILL, moment="before", batch=2),
    Blow(signal=signal.SIGKILL, moment="after", batch=3),
    Blow(signal=signal.SIGSTOP, moment="before", batch=2),
)

_FAULTS = """
WITH turns AS (
    SELECT callback_id, count(*) FILTER (WHERE reason = 'late') AS late,
           array_agg(agent_id) FILTER (WHERE to_at IS NULL) AS open
    FROM callback_history
    GROUP BY callback_id
), told AS (
    SELECT (body->>'callback_id')::uuid AS callback_id, count(*) AS times
    FROM outbox
    WHERE type = 'callback.moved'
    GROUP BY 1
)
SELECT count(*) FILTER (WHERE owed.moves <> 1) AS not_moved_once,
       count(*) FILTER (WHERE owed.next_at <= clock_timestamp()) AS still_due,
       count(*) FILTER (WHERE turns.late IS DISTINCT FROM 1) AS not_late_once,
       count(*) FILTER (WHERE turns.open IS DISTINCT FROM ARRAY[owed.agent_id]) AS not_one_open_turn,
       count(*) FILTER (WHERE told.times IS DISTINCT FROM 1) AS not_told_once
FROM callbacks owed
LEFT JOIN turns ON turns.callback_id = owed.id
LEFT JOIN told ON told.callback_id = owed.id
"""

_GIVEN = """
SELECT turn.user_id, cardinality(turn.lately) AS counted,
       (SELECT count(*) FROM callback_history WHERE agent_id = turn.user_id AND reason = 'late') AS given
FROM agent_turns turn
"""


@pytest.mark.timeout(240)
async def test_each_promise_moves_exactly_once_whoever_is_killed_or_freezes_with_it_in_his_hands(
    database: Database, tmp_path: Path
) -> None:
    house = await house_of_many(database)
    async with AsyncExitStack() as nodes:
        steady, first, second, frozen = await asyncio.gather(
            *(
                nodes.enter_async_context(watching_node(database.url, tmp_path / f"node{number}.log.txt", blow))
                for number, blow in enumerate(_BLOWS)
            )
        )
        await _promise(database, house, _PROMISES)

        killed = await asyncio.gather(first.wait(), second.wait())
        await eventually(lambda: _has_stopped(frozen))
        await eventually(lambda: _nothing_is_due(database), patience_s=150)
        # The one that froze wakes up with promises in its hands that others have moved long ago.
        steady.kill()
        frozen.send_signal(signal.SIGCONT)
        await _promise(database, house, 1)
        await eventually(lambda: _nothing_is_due(database))
        still_watches = frozen.returncode is None

    assert set(killed) == {-signal.SIGKILL}
    assert still_watches
    async with database.read() as db:
        [faults] = await db.fetch(_FAULTS)
        given = await db.fetch(_GIVEN)
    assert dict(faults) == dict.fromkeys(dict(faults), 0)
    assert {row["user_id"] for row in given} == set(house.colleagues)
    assert all(row["counted"] == row["given"] for row in given)
    assert sorted(row["given"] for row in given) == [_PROMISES // COLLEAGUES] * (COLLEAGUES - 1) + [
        _PROMISES // COLLEAGUES + 1
    ]


async def _promise(database: Database, house: ManyPromises, count: int) -> None:
    """All due since the same moment, so long ago that a beat which comes late on a busy machine excuses nobody."""
    async with database.begin() as tx:
        await house.promise(tx, count, move_at=tx.now - timedelta(hours=1))


async def _has_stopped(process: asyncio.subprocess.Process) -> bool:
    return is_stopped(process)


async def _nothing_is_due(database: Database) -> bool:
    async with database.read() as db:
        return not await db.fetchval("SELECT EXISTS (SELECT FROM callbacks WHERE next_at <= clock_timestamp())")
