"""The runner of the whole suite: nothing is left out, nothing is left running, and failures stay failures."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.waiting import eventually
from tools import run_tests
from tools.run_tests import Outcome, Suite

_ROOT = Path(__file__).parents[2]
_LONG_STORY = """
import pathlib, pytest, time

@pytest.fixture
def server():
    pathlib.Path("server").write_text("runs")
    yield
    pathlib.Path("server").write_text("stopped")

def test_something_long(server):
    time.sleep(60)
"""


def test_every_folder_of_tests_is_run_exactly_once_on_the_embedded_server() -> None:
    suites = run_tests.side_by_side(None)
    named = [path for suite in suites for path in suite.paths if path != "tests"]
    rest = [suite for suite in suites if suite.paths == ("tests",)]

    assert all((_ROOT / path).is_dir() for path in named)
    assert len(set(named)) == len(named)
    assert [set(suite.options) - set(run_tests.BUSY) for suite in rest] == [{f"--ignore={path}" for path in named}]
    assert run_tests.alone(None) == [Suite(paths=("tests",), options=run_tests.REAL_TIME)]


def test_where_there_is_an_oldest_server_what_needs_a_database_is_run_on_it_too() -> None:
    suites = run_tests.side_by_side("postgresql://oldest") + run_tests.alone("postgresql://oldest")

    twice = [suite.options for suite in suites if suite.postgres]

    assert twice == [("--database-only", *run_tests.BUSY), ("--database-only", *run_tests.REAL_TIME)]


async def test_an_interrupted_run_leaves_no_server_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test_long.py").write_text(_LONG_STORY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # it would take seconds
    server = tmp_path / "server"

    async def runs() -> bool:
        return server.exists() and server.read_text() == "runs"

    running = asyncio.create_task(run_tests.told_at_end(Suite(paths=("test_long.py",))))
    await eventually(runs, patience_s=60)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert server.read_text() == "stopped"


SUITE = Suite(paths=("tests",), postgres="postgresql://oldest")
STORY, OTHER = "tests/a.py::test_a", "tests/b.py::test_b"
AGAIN = Suite(paths=(STORY,), postgres=SUITE.postgres)


@pytest.fixture
def answers() -> list[Outcome]:
    """How what is played again ends, in order."""
    return []


@pytest.fixture
def played(answers: list[Outcome], monkeypatch: pytest.MonkeyPatch) -> list[Suite]:
    """What was played again."""
    suites: list[Suite] = []

    async def play(suite: Suite) -> Outcome:
        suites.append(suite)
        return answers.pop(0)

    monkeypatch.setattr(run_tests, "told_at_once", play)
    return suites


async def test_what_fails_again_has_failed(answers: list[Outcome], played: list[Suite]) -> None:
    answers += [
        Outcome(suite=AGAIN, code=1, disturbed={STORY: "disturbed again"}),
        Outcome(suite=AGAIN, code=1, faults={STORY: "failed"}),
    ]

    last = await run_tests.played_again(Outcome(suite=SUITE, code=1, disturbed={STORY: "disturbed"}))

    assert played == [AGAIN, AGAIN]
    assert (last.failed, last.faults, last.went_well_again) == (True, {STORY: "failed"}, {})


async def test_what_goes_well_again_was_the_machine_and_is_told(answers: list[Outcome], played: list[Suite]) -> None:
    answers.append(Outcome(suite=AGAIN, code=0))

    last = await run_tests.played_again(Outcome(suite=SUITE, code=1, disturbed={STORY: "disturbed"}))

    assert played == [AGAIN]
    assert (last.failed, last.went_well_again) == (False, {STORY: "disturbed"})


async def test_a_fault_beside_it_keeps_nobody_from_playing_again_and_stays_a_fault(
    answers: list[Outcome], played: list[Suite]
) -> None:
    answers.append(Outcome(suite=AGAIN, code=0))

    last = await run_tests.played_again(
        Outcome(suite=SUITE, code=1, faults={OTHER: "failed"}, disturbed={STORY: "disturbed"})
    )

    assert played == [AGAIN]
    assert (last.failed, last.faults, last.disturbed) == (True, {OTHER: "failed"}, {})


async def test_so_much_that_it_is_no_accident_is_not_played_again(played: list[Suite]) -> None:
    many = {f"tests/a.py::test_{number}": "disturbed" for number in range(31)}

    last = await run_tests.played_again(Outcome(suite=SUITE, code=1, disturbed=many))

    assert (played, last.failed, last.disturbed) == ([], True, many)


async def test_a_run_that_broke_off_proves_nothing(answers: list[Outcome], played: list[Suite]) -> None:
    answers.append(Outcome(suite=AGAIN, code=-9))

    last = await run_tests.played_again(Outcome(suite=SUITE, code=1, disturbed={STORY: "disturbed"}))

    assert played == [AGAIN]
    assert (last.failed, last.disturbed) == (True, {STORY: "disturbed"})


def test_the_last_lines_name_what_failed_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    passed = Outcome(suite=AGAIN, code=0, went_well_again={OTHER: "late"})
    failed = Outcome(suite=SUITE, code=1, faults={STORY: "tests/a.py:7: assert count == 2\nassert 1 == 2"})

    run_tests.tell([failed, passed])

    said = capsys.readouterr().out
    assert f"went well when played again  {OTHER}" in said
    assert said.endswith(f"FAILED  {STORY}\n    tests/a.py:7: assert count == 2\n    assert 1 == 2\n")
