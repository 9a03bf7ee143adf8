"""A promise is told to its client with buttons: they confirm it or move it, and nobody else can."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest

from crm_core.actions import callbacks
from crm_core.domain.callbacks import PromisedCallback
from crm_core.store.database import Database
from crm_core.views.callbacks import Callback, get_callback
from tests.bot_api.bot import FakeBot
from tests.bot_api.messages import AIGUL, BORIS, Json, message, pressed
from tests.people import add_agent, add_client
from tests.telegram.office import OWNER, Office, living_room
from tests.waiting import eventually

DUE = (datetime.now(UTC) + timedelta(days=1)).replace(hour=7, minute=30, second=0, microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Irina has promised Aigul something by way of Telegram."""

    office: Office
    irina: UUID
    promise: UUID
    queries: count[int]

    async def promised(self) -> Callback:
        async with self.office.database.read() as db:
            return await get_callback(db, self.promise, OWNER)

    async def said(self, number: int) -> Json:
        """The bot's message of that number, when it is said."""

        async def is_there() -> bool:
            return len(self.office.bot.sent) >= number

        await eventually(is_there)
        return self.office.bot.sent[number - 1].message

    async def press(self, data: str, *, by: Json = AIGUL) -> str:
        """What is shown to whoever presses it."""
        bot, query_id = self.office.bot, str(next(self.queries))
        bot.hears("callback_query", pressed(data, by=by, query_id=query_id))
        return await self.notice(query_id)

    async def notice(self, query_id: str) -> str:
        async def answered() -> bool:
            return any(one["callback_query_id"] == query_id for one in self.office.bot.answered)

        await eventually(answered)
        answers = (one for one in self.office.bot.answered if one["callback_query_id"] == query_id)
        return next(answers).get("text", "")


def buttons(said: Json) -> dict[str, str]:
    rows = said["reply_markup"]["inline_keyboard"]
    return {one["text"]: one["callback_data"] for row in rows for one in row}


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with living_room(FakeBot(), database) as office:
        irina = await add_agent(database, "irina", extension=None)
        aigul = await add_client(database, "Айгүл", phone="+77011234567", owner=irina)
        # Nobody has said yet that this chat is Aigul's: she is told in it all the same.
        office.bot.hears("message", message(1, text="Здравствуйте"))
        await office.has("Здравствуйте")
        async with database.begin() as tx:
            await tx.execute(
                "INSERT INTO contact_points (id, client_id, kind, value, typed) VALUES ($1, $1, 'telegram', $2, $2)",
                aigul,
                str(AIGUL["id"]),
            )
        promise = await _promise(database, aigul, irina)
        yield Desk(office=office, irina=irina, promise=promise, queries=count(1))


async def _promise(database: Database, client_id: UUID, agent_id: UUID) -> UUID:
    given = PromisedCallback(due_at=DUE, subject=None, via="telegram")
    async with database.begin() as tx:
        return await callbacks.promise(
            tx,
            client_id=client_id,
            due_at=given.due_at,
            subject=given.subject,
            via=given.via,
            agent_id=agent_id,
            promised_in=None,
            by=agent_id,
        )


async def test_the_client_confirms_what_is_promised_and_it_is_written_down(desk: Desk) -> None:
    offered = await desk.said(1)
    assert offered["text"].startswith("Мы напишем вам")
    confirm, _ = buttons(offered).values()

    first = await desk.press(confirm)
    again = await desk.press(confirm)

    assert first == again == "Спасибо, договорились."
    promised = await desk.promised()
    assert (promised.confirmed_at is not None, promised.due_at, len(promised.history)) == (True, DUE, 1)


async def test_the_client_chooses_another_time_and_the_history_says_that_it_was_them(desk: Desk) -> None:
    _, another = buttons(await desk.said(1)).values()
    await desk.press(another)
    when, then = list(buttons(await desk.said(2)).items())[1]

    notice = await desk.press(then)
    moved = await desk.promised()
    stale = await desk.press(another)

    assert when.split()[-1] in notice
    assert (moved.due_at != DUE, moved.confirmed_at is not None, moved.agent_id) == (True, True, desk.irina)
    newest = max(moved.history, key=lambda owner: owner.from_)
    assert (newest.reason, "Клиент сам перенёс" in newest.words.ru) == ("moved", True)
    assert stale.startswith("Эта договорённость уже изменилась")
    assert "Перенесли" in (await desk.said(3))["text"]
    async with desk.office.database.read() as db:  # it is not offered again
        assert await db.fetchval("SELECT told_due_at = due_at FROM callbacks")


async def test_a_press_that_is_told_twice_is_one(desk: Desk) -> None:
    _, another = buttons(await desk.said(1)).values()
    for _ in range(2):
        desk.office.bot.hears("callback_query", pressed(another, query_id="once"))

    await desk.said(2)
    await desk.press("nonsense")

    assert len(desk.office.bot.sent) == 2


@pytest.mark.parametrize("forge", ["copied", "altered", "of another chat"])
async def test_what_was_not_offered_to_them_nobody_can_press(desk: Desk, forge: str) -> None:
    confirm, _ = buttons(await desk.said(1)).values()
    bot = desk.office.bot
    bot.hears("message", message(1, by=BORIS, text="Привет"))
    await desk.office.holds("Привет")

    if forge == "copied":
        await desk.press(confirm, by=BORIS)
    elif forge == "altered":
        await desk.press(("B" if confirm[0] == "A" else "A") + confirm[1:])
    else:
        forged = pressed(confirm, by=BORIS, query_id="forged", on=message(1, text="…"))
        bot.hears("callback_query", forged)
        await desk.notice("forged")

    assert (await desk.promised()).confirmed_at is None


async def test_what_a_manager_moves_is_told_anew(desk: Desk) -> None:
    await desk.said(1)
    async with desk.office.database.begin() as tx:
        await tx.execute("UPDATE callbacks SET due_at = due_at + interval '1 day' WHERE id = $1", desk.promise)

    offered = await desk.said(2)

    assert json.dumps(offered["reply_markup"])
    assert (await desk.promised()).due_at == DUE + timedelta(days=1)
