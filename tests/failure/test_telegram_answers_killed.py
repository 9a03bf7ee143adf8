"""``kill -9`` all along the way from a knock at the door to its answer: what is said and answered is there once."""

from __future__ import annotations

import json
import signal
from itertools import count
from pathlib import Path

from crm_core.store.database import Database
from tests.bot_api.messages import command, message
from tests.failure.telegram_log_node import telegram_log_node

#: Storing a message and answering it waits about this often; less would mean that the killing came too late.
_FEWEST, _MOST = 20, 400
#: A life costs half a second. A question to the database is two awaits, so some die on either side of one.
_STRIDE = 5

_SAID = """
SELECT array_agg(said.body ORDER BY said.at, said.id) FILTER (WHERE said.direction = 'inbound') AS heard,
       count(*) FILTER (WHERE said.direction = 'outbound') AS answers, count(waiting.message_id) AS to_be_sent
FROM messages said
LEFT JOIN outgoing waiting ON waiting.message_id = said.id
"""


async def test_a_command_is_answered_once_wherever_whoever_stores_it_is_killed(
    database: Database, tmp_path: Path
) -> None:
    updates = tmp_path / "updates.json"
    updates.write_text(json.dumps([{"update_id": 1, "message": message(1, **command("/start insta"))}]))

    async with telegram_log_node(database.url, updates) as lives:
        for step in count(1, _STRIDE):
            await lives.begin(step)
            if await lives.end() != -signal.SIGKILL:
                break
            assert step < _MOST

    assert step > _FEWEST
    async with database.read() as db:
        [row] = await db.fetch(_SAID)
    assert row["heard"] == ["/start insta"]
    assert (row["answers"], row["to_be_sent"]) == (1, 1)
