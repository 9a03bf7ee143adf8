"""The operating system's account that runs the server: PostgreSQL refuses to run as root.

Without root it is simply ourselves. As root it is whoever owns the data
already, or a system user of our own; not ``nobody``, whose files and processes
any other service may share.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from crm_core.store.embedded.errors import EmbeddedPostgresError

SYSTEM_USER = "perezvon"

#: Nothing of ours leaks into the server, and its messages are in English whatever our locale is.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
_RUN_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Account:
    """Programs of the server run under it, from ``/``: the working directory may be closed to it."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        return self.uid == os.geteuid()

    def run(self, command: Sequence[str | Path], *, keep_fds: Sequence[int] = ()) -> subprocess.CompletedProcess[str]:
        """Wait for a program and keep what it printed.

        Raises:
            OSError: this account cannot execute it.
        """
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_RUN_TIMEOUT_S,
            check=False,
            **self._process(keep_fds),
        )

    def start(
        self, command: Sequence[str | Path], *, keep_fds: Sequence[int], output: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Start a program that outlives us, in a session of its own: Ctrl-C at our terminal is not for it."""
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **self._process(keep_fds),
        )

    def may(self, permission: str, path: Path) -> bool:
        """Whether it can ``r``ead, ``w``rite or e``x``ecute (enter) a path.

        Asked of the kernel under that account, since permission bits tell nothing of ACLs or mounts.
        """
        return self.run(["test", f"-{permission}", path]).returncode == 0

    def own(self, path: Path) -> None:
        if not self.is_ours:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def _process(self, keep_fds: Sequence[int]) -> dict[str, Any]:
        process: dict[str, Any] = {"cwd": "/", "env": _ENVIRONMENT, "umask": 0o077, "pass_fds": tuple(keep_fds)}
        if not self.is_ours:
            process |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return process


def server_account(cluster: Path) -> Account:
    """Who runs the server over ``cluster``, which need not exist yet.

    Raises:
        EmbeddedPostgresError: the system user is missing and cannot be created.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if cluster.exists() and cluster.stat().st_uid != 0:
        return Account(cluster.stat().st_uid, cluster.stat().st_gid)
    return _system_account()


def _system_account() -> Account:
    known = _look_up(SYSTEM_USER) or _create(SYSTEM_USER)
    if known is None or known.uid == 0:
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} that should run it cannot be created. "
            f"Create it (useradd --system {SYSTEM_USER}), or start Perezvon as an ordinary user."
        )
    return known


def _look_up(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


def _create(name: str) -> Account | None:
    if shutil.which("useradd"):
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        command += ["--shell", "/usr/sbin/nologin", name]
    elif shutil.which("adduser"):  # busybox
        command = ["adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/sbin/nologin", name]
    else:
        return None
    # A failure is judged by the look-up: another process may have created it at this moment.
    subprocess.run(command, capture_output=True, check=False, timeout=_RUN_TIMEOUT_S)
    return _look_up(name)
