"""A program that is killed at the await that it is told, and lives again: one life for each number it is given.

It loads everything once. For each line ``N`` it becomes a new process that does its work until its N-th await;
it answers with the process's number, and at its end with how it ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

_ROOT = Path(__file__).parents[2]


@dataclass
class Lives:
    """The program, seen from outside; ``said``: its first words."""

    process: asyncio.subprocess.Process
    said: str

    async def begin(self, dies_at: int) -> int:
        """A new life; gives the number of its process."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{dies_at}\n".encode())
        return int(await self._line())

    async def end(self) -> int:
        """How this life ended, when it has."""
        return int(await self._line())

    async def _line(self) -> bytes:
        assert self.process.stdout is not None
        return await self.process.stdout.readline()


@asynccontextmanager
async def mortal(module: str, *arguments: str) -> AsyncIterator[Lives]:
    """The program of that module as one without a life yet; gone at the end, with whatever life it has."""
    process = await asyncio.create_subprocess_exec(
        *("setpriv", "--pdeathsig", "KILL", sys.executable, "-m", module, *arguments),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        yield Lives(process, (await process.stdout.readline()).decode().strip())
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def live(work: Callable[[int], None], *, say: str = "ready") -> None:
    """Be that program; ``work`` is a life, told at which await it ends."""
    print(say, flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                work(int(line))
            finally:
                os._exit(1)  # it never came to its end
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


@coroutine
def dying_at(
    step: int, work: Coroutine[Any, Any, Result], *, awaits: Iterator[int] | None = None
) -> Generator[Any, Any, Result]:
    """The same work; before it goes on after its ``step``-th await, the process is no more.

    ``awaits``: counts those of several tasks together.
    """
    error: BaseException | None = None
    for number in awaits or count(1):
        if number == step:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            awaited = work.send(None) if error is None else work.throw(error)
        except StopIteration as done:
            result: Result = done.value
            return result
        try:
            yield awaited
        except BaseException as raised:
            error = raised
        else:
            error = None
