"""Telegram: from an update to what it means, against aiogram feeding the same updates to handlers that do nothing.

Both are given the updates as Python already has them from JSON: of every kind, shuffled,
one in twenty twice. Before anything is timed, what we read is compared with aiogram's models.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from aiogram import Bot, Dispatcher

from channels.telegram.reader import WANTED_KINDS, read
from tests.benchmarks.result import Figure
from tests.benchmarks.rounds import by_turns
from tests.bot_api.aiograms_view import agree_with_aiogram
from tests.unit.telegram.samples import SAMPLES

_US = "perezvon_test_bot"
#: As a bot of a tour company hears them: mostly texts, then files, now and then something else.
_WEIGHTS = [30 if "text" in sample.get("message", {}) else 2 for sample in SAMPLES]


def run(scale: float) -> list[Figure]:
    for sample in SAMPLES:
        agree_with_aiogram(sample, username=_US)
    updates = _traffic(int(50_000 * scale))
    bot, dispatcher = Bot("42:AAtoken"), _dispatcher()
    rounds = by_turns(lambda: _ours(updates), lambda: _theirs(bot, dispatcher, updates))
    return [
        Figure(
            name="Telegram update → meaning / aiogram, empty handler",
            measured=rounds.ratio,
            target=0.5,
            sizes=f"{len(updates):,} updates of {len(SAMPLES)} kinds, 5 % twice, shuffled",
            detail=rounds.detail(len(updates), "updates"),
        )
    ]


def _traffic(count: int) -> list[dict[str, Any]]:
    chance = random.Random(1)
    fresh = [
        sample | {"update_id": number}
        for number, sample in enumerate(chance.choices(SAMPLES, _WEIGHTS, k=count * 20 // 21), 1)
    ]
    updates = fresh + chance.sample(fresh, count // 21)
    chance.shuffle(updates)
    return updates


def _ours(updates: Sequence[dict[str, Any]]) -> None:
    for update in updates:
        read(update, username=_US)


def _theirs(bot: Bot, dispatcher: Dispatcher, updates: Sequence[dict[str, Any]]) -> None:
    async def feed() -> None:
        for update in updates:
            await dispatcher.feed_raw_update(bot, update)

    asyncio.run(feed())


def _dispatcher() -> Dispatcher:
    async def nothing(_: object) -> None:
        pass

    dispatcher = Dispatcher()
    for kind in WANTED_KINDS:
        dispatcher.observers[kind].register(nothing)
    return dispatcher
