"""PostgreSQL's data directory: how it is made, what it must be like, and how a server over it is started.

Everything here blocks and runs in a thread, under ``server.lock``: no server
of ours lives meanwhile, so what a dead one left behind may be cleared away.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from crm_core.store.embedded.account import Account
from crm_core.store.embedded.binaries import Binaries
from crm_core.store.embedded.errors import DataDirectoryUnusable, OtherMajorVersion, ServerDidNotStart
from crm_core.store.embedded.home import Home, sync_directory, unusable
from crm_core.store.embedded.locks import FileLock

ROLE = "perezvon"
DATABASE = "perezvon"

#: Written to postgresql.conf when the cluster is made; an operator may tune them there.
_TUNING = {
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "jit": "off",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",  # seven files, each begun anew after a week
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_error_verbosity": "terse",  # DETAIL lines quote rows, and rows hold telephone numbers
    "log_checkpoints": "off",
}
#: C.UTF-8 for the character classes too: with LC_CTYPE=C pg_trgm finds no trigrams in Cyrillic, and says nothing.
#: The built-in provider sorts by code point, so that no index depends on the C library's version.
_LOCALE = (
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--lc-collate=C.UTF-8",
    "--lc-ctype=C.UTF-8",
)
#: Line of postmaster.pid that says starting, ready or stopping.
_STATUS_LINE = 7
_PROC = Path("/proc")
_LINES_QUOTED = 8
_CHARACTERS_QUOTED = 1000


def check(home: Home, binaries: Binaries) -> None:
    """Refuse a cluster that cannot be used, before anything touches it; none at all is fine.

    Raises:
        OtherMajorVersion: these binaries cannot read the data.
        DataDirectoryUnusable: the password that belongs to them is gone.
    """
    try:
        found = (home.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return
    except OSError as error:
        raise unusable(home.cluster, error) from error
    if found != str(binaries.major):
        raise OtherMajorVersion(
            f"The data in {home.cluster} were written by PostgreSQL {found}, this Perezvon brings PostgreSQL "
            f"{binaries.major}. Nothing was changed. Run `perezvon backup FILE` with the Perezvon that wrote them, and "
            "`perezvon restore FILE` here into a new PEREZVON_DATA_DIR; or run them under a PostgreSQL "
            f"{found} server and give its address in PEREZVON_DATABASE_URL.",
            found=found,
            brought=binaries.major,
        )
    if home.password() is None:
        raise DataDirectoryUnusable(
            f"{home.directory / 'password'} is missing, without which {home.cluster} cannot be used. "
            "Restore it together with the data."
        )


def start(home: Home, binaries: Binaries, server_lock: FileLock, output: IO[bytes]) -> None:
    """Start a server that holds ``server_lock`` as long as it lives; it is not ready yet when this returns.

    Raises:
        DataDirectoryUnusable: the cluster cannot be made there.
        ServerDidNotStart: somebody else's server runs over it.
    """
    try:
        if not home.cluster.exists():
            _make(home, binaries, server_lock)
        _forget_dead_server(home.cluster)
        command: list[str | Path] = [
            binaries.bin_dir / "postgres",
            *("-D", home.cluster),
            *("-c", "listen_addresses="),
            *("-c", f"unix_socket_directories={home.make_socket_dir()}"),
            *("-c", "unix_socket_permissions=0700"),
        ]
        process = home.account.start(command, keep_fds=[server_lock.fd], output=output)
    except OSError as error:
        raise unusable(home.directory, error) from error
    # The server may outlive us, and it may die while we live: then nobody else takes the zombie away.
    threading.Thread(target=process.wait, name="postgres-reaper", daemon=True).start()


def says_ready(home: Home) -> bool:
    """Whether the server's own status line promises an answer; asking earlier would only fill its log."""
    lines = _pid_file(home.cluster)
    return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"


def end_orphans(home: Home) -> None:
    """End the children of a killed postmaster: one that is busy would finish its query first, and bar a new server."""
    pid = _postmaster_pid(home.cluster)
    if pid is None or _is_postmaster(pid, home.cluster):
        return
    for process in _PROC.glob("[0-9]*"):
        try:
            if _is_orphan(process, home.cluster):
                os.kill(int(process.name), signal.SIGQUIT)
        except OSError:  # it ended meanwhile, or is none of our business
            continue


