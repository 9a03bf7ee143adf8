"""``kill -9`` at every await between hearing and acknowledging: what was written to the bot is stored, once."""

from __future__ import annotations

import asyncio
import os
import signal
from itertools import count
from pathlib import Path

from tests.bot_api.bot import FakeBot
from tests.bot_api.messages import message
from tests.bot_api.server import fake_telegram
from tests.failure.lives import Lives
from tests.failure.telegram_node import SECRET, make_log, stored, telegram_node

#: The way from connecting to acknowledging waits about this often; less would mean that the killing came too late.
_FEWEST, _MOST = 7, 100


async def test_what_is_written_to_a_bot_is_stored_once_wherever_its_poller_is_killed(tmp_path: Path) -> None:
    bot, log, said = FakeBot(), tmp_path / "log.sqlite", []
    make_log(log)
    async with fake_telegram(bot) as telegram, telegram_node(log, f"{telegram.url}/bot{bot.token}") as lives:
        for step in count(1):
            said += [bot.hears("message", message(step * 2 + n, text=f"{step}.{n}")) for n in (0, 1)]
            outlived = await _one_life(lives, bot, dies_at=step)
            acknowledged = set(bot.confirmed)
            assert acknowledged <= {update_id for update_id, _ in stored(log)}, f"lost at await {step}"
            if outlived:
                break
            assert step < _MOST

    assert step >= _FEWEST
    assert bot.confirmed == said
    assert stored(log) == [(update_id, f"{1 + n // 2}.{n % 2}") for n, update_id in enumerate(said)]


async def test_and_wherever_is_killed_who_was_knocked_for(tmp_path: Path) -> None:
    bot, log, statuses = FakeBot(), tmp_path / "log.sqlite", []
    make_log(log)
    async with fake_telegram(bot) as telegram, telegram_node(log) as lives:
        bot.set_webhook({"url": f"http://127.0.0.1:{lives.said}/", "secret_token": SECRET, "max_connections": 1})
        said = bot.hears("message", message(1, text="раз"))
        for step in range(1, _MOST):
            process = await lives.begin(step)
            statuses += await telegram.deliver(bot)
            held = bool(stored(log))
            if bot.confirmed:
                break
            assert await lives.end() == -signal.SIGKILL
        os.kill(process, signal.SIGKILL)

    assert statuses == [0] * (step - 1) + [200]
    assert step > 4  # one of them died after COMMIT and before the answer
    assert held
    assert stored(log) == [(said, "раз")]


async def _one_life(lives: Lives, bot: FakeBot, *, dies_at: int) -> bool:
    """True when it had nothing more to do and was ended from outside."""
    process = await lives.begin(dies_at)
    ended = asyncio.create_task(lives.end())
    while not ended.done():
        if bot.is_polled and not bot.pending:
            os.kill(process, signal.SIGKILL)
            await ended
            return True
        await asyncio.wait({ended}, timeout=0.01)
    assert await ended == -signal.SIGKILL
    bot.hang_up()
    return False
