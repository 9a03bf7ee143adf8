"""A backup is one file that PostgreSQL's own tools made; restoring it replaces everything or nothing.

The tools are those of the embedded server, or the machine's. Passwords go to
them in the environment, never in their arguments, which every user may read.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import tempfile
from pathlib import Path

from sqlalchemy import URL

from crm_core.domain.errors import DecisionRefused, InputRejected, PeerRefused
from crm_core.store.database import Database
from crm_core.store.embedded.binaries import find_bin_dir
from crm_core.store.embedded.errors import BinariesMissing
from crm_core.store.urls import sqlalchemy_url

#: Desks that still hold a sequence of before see at once that it is of another life, and reload.
SEQ_LEAP = 1_000_000

_IS_POPULATED = """
SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'public')
"""

_COUNT_OTHERS = """
SELECT count(*)
FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'perezvon%' AND pid <> pg_backend_pid()
"""

#: Settings stand at the very beginning of a script, before any data.
_PREAMBLE_BYTES = 2000
_SINCE_17 = b"SET transaction_timeout = 0;\n"

_CLEAR = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
_LEAP = f"UPDATE public.outbox_counter SET last_seq = last_seq + {SEQ_LEAP}"  # noqa: S608  (a number of ours)


class BackupUnreadable(InputRejected):
    """This file is no backup that can be restored."""

    code = "backup_unreadable"


class WouldReplace(DecisionRefused):
    """The database holds data; say --yes to replace them."""

    code = "would_replace"


class StillServing(DecisionRefused):
    """Perezvon works on this database; stop it first."""

    code = "still_serving"


class ToolFailed(PeerRefused):
    """PostgreSQL's tool gave up."""

    code = "tool_failed"


async def backup(url: str, file: Path) -> None:
    """Write everything to ``file``, which appears only when it is whole; for its owner's eyes only.

    Raises:
        ToolFailed: pg_dump gave up; it says why.
        OSError: the file cannot be written.
    """
    if not file.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file.parent))
    unfinished = file.with_name(f".{file.name}.unfinished")
    unfinished.touch(mode=0o600)
    try:
        await _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={unfinished}", url=url)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


async def restore(url: str, file: Path, *, replace: bool) -> None:
    """Put the backup in the place of what the database holds, in one transaction.

    Raises:
        BackupUnreadable: it is no backup, or of a newer PostgreSQL.
        WouldReplace: there are data, and ``replace`` was not said.
        StillServing: a program of ours is connected.
        ToolFailed: the database did not take it; it is as it was.
    """
    with tempfile.TemporaryDirectory(prefix="perezvon-restore-") as directory:
        script = Path(directory) / "restore.sql"
        try:
            await _run("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(file))
        except ToolFailed as error:
            raise BackupUnreadable(str(error)) from error
        _mute_newer_settings(script)
        await _check_target(url, replace=replace)
        commands = ("--command", _CLEAR, "--file", str(script), "--command", _LEAP)
        options = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
        await _run("psql", *options, *commands, url=url)


def _mute_newer_settings(script: Path) -> None:
    """Turn the one line into a comment that servers before 17 do not know; pg_restore writes it for all."""
    with script.open("r+b") as file:
        at = file.read(_PREAMBLE_BYTES).find(_SINCE_17)
        if at >= 0:
            file.seek(at)
            file.write(b"--")


async def _check_target(url: str, *, replace: bool) -> None:
    async with Database(url, pool_size=1) as database, database.read() as reader:
        if await reader.fetchval(_COUNT_OTHERS):
            raise StillServing
        if not replace and await reader.fetchval(_IS_POPULATED):
            raise WouldReplace


async def _run(tool: str, *arguments: str, url: str | None = None) -> None:
    environment = os.environ | (_libpq(sqlalchemy_url(url)) if url else {})
    process = await asyncio.create_subprocess_exec(
        _find(tool),
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, words = await process.communicate()
    if process.returncode != 0:
        raise ToolFailed(f"{tool}: {words.decode(errors='replace').strip() or process.returncode}")


def _find(tool: str) -> str:
    try:
        return str(find_bin_dir() / tool)
    except BinariesMissing:
        found = shutil.which(tool)
        if found is None:
            raise
        return found


def _libpq(url: URL) -> dict[str, str]:
    """The address as libpq's environment variables; what it does not say keeps libpq's own default."""
    parts = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": url.port or url.query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"),
        "PGCLIENTENCODING": "UTF8",
        "PGOPTIONS": "-c client_min_messages=warning",
    }
    return {name: str(value) for name, value in parts.items() if value}
