"""The laboratory as fixtures, for every test that wants to hear a real telephone.

``asterisk`` is one real Asterisk for the whole session; ``lab`` is the bench
around it for one test. Where the machine cannot have them the tests are skipped
and say why; with ``PEREZVON_REQUIRE_LABS=1`` that is a failure.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from _pytest.terminal import TerminalReporter

from tests.failures import account, shortened
from tests.lab.asterisk import Asterisk
from tests.lab.install import LabUnavailable, install
from tests.lab.laboratory import Lab
from tests.lab.steadiness import Metronome


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


_METRONOME = pytest.StashKey[Metronome]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_METRONOME] = metronome = Metronome()
    metronome.start()
    config.add_cleanup(metronome.stop)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[_METRONOME].begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What fails while the machine does not keep time is named, so that it can be played again."""
    report = yield
    report.sections = [(title, shortened(said)) for title, said in report.sections]
    if report.failed:
        item.config.stash[_METRONOME].note_failure(item.nodeid, account(report))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    told_to = os.environ.get("PEREZVON_TEST_FAILURES")
    if told_to:
        Path(told_to).write_bytes(session.config.stash[_METRONOME].failures())


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    remarks = config.stash[_METRONOME].remarks
    if remarks:
        terminalreporter.section("the machine did not keep time")
        terminalreporter.write("".join(f"{what}: {steadiness}\n" for what, steadiness in remarks.items()))


@pytest.fixture(scope="session")
def metronome(pytestconfig: pytest.Config) -> Metronome:
    return pytestconfig.stash[_METRONOME]


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
