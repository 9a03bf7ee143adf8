"""What the tests take for Telegram's words could be Telegram's, and we read in them what others read."""

from __future__ import annotations

import pytest

from channels.telegram.reader import read
from channels.telegram.values import Parked
from tests.bot_api.aiograms_view import agree_with_aiogram
from tests.bot_api.messages import Json
from tests.unit.telegram.samples import SAMPLES


@pytest.mark.parametrize("raw", SAMPLES, ids=lambda raw: str(raw["update_id"]))
def test_we_read_what_aiogram_reads(raw: Json) -> None:
    assert not isinstance(read(raw, username="perezvon_test_bot").meaning, Parked)
    agree_with_aiogram(raw, username="perezvon_test_bot")
