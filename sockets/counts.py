"""What one server's sockets are counted by."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import Counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Both by their ``reason``."""

    cut: Counter  # sockets that we closed
    ignored: Counter  # frames that meant nothing to us
