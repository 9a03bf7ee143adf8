"""Whether a bot is heard stands in the log, in words; a silence that Telegram does not bridge is a gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels.telegram.doctor import examine
from crm_core.domain.written import WrittenChannel
from crm_core.store.database import Database
from crm_core.views.channel_links import states_of
from tests.bot_api.bot import FakeBot
from tests.bot_api.messages import message
from tests.bot_api.refusals import OTHER_POLLER
from tests.bot_api.server import fake_telegram
from tests.telegram.office import living_room
from tests.telegram.room import settings
from tests.waiting import eventually

DOOR = "https://crm.example/hooks/telegram/main"


async def test_a_bot_that_is_heard_says_so(database: Database) -> None:
    async with living_room(FakeBot(), database):

        async def is_up() -> bool:
            async with database.read() as db:
                return await states_of(db, WrittenChannel.TELEGRAM, ["main"]) == {"main": "up"}

        await eventually(is_up)


async def test_another_program_with_the_same_token_is_said_in_words(database: Database) -> None:
    bot = FakeBot()
    bot.broken["getupdates"].extend([OTHER_POLLER] * 1000)
    async with living_room(bot, database):

        async def is_refused() -> bool:
            async with database.read() as db:
                return await states_of(db, WrittenChannel.TELEGRAM, ["main"]) == {"main": "refused"}

        await eventually(is_refused)

    async with database.read() as db:
        error: str = await db.fetchval("SELECT error FROM channel_links WHERE channel = 'telegram'")
    assert error.startswith("another program hears this bot: end it, or make a new token")


async def test_a_token_that_can_be_none_stops_nobody_else(database: Database) -> None:
    async with living_room(FakeBot(token="no token"), database):

        async def is_refused() -> bool:
            async with database.read() as db:
                return await states_of(db, WrittenChannel.TELEGRAM, ["main"]) == {"main": "refused"}

        await eventually(is_refused)


@pytest.mark.parametrize(("silent", "lost"), [(timedelta(hours=20), False), (timedelta(hours=30), True)])
async def test_what_telegram_has_forgotten_is_a_gap_that_nobody_repairs(
    database: Database, silent: timedelta, lost: bool
) -> None:
    heard_at = datetime.now(UTC) - silent
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO channel_links (channel, source, state, heard_at) VALUES ('telegram', 'main', 'up', $1)",
            heard_at,
        )

    async with living_room(FakeBot(), database):

        async def is_heard_again() -> bool:
            async with database.read() as db:
                return bool(await db.fetchval("SELECT heard_at > $1 FROM channel_links", heard_at))

        await eventually(is_heard_again)

    async with database.read() as db:
        gaps = await db.fetch("SELECT source, from_at, to_at, state FROM gaps")
    assert bool(gaps) is lost
    if lost:
        [gap] = gaps
        assert (gap["source"], gap["from_at"], gap["state"]) == ("telegram:main", heard_at, "unrepaired")
        assert timedelta(hours=5) < gap["to_at"] - gap["from_at"] < timedelta(hours=7)


async def test_the_doctor_says_how_a_bot_is_heard_and_what_to_do() -> None:
    bot = FakeBot()
    async with fake_telegram(bot) as telegram:
        polled = settings(telegram, bot)
        knocked = settings(telegram, bot, mode="webhook", webhook_secret="s")
        bot.hears("message", message(1, text="…"))

        fine = await examine(polled, door=DOOR)
        untold = await examine(knocked, door=DOOR)
        bot.webhook = {"url": DOOR, "last_error_date": 1_795_262_400, "last_error_message": "502 Bad Gateway"}
        deaf = await examine(knocked, door=DOOR)
        taken = await examine(polled, door=DOOR)
        bot.token = "43:other"
        refused = await examine(polled.model_copy(update={"token": settings(telegram, bot).token}), door=DOOR)

    assert [one.well for one in fine] == [True, True]
    assert "@perezvon_test_bot" in fine[0].says
    assert "1 updates wait" in fine[1].says
    assert [(one[1].well, one[1].says.split(";")[0]) for one in (untold, deaf, taken)] == [
        (False, "no webhook is set"),
        (False, "Telegram could not knock: 502 Bad Gateway"),
        (False, "a webhook is set, so polling is refused"),
    ]
    assert (refused[0].well, "BotFather" in (refused[0].advice or "")) == (False, True)
