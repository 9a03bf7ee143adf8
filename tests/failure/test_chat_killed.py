"""``kill -9`` at every await between hearing a visitor and answering them: what they wrote is stored, once."""

from __future__ import annotations

import asyncio
import os
import signal
from itertools import count
from uuid import UUID, uuid4

from socketio.exceptions import ConnectionError as NotReached
from socketio.exceptions import SocketIOError

from crm_core.store.database import Database
from tests.failure.chat_node import chat_node
from tests.failure.lives import Lives
from tests.integration.webchat.chat import Visitor

#: The way from hearing to answering waits about this often; less would mean that the killing came too late.
_FEWEST, _MOST = 10, 200


async def test_what_a_visitor_writes_is_stored_once_wherever_the_program_is_killed(
    database: Database, database_url: str
) -> None:
    said: list[str] = []
    waiting: dict[UUID, str] = {}
    async with chat_node(database_url) as lives:
        visitor = Visitor(url=f"http://127.0.0.1:{lives.said}")
        for step in count(1):
            said.append(f"{step}")
            waiting[uuid4()] = f"{step}"
            fresh = len(said) - len(await stored(database))
            outlived = await _one_life(lives, visitor, waiting, dies_at=step)
            answered = [text for text in said if text not in waiting.values()]
            assert set(answered) <= set(await stored(database)), f"lost at await {step}"
            if outlived and fresh:
                break
            assert step < _MOST

    assert step >= _FEWEST
    assert await stored(database) == said


async def stored(database: Database) -> list[str]:
    """What was written, in the order of storing."""
    async with database.read() as db:
        rows = await db.fetch("SELECT body FROM messages ORDER BY id")
        conversations = await db.fetchval("SELECT count(*) FROM conversations")
    assert conversations <= 1
    return [row["body"] for row in rows]


async def _one_life(lives: Lives, visitor: Visitor, waiting: dict[UUID, str], *, dies_at: int) -> bool:
    """The visitor tells what was not answered yet, in order; true when all was answered before the end."""
    process = await lives.begin(dies_at)
    ended = asyncio.create_task(lives.end())
    telling = asyncio.create_task(_tell(visitor, waiting))
    await asyncio.wait({ended, telling}, return_when=asyncio.FIRST_COMPLETED)
    outlived = not waiting
    if not ended.done():
        os.kill(process, signal.SIGKILL)
    assert await ended == -signal.SIGKILL
    telling.cancel()
    await asyncio.wait({telling})
    await visitor.leave()
    return outlived


async def _tell(visitor: Visitor, waiting: dict[UUID, str]) -> None:
    try:
        await visitor.come()
        for key, text in list(waiting.items()):
            if (await visitor.say(text, key=key))["status"] == "stored":
                del waiting[key]
    except (NotReached, SocketIOError, OSError, TimeoutError):
        return  # killed on the way
