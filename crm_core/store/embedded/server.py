"""Start the embedded PostgreSQL or join it, keep it alive, stop it when the last user leaves."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, ParamSpec, Self, TypeVar

import asyncpg
import structlog

from crm_core.store.embedded import cluster
from crm_core.store.embedded.binaries import Binaries, prepare
from crm_core.store.embedded.errors import DataDirectoryUnusable, ServerDidNotStart
from crm_core.store.embedded.home import Home, locate, unusable
from crm_core.store.embedded.locks import FileLock
from crm_core.store.trigrams import finds_cyrillic_trigrams

logger = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

SYSTEM_DIR = Path("/var/lib/perezvon")

READY_TIMEOUT_S = 60  # crash recovery replays the whole log since the last checkpoint
ORDERLY_STOP_S = 10
IMMEDIATE_STOP_S = 5
WATCH_INTERVAL_S = 0.25
CONNECT_TIMEOUT_S = 10
_LOOK_AGAIN_S = 0.02
_LONGEST_RETRY_S = 30.0

_MAKING_DATABASE = 0x70657265  # an advisory lock of the maintenance database, where nobody else takes any

#: What a server says that is not there yet, is recovering or is going away.
_NOT_NOW = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
)


class EmbeddedPostgres:
    """One user of the server over ``data_dir``.

    While the block runs, ``url`` is good for SQLAlchemy, asyncpg and libpq, and
    stays the same over restarts of the server; ``bin_dir`` holds ``pg_dump``
    and its relatives.

    Raises on entering:
        EmbeddedPostgresError: one of :mod:`crm_core.store.embedded.errors`.
    """

    url: str
    bin_dir: Path

    def __init__(self, data_dir: Path, *, system_dir: Path = SYSTEM_DIR) -> None:
        self._data_dir = data_dir
        self._system_dir = system_dir
        self._home: Home
        self._binaries: Binaries
        self._exits = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._home, self._binaries = await _to_the_end(self._prepare)
        self.bin_dir = self._binaries.bin_dir
        async with contextlib.AsyncExitStack() as exits:
            users = exits.enter_context(_open_lock(self._home.users_lock))
            await self._join(users)
            exits.push_async_callback(self._leave, users)
            began = time.monotonic()
            started = await self._be_running()
            logger.info(
                "embedded postgresql is ready",
                action="postgres_started" if started else "postgres_joined",
                ready_s=round(time.monotonic() - began, 3),
            )
            # Not a TaskGroup: it would wrap the errors of our user's block, which are none of its business.
            watcher = asyncio.create_task(self._watch(), name="embedded-postgres-watch")
            exits.push_async_callback(_end, watcher)
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exits.aclose()

    def _prepare(self) -> tuple[Home, Binaries]:
        try:
            home = locate(self._data_dir, system_dir=self._system_dir)
            binaries = prepare(home.account, system_dir=self._system_dir)
        except OSError as error:
            raise unusable(self._data_dir, error) from error
        if home.relocated or binaries.copied:
            logger.info(
                "embedded postgresql lives where its user can reach it",
                action="postgres_relocated",
                data=str(home.directory),
                binaries=str(binaries.bin_dir),
            )
        return home, binaries

    async def _join(self, users: FileLock) -> None:
        """Become a user; only somebody who is just stopping the server keeps us waiting."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not users.try_shared():
            if time.monotonic() > deadline:
                raise ServerDidNotStart(f"Another process has been stopping the server for {READY_TIMEOUT_S} s.")
            await asyncio.sleep(_LOOK_AGAIN_S)

    async def _leave(self, users: FileLock) -> None:
        if users.try_exclusive():
            await self._stop()

    async def _be_running(self) -> bool:
        """Whoever gets the server's lock starts it, everybody waits until it answers; True if it was us."""
        cluster.check(self._home, self._binaries)
        began = time.monotonic()
        output: IO[bytes] | None = None
        try:
            while not await self._answers(fresh=output is not None):
                if time.monotonic() - began > READY_TIMEOUT_S:
                    raise ServerDidNotStart(
                        f"PostgreSQL did not become ready within {READY_TIMEOUT_S} s; see {self._home.log_dir}."
                    )
                with _open_lock(self._home.server_lock) as lock:
                    if lock.try_exclusive():
                        if output is not None:
                            raise self._ended(output)
                        output = await _to_the_end(self._start, lock)
                    else:
                        cluster.end_orphans(self._home)
                await asyncio.sleep(_LOOK_AGAIN_S)
        finally:
            if output is not None:
                output.close()
        return output is not None

    def _start(self, lock: FileLock) -> IO[bytes]:
        output = cluster.new_output()
        cluster.start(self._home, self._binaries, lock, output)
        return output

    def _ended(self, output: IO[bytes]) -> ServerDidNotStart:
        said = cluster.last_words(self._home, output)
        return ServerDidNotStart(f"PostgreSQL ended at its start over {self._home.cluster}: {said}")

    async def _answers(self, *, fresh: bool) -> bool:
        socket_dir, password = self._home.socket_dir(), self._home.password()
        if socket_dir is None or password is None or not cluster.says_ready(self._home):
            return False
        try:
            connection = await self._connect_to_ours()
            try:
                deaf = fresh and not await finds_cyrillic_trigrams(connection)
            finally:
                await connection.close()
        except _NOT_NOW:
            return False
        except asyncpg.InvalidAuthorizationSpecificationError as error:
            raise DataDirectoryUnusable(
                f"The server over {self._home.cluster} refuses the password in {self._home.directory}: "
                "they do not belong together. Restore both from the same backup."
            ) from error
        if deaf:
            raise DataDirectoryUnusable(
                f"The database in {self._home.cluster} was made with LC_CTYPE=C and cannot search names. "
                "Restore a backup of it into a new PEREZVON_DATA_DIR."
            )
        self.url = f"postgresql://{cluster.ROLE}:{password}@/{cluster.DATABASE}?host={socket_dir}"
        return True

    async def _connect_to_ours(self) -> asyncpg.Connection:
        try:
            return await self._connect(cluster.DATABASE)
        except asyncpg.InvalidCatalogNameError:
            await self._make_database()
            return await self._connect(cluster.DATABASE)

    async def _make_database(self) -> None:
        connection = await self._connect("postgres")
        try:
            # Others who start now wait here; the lock goes with the connection.
            await connection.execute("SELECT pg_advisory_lock($1)", _MAKING_DATABASE)
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", cluster.DATABASE):
                await connection.execute(f"CREATE DATABASE {cluster.DATABASE}")
        finally:
            await connection.close()

    async def _connect(self, database: str) -> asyncpg.Connection:
        return await asyncpg.connect(
            host=str(self._home.socket_dir()),
            user=cluster.ROLE,
            password=self._home.password(),
            database=database,
            timeout=CONNECT_TIMEOUT_S,
        )

    async def _watch(self) -> None:
        """Bring the server back whenever its lock is found free; several users may notice, one restarts it."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            if self._is_gone():
                await self._bring_back()
            else:
                cluster.end_orphans(self._home)

    def _is_gone(self) -> bool:
        try:
            with FileLock(self._home.server_lock) as lock:
                return lock.try_exclusive()
        except OSError:  # out of descriptors: that tells nothing of the server, look again
            return False

    async def _bring_back(self) -> None:
        lost_at = time.monotonic()
        logger.error("embedded postgresql is lost", action="postgres_lost")
        delay_s = _LOOK_AGAIN_S
        said = False
        while True:
            try:
                await self._be_running()
                break
            except Exception as error:
                # Whatever it is, giving up would leave the program without its database for good.
                if not said:
                    logger.error(
                        "embedded postgresql does not start", action="postgres_restart_failed", error=str(error)
                    )
                said = True
            delay_s = min(delay_s * 2, _LONGEST_RETRY_S)
            await asyncio.sleep(delay_s * random.uniform(0.5, 1))  # noqa: S311
        logger.info("embedded postgresql is back", action="postgres_back", gap_s=round(time.monotonic() - lost_at, 3))

    async def _stop(self) -> None:
        """The server has stopped when its lock is free: then no process of it lives any more."""
        for how, patience_s in ((signal.SIGINT, ORDERLY_STOP_S), (signal.SIGQUIT, IMMEDIATE_STOP_S)):
            deadline = time.monotonic() + patience_s
            asked = False
            while time.monotonic() < deadline:
                # A server that is just starting cannot be asked at once: it has not written its number yet.
                asked = asked or cluster.ask_to_stop(self._home, how)
                with _open_lock(self._home.server_lock) as lock:
                    if lock.try_exclusive():
                        self._home.remove_socket_dir()
                        logger.info("embedded postgresql has stopped", action="postgres_stopped")
                        return
                cluster.end_orphans(self._home)
                await asyncio.sleep(_LOOK_AGAIN_S)
        logger.error("embedded postgresql does not stop", action="postgres_stop_failed", data=str(self._home.cluster))


def _open_lock(path: Path) -> FileLock:
    try:
        return FileLock(path)
    except OSError as error:
        raise unusable(path, error) from error


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def _to_the_end(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a short blocking step in a thread; a cancellation waits for it, so that nothing is left half done."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.gather(work, return_exceptions=True)
        raise
