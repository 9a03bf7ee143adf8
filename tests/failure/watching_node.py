"""A node that only watches, as a process of its own; in mid work it does to itself what a kernel does to others.

``python -m tests.failure.watching_node URL [SIGNAL MOMENT BATCH]``: with the promises of its
batch of that number in its hands it sends itself the signal, ``before`` or ``after`` they are
written, and in any case before the commit. A real ``SIGKILL``, at a moment no test could hit
from outside.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

from crm_core.domain.rosters import Roster
from crm_core.store import watch
from crm_core.store.database import Database, Transaction
from crm_core.store.heartbeat import beat
from crm_core.store.watch import Turn, Written
from realtime.watchdog import Watchdog

#: The product's lease is longer than a test wants to wait.
LEASE_S = 3
BATCH = 200
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """What happens to a node, and when."""

    signal: signal.Signals
    moment: str  # before or after the promises are written
    batch: int

    def as_arguments(self) -> tuple[str, str, str]:
        return (self.signal.name, self.moment, str(self.batch))


@asynccontextmanager
async def watching_node(url: str, log: Path, blow: Blow | None = None) -> AsyncIterator[asyncio.subprocess.Process]:
    """A node that watches already; killed at the end if it still lives."""
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "KILL", sys.executable, "-m", __name__, url),
            *(blow.as_arguments() if blow else ()),
            cwd=_ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"watching\n", f"see {log}"
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def is_stopped(process: asyncio.subprocess.Process) -> bool:
    """Has ``SIGSTOP`` reached it."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


async def _watch(url: str, blow: Blow | None) -> None:
    lease = f"SET LOCAL idle_in_transaction_session_timeout = '{LEASE_S}s'"
    async with Database(url) as database:
        await beat(database)
        print("watching", flush=True)
        with patch.object(watch, "_LEASE", lease), patch.object(watch, "write", _write_under(blow)):
            await Watchdog(database, zone=ZoneInfo("UTC"), batch=BATCH).run()


_Write = Callable[[Transaction, Sequence[Written], Sequence[Turn], Roster], Awaitable[None]]


def _write_under(blow: Blow | None) -> _Write:
    """The product's own ``write``, with the blow around it."""
    real, batches = watch.write, count(1)

    async def write(tx: Transaction, looked: Sequence[Written], turns: Sequence[Turn], roster: Roster) -> None:
        struck = blow is not None and next(batches) == blow.batch
        if blow is not None and struck and blow.moment == "before":
            os.kill(os.getpid(), blow.signal)
        await real(tx, looked, turns, roster)
        if blow is not None and struck and blow.moment == "after":
            os.kill(os.getpid(), blow.signal)

    return write


def main(url: str, *blow: str) -> None:
    given = Blow(signal=signal.Signals[blow[0]], moment=blow[1], batch=int(blow[2])) if blow else None
    asyncio.run(_watch(url, given))


if __name__ == "__main__":
    main(*sys.argv[1:])
