"""The whole test suite, with the set-up that it needs.

Everything runs on the embedded PostgreSQL; the integration tests that need a
database run once more on PostgreSQL 15, the oldest server we support, from the
system's packages. What only computes runs side by side, one suite a core, each
told when it has ended. What plays in real time with a lab peer (a real Asterisk,
a real browser) runs alone afterwards. Where the machine cannot give a peer (not
Debian, not root) its tests are skipped with the reason; with
``PEREZVON_REQUIRE_LABS=1`` that is a failure.

A story in real time proves nothing on a machine that withheld the processor
(``tests.lab.steadiness`` measures it): such failures are played again, alone, by a
process of their own with peers of its own, and only what fails again has failed.

The last lines name what failed, where and with which values, for whoever sees no
more than the end of the output.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.embedded_users import memory_disk
from tests.lab.install import LabUnavailable
from tests.lab.peers import require_package

OLDEST = "15"
BINARIES = Path(f"/usr/lib/postgresql/{OLDEST}/bin")

#: So often what the machine disturbed is played again …
AGAIN = 2
#: … unless so much was that it is no accident.
MOST_DISTURBED = 30
#: pytest's exit codes for that, and for tests that are all deselected.
TESTS_FAILED = 1
NO_TESTS = 5
#: So long an interrupted suite may take to stop its servers.
FAREWELL_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Some of the tests on one of the servers."""

    paths: tuple[str, ...]
    options: tuple[str, ...] = ()
    postgres: str | None = None
    """The server's address; the embedded one when there is none."""

    def __str__(self) -> str:
        server = f"PostgreSQL {OLDEST}" if self.postgres else "the embedded PostgreSQL"
        return f"{' '.join((*self.paths, *self.options))} on {server}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a suite ended: pytest's exit code, and what is told of each test that failed."""

    suite: Suite
    code: int
    faults: Mapping[str, str] = field(default_factory=dict)
    disturbed: Mapping[str, str] = field(default_factory=dict)
    """By the machine: they may be played again."""
    went_well_again: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return self.code not in {0, NO_TESTS}  # a suite that was killed answers with a negative number


BUSY = ("-m", "not lab")
REAL_TIME = ("-m", "lab")
PURE = ("tests/unit", "tests/replay")
INTEGRATION = "tests/integration"
EXCEPT_THOSE = tuple(f"--ignore={path}" for path in (*PURE, INTEGRATION))


def side_by_side(oldest: str | None) -> list[Suite]:
    """What may share the machine, the longest first."""
    twice = [Suite(paths=(INTEGRATION,), options=("--database-only", *BUSY), postgres=oldest)] if oldest else []
    return [
        *twice,
        Suite(paths=(INTEGRATION,), options=BUSY),
        Suite(paths=("tests",), options=(*EXCEPT_THOSE, *BUSY)),
        Suite(paths=PURE, options=BUSY),
    ]


def alone(oldest: str | None) -> list[Suite]:
    """What needs the machine for itself."""
    twice = [Suite(paths=(INTEGRATION,), options=("--database-only", *REAL_TIME), postgres=oldest)] if oldest else []
    return [*twice, Suite(paths=("tests",), options=REAL_TIME)]


def main() -> int:
    # A program is started a hundred times, and need not be compiled each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Whoever is started in the background has it ignored, and so would the suites, which it ends.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with ExitStack() as servers:
        try:
            oldest = servers.enter_context(oldest_postgres())
            lacks = False
        except LabUnavailable as reason:
            print(f"PostgreSQL {OLDEST}: skipped, {reason}")
            oldest = None
            lacks = os.environ.get("PEREZVON_REQUIRE_LABS") == "1"
        try:
            return int(asyncio.run(every_suite(oldest)) or lacks)
        except asyncio.CancelledError:
            return 128 + signal.SIGTERM


async def every_suite(oldest: str | None) -> bool:
    """Whether anything failed."""
    if me := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    outcomes = await together(side_by_side(oldest))
    outcomes += [await told_at_once(suite) for suite in alone(oldest)]
    settled = [await played_again(outcome) for outcome in outcomes]
    tell(settled)
    return any(outcome.failed for outcome in settled)


def tell(settled: list[Outcome]) -> None:
    """What became of everything: what matters most stands last."""
    print()
    for outcome in settled:
        print(f"{'FAILED' if outcome.failed else 'passed'}  {outcome.suite}")
    for outcome in settled:
        _tell("went well when played again", outcome.went_well_again)
    for outcome in settled:
        _tell("FAILED", {**outcome.disturbed, **outcome.faults})
        if outcome.failed and not outcome.disturbed and not outcome.faults:
            print(f"\nFAILED  {outcome.suite}: pytest ended with {outcome.code}")


