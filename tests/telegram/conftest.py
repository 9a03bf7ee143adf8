"""aiogram makes a TLS context for every client, also for plain HTTP; that would take most of these tests' time."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from unittest.mock import patch

import pytest


@pytest.fixture(autouse=True, scope="package")
def no_tls_context() -> Iterator[None]:
    usual = SimpleNamespace(create_default_context=lambda **_: True)
    with patch("aiogram.client.session.aiohttp.ssl", usual):
        yield
