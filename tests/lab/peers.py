"""Servers and programs of the system that a test needs, installed on first use where that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.lab.install import LabUnavailable


def require_package(package: str, *, provides: Path) -> Path:
    """Make sure that a Debian package's program is there; returns ``provides``.

    Raises:
        LabUnavailable: it is missing and this machine cannot install it (not Debian, not root, no network).
    """
    if provides.exists():
        return provides
    if shutil.which("apt-get") is None:
        raise LabUnavailable(f"{package} is not installed and this is not Debian or Ubuntu")
    if os.geteuid() != 0:
        raise LabUnavailable(f"{package} is not installed; as root the tests would install it")
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    for command in (install, ["apt-get", "update", "-qq"], install):
        subprocess.run(command, env=environ, capture_output=True, check=False)
        if provides.exists():
            return provides
    raise LabUnavailable(f"{package} could not be installed")


def chromium() -> Path:
    """Debian's Chromium, or the one that ``PEREZVON_CHROMIUM`` names.

    Raises:
        LabUnavailable: there is none and none can be installed.
    """
    named = os.environ.get("PEREZVON_CHROMIUM")
    return require_package("chromium", provides=Path(named) if named else Path("/usr/bin/chromium"))
