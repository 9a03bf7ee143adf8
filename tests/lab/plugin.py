"""The laboratory as fixtures, for every test that wants to hear a real telephone.

``asterisk`` is one real Asterisk for the whole session; ``lab`` is the bench
around it for one test. Where the machine cannot have them the tests are skipped
and say why; with ``PEREZVON_REQUIRE_LABS=1`` that is a failure.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from typing import NoReturn

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.install import LabUnavailable, install
from tests.lab.laboratory import Lab


def require_lab(reason: str) -> NoReturn:
    """Skip the test because a lab peer is missing, or fail it where labs are required."""
    if os.environ.get("PEREZVON_REQUIRE_LABS") == "1":
        pytest.fail(f"PEREZVON_REQUIRE_LABS=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def installed_asterisk() -> Asterisk:
    """An Asterisk 22 of one's own, not started yet; installed first if this machine has never had one."""
    try:
        return Asterisk(install())
    except LabUnavailable as unavailable:
        require_lab(str(unavailable))


@pytest.fixture(scope="session")
def asterisk() -> Iterator[Asterisk]:
    """The one on which most stories telephone, each on its own numbers and queues."""
    running = installed_asterisk()
    running.start()
    yield running
    running.close()


@pytest.fixture
def own_asterisk() -> Iterator[Asterisk]:
    """One for this story alone: it may be killed, and what it counts is nobody else's."""
    running = installed_asterisk()
    running.start()
    yield running
    running.close()


@pytest.fixture
async def lab(asterisk: Asterisk) -> AsyncIterator[Lab]:
    """The trunk, the witness and whatever calls and phones the test makes, all gone when it ends."""
    async with Lab(asterisk) as bench:
        yield bench
