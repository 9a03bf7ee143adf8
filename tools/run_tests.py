"""The whole test suite, with the set-up that it needs.

First everything on the embedded PostgreSQL, the lab peers (a real Asterisk, a
real browser) among it; then the integration tests that need a database once
more on PostgreSQL 15, the oldest server we support, from the system's packages. Where the machine
cannot give a peer (not Debian, not root) its tests are skipped with the reason;
with ``PEREZVON_REQUIRE_LABS=1`` that is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.install import LabUnavailable
from tests.lab.peers import require_package

OLDEST = "15"
BINARIES = Path(f"/usr/lib/postgresql/{OLDEST}/bin")


def main() -> int:
    suites = [pytest("tests")]
    try:
        with oldest_postgres() as url:
            suites.append(pytest("tests/integration", "--database-only", PEREZVON_TEST_DATABASE_URL=url))
    except LabUnavailable as reason:
        print(f"PostgreSQL {OLDEST}: skipped, {reason}")
        suites.append(int(os.environ.get("PEREZVON_REQUIRE_LABS") == "1"))
    return int(any(suites))  # a suite that was killed answers with a negative number


def pytest(*arguments: str, **environ: str) -> int:
    print(f"\n== {' '.join(arguments)} {' '.join(environ) or 'on the embedded PostgreSQL'}", flush=True)
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], env=os.environ | environ)


@contextmanager
def oldest_postgres() -> Iterator[str]:
    """A private PostgreSQL 15 on a socket of its own, gone afterwards.

    Raises:
        LabUnavailable: this machine cannot have one.
    """
    require_package(f"postgresql-{OLDEST}", provides=BINARIES / "initdb")
    with tempfile.TemporaryDirectory(prefix="perezvon-pg-") as folder:
        data = Path(folder) / "data"
        subprocess.run(["chown", "postgres", folder], check=True)
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        initdb = [BINARIES / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust"]
        subprocess.run([*as_owner, *initdb], **quiet)
        # Nothing here outlives the tests, so nothing waits for the disk.
        options = f"-k {folder} -c listen_addresses='' -c max_connections=300 -c fsync=off -c full_page_writes=off"
        control = [BINARIES / "pg_ctl", "-D", data, "-w", "-l", f"{folder}/log"]
        subprocess.run([*as_owner, *control, "-o", options, "start"], **quiet)
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            subprocess.run([*as_owner, *control, "-m", "immediate", "stop"], **quiet)


if __name__ == "__main__":
    sys.exit(main())
