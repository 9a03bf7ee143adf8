"""Other processes that use an embedded PostgreSQL, for tests of what happens when they are killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from crm_core.store.embedded import EmbeddedPostgres

_ROOT = Path(__file__).parents[1]

_USER = """
import asyncio, json, pathlib, sys
import structlog
from crm_core.store.embedded import EmbeddedPostgres

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

async def main():
    async with EmbeddedPostgres(pathlib.Path(sys.argv[1]), system_dir=pathlib.Path(sys.argv[2])) as server:
        print(json.dumps({"url": server.url}), flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


class OtherUser:
    """A process that uses the server from ``start()`` until it is told to leave, or is killed."""

    def __init__(self, place: Place) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _USER, str(place.data_dir), str(place.system_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            text=True,
        )

    def wait_until_ready(self) -> str:
        """The address of the server it uses."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it ended with {self.process.wait()}"
        return json.loads(line)["url"]

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.kill()


class Place:
    """Where a test keeps a server: a data directory, and a system directory of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data_dir = root / "var"
        self.system_dir = root / "system"

    def server(self, data_dir: Path | None = None) -> EmbeddedPostgres:
        return EmbeddedPostgres(data_dir or self.data_dir, system_dir=self.system_dir)

    def other_user(self) -> OtherUser:
        return OtherUser(self)

    @property
    def home(self) -> Path:
        return self.data_dir / "postgres"

    def postmaster(self) -> int:
        return int((self.home / "cluster" / "postmaster.pid").read_text().split("\n", 1)[0])

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The whole server stands still: connections stay open, and nobody answers on them."""
        postmaster = self.postmaster()
        everybody = [postmaster, *_children_of(postmaster)]
        for pid in everybody:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in everybody:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def any_user_may_enter(*, on_disk: bool = False) -> Iterator[Place]:
    """pytest's own temporary directories are closed to the account that runs the server when we are root.

    ``on_disk``: on the real disk also where there is a memory disk, so that a commit costs what it costs.
    """
    disk = None if on_disk else memory_disk()
    with tempfile.TemporaryDirectory(prefix="perezvon-", dir=disk) as directory:
        root = Path(directory)
        root.chmod(0o711)
        place = Place(root)
        try:
            yield place
        finally:
            _end_server(place)


def memory_disk() -> Path | None:
    """A place where fsync costs nothing, if it is large and programs may run there: what is killed is processes."""
    shared_memory = Path("/dev/shm")
    if not os.access(shared_memory, os.W_OK):
        return None
    disk = os.statvfs(shared_memory)
    roomy = disk.f_bavail * disk.f_frsize > 2 * 1024**3
    return shared_memory if roomy and not disk.f_flag & os.ST_NOEXEC else None


def _end_server(place: Place) -> None:
    """A test that fails may leave a server that nobody uses any more."""
    for pid_file in place.root.rglob("postmaster.pid"):
        pid = int(pid_file.read_text().split("\n", 1)[0])
        if Path(f"/proc/{pid}/cwd").exists() and Path(f"/proc/{pid}/cwd").samefile(pid_file.parent):
            os.kill(pid, signal.SIGQUIT)


def is_alive(pid: int) -> bool:
    try:
        return _statistics(pid)[0] != "Z"
    except FileNotFoundError:
        return False


def cpu_ticks(pid: int) -> int:
    """How long it has computed, in hundredths of a second."""
    return int(_statistics(pid)[11])


def owner(pid: int) -> str:
    return Path(f"/proc/{pid}").owner()


def _statistics(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


async def until(happened: Callable[[], bool]) -> None:
    """Wait for something outside this process, which can only be looked at."""
    async with asyncio.timeout(60):
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def ask(url: str, question: str, *args: object) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question, *args)
    finally:
        await connection.close()
