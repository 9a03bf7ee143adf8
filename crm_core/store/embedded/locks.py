"""Who uses the server, and whether it runs: two advisory locks that the kernel itself takes back.

``users.lock`` is held shared by every process that uses the data directory;
whoever can hold it exclusively is the last one and may stop the server.
``server.lock`` is held exclusively by the server: its descriptor is inherited
by the postmaster and all its children, so it is free exactly when none of them
lives, however they died. No pid is believed where a lock can be asked.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class FileLock:
    """One open file description to lock; the lock lives until its last descriptor, here or inherited, is closed."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def try_shared(self) -> bool:
        return self._try(fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Never waits. A shared lock held before is lost when this fails: ask only when you are leaving."""
        return self._try(fcntl.LOCK_EX)

    def close(self) -> None:
        # Never LOCK_UN: it would free the lock for the server that inherited it, too.
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _try(self, operation: int) -> bool:
        try:
            fcntl.flock(self.fd, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
