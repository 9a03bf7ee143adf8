"""``kill -9`` all along a message that leaves in several parts: each is said once and in order, or nobody knows.

Killed between two parts, the next life goes on where the last one stopped. Killed between beginning a part and
writing down that it is out, nobody can know whether Telegram has it: nothing is said again, and its writer is told.
"""

from __future__ import annotations

import asyncio
import os
import signal
from itertools import count
from pathlib import Path
from uuid import UUID

from crm_core.actions import replies, uploads
from crm_core.actions.messages import record_messages
from crm_core.actions.replies import MessageIn
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import HeardMessage, MessageState, Trouble, WrittenChannel
from crm_core.store.database import Database
from tests.failure.lives import Lives
from tests.failure.telegram_mouth_node import telegram_mouth_node
from tests.people import add_agent
from tests.waiting import eventually

#: Saying four parts waits more often than this; less would mean that the killing came too late.
_FEWEST, _MOST = 100, 900
#: A life costs half a second. It is no divisor of what one part takes, so that each part dies at other places.
_STRIDE = 13

_PARTS = ("Первое", "Второе", " ".join(f"{number}.pdf" for number in range(10)), "10.pdf 11.pdf")
_FATE = "SELECT state, trouble_code FROM messages WHERE id = $1"
_OVER = (MessageState.SENT, MessageState.UNCERTAIN)


async def asked(database: Database) -> tuple[UUID, Viewer]:
    """A client waits, and somebody is there to answer."""
    person = await add_agent(database, "irina", extension=None)
    async with database.begin() as tx:
        heard = HeardMessage(
            channel=WrittenChannel.TELEGRAM,
            source="main",
            key="7731:1",
            external_id="7731:1",
            queue=None,
            from_address="7731",
            thread="7731",
            body="Расскажите о туре",
            at=tx.now,
        )
        [conversation] = await record_messages(tx, [heard])
    return conversation, Viewer(user_id=person, role=Role.OWNER, team_id=None)


async def answer(database: Database, conversation: UUID, by: Viewer) -> UUID:
    """More words than fit into one message, more files than fit into an album."""
    async with database.begin() as tx:
        files = [
            await uploads.upload(tx, by.user_id, name=f"{number}.pdf", media_type="application/pdf", data=b"x")
            for number in range(12)
        ]
        body = "Первое " + "слово " * 600 + "\n\nВторое " + "слово " * 600
        given = MessageIn(interaction_id=conversation, body=body, attachments=tuple(files))
        return await replies.send(tx, by, given, sources={})


async def fate_of(database: Database, message: UUID) -> tuple[str, str | None]:
    async with database.read() as db:
        row = await db.fetchrow(_FATE, message)
    assert row is not None
    return row["state"], row["trouble_code"]


async def is_over(database: Database, message: UUID) -> bool:
    return (await fate_of(database, message))[0] in _OVER


async def dies(database: Database, lives: Lives, message: UUID, step: int) -> bool:
    """One life that is to end at that await; False: it had nothing left to do before."""
    pid = await lives.begin(step)
    ending = asyncio.create_task(lives.end())
    finished = asyncio.create_task(eventually(lambda: is_over(database, message)))
    await asyncio.wait({ending, finished}, return_when=asyncio.FIRST_COMPLETED)
    killed = ending.done()
    if not killed:
        os.kill(pid, signal.SIGKILL)
    assert await ending == -signal.SIGKILL
    finished.cancel()
    return killed


async def test_each_part_is_said_once_and_in_order_wherever_whoever_says_them_is_killed(
    database: Database, tmp_path: Path
) -> None:
    conversation, irina = await asked(database)
    said = tmp_path / "said"
    fates = set()

    async with telegram_mouth_node(database.url, said) as lives:
        for step in count(1, _STRIDE):
            said.write_text("")
            message = await answer(database, conversation, irina)
            killed = await dies(database, lives, message, step)
            async with database.begin() as tx:  # the lease of whoever was killed is over
                await tx.execute("UPDATE outgoing SET taken_until = now()")
            told_before = said.read_text().splitlines()
            if not await is_over(database, message):
                await dies(database, lives, message, 0)

            parts = said.read_text().splitlines()
            state, why = await fate_of(database, message)
            fates.add((state, why))
            assert parts == list(_PARTS[: len(parts)])
            if state == MessageState.SENT:
                assert len(parts) == len(_PARTS)
            else:
                assert (why, parts) == (Trouble.INTERRUPTED, told_before)
            if not killed:
                break
            assert step < _MOST, "it never came to its end"

    assert step > _FEWEST
    assert fates == {(MessageState.SENT, None), (MessageState.UNCERTAIN, Trouble.INTERRUPTED)}
