"""A chat, open."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from crm_core.store.database import Database
from tests.integration.webchat.chat import Chat, open_chat


@pytest.fixture
async def chat(database: Database) -> AsyncIterator[Chat]:
    async with open_chat(database) as running:
        yield running
