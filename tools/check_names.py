"""Fail when a dependency installs a package that has one of our own top-level names.

Perezvon is an application in its own environment, and ``config`` is a word that others might take.
"""

from __future__ import annotations

import sys
from importlib import metadata

OURS = {"config", "crm_core", "channels", "realtime", "sockets", "dashboards", "gateway"}


def clashes() -> dict[str, set[str]]:
    """Our name → the distributions beside our own that install something under it."""
    found: dict[str, set[str]] = {}
    for name, distributions in metadata.packages_distributions().items():
        others = {distribution for distribution in distributions if distribution.lower() != "perezvon"}
        if name in OURS and others:
            found[name] = others
    return found


if __name__ == "__main__":
    for name, distributions in clashes().items():
        print(f"{name} is also installed by {', '.join(sorted(distributions))}")
    sys.exit(1 if clashes() else 0)
