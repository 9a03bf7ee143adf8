"""What the socket layer counts, for ``/metrics``."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from sockets.counts import Counts

COUNTS = Counts(
    cut=Counter("perezvon_desk_cut_total", "Sockets closed by us", ["reason"]),
    ignored=Counter("perezvon_desk_ignored_total", "Frames from browsers that meant nothing to us", ["reason"]),
)
SOCKETS = Gauge("perezvon_desk_sockets", "Desk sockets open on this node")
REFUSED = Counter("perezvon_desk_refused_total", "Connections that were not let in", ["code"])
STAMPED = Counter("perezvon_outbox_stamped_total", "Events given their public number by this node")
DELIVERED = Counter("perezvon_desk_delivered_total", "Events delivered to this node's sockets", ["event"])
UNDELIVERABLE = Counter("perezvon_desk_undeliverable_total", "Events that could not be read or encoded", ["event"])
