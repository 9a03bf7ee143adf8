"""The whole test suite, with the set-up that it needs.

First everything on the embedded PostgreSQL, the lab peers (a real Asterisk, a
real browser) among it; then the integration tests that need a database once
more on PostgreSQL 15, the oldest server we support, from the system's packages. Where the machine
cannot give a peer (not Debian, not root) its tests are skipped with the reason;
with ``PEREZVON_REQUIRE_LABS=1`` that is a failure.

A story in real time proves nothing on a machine that withheld the processor
(``tests.lab.steadiness`` measures it): such failures are played again, by a
process of their own with peers of its own, and only what fails again has failed.
"""

from __future__ import annotations

import json
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

#: So often what the machine disturbed is played again …
AGAIN = 2
#: … unless so much was that it is no accident.
MOST_DISTURBED = 30
#: pytest's exit code for that.
TESTS_FAILED = 1
BINARIES = Path(f"/usr/lib/postgresql/{OLDEST}/bin")


def main() -> int:
    suites = [suite("tests")]
    try:
        with oldest_postgres() as url:
            suites.append(suite("tests/integration", "--database-only", PEREZVON_TEST_DATABASE_URL=url))
    except LabUnavailable as reason:
        print(f"PostgreSQL {OLDEST}: skipped, {reason}")
        suites.append(int(os.environ.get("PEREZVON_REQUIRE_LABS") == "1"))
    return int(any(suites))  # a suite that was killed answers with a negative number


def suite(*arguments: str, **environ: str) -> int:
    """A run of the tests; what the machine disturbed is played again, if nothing else went wrong."""
    options = [argument for argument in arguments if argument.startswith("-")]
    with tempfile.TemporaryDirectory(prefix="perezvon-failures-") as folder:
        told = Path(folder) / "failures.json"
        code = pytest(*arguments, PEREZVON_TEST_FAILURES=str(told), **environ)
        for _ in range(AGAIN):
            if code != TESTS_FAILED:
                break
            failures = json.loads(told.read_bytes())
            if failures["failed"] or not 0 < len(failures["disturbed"]) <= MOST_DISTURBED:
                break
            code = pytest(*failures["disturbed"], *options, PEREZVON_TEST_FAILURES=str(told), **environ)
    return code


def pytest(*arguments: str, **environ: str) -> int:
    where = f"on PostgreSQL {OLDEST}" if "PEREZVON_TEST_DATABASE_URL" in environ else "on the embedded PostgreSQL"
    print(f"\n== {' '.join(arguments)} {where}", flush=True)
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
