"""Every test here talks to a real server over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from crm_core.store.database import Database
from tests.integration.http.house import House, open_house


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, static=tmp_path) as running:
        yield running