def ask_to_stop(home: Home, how: signal.Signals) -> bool:
    """Signal the postmaster, if there is one: SIGINT ends it in order, SIGQUIT at once."""
    pid = _postmaster_pid(home.cluster)
    # Without /proc (macOS) the number alone must do; it is fresh, for the server holds its lock.
    if pid is None or not (_is_postmaster(pid, home.cluster) or not _PROC.exists()):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)
    return True


def last_words(home: Home, output: IO[bytes]) -> str:
    """What a server that ended said last: on its own output, then in its log if it got as far as opening one."""
    output.seek(0)
    said = output.read().decode(errors="replace").splitlines()
    if any("redirecting log output" in line for line in said):
        newest = max(home.log_dir.glob("*.log"), key=lambda path: path.stat().st_mtime)
        said = newest.read_text(encoding="utf-8", errors="replace").splitlines()[-_LINES_QUOTED:]
    return _quote(said)


def _make(home: Home, binaries: Binaries, server_lock: FileLock) -> None:
    """``initdb`` beside the final place; what an interrupted one left is thrown away."""
    fresh = home.directory / "cluster.new"
    password_file = home.directory / "initdb.password"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    home.account.own(fresh)
    try:
        _hand_over(password_file, home.make_password(), home.account)
        made = home.account.run(
            [
                binaries.bin_dir / "initdb",
                *("-D", fresh),
                *("--username", ROLE),
                *("--auth", "scram-sha-256"),
                *("--pwfile", password_file),
                *_LOCALE,
                *(f"--set={name}={value}" for name, value in _TUNING.items()),
            ],
            keep_fds=[server_lock.fd],  # should we be killed, nobody begins anew beside a running initdb
        )
    except subprocess.TimeoutExpired as error:
        raise DataDirectoryUnusable(f"Making a PostgreSQL cluster in {fresh} took too long.") from error
    finally:
        password_file.unlink(missing_ok=True)
    if made.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise DataDirectoryUnusable(
            f"PostgreSQL cannot make a cluster in {home.directory}: {_quote(made.stderr.splitlines())}"
        )
    fresh.rename(home.cluster)
    sync_directory(home.directory)


def _hand_over(path: Path, text: str, account: Account) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    account.own(path)


def _forget_dead_server(cluster: Path) -> None:
    """Remove a postmaster.pid whose pid now belongs to a stranger, as after a restart of a container.

    A pid nobody has is left to PostgreSQL, which looks for shared memory still in use before it goes on.
    """
    pid = _postmaster_pid(cluster)
    if pid is None:
        return
    alive = _is_postmaster(pid, cluster)
    if alive:
        raise ServerDidNotStart(
            f"A PostgreSQL that Perezvon did not start (pid {pid}) already runs over {cluster}. Stop it first."
        )
    if alive is False:
        (cluster / "postmaster.pid").unlink(missing_ok=True)


def _postmaster_pid(cluster: Path) -> int | None:
    lines = _pid_file(cluster)
    # It is empty while it is written, and after a disk was full.
    return int(lines[0]) if lines and lines[0].isdecimal() else None


def _pid_file(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _is_postmaster(pid: int, cluster: Path) -> bool | None:
    """Whether this process is the postmaster of ``cluster``; None: there is no such process, or we are not told."""
    process = _PROC / str(pid)
    try:
        # A postmaster works inside its data directory; a stranger with its old number does not.
        return (process / "cwd").samefile(cluster)
    except FileNotFoundError:
        # A zombie has a number, for which PostgreSQL takes it for alive, but no directory any more.
        return False if process.exists() else None
    except OSError:
        # The command line is open to everyone, but a server started by hand may spell the path in another way.
        return True if str(cluster).encode() in _command(process) else None


def _command(process: Path) -> list[bytes]:
    return (process / "cmdline").read_bytes().split(b"\0")


def _is_orphan(process: Path, cluster: Path) -> bool:
    """Whether it is a server process of this cluster whose parent is no postmaster.

    The parent is asked, not the pid file: in a container the numbers differ, and the postmaster may be well.
    """
    if not _command(process)[0].startswith(b"postgres: ") or not (process / "cwd").samefile(cluster):
        return False
    # "pid (name) state ppid …", where the name may hold anything
    parent = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
    return not _command(_PROC / parent)[0].endswith(b"/postgres")


def _quote(lines: Sequence[str]) -> str:
    return " / ".join(line.strip() for line in lines if line.strip())[-_CHARACTERS_QUOTED:] or "it said nothing."


def new_output() -> IO[bytes]:
    """Where a server speaks before its log is open; not in the data directory, whose disk may be full."""
    return tempfile.TemporaryFile()