def _tell(fate: str, stories: Mapping[str, str]) -> None:
    for story, account in stories.items():
        print(f"\n{fate}  {story}\n{textwrap.indent(account, '    ')}")


async def together(suites: list[Suite]) -> list[Outcome]:
    """Each as soon as there is a core for it."""
    core = asyncio.Semaphore(os.cpu_count() or 1)

    async def in_turn(suite: Suite) -> Outcome:
        async with core:
            return await told_at_end(suite)

    async with asyncio.TaskGroup() as group:
        running = [group.create_task(in_turn(suite)) for suite in suites]
    return [task.result() for task in running]


async def told_at_end(suite: Suite) -> Outcome:
    """Run; what it says comes in one piece."""
    begun = time.monotonic()
    print(f"== {suite}: begins", flush=True)
    with tempfile.TemporaryFile() as said:
        try:
            outcome = await pytest(suite, said)
        finally:
            said.seek(0)
            print(f"\n== {suite}: {time.monotonic() - begun:.0f} s\n{said.read().decode(errors='replace')}", flush=True)
    return outcome


async def told_at_once(suite: Suite) -> Outcome:
    """Run; what it says is seen as it says it."""
    print(f"\n== {suite}", flush=True)
    return await pytest(suite, None)


async def played_again(outcome: Outcome) -> Outcome:
    """What the machine disturbed, with nothing beside it."""
    for _ in range(AGAIN):
        if not 0 < len(outcome.disturbed) <= MOST_DISTURBED:
            break
        again = await told_at_once(Suite(paths=tuple(outcome.disturbed), postgres=outcome.suite.postgres))
        fell = {**again.faults, **again.disturbed}
        if again.code != 0 and not fell:  # it broke off, and nobody knows what went well
            break
        faults = {**outcome.faults, **again.faults}
        went_well = {story: account for story, account in outcome.disturbed.items() if story not in fell}
        outcome = Outcome(
            suite=outcome.suite,
            code=TESTS_FAILED if faults or again.disturbed else 0,
            faults=faults,
            disturbed=again.disturbed,
            went_well_again={**outcome.went_well_again, **went_well},
        )
    return outcome


async def pytest(suite: Suite, output: IO[bytes] | None) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="perezvon-failures-") as folder:
        told = Path(folder) / "failures.json"
        environ = os.environ | {"PEREZVON_TEST_FAILURES": str(told)}
        if suite.postgres:
            environ["PEREZVON_TEST_DATABASE_URL"] = suite.postgres
        # In a session of its own it hears of an interrupt from us alone, and once.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", *suite.paths, *suite.options),
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            await farewell(process)
            raise
        complete = code == TESTS_FAILED and told.exists()  # a run that was killed tells nothing
        failures = json.loads(told.read_bytes()) if complete else {"failed": {}, "disturbed": {}}
        return Outcome(suite=suite, code=code, faults=failures["failed"], disturbed=failures["disturbed"])


async def farewell(process: asyncio.subprocess.Process) -> None:
    """Interrupted as by its own terminal, so that it stops the servers that it has started."""
    process.send_signal(signal.SIGINT)
    try:
        async with asyncio.timeout(FAREWELL_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


@contextmanager
def oldest_postgres() -> Iterator[str]:
    """A private PostgreSQL 15 on a socket of its own, gone afterwards.

    Raises:
        LabUnavailable: this machine cannot have one.
    """
    require_package(f"postgresql-{OLDEST}", provides=BINARIES / "initdb")
    with tempfile.TemporaryDirectory(prefix="perezvon-pg-", dir=memory_disk()) as folder:
        data = Path(folder) / "data"
        subprocess.run(["chown", "postgres", folder], check=True)
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        initdb = [BINARIES / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust"]
        subprocess.run([*as_owner, *initdb], **quiet)
        # Nothing here outlives the tests, so nothing waits for the disk.
        options = f"-k {folder} -c listen_addresses='' -c max_connections=300 -c fsync=off -c full_page_writes=off"
        control = [BINARIES / "pg_ctl", "-D", data, "-w", "-l", f"{folder}/log"]
        subprocess.run([*as_owner, *control, "-o", options, "start"], **quiet)
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            subprocess.run([*as_owner, *control, "-m", "immediate", "stop"], **quiet)


if __name__ == "__main__":
    sys.exit(main())
