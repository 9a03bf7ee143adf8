"""SIPp at the laboratory's orders: one process a party, its log read as a story.

SIPp does what its script says. What a test needs from it is when each step
happened and how it ended: that is in the log its script writes, in its exit
status and in its statistics.
"""

from __future__ import annotations

import asyncio
import csv
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tests.lab.exchange import SIP_PORT
from tests.lab.install import Toolbox
from tests.lab.truth import EndedBy, Side

_PATIENCE_S = 10.0
_LOOK_AGAIN_S = 0.01
_STOP_TIMEOUT_S = 5.0


class SippFailed(Exception):
    """SIPp ended when it should not have, or did not do in time what was waited for."""


@dataclass(frozen=True, slots=True)
class Step:
    """One logged step of a script: ``word`` is rang, answered, "refused 486", "ended by pbx" …"""

    word: str
    call_id: str
    party: str
    number: str
    at: datetime


class Sipp:
    """One running SIPp."""

    def __init__(self, toolbox: Toolbox, directory: Path, script: str, *arguments: str) -> None:
        directory.mkdir(parents=True)
        self._directory = directory
        (directory / "script.xml").write_text(script)
        command = toolbox.command(
            "usr/bin/sipp",
            *("-sf", str(directory / "script.xml"), "-nostdin"),
            *("-trace_logs", "-log_file", str(directory / "steps.log")),
            *("-trace_err", "-error_file", str(directory / "errors.log")),
            *("-trace_stat", "-stf", str(directory / "statistics.csv"), "-fd", "1"),
            *arguments,
        )
        with (directory / "screen.txt").open("wb") as screen:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                env={"TERM": "dumb", "PATH": "/usr/bin:/bin"},
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
            )

    @property
    def exit_code(self) -> int | None:
        """0 when every call went as scripted, 1 when one did not, None while it runs."""
        return self._process.poll()

    def steps(self) -> list[Step]:
        log = self._directory / "steps.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [_step(line) for line in lines if line.count("|") == 4]

    def statistics(self) -> Mapping[str, str]:
        """The last row of SIPp's own statistics, by column: ``SuccessfulCall(C)``, ``FailedCall(C)`` …"""
        with (self._directory / "statistics.csv").open(newline="") as rows:
            return list(csv.DictReader(rows, delimiter=";"))[-1]

    async def until(self, condition: Callable[[], bool], what: str, timeout_s: float = _PATIENCE_S) -> None:
        """Wait for something to be seen in the log or in the state of the process.

        Raises:
            SippFailed: not in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not condition():  # noqa: ASYNC110 (another process's log has no event to wait for)
                    await asyncio.sleep(_LOOK_AGAIN_S)
        except TimeoutError:
            raise SippFailed(f"{what}: not within {timeout_s:g} s; {self._last_words()}") from None

    async def listening(self, host: str) -> None:
        """Wait until it has bound ``host``:5060 (the kernel knows, SIPp does not tell)."""

        def bound() -> bool:
            if self.exit_code is not None:
                raise SippFailed(f"ended with {self.exit_code} at once; {self._last_words()}")
            return _kernel_name(host) in Path("/proc/net/udp").read_text()

        await self.until(bound, f"listening on {host}")

    async def ended(self, timeout_s: float = _PATIENCE_S) -> int:
        """Wait for its script to end by itself; returns the exit code."""
        await self.until(lambda: self.exit_code is not None, "the end of the script", timeout_s)
        return self._process.returncode

    def end_calls(self) -> None:
        """Hang up whatever is up and finish."""
        if self.exit_code is None:
            self._process.send_signal(signal.SIGUSR1)

    async def stop(self) -> None:
        """End calls that are up and the process."""
        self.end_calls()
        try:
            await self.ended(_STOP_TIMEOUT_S)
        except SippFailed:
            self._process.kill()
            self._process.wait()

    def _last_words(self) -> str:
        parts = (self._directory / name for name in ("errors.log", "screen.txt"))
        return " ".join(part.read_text(errors="replace")[-500:] for part in parts if part.exists())


class SippCall:
    """A client's call that SIPp makes."""

    def __init__(self, sipp: Sipp) -> None:
        self.sipp = sipp
        self._hung_up_at: datetime | None = None

    async def answered(self, timeout_s: float = _PATIENCE_S) -> None:
        """The PBX has answered, which in a queue is long before a person does."""
        await self.sipp.until(lambda: self.side.answered_at is not None, "an answer", timeout_s)

    async def ended(self, timeout_s: float = _PATIENCE_S) -> Side:
        """Wait for the end of the call; returns the caller's side of it."""
        await self.sipp.ended(timeout_s)
        return self.side

    async def hang_up(self) -> Side:
        """The client hangs up, or gives up, now."""
        if self.sipp.exit_code is None:
            self._hung_up_at = datetime.now(UTC)
        await self.sipp.stop()
        return self.side

    @property
    def side(self) -> Side:
        """The caller's part so far."""
        [side] = sides(self.sipp.steps())
        if self._hung_up_at is None or side.ended_at is not None:
            return side
        return replace(side, ended_at=self._hung_up_at, ended_by=EndedBy.PHONE)


class SippParty:
    """Many calls of one SIPp: an agent's phone, a call centre, the far end of the trunk, or a crowd."""

    def __init__(self, sipp: Sipp) -> None:
        self.sipp = sipp

    @property
    def sides(self) -> list[Side]:
        """Every call in order of its beginning, as this side of it saw it so far."""
        return sides(self.sipp.steps())


def sides(steps: list[Step]) -> list[Side]:
    """The calls told by a log, in order of their beginning."""
    told: dict[str, Side] = {}
    for step in steps:
        side = told.get(step.call_id) or Side(party=step.party, number=step.number, began_at=step.at)
        match step.word.split():
            case ["rang"]:
                side = replace(side, rang_at=step.at)
            case ["answered"]:
                side = replace(side, answered_at=step.at)
            case ["refused", status]:
                side = replace(side, refused_with=int(status), ended_at=step.at, ended_by=EndedBy.PHONE)
            case ["turned", "down", status]:
                side = replace(side, refused_with=int(status), ended_at=step.at, ended_by=EndedBy.PBX)
            case ["ended", "by", whom]:
                side = replace(side, ended_at=step.at, ended_by=EndedBy(whom))
            case ["cancelled"]:
                side = replace(side, ended_at=step.at, ended_by=EndedBy.PBX)
        told[step.call_id] = side
    return list(told.values())


def _step(line: str) -> Step:
    word, call_id, party, number, time = line.split("|")
    seconds = float(time.split("\t")[-1])  # "date <tab> time <tab> seconds since the epoch"
    return Step(word, call_id, party, number, datetime.fromtimestamp(seconds, UTC))


def _kernel_name(host: str) -> str:
    """An address as /proc/net/udp spells it: little-endian hexadecimal."""
    first, second, third, fourth = (int(part) for part in host.split("."))
    return f"{fourth:02X}{third:02X}{second:02X}{first:02X}:{SIP_PORT:04X}"
