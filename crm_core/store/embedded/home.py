"""Where the server keeps its things: the data directory, or a system directory that its account can reach.

::

    DATA_DIR/postgres/     cluster/  users.lock  server.lock  password  socket   (the usual home)
    DATA_DIR/postgres/location ->                       a link to the home when it is elsewhere
    /var/lib/perezvon/data/NAME/                        such a home; the locks lie there too, so that
                                                        a copied data directory cannot start a second server

No directory that was there before us is ever chmod-ed.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from crm_core.store.embedded.account import Account, server_account
from crm_core.store.embedded.errors import DataDirectoryUnusable

#: ``sun_path`` holds 108 bytes on Linux and 104 elsewhere, the final zero included.
_LONGEST_SOCKET = 103
_SOCKET_FILE = ".s.PGSQL.5432"
#: PostgreSQL and its clients read the path out of lists and addresses, so it must need no quoting.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+~-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    directory: Path
    account: Account
    relocated: bool

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory; it appears complete, by a rename, or not at all."""
        return self.directory / "cluster"

    @property
    def users_lock(self) -> Path:
        return self.directory / "users.lock"

    @property
    def server_lock(self) -> Path:
        return self.directory / "server.lock"

    @property
    def log_dir(self) -> Path:
        return self.cluster / "log"

    def password(self) -> str | None:
        return _read(self.directory / "password")

    def make_password(self) -> str:
        known = self.password()
        if known is None:
            known = secrets.token_urlsafe(32)
            write_whole(self.directory / "password", known)
        return known

    def socket_dir(self) -> Path | None:
        """Where the server listens; kept over its restarts, since pools hold the address."""
        recorded = _read(self.directory / "socket")
        return Path(recorded) if recorded else None

    def make_socket_dir(self) -> Path:
        """An empty directory for the socket, of the server's account alone; call it only while no server runs."""
        recorded = self.socket_dir()
        if recorded is not None and self._claim(recorded):
            return recorded
        fresh = self._fresh_socket_dir()
        write_whole(self.directory / "socket", str(fresh))
        return fresh

    def remove_socket_dir(self) -> None:
        recorded = self.socket_dir()
        if recorded is not None:
            with contextlib.suppress(OSError):  # somebody put other things there, or took it away
                _clear(recorded)
                recorded.rmdir()
            (self.directory / "socket").unlink(missing_ok=True)

    def _claim(self, directory: Path) -> bool:
        """Take back a directory by its name; one that somebody else made there meanwhile is refused."""
        try:
            directory.mkdir(mode=0o700)
            self.account.own(directory)
        except FileExistsError:
            found = directory.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.account.uid:
                return False
            _clear(directory)  # of what a killed server left
        except OSError:
            return False
        return True

    def _fresh_socket_dir(self) -> Path:
        inside = self.directory / "socket.d"
        if _fits(inside) and self._claim(inside):
            return inside
        for base in (*(["/run"] if os.geteuid() == 0 else [tempfile.gettempdir()]), "/tmp"):  # noqa: S108
            try:
                fresh = Path(tempfile.mkdtemp(prefix="perezvon-", dir=base))
            except OSError:
                continue
            if _fits(fresh):
                self.account.own(fresh)
                return fresh
            fresh.rmdir()
        raise DataDirectoryUnusable("There is no writable directory with a short path for PostgreSQL's socket.")


def locate(data_dir: Path, *, system_dir: Path) -> Home:
    """Find the home of the server for ``data_dir``, or choose one.

    Raises:
        DataDirectoryUnusable: it cannot be made, read or entered.
    """
    room = data_dir.absolute() / "postgres"
    _make_room(room)
    record = room / "location"
    if record.is_symlink():
        return _recorded(record)
    home = Home(directory=room, account=server_account(room / "cluster"), relocated=False)
    if home.account.is_ours or home.account.may("x", room):
        return home
    if home.cluster.exists():
        raise DataDirectoryUnusable(
            f"The data lie in {home.cluster}, but their owner may no longer enter {room}. "
            "Give that user the right to pass through every directory above it (chmod o+x)."
        )
    return _relocated(room, record, system_dir, home.account)


def _make_room(room: Path) -> None:
    try:
        room.parent.mkdir(parents=True, exist_ok=True)
        try:
            room.mkdir()
            room.chmod(0o711)  # whatever our umask is, the server's account must pass
        except FileExistsError:
            pass
        if not os.access(room, os.R_OK | os.W_OK | os.X_OK):
            raise DataDirectoryUnusable(
                f"The user {os.geteuid()} may not read and write {room}. Start Perezvon as the user who owns it, "
                "or choose another PEREZVON_DATA_DIR."
            )
    except OSError as error:
        raise unusable(room, error) from error


def _relocated(room: Path, record: Path, system_dir: Path, account: Account) -> Home:
    """Make a home in the system directory and record it; of two who do so at once the first wins."""
    try:
        homes = system_dir / "data"
        for directory in (system_dir, homes):
            directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        readable = re.sub(r"[^A-Za-z0-9]+", "-", str(room.parent)).strip("-")[-40:]
        directory = Path(tempfile.mkdtemp(prefix=f"{readable}-", dir=homes))
        directory.chmod(0o711)
        if not account.may("x", directory):
            directory.rmdir()
            raise DataDirectoryUnusable(f"The user who runs PostgreSQL may enter neither {room} nor {homes}.")
        try:
            record.symlink_to(directory)
        except FileExistsError:
            directory.rmdir()
    except OSError as error:
        raise unusable(system_dir, error) from error
    return _recorded(record)


def _recorded(record: Path) -> Home:
    directory = record.readlink()
    try:
        there = directory.is_dir()
    except OSError as error:
        raise unusable(directory, error) from error
    if not there:
        raise DataDirectoryUnusable(
            f"{record} says that the data lie in {directory}, but there is no such directory. "
            "Mount or restore it, or choose another PEREZVON_DATA_DIR."
        )
    return Home(directory=directory, account=server_account(directory / "cluster"), relocated=True)


def unusable(path: Path, error: OSError) -> DataDirectoryUnusable:
    """The operating system's refusal as a sentence."""
    return DataDirectoryUnusable(
        f"{error.filename or path} cannot be used: {error.strerror}. "
        "PEREZVON_DATA_DIR must be a directory with free space that Perezvon may write to."
    )


def write_whole(path: Path, text: str) -> None:
    """Readable by us alone, and there completely or not at all, whatever happens to the power."""
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    draft.rename(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable(path, error) from error


def _clear(directory: Path) -> None:
    for name in (_SOCKET_FILE, f"{_SOCKET_FILE}.lock"):
        (directory / name).unlink(missing_ok=True)


def _fits(directory: Path) -> bool:
    text = str(directory)
    return bool(_PLAIN_PATH.fullmatch(text)) and len(f"{text}/{_SOCKET_FILE}") <= _LONGEST_SOCKET
