"""One running node, and two people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from crm_core.store.database import Database
from tests.integration.realtime.nodes import Node, node, signed_in


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token of their own."""

    id: UUID
    token: str


@pytest.fixture
async def here(database_url: str) -> AsyncIterator[Node]:
    async with node(database_url) as running:
        yield running


@pytest.fixture
async def anna(database: Database) -> Person:
    return Person(*await signed_in(database, "anna"))


@pytest.fixture
async def boss(database: Database) -> Person:
    return Person(*await signed_in(database, "boss", role="owner"))
