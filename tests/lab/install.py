"""Bring a real Asterisk 22 and SIPp to this machine without touching the machine.

Debian's development suite carries both. They are fetched by an apt that has a
root of its own (its lists, its status file, its archives), unpacked beside each
other and run through their own dynamic loader, so neither the C library of the
host nor its package database ever notices. The mirror is the one this machine's
apt already uses. Everything lands in one cache directory and is fetched once;
the archives are kept, because the suite moves and the laboratory should not.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PACKAGES = ("asterisk", "asterisk-core-sounds-en-wav", "sip-tester")
_STAMP = f"2 {' '.join(_PACKAGES)}"  # raise the number when the layout of the cache changes
_SUITE = "sid"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_NOT_NEEDED = ("perl", "doc", "locale", "man", "info")
_REPOSITORY_ROOT = Path(__file__).parents[2]


class LabUnavailable(Exception):
    """This machine cannot have the laboratory; the message says why, in words for a skipped test."""


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The unpacked tree, and how to run a program of it under its own loader."""

    root: Path

    @property
    def libraries(self) -> Path:
        return next(self.root.glob("usr/lib/*-linux-gnu"))

    @property
    def modules(self) -> Path:
        return self.libraries / "asterisk" / "modules"

    @property
    def data(self) -> Path:
        return self.root / "usr" / "share" / "asterisk"

    def command(self, program: str, *arguments: str) -> list[str]:
        """The argument list that runs ``program`` ("usr/sbin/asterisk") of this tree."""
        loader = next(path for path in sorted(self.root.glob("usr/lib*/ld-linux-*.so.*")))
        return [str(loader), "--library-path", str(self.libraries), str(self.root / program), *arguments]


def lab_directory() -> Path:
    """Where the laboratory keeps what it downloads: ``.lab`` of the repository unless told otherwise."""
    return Path(os.environ.get("PEREZVON_TEST_LAB_DIR") or _REPOSITORY_ROOT / ".lab").absolute()


def install() -> Toolbox:
    """The toolbox, fetched first if this is the first time; safe to call from many processes at once.

    Raises:
        LabUnavailable: no apt, no Debian mirror, no network, or the suite has left Asterisk 22.
    """
    prefix = lab_directory() / "asterisk"
    prefix.mkdir(parents=True, exist_ok=True)
    stamp = prefix / "installed"
    with _exclusive(prefix / "lock"):
        if not stamp.exists() or stamp.read_text() != _STAMP:
            archives = _fetch(prefix)
            _unpack(archives, prefix / "root")
            _require_asterisk_22(Toolbox(prefix / "root"))
            stamp.write_text(_STAMP)
    return Toolbox(prefix / "root")


@contextmanager
def _exclusive(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # freed by the kernel when the process ends, however it ends
        yield


def _fetch(prefix: Path) -> list[Path]:
    archives = prefix / "debs"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    fetched = archives / "complete"
    if not fetched.exists() or fetched.read_text() != _STAMP:
        options = _own_apt_root(prefix, archives)
        _apt("update", "-qq", options=options)
        _apt("install", "-y", "-qq", "--download-only", *_PACKAGES, options=options)
        fetched.write_text(_STAMP)
        shutil.rmtree(prefix / "apt")
    return sorted(archives.glob("*.deb"))


def _own_apt_root(prefix: Path, archives: Path) -> list[str]:
    apt = prefix / "apt"
    (apt / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    status = apt / "status"
    status.touch()
    sources = apt / "sources.list"
    sources.write_text(f"deb [signed-by={_KEYRING}] {_debian_mirror()} {_SUITE} main\n")
    settings = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": status,
        "Dir::Cache": apt,
        "Dir::Cache::archives": archives,
        "APT::Install-Recommends": "0",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Debug::NoLocking": "1",
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def _debian_mirror() -> str:
    """The mirror this machine's apt is configured with, as apt itself reads its configuration."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise LabUnavailable("the telephony lab needs apt and dpkg (Debian or Ubuntu)")
    mirror = _configured_mirror()
    if mirror is None and os.geteuid() == 0:
        _apt("update", "-qq", options=[])  # apt names a mirror only once it has read its release file
        mirror = _configured_mirror()
    if mirror is None or not _KEYRING.exists():
        raise LabUnavailable("the telephony lab needs a Debian mirror in apt's configuration")
    return mirror


def _configured_mirror() -> str | None:
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in targets.stdout.splitlines():
        uri, _, origin = line.partition(" ")
        if origin == "Debian" and "security" not in uri:
            return uri
    return None


def _apt(*arguments: str, options: list[str]) -> None:
    done = subprocess.run(
        ["apt-get", *options, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode:
        last_words = "; ".join(done.stderr.strip().splitlines()[-2:])
        raise LabUnavailable(f"apt-get {arguments[0]} failed: {last_words}")


def _unpack(archives: list[Path], root: Path) -> None:
    if root.exists():
        shutil.rmtree(root)
    root.mkdir(parents=True)
    for archive in archives:
        subprocess.run(["dpkg", "-x", str(archive), str(root)], check=True)
    for name in _NOT_NEEDED:
        shutil.rmtree(root / "usr" / "share" / name, ignore_errors=True)


def _require_asterisk_22(toolbox: Toolbox) -> None:
    version = subprocess.run(
        toolbox.command("usr/sbin/asterisk", "-V"), capture_output=True, text=True, check=False
    ).stdout.strip()
    if not version.startswith("Asterisk 22"):
        raise LabUnavailable(f"the lab is made for Asterisk 22; the mirror has {version or 'none that runs'}")
