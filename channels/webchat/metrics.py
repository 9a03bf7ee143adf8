"""What the chat counts, for ``/metrics``."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from sockets.counts import Counts

COUNTS = Counts(
    cut=Counter("perezvon_chat_cut_total", "Visitors' sockets closed by us", ["reason"]),
    ignored=Counter("perezvon_chat_ignored_total", "Frames from visitors that meant nothing to us", ["reason"]),
)
SOCKETS = Gauge("perezvon_chat_sockets", "Visitors' sockets open on this node")
REFUSED = Counter("perezvon_chat_refused_total", "Visitors that were not let in", ["code"])
