"""The chat's script is small, because every page of the site waits for it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tools.build_web import ROOT, is_built

STATIC = Path(ROOT) / "dashboards" / "static"
LIMIT = 40 * 1024


def test_the_widget_before_it_is_opened_is_smaller_than_forty_kilobytes() -> None:
    if not is_built(Path(ROOT) / "dashboards" / "web", STATIC):
        pytest.skip("the web app is not built from these sources")

    packed = (STATIC / "widget.js.gz").read_bytes()

    assert gzip.decompress(packed) == (STATIC / "widget.js").read_bytes()
    assert len(packed) < LIMIT
