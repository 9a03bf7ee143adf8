"""One house for the stories of a module: Asterisk, program and browser start once, people are hired a story each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import URL

from tests.acceptance.house import House, open_house
from tests.conftest import fresh_database
from tests.lab.asterisk import Asterisk


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    asterisk: Asterisk, postgres: URL, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """The whole program on the laboratory's PBX, with a browser; for tests in the module's loop."""
    async with (
        fresh_database(postgres, template_database) as url,
        open_house(asterisk, url, tmp_path_factory.mktemp("house")) as opened,
    ):
        yield opened
