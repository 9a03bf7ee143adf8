"""The poller hears everything, acknowledges only what is stored, and outlives whatever Telegram does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from channels.telegram.api import TelegramApi
from channels.telegram.state import BotState, BotStates, BotStatus
from channels.telegram.values import MessageHeard, Parked
from tests.bot_api.bot import Breakage, FakeBot
from tests.bot_api.messages import message
from tests.bot_api.refusals import OTHER_POLLER, Refusal, too_many_requests
from tests.bot_api.server import FakeTelegram, fake_telegram
from tests.telegram.room import Log, bot_at_telegram, listening, settings
from tests.waiting import eventually


@dataclass
class Scene:
    telegram: FakeTelegram
    bot: FakeBot
    api: TelegramApi
    log: Log

    def says(self, *texts: str) -> list[int]:
        return [self.bot.hears("message", message(number, text=text)) for number, text in enumerate(texts, 1)]

    async def until_stored(self, ids: list[int]) -> None:
        async def stored() -> bool:
            return self.log.ids == ids

        await eventually(stored)

    async def until_confirmed(self, ids: list[int]) -> None:
        async def confirmed() -> bool:
            return self.bot.confirmed == ids

        await eventually(confirmed)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    bot = FakeBot()
    async with bot_at_telegram(bot) as (telegram, api):
        yield Scene(telegram, bot, api, Log())


async def test_what_is_said_is_stored_once_and_then_acknowledged(scene: Scene) -> None:
    before = scene.says("до", "начала")
    async with listening(scene.api, scene.log) as heard:
        await scene.until_confirmed(before)
        later = scene.says("потом")
        await scene.until_confirmed([*before, *later])

    assert scene.log.ids == [*before, *later]
    assert heard.current.status is BotStatus.UP
    meanings = [update.meaning for update in scene.log.rows.values()]
    assert [meaning.text for meaning in meanings if isinstance(meaning, MessageHeard)] == ["до", "начала", "потом"]


async def test_nothing_is_acknowledged_while_it_is_not_stored(scene: Scene) -> None:
    scene.log.may_store.clear()
    first = scene.says("первое")
    async with listening(scene.api, scene.log):
        await eventually(lambda: _has(scene.log.told))
        second = scene.says("второе")
        held = list(scene.bot.confirmed)
        scene.log.may_store.set()
        await scene.until_confirmed([*first, *second])

    assert held == []
    assert scene.log.ids == [*first, *second]


async def test_who_dies_before_storing_has_acknowledged_nothing(scene: Scene) -> None:
    scene.log.may_store.clear()
    said = scene.says("раз", "два")
    async with listening(scene.api, scene.log):
        await eventually(lambda: _has(scene.log.told))
    scene.log.may_store.set()
    async with listening(scene.api, scene.log):
        await scene.until_confirmed(said)

    assert scene.log.ids == said


async def test_a_database_that_is_away_only_delays(scene: Scene) -> None:
    scene.log.faults = [ConnectionResetError("database"), ConnectionResetError("database")]
    said = scene.says("раз", "два")
    with capture_logs() as logs:
        async with listening(scene.api, scene.log):
            await scene.until_confirmed(said)

    assert scene.log.told == [2, 2, 2]
    assert [one["action"] for one in logs if one["action"].startswith("peer_")] == ["peer_lost", "peer_back"]


async def test_one_that_cannot_be_stored_is_parked_and_the_others_flow_on(scene: Scene) -> None:
    said = scene.says("раз", "яд", "три")
    scene.log.poison = {said[1]}
    with capture_logs() as logs:
        async with listening(scene.api, scene.log):
            await scene.until_confirmed(said)

    parked = scene.log.rows[str(said[1])]
    assert isinstance(parked.meaning, Parked)
    assert "invalid byte sequence" in parked.meaning.reason
    assert b"message" in parked.raw_bytes
    assert sorted(scene.log.ids) == said
    assert [one["update_id"] for one in logs if one["action"] == "telegram_update_not_stored"] == [said[1]]


async def test_what_makes_no_sense_stops_nothing(scene: Scene) -> None:
    scene.bot.put_raw({"update_id": 5, "message": "?"})
    scene.bot.put_raw({"update_id": 6, "hologram": {}})
    async with listening(scene.api, scene.log):
        await scene.until_confirmed([5, 6])

    assert [type(update.meaning).__name__ for update in scene.log.rows.values()] == ["Parked", "Passed"]


async def test_after_a_quiet_week_lower_numbers_are_heard_too(scene: Scene) -> None:
    scene.bot.put_raw({"update_id": 900, "message": message(1, text="было")})
    async with listening(scene.api, scene.log):
        await scene.until_confirmed([900])
        await eventually(lambda: _is_polled(scene.bot))
        scene.bot.put_raw({"update_id": 20, "message": message(2, text="стало")})
        await scene.until_confirmed([900, 20])

    assert scene.log.ids == [900, 20]


@pytest.mark.parametrize(
    "trouble",
    [
        [Breakage.CUT_BEFORE, Breakage.CUT_AFTER],
        [Refusal(502, "Bad Gateway"), Refusal(500, "Internal Server Error: restart")],
        [Refusal(400, "Bad Request: something new")],
    ],
)
async def test_a_bad_line_is_tried_again(scene: Scene, trouble: list[Refusal | Breakage]) -> None:
    states: list[BotState] = []
    scene.bot.broken["getupdates"].extend(trouble)
    said = scene.says("раз")
    async with listening(scene.api, scene.log, on_state=states.append):
        await scene.until_confirmed(said)

    assert list(dict.fromkeys(state.status for state in states)) == [BotStatus.DOWN, BotStatus.UP]
    assert scene.log.ids == said


async def test_telegram_says_how_long_to_wait_and_that_is_waited(scene: Scene) -> None:
    scene.bot.broken["getupdates"].append(too_many_requests(1))
    begun = asyncio.get_running_loop().time()
    said = scene.says("раз")
    async with listening(scene.api, scene.log):
        await scene.until_confirmed(said)

    assert asyncio.get_running_loop().time() - begun >= 1


async def test_another_poller_is_said_once_and_outlived(scene: Scene) -> None:
    states: list[BotState] = []
    scene.bot.broken["getupdates"].extend([OTHER_POLLER] * 3)
    said = scene.says("раз")
    with capture_logs() as logs:
        async with listening(scene.api, scene.log, on_state=states.append):
            await scene.until_confirmed(said)

    assert [state.status for state in states] == [BotStatus.CONFLICT, BotStatus.UP]
    assert [one["action"] for one in logs].count("telegram_conflict") == 1
    assert scene.log.ids == said


async def test_a_forgotten_webhook_is_taken_away_with_nothing_lost(scene: Scene) -> None:
    scene.bot.set_webhook({"url": "https://old.example/", "secret_token": "", "max_connections": 40})
    said = scene.says("раз")
    async with listening(scene.api, scene.log):
        await scene.until_confirmed(said)

    assert scene.log.ids == said


async def test_a_wrong_token_is_a_state_with_words_and_without_the_token() -> None:
    bot, states = FakeBot(), []
    async with fake_telegram(bot) as telegram:
        wrong = settings(telegram, FakeBot(token="43:AAwrong"))
        async with TelegramApi(wrong) as api, listening(api, Log(), on_state=states.append):
            await eventually(lambda: _has(states))

    assert (states[0].status, states[0].error) == (BotStatus.REFUSED, "Unauthorized")


async def test_nobody_there_is_a_state_too() -> None:
    states: list[BotState] = []
    async with fake_telegram(FakeBot()) as telegram:
        nobody = settings(telegram, FakeBot())
    with capture_logs() as logs:
        async with TelegramApi(nobody) as api, listening(api, Log(), on_state=states.append) as heard:
            await eventually(lambda: _has(states))

    assert heard.current.status is BotStatus.DOWN
    assert FakeBot().token not in str(logs) + str(states)


@pytest.mark.parametrize(("hours", "lost"), [(1, False), (25, True)])
async def test_a_gap_longer_than_a_day_may_have_lost_something(scene: Scene, hours: int, lost: bool) -> None:
    now = datetime.now(UTC)
    with capture_logs() as logs:
        async with listening(scene.api, scene.log, heard_at=now - timedelta(hours=hours)) as heard:
            await eventually(lambda: _is_up(heard))

    assert heard.current.lost_some(now) is lost
    assert any(one["action"] == "telegram_gap" for one in logs) is lost


async def _has(things: list[object]) -> bool:
    return bool(things)


async def _is_polled(bot: FakeBot) -> bool:
    return bot.is_polled


async def _is_up(heard: BotStates) -> bool:
    return heard.current.status is BotStatus.UP
