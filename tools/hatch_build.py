"""The package's build hook: a wheel or an sdist carries the built web app.

An editable install is a work tree, where ``make`` builds; there the hook stays out of the way.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# hatchling loads this file alone, without the tree it stands in.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.build_web import build


class WebAppHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            build(Path(self.root))
